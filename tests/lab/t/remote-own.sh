#!/bin/bash
# SPDX-License-Identifier: MIT
# day 2 of 3
# remote-own.sh: kannuki setup USER@HOST uses the person's own OpenSSH: a key that only her agent has, a name of her
# configuration, a jump host, a sudo that asks; and a folder there that may not execute. What is hers stays as it was.
# shellcheck disable=SC2016,SC2034,SC2154 # texts for other shells; vps_one comes from fresh; what remote uses
# shellcheck source=/dev/null
. "$(dirname "$0")/../../lib/workstation.sh"

ws_key ''
ws_policy
rented debian12 jump
jump=$vps_one
rented debian12 target
target=$vps_one

note "through a jump host, by a name of her configuration, with a key that only the agent has"
vps put "$jump" "$ws_home/.ssh/id_ed25519.pub" /root/.ssh/authorized_keys 600
vps provider "$target" on # nothing of it is reachable from her place
cat >"$ws_home/.ssh/config" <<CONFIG
# mine
Host hop
  HostName $(vps addr "$jump" 4)
  User root
  StrictHostKeyChecking accept-new
Host box
  HostName $(vps addr "$target" 4)
  ProxyJump hop
CONFIG
chown "$ws_uid:$ws_uid" "$ws_home/.ssh/config"
cp "$ws_home/.ssh/config" "$TEST_TMP/config.before"
ws ssh-agent -a /home/hanako/agent >/dev/null
WS_ENV=SSH_AUTH_SOCK=/home/hanako/agent ws ssh-add -q .ssh/id_ed25519
ws mv .ssh/id_ed25519 .ssh/id_ed25519.pub .
ws_target=root@box ws_more=SSH_AUTH_SOCK=/home/hanako/agent
# It says that it is of another architecture: the file for that, beside the program, is what is sent.
vps run "$target" sh -c 'printf "#!/bin/sh\necho Linux aarch64\n" >/usr/local/bin/uname; chmod 755 /usr/local/bin/uname'
{ cat "$job_program" && echo not-the-same; } >"$ws_home/kannuki-arm64"
vps run "$target" sh -c 'mount -t tmpfs -o noexec,mode=700 none /root && cp -a /etc/skel/.bashrc /root/'
exits "one command" 0 remote "$target" 4
first=$output
is "what runs there is that file" "$(sha256sum <"$ws_home/kannuki-arm64")" vps run "$target" sh -c 'sha256sum </usr/local/sbin/kannuki'
output=$first
said "proves itself through the jump host" "by the key over the jump host, and sudo works"
said "shows what to write for OpenSSH" "^Host box"
same "her configuration is as it was" "$TEST_TMP/config.before" "$ws_home/.ssh/config"
is "her agent has what it had" 1 env WS_ENV=SSH_AUTH_SOCK=/home/hanako/agent "$TEST_TMP/ws" sh -c 'ssh-add -l | grep -c .'
is "nothing is left where it may execute" '' left_there "$target"
ok "the admin logs in through it" env WS_ENV=SSH_AUTH_SOCK=/home/hanako/agent \
	"$TEST_TMP/ws" ssh -o StrictHostKeyChecking=accept-new -p "$job_port" "$job_admin@box" true

note "a first user whose sudo asks for the password"
ws mv id_ed25519 id_ed25519.pub .ssh/
ws rm -f .ssh/config .ssh/known_hosts
unset ws_target ws_more
vps run "$jump" sh -c 'useradd -m -s /bin/bash -G sudo first; echo "first:$1" | chpasswd' sh "$(vps password)"
ws_screen en_US "first@$(vps addr "$jump" 4)" --host-key "'$(host_print "$jump")'" --policy policy.conf
shows "her key is offered" "hanako@laptop"
type_line ''
shows "ssh asks" "first@$(vps addr "$jump" 4)'s password:"
type_line "$(vps password)"
shows "sudo's password is asked for once" "Password of first, for sudo"
type_line "$(vps password)"
ws_straight
shows "it comes to its end" "Add this there" 90
printf 'Host *\n    User nobody\n' >"$ws_home/.ssh/config" && chown "$ws_uid:$ws_uid" "$ws_home/.ssh/config"
type_line yes
shows "then the note" "Write a note" 20
type_line no
ends "success" 0
like "what was in her configuration is still there" '^    User nobody' cat "$ws_home/.ssh/config"
is "and ours is before it, so that it counts" "$job_admin" ws ssh "$(vps addr "$jump" 4)" id -un
is "no password is in a process's words or in her home" '' sh -c "grep -rlF -e '$job_secret' -e '$(vps password)' '$ws_home' --exclude=askpass --exclude=kannuki"
done_testing
