# shellcheck shell=bash
# shellcheck disable=SC2034,SC2154 # what lab.sh and main_job.sh set; what setup_screen.sh counts
# SPDX-License-Identifier: MIT
#
# workstation.sh: the person's own machine in the outside world: a user without rights (hanako), with a home, an
# OpenSSH and a terminal of her own. Sources setup_screen.sh.
# shellcheck source=/dev/null
. "$(dirname "${BASH_SOURCE[0]}")/setup_screen.sh"

ws_home=$TEST_TMP/home
ws_uid=$((20000 + $$ % 40000)) # of this test alone
mkdir -m 700 "$ws_home"
install -m 755 "$job_program" "$ws_home/kannuki"
{
	cat /etc/passwd
	echo "hanako:x:$ws_uid:$ws_uid::/home/hanako:/bin/bash"
} >"$TEST_TMP/ws.passwd"
chown -R "$ws_uid:$ws_uid" "$ws_home"

# As a script, so that a terminal of tmux can run it too.
# shellcheck disable=SC2154 # apart sets $apart
ws_apart=$(. "$lab_root/lib/life.sh" && apart private && printf '%q ' "${apart[@]}")
cat >"$TEST_TMP/ws" <<WS
#!/bin/bash
# ws CMD...: as hanako at her workstation, in the language of WS_LANG, with the NAME=VALUEs of WS_ENV
exec '$lab_root/vps' outside $ws_apart sh -c '
	mount --bind "$TEST_TMP/ws.passwd" /etc/passwd
	mount -t tmpfs home /home
	mkdir /home/hanako
	mount --bind "$ws_home" /home/hanako
	[ ! -d "$TEST_TMP/lib" ] || mount --bind "$TEST_TMP/lib" /usr/local/lib
	cd /home/hanako
	exec setpriv --reuid=$ws_uid --regid=$ws_uid --clear-groups --no-new-privs \\
		env -i HOME=/home/hanako USER=hanako PATH=/usr/bin:/bin:/usr/sbin:/sbin TERM="\${TERM:-dumb}" \\
		LANG="\${WS_LANG:-en_US.UTF-8}" \${WS_ENV:-} "\$@"' ws "\$@"
WS
chmod 755 "$TEST_TMP/ws"

ws_script=$TEST_TMP/ws # what runs at once with others has a TEST_TMP of its own
ws() { "$ws_script" "$@"; }
ws_key() { # ws_key [PASSPHRASE]: she has a key pair already
	ws mkdir -m 700 .ssh
	ws ssh-keygen -q -t ed25519 -N "${1:-}" -C hanako@laptop -f /home/hanako/.ssh/id_ed25519
}
host_print() { # host_print NAME: what the provider's console says of the ED25519 key
	vps run "$1" ssh-keygen -l -E sha256 -f /etc/ssh/ssh_host_ed25519_key.pub
}
ws_policy() { # ws_policy [LINE...]: ~/policy.conf without a key
	[ $# -gt 0 ] || set -- '[ssh]' "port = $job_port" '[firewall]' 'open = ssh, web'
	printf '%s\n' '[admin]' "user = $job_admin" "$@" >"$ws_home/policy.conf"
	chown "$ws_uid:$ws_uid" "$ws_home/policy.conf"
	chmod 600 "$ws_home/policy.conf"
}
ws_askpass() {
	printf '#!/bin/sh\necho "$*" >>/home/hanako/asked\necho "%s"\n' "$(vps password)" >"$ws_home/askpass"
	chmod 755 "$ws_home/askpass"
}
# remote NAME FAMILY ARGUMENT...: setup of it with nobody at the keyboard: root's password by askpass. As $ws_target,
# where that is set, with more of her environment from $ws_more
remote() {
	local name=$1 family=$2
	shift 2
	[ -e "$ws_home/askpass" ] || ws_askpass
	echo "$job_secret" | WS_ENV='SSH_ASKPASS=/home/hanako/askpass SSH_ASKPASS_REQUIRE=force '"${ws_more:-}" \
		ws ./kannuki setup "${ws_target:-${job_owner:-root}@$(vps addr "$name" "$family")}" \
		--host-key "$(host_print "$name")" --policy policy.conf --yes --password-stdin "$@"
}
# ws_screen LANGUAGE ARGUMENT...: the same in a terminal, with her at the keyboard, and with $ws_more
ws_screen() {
	local language=$1
	shift
	screen_answers=0
	tm kill-server 2>/dev/null
	screen_count=$((screen_count + 1)) # a server that is going refuses new sessions
	tm new-session -d -s main -x 80 -y 24 \
		"TERM=xterm WS_LANG=$language.UTF-8 WS_ENV='${ws_more:-}' '$TEST_TMP/ws' ./kannuki setup $*; echo ended with \$?; exec sleep 1000"
}
# The five questions there, when the policy has answered them already; at the keyboard.
ws_straight() {
	asks 1
	type_line ''
	asks 2
	type_line "$job_secret"
	sleep 0.5
	type_line "$job_secret"
	asks 3
	type_line ''
	asks 4
	type_line ''
	asks 5
	type_line yes
}
# What was sent there and is there still, also in /run.
left_there() { vps run "$1" find / '(' -path /proc -o -path /sys ')' -prune -o -name '.kannuki.*' -print; }
# What setup has left at her place: its folder, its processes (ssh, the agent).
left_here() {
	find /tmp -maxdepth 1 -name 'kannuki-??????' -user "$ws_uid"
	pgrep -a -u "$ws_uid"
}
nothing_left_here() { [ -z "$(left_here)" ]; }
# remote_kind KIND: one command and one password for a VPS of that kind
remote_kind() {
	local family from
	rented "$1" "${#lab_vpses[@]}"
	ws rm -f asked
	for family in $job_families; do break; done
	from=$SECONDS
	exits "$1: one command" 0 remote "$vps_one" "$family"
	note "$1: $((SECONDS - from)) s"
	for family in $job_families; do
		said "$1: proved itself over IPv$family" "by the key over IPv$family, and sudo works"
		said "$1: and that passwords are off" "nobody is asked for a password over IPv$family"
	done
	said "$1: and that the old port is shut" "port 22 answers no more"
	is "$1: the password was asked for once" 1 ws grep -c . asked
	ok "$1: so it is" ws_door "$vps_one" "$job_port" true
	is "$1: nothing is left of what was sent" '' left_there "$vps_one"
}
# ws_door NAME PORT CMD...: the way in that setup has shown
ws_door() {
	local name=$1 port=$2 family
	for family in $job_families; do break; done
	shift 2
	ws ssh -o StrictHostKeyChecking=no -o UserKnownHostsFile=/dev/null -o BatchMode=yes -i .ssh/id_ed25519 \
		-p "$port" "$job_admin@$(vps addr "$name" "$family")" "$@"
}
