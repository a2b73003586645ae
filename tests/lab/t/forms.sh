#!/bin/bash
# SPDX-License-Identifier: MIT
# day 2 of 3
# Other policies, each to its end: sudo without a password, SSH from some addresses only, open and close.
# shellcheck source=/dev/null
# shellcheck disable=SC2016,SC2154 # texts for the VPS's shell; vps_one comes from fresh
. "$(dirname "$0")/../../lib/main_job.sh"

here4=192.0.2.10 here6=2001:db8:2::10               # where the outside world is
elsewhere4=203.0.113.10 elsewhere6=2001:db8:3::10 # another place of it
reaches() { # reaches SOURCE PORT: a TCP connection from there, IPv4
	vps outside python3 -c 'import socket, sys
socket.create_connection((sys.argv[1], int(sys.argv[2])), 2, (sys.argv[3], 0))' "$(vps addr "$one" 4)" "$2" "$1"
}
plain_sudo() { door "$1" -- sudo -n "${@:2}"; } # no password is given, nor asked for

# --- sudo = nopasswd ----------------------------------------------------------------------------------

rented "${LAB_KIND:-cloud}" n
one=$vps_one
policy "$one" 'sudo = nopasswd' '[ssh]' "port = $job_port" '[firewall]' 'open = ssh, web'
remember "$one"
apply_without() { vps ssh "$one" -- ./kannuki apply --policy policy.conf --yes --no-wait; }
exits "nopasswd: apply asks for none, and is pending" 4 apply_without
ok "  the key opens" door "$one" -- true
is "  and sudo works" root plain_sudo "$one" id -un
like "  the account has no password that opens" "^$job_admin:\*:" vps run "$one" getent shadow "$job_admin"
ok "  undo" vps run "$one" /root/kannuki undo
is_as_before "$one" "  byte for byte as before"
owner_gets_in "$one" "  undone"
exits "nopasswd: pending once more" 4 apply_without
exits "  confirmed by the new login" 0 plain_sudo "$one" kannuki confirm
vps reboot "$one" >/dev/null
is "  rebooted: sudo works" root plain_sudo "$one" id -un
only_the_key_opens "$one" "  rebooted"
exits "  plan is empty" 0 plain_sudo "$one" kannuki plan
vps run "$one" rm "/etc/sudoers.d/kannuki-$job_admin"
exits "  its file is gone: plan ends with 3" 3 vps run "$one" kannuki plan
said "    and says what it does about it" "let $job_admin become root without a password"
exits "    apply puts it right" 0 vps run "$one" kannuki apply --yes --no-wait
exits "    plan is empty" 0 plain_sudo "$one" kannuki plan

# --- open and close -------------------------------------------------------------------------------------

answer "$one" "80 $job_port" "before open"
exits "open 3000/tcp" 0 plain_sudo "$one" kannuki open --yes 3000/tcp
answer "$one" "80 3000 $job_port" "opened"
like "  the policy says so" '3000/tcp' vps run "$one" cat /etc/kannuki/policy.conf
exits "  once more: nothing to do" 0 plain_sudo "$one" kannuki open --yes 3000/tcp
exits "undo of it" 0 plain_sudo "$one" kannuki undo --yes
answer "$one" "80 $job_port" "undone"
not_ok "  the policy says no more of it" vps run "$one" grep -q 3000 /etc/kannuki/policy.conf
exits "  plan is empty" 0 plain_sudo "$one" kannuki plan
exits "open 3000/tcp from elsewhere" 0 plain_sudo "$one" kannuki open --yes 3000/tcp from 203.0.113.0/24
answer "$one" "80 $job_port" "not from here"
ok "  but from there" reaches "$elsewhere4" 3000
exits "close of something else: 2" 2 plain_sudo "$one" kannuki close --yes 3000/tcp
exits "close 3000/tcp from there" 0 plain_sudo "$one" kannuki close --yes 3000/tcp from 203.0.113.0/24
not_ok "  it is closed there too" reaches "$elsewhere4" 3000
exits "close ssh: 2" 2 plain_sudo "$one" kannuki close --yes ssh
said "  and says what to do instead" 'never closed.*allow-from'
exits "close web" 0 plain_sudo "$one" kannuki close --yes web
answer "$one" "$job_port" "web closed"
exits "open web" 0 plain_sudo "$one" kannuki open --yes web
vps reboot "$one" >/dev/null
answer "$one" "80 $job_port" "open web, and rebooted"

# --- allow-from -----------------------------------------------------------------------------------------

vps rm "$one"
rented debian12 f
one=$vps_one
policy "$one" '[ssh]' "port = $job_port" "allow-from = 192.0.2.0/24, 2001:db8:2::/64" '[firewall]' 'open = ssh, web'
pending "$one"
from() { # from ADDRESS CMD...: the admin's door from there
	door "$one" -b "$1" -o ConnectTimeout=3 -- "${@:2}"
}
not_ok "allow-from: from elsewhere the new door is shut, IPv4" from $elsewhere4 true
not_ok "  and IPv6" door "$one" -6 -b $elsewhere6 -o ConnectTimeout=3 -- true
ok "  from here it opens, IPv4" from $here4 true
ok "  and IPv6" door "$one" -6 -b $here6 -- true
exits "  confirmed from here" 0 confirm "$one"
not_ok "  confirmed: shut from elsewhere, IPv4" from $elsewhere4 true
not_ok "  and IPv6" door "$one" -6 -b $elsewhere6 -o ConnectTimeout=3 -- true
ok "  open from here, IPv4" from $here4 true
ok "  and IPv6" door "$one" -6 -b $here6 -- true
exits "  plan is empty" 0 as_admin "$one" kannuki plan

# the packet filter is not what decides what a proof is: with its hole for elsewhere, confirm says no
exits "undo" 4 as_admin "$one" kannuki undo --yes --no-wait
ok "  proved at the former door" as_root_password "$one" /usr/local/sbin/kannuki confirm
pending "$one"
vps run "$one" sh -c 'nft insert rule inet kannuki input ip saddr 203.0.113.10 accept'
ok "a login from elsewhere, let in by hand" from $elsewhere4 true
from_elsewhere() { echo "$job_secret" | from $elsewhere4 "sudo -S -p '' kannuki confirm"; }
exits "  is no proof" 1 from_elsewhere
said "  and why" '203.0.113.10|allow-from'
exits "  one from here is" 0 confirm "$one"
done_testing
