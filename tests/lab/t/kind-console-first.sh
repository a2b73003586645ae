#!/bin/bash
# SPDX-License-Identifier: MIT
# day 2 of 3
# The stricter order of the guides: all of it at the provider's console, with the provider's filter shut, so
# that nobody has logged in by SSH before; in the end the provider opens the new port alone. (setup-console.sh
# has the questions of setup there.)
# shellcheck source=/dev/null
# shellcheck disable=SC2034,SC2154 # job_ports is main_job.sh's; vps_one comes from fresh
. "$(dirname "$0")/../../lib/main_way.sh"

at_console() { # at_console SECONDS STATUS COMMAND: root types it at the console; it ends with STATUS
	vps console "$vps_one" "$1" send "$3; echo 'ended with' \$?" expect "ended with $2" expect '# '
}
apply_there="./kannuki apply --policy policy.conf --yes --no-wait --password-stdin"

way_kind=console-first
rented console-first
policy "$vps_one"
way_view before
not_ok "before: nobody comes in by SSH" vps ssh "$vps_one" -o ConnectTimeout=2 -- true
ok "root logs in at the console" vps console "$vps_one" 20 send '' expect 'login:' send root expect 'assword:' \
	send "$(vps password)" expect '# '
vps run "$vps_one" sh -c "umask 077; echo $job_secret >/root/secret"
remember "$vps_one"

ok "apply is pending there" at_console 40 4 "$apply_there --window 30s <secret"
not_ok "the new door cannot be reached" door "$vps_one" -o ConnectTimeout=2 -- true
ok "nobody confirms: it ends by itself" ended "$vps_one" 50
is_as_before "$vps_one" "byte for byte as before"

ok "pending again" at_console 40 4 "$apply_there <secret"
ok "a plain confirm there proves nothing" at_console 20 1 "kannuki confirm"
vps provider "$vps_one" open "$job_port/tcp"
ok "the provider opens the new port: the door opens" door "$vps_one" -- true
way_after=''
way_look "pending"
way_confirmed 6
way_rebooted
vps provider "$vps_one" off
way_after=80
way_look "the provider's filter is off"
done_testing
