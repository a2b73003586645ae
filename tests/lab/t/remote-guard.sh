#!/bin/bash
# SPDX-License-Identifier: MIT
# day 2 of 3
# remote-guard.sh: kannuki setup USER@HOST with [guard] in the policy: the guard's program is sent along, runs there, and
# nothing is left of what was sent; without it at hand nothing is changed.
# shellcheck disable=SC2016,SC2154 # a text for the VPS's shell; vps_one comes from fresh
# shellcheck source=/dev/null
. "$(dirname "$0")/../../lib/workstation.sh"

guard_program=$(dirname "$job_program")/kannuki-guard
on() { vps run "$vps_one" "$@"; }

ws_key ''
ws_policy '[ssh]' "port = $job_port" '[firewall]' 'open = ssh, web' '[guard]' 'enabled = yes' 'bantime = 2h'
rented cloud
remember "$vps_one"
exits "without the guard's program at hand: 2" 2 remote "$vps_one" 4 --identity .ssh/id_ed25519
said "it says which file is missing" 'program for .* is not here: /home/hanako/kannuki-guard$'
is "nothing is left of what was sent" '' left_there "$vps_one"
is_as_before "$vps_one" "nothing has changed there"
install -m 755 -o "$ws_uid" -g "$ws_uid" "$guard_program" "$ws_home/kannuki-guard"
exits "with it: one command" 0 remote "$vps_one" 4 --identity .ssh/id_ed25519
ok "the guard runs" wait_until 10 on /usr/local/sbin/kannuki-guard status
like "  as the policy says" 'sshd: 5 failures within 600 s, banned for 7200 s' on /usr/local/sbin/kannuki-guard status
# By the file: where the lab is in a root of its own, the name that the kernel gives is one of outside.
ok "  from where it stays" on sh -c '[ /proc/$(systemctl show -P MainPID kannuki-guard)/exe -ef /usr/local/sbin/kannuki-guard ]'
is "  it is the program that was sent" '' cmp "$guard_program" <(on cat /usr/local/sbin/kannuki-guard)
is "nothing is left of what was sent" '' left_there "$vps_one"
done_testing
