#!/bin/bash
# SPDX-License-Identifier: MIT
# day 0 of 3
# admin: kannuki admin revoke. It takes sudo away, names what else lets the user become root and who is
# logged in, is undone, and never takes it from the last one who has been seen to get in.
# shellcheck source=/dev/null
# shellcheck disable=SC2016,SC2154 # texts for the VPS's shell; vps_one comes from fresh
. "$(dirname "$0")/../../lib/main_job.sh"

rented debian12
one=$vps_one
vps run "$one" sh -ec 'for user in hana ken; do useradd -m -s /bin/bash -G sudo $user; echo "$user:correct-horse-9" | chpasswd; done
	printf "%%admins ALL=(ALL) ALL\n# hana was here\nhana ALL=(ALL) NOPASSWD: /usr/bin/apt\n" >/etc/sudoers.d/left; chmod 440 /etc/sudoers.d/left
	install -d -m 700 -o ken -g ken ~ken/.ssh'
vps put "$one" "$job_key.pub" /home/ken/.ssh/authorized_keys 600
vps run "$one" chown ken: /home/ken/.ssh/authorized_keys
is_member() { vps run "$one" id -nG "$1" | grep -qw sudo; }
may_sudo() { echo "$job_secret" | vps ssh "$one" --password "$job_secret" -l "$1" -- sudo -S -p "''" true; }
revoke() { as_root_password "$one" ./kannuki admin revoke --yes "$@"; }

# Root's own login is a door that is proved by its being used.
ok "hana has sudo" may_sudo hana
live_begin hana "$one" --password "$job_secret" -l hana
exits "revoke hana, by root over SSH: 0" 0 revoke hana
said "  the line that is left, with file and number" '/etc/sudoers.d/left:3 still names hana: hana ALL'
said "  her login" 'hana is logged in from 192\.0\.2\.10'
said "  how to end it" 'loginctl terminate-user hana'
not_ok "  she is in the group no more" is_member hana
not_ok "  and becomes root no more" may_sudo hana
ok "  ken still does" may_sudo ken
ok "  her login is not ended" live_lives hana
exits "again: 0, nothing to do" 0 revoke hana
said "  says so" 'hana is in no group of sudo'
said "  and names the line still" 'left:3'
exits "undo" 0 as_root_password "$one" ./kannuki undo --yes
ok "  she is back" is_member hana
ok "  and becomes root" may_sudo hana
exits "of nobody: 2" 2 revoke nobody-here
exits "of root: 2" 2 revoke root
said "  with what to do instead" 'root-login = no'

# At a console nobody is seen to get in.
exits "at the console, nobody proved: 5" 5 vps run "$one" /root/kannuki admin revoke --yes hana
said "  who could show it" 'log in over SSH as another admin \((root, ken|ken, root)\)'
ok "  nothing was changed" is_member hana

policy "$one"
pending "$one"
exits "taro is proved" 0 confirm "$one"
exits "the policy's admin: 5" 5 as_admin "$one" kannuki admin revoke --yes taro
said "  first another one" 'taro is the admin of the policy'
exits "at the console, taro proved: 0" 0 vps run "$one" kannuki admin revoke --yes hana
not_ok "  hana is out" is_member hana
exits "by taro" 0 as_admin "$one" kannuki admin revoke --yes ken
not_ok "  ken is out" is_member ken

# The policy is gone, and taro is the last one.
vps run "$one" mv /etc/kannuki/policy.conf /root/stored
exits "the last one: 5" 5 as_admin "$one" kannuki admin revoke --yes taro
said "  nobody would be left" 'nobody could get in and become root'
ok "  taro still is" is_member taro
done_testing
