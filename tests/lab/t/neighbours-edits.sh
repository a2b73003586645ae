#!/bin/bash
# SPDX-License-Identifier: MIT
# day 0 of 3
# An admin edits sshd's files and the accounts while a transaction waits. Not confirmed, the former state comes
# back and the admin's own is kept, or named and laid aside; confirmed, it is as the policy says.
# shellcheck source=/dev/null
# shellcheck disable=SC2016,SC2154 # texts for the VPS's shell; vps_one comes from fresh
. "$(dirname "$0")/../../lib/neighbours.sh"

ours=/etc/ssh/sshd_config.d/00-kannuki.conf
main=/etc/ssh/sshd_config
by_rename() { # by_rename FILE SED: as an editor saves: another file, renamed over it
	sh_on "cp -p $1 $1.new && sed -i '$2' $1.new && mv $1.new $1"
}
waits debian12
sh_on "cp -p $main /root/main"
remember "$vps_one"

# --- files of sshd -------------------------------------------------------------------------------------

pending "$vps_one" --window "$short_window"
ok "a valid edit of another file" by_rename $main '$a X11Forwarding no'
ok "  which sshd takes" sh_on "systemctl reload ssh"
unconfirmed "a valid edit"
like "  it stays" '^X11Forwarding no' on cat $main
sh_on "cp -p /root/main $main; systemctl reload ssh"
is_as_before "$vps_one" "  all else is as before"

pending "$vps_one"
ok "an edit of our file" by_rename $ours 's/^PasswordAuthentication no/PasswordAuthentication yes/'
taken_back "our file edited" 5 "^  - $ours .*/displaced/etc%ssh%sshd_config.d%00-kannuki.conf"
kept "  where it is" etc%ssh%sshd_config.d%00-kannuki.conf '^PasswordAuthentication yes'
told "  and so does the history" "^  ! $ours .*displaced"
is_as_before "$vps_one" "  byte for byte as before"

pending "$vps_one" --window "$short_window"
ok "an edit of our file" by_rename $ours 's/^PasswordAuthentication no/PasswordAuthentication yes/'
unconfirmed "our file edited"
told "  the history tells what nobody saw" "^  ! $ours .*displaced"
is_as_before "$vps_one" "  byte for byte as before"

pending "$vps_one"
ok "an edit of our file" by_rename $ours 's/^PasswordAuthentication no/PasswordAuthentication yes/'
confirmed_as_wanted "our file edited"
exits "  undo of it waits: 4" 4 as_admin "$vps_one" kannuki undo --yes --no-wait
ok "  proved" as_owner "$vps_one" /usr/local/sbin/kannuki confirm
is_as_before "$vps_one" "  byte for byte as before"

# --- what sshd refuses ---------------------------------------------------------------------------------

pending "$vps_one" --window "$short_window"
ok "an edit that sshd refuses" by_rename $main '$a Bogus yes'
unconfirmed "refused by sshd"
is "  at the old port alone" 22 ports_only "$vps_one" 4 "22,$job_port"
told "  the history says that sshd does not start, and which line" "sshd_config: line [0-9]+.*|Bogus"
sh_on "cp -p /root/main $main; systemctl stop kannuki-sshd; systemctl restart ssh"
owner_gets_in "$vps_one" "mended"
is_as_before "$vps_one" "  byte for byte as before"

pending "$vps_one"
ok "an edit that sshd refuses" by_rename $main '$a Bogus yes'
exits "  confirm does not" 5 confirm "$vps_one"
said "  it says why, with file and line" "$main: line [0-9]+: .*Bogus"
said "  and what to do" 'confirm again'
ok "  it still waits" under_way "$vps_one"
sh_on "cp -p /root/main $main"
confirmed_as_wanted "mended"
done_testing
