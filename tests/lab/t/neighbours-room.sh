#!/bin/bash
# SPDX-License-Identifier: MIT
# day 0 of 3
# Another program takes all room of /run while a transaction waits: undo and confirm come to a safe
# end all the same. (The blocks of the disk: disk.sh.)
# shellcheck source=/dev/null
# shellcheck disable=SC2016,SC2154 # texts for the VPS's shell; vps_one comes from fresh
. "$(dirname "$0")/../../lib/neighbours.sh"

run_full() { sh_on 'dd if=/dev/zero of=/run/fill bs=64k 2>/dev/null; dd if=/dev/zero of=/run/fill.1 bs=512 2>/dev/null; ! (head -c 8192 /dev/zero >/run/fill.2) 2>/dev/null'; }
free_again() { sh_on 'rm -f /run/fill*'; }

waits debian12
sh_on 'mount -o remount,size=32M /run'
pending "$vps_one" --window "$short_window"
ok "/run is full while it waits" run_full
ok "  the new door opens" door "$vps_one" -- true
unconfirmed "/run full"
free_again
is_as_before "$vps_one" "  byte for byte as before"

# PID 1 reads no unit without 16 MB in /run, so what follows the proof cannot be done.
pending "$vps_one"
ok "/run is full before the confirmation" run_full
exits "  confirm does not finish it: 1" 1 confirm "$vps_one"
said "  it says why" '^Confirmed, but not finished: .*space'
ok "  the admin gets in" door "$vps_one" -- true
owner_gets_in "$vps_one" "  and the owner at the old port, which stayed"
free_again
exits "  with room again: undo of it waits: 4" 4 as_admin "$vps_one" kannuki undo --yes --no-wait
ok "  proved" as_owner "$vps_one" /usr/local/sbin/kannuki confirm
is_as_before "$vps_one" "  byte for byte as before"
done_testing
