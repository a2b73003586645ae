#!/bin/bash
# SPDX-License-Identifier: MIT
# day 0 of 3
# A careless admin removes parts of a transaction's state while it waits. What can be undone still is; what cannot
# is said; and nobody is outside.
# shellcheck source=/dev/null
# shellcheck disable=SC2016,SC2154 # texts for the VPS's shell; vps_one comes from fresh
. "$(dirname "$0")/../../lib/neighbours.sh"

waits debian12

# --- the file that names what is under way ---------------------------------------------------------------

status_is() { # status_is CODE
	local status=0
	on /root/kannuki status >/dev/null 2>&1 || status=$?
	[ "$status" = "$1" ]
}
pending "$vps_one" --window "$short_window"
ok "the name of what is under way is removed" on rm /var/lib/kannuki/txn/ACTIVE
ok "  status knows it" status_is 4
exits "  nothing begins beside it: 5" 5 apply "$vps_one"
ok "  it ends by itself" wait_until $((short_window + 40)) status_is 0
owner_gets_in "$vps_one" "  then"
is_as_before "$vps_one" "  byte for byte as before"
pending "$vps_one"
ok "removed, and then a reboot" sh_on 'rm /var/lib/kannuki/txn/ACTIVE; sync'
vps reboot "$vps_one" >/dev/null
ok "  it ends by itself" wait_until 40 status_is 0
owner_gets_in "$vps_one" "  then"
is_as_before "$vps_one" "  byte for byte as before"

# --- the images from before --------------------------------------------------------------------------------

pending "$vps_one" --window "$short_window"
ok "the images from before are removed" sh_on 'rm -r /var/lib/kannuki/txn/2*/pre/*'
said_so() { sh_on '/root/kannuki status | grep -q "image from before"'; }
ok "  status says so when it is undone" wait_until $((short_window + 40)) said_so
ok "  it is still under way" under_way "$vps_one"
owner_gets_in "$vps_one" "  images removed"
ok "  the admin gets in too" door "$vps_one" -- true
told "  the history says why" '^  ! .*image from before it is missing'
vps rm "$vps_one"

# --- all of it ---------------------------------------------------------------------------------------------

waits debian12 all
pending "$vps_one" --window "$short_window"
ok "all of its state is removed" sh_on 'rm -r /var/lib/kannuki; sync'
sleep $((short_window + 5))
owner_gets_in "$vps_one" "  after the window"
ok "  the admin gets in too" door "$vps_one" -- true
vps reboot "$vps_one" >/dev/null
owner_gets_in "$vps_one" "  rebooted"
like "  what cannot do its work shows" kannuki-recover-boot.service on systemctl --failed --no-legend --plain
pending "$vps_one"
confirmed_as_wanted "applied again"
done_testing
