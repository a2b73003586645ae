#!/bin/bash
# SPDX-License-Identifier: MIT
# day 2 of 3
# What others wrote on the host: exceptions in sshd's Match blocks are named, escape sequences in a
# user's files do nothing to the terminal of root, and a user's links lead nowhere.
# shellcheck source=/dev/null
# shellcheck disable=SC2016,SC2154 # texts for the VPS's shell; vps_one comes from fresh
. "$(dirname "$0")/../../lib/main_job.sh"

rented debian12
one=$vps_one
policy "$one"
plan() { vps run "$one" /root/kannuki plan --policy /root/policy.conf; }

# --- exceptions -------------------------------------------------------------------------------------

vps run "$one" sh -c 'printf "%s\n" "Match User hana" "  PasswordAuthentication yes" "Match Address 192.0.2.0/24" \
	"  PermitRootLogin yes" "  PubkeyAuthentication yes" >/etc/ssh/sshd_config.d/60-image.conf; systemctl reload ssh'
exits "plan, with exceptions in Match blocks" 3 plan
said "names the passwords of one user" '60-image.conf:2: PasswordAuthentication yes stays'
said "and root's logins from some addresses" '60-image.conf:4: PermitRootLogin yes stays'
not_said "but nothing that is as wanted" 'PubkeyAuthentication yes stays'
vps run "$one" sh -c 'rm /etc/ssh/sshd_config.d/60-image.conf; systemctl reload ssh'
exits "without them" 3 plan
not_said "nothing is said" 'stays for those'

# --- a user who is there already and means no good ----------------------------------------------------

vps run "$one" sh -c "useradd -m -s /bin/bash -G sudo $job_admin; printf '%s:%s\n' $job_admin $job_secret | chpasswd"
home() { # home CMD: by that user, in the home
	vps run "$one" setpriv --reuid="$job_admin" --regid="$job_admin" --clear-groups sh -c "cd /home/$job_admin && $1"
}
ok "a comment with escape sequences" home 'umask 077; mkdir .ssh; printf "# \033]0;title\007\033[2J\n" >.ssh/authorized_keys'
exits "plan shows the file" 3 plan
said "  which it quotes" '# \?\]0;title\?\?\[2J'
not_said "  without an escape" "$(printf '\033')"
is "facts neither" 0 sh -c "vps run '$one' /root/kannuki facts | grep -c '$(printf '\033')'"

vps run "$one" sh -c 'mkdir -m 700 -p /root/.ssh; echo "# root" >/root/.ssh/authorized_keys'
remember "$one"
ok ".ssh leads into root's home" home 'rm -r .ssh; ln -s /root/.ssh .ssh'
remember "$one"
exits "is met by an error" 1 apply "$one"
said "  which says where" '\.ssh is something else than a file or folder'
not_ok "  nothing is left under way" under_way "$one"
is_as_before "$one" "  and all is as before"
ok "authorized_keys leads to shadow" home 'rm .ssh; mkdir -m 700 .ssh; ln -s /etc/shadow .ssh/authorized_keys'
remember "$one"
exits "is refused: 5" 5 apply "$one"
is_as_before "$one" "  and all is as before"
done_testing
