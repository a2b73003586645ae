#!/bin/bash
# SPDX-License-Identifier: MIT
# remote.sh: kannuki setup USER@HOST as a newcomer has it at her own machine, in both languages; and with one
# command for a host of each sort. What it says is looked at from outside again.
# shellcheck disable=SC2034,SC2154 # what ws_screen uses; vps_one comes from fresh
# shellcheck source=/dev/null
. "$(dirname "$0")/../../lib/workstation.sh"

ws_more=WSL_DISTRO_NAME=Debian # what WSL tells
in_brackets() { if [[ $1 = *:* ]]; then echo "[$1]"; else echo "$1"; fi; }
changed_there() { # paths; those below the admin's home as one
	vps snapshot "$vps_one" "$TEST_TMP/now"
	diff "$TEST_TMP/before.$vps_one" "$TEST_TMP/now" | sed -n 's/^[<>] \(\/[^ ]*\) .*/\1/p' | sed "s,^/home/$job_admin/.*,/home/$job_admin," | sort -u
}
# The admin's account (useradd keeps a copy of each file), sshd, packet filter, policy, program: no more than that.
asked_for=$(printf '%s\n' /etc/{group,gshadow,passwd,shadow,subgid,subuid}{,-} "/home/$job_admin" \
	/etc/ssh/sshd_config.d/00-kannuki.conf /etc/cloud/cloud.cfg.d/99-kannuki.cfg \
	/etc/kannuki{,/filter.json,/policy.conf} /usr/local/sbin/kannuki \
	/etc/sysctl.d/60-kannuki.conf \
	/etc/systemd/system/{,sysinit.target.wants/}kannuki-filter.service | sort -u)
way() { # way LOCALE FAMILY UNKNOWN RIGHT LOGIN SHUT ADD NOTE LEFT: words of that language
	rented cloud "${1%%_*}"
	ws rm -rf .ssh asked
	remember "$vps_one"
	[ "$2" = 4 ] && ws_key ''
	ws_screen "$1" "root@$(vps addr "$vps_one" "$2")"
	shows "$1: is careful with a host that is unknown" "$3"
	shows "$1: says how to see the key at the console" "ssh-keygen -l -E sha256 -f /etc/ssh/ssh_host_ed25519_key.pub"
	type_line "$(host_print "$vps_one")"
	shows "$1: compares it" "$4"
	if [ "$2" = 4 ]; then
		shows "$1: offers the key that is here" "hanako@laptop"
		answer ''
	else # she has none yet
		shows "$1: asks for a passphrase of a new key" "passphrase"
		type_line 'new-key-phrase'
		sleep 0.5
		type_line 'new-key-phrase'
		shows "$1: the passphrase is asked once more, for the session" "Enter passphrase for"
		type_line 'new-key-phrase'
	fi
	shows "$1: ssh itself asks for root's password" "password:" 30
	answer "$(vps password)"
	asks 1
	is "$1: the key that was compared is not asked about again" 0 lines_with "ED25519  SHA256:"
	answer "$job_admin"
	asks 2
	answer "$job_secret"
	sleep 0.5
	type_line "$job_secret"
	asks 3
	shows "$1: her key is there already" "SHA256:"
	answer ''
	asks 4
	answer ''
	asks 5
	new_port
	answer yes
	shows "$1: logs in by itself, over IPv4" "$5IPv4" 60
	shows "$1: and over IPv6" "$5IPv6"
	shows "$1: looks that passwords are off" "$6" 40
	shows "$1: asks before it writes to her files" "$7" 40
	not_ok "$1: and has not yet" ws test -e .ssh/config
	type_line yes
	shows "$1: offers a note" "$8"
	type_line yes
	shows "$1: says what is left to do at the provider" "$9"
	ends "$1: ends with success" 0
	is "$1: no line is too wide, no sign of ambiguous width" '' wide_lines
	is "$1: only what was chosen answers" "80 3000 $job_port" answering
	is "$1: the name alone is enough from now on" "$job_admin" ws_by_name "$vps_one" "$2"
	ok "$1: the note has address and port" ws grep -qF "$(in_brackets "$(vps addr "$vps_one" "$2")"):$job_port /ssh" "kannuki-$(vps addr "$vps_one" "$2").txt"
	ok "$1: and where Windows finds the key" ws grep -qF '\wsl.localhost\Debian\home\hanako\.ssh\id_ed25519' "kannuki-$(vps addr "$vps_one" "$2").txt"
	ok "$1: and the fingerprint" ws grep -qF "$(host_print "$vps_one" | cut -d ' ' -f 2)" "kannuki-$(vps addr "$vps_one" "$2").txt"
	is "$1: nothing has changed there but what the policy asks" "$asked_for" changed_there
	is "$1: nothing is left of what was sent" '' left_there "$vps_one"
	is "$1: nor here" '' left_here
}
lines_with() { screen | grep -cF -- "$1"; }
answering() { ports_only "$vps_one" 4 "22,80,3000,$job_port" | sort -n | xargs; }
ws_by_name() { # the passphrase by askpass, where there is one
	printf '#!/bin/sh\necho new-key-phrase\n' >"$ws_home/phrase"
	chmod 755 "$ws_home/phrase"
	WS_ENV='SSH_ASKPASS=/home/hanako/phrase SSH_ASKPASS_REQUIRE=force' ws ssh "$(vps addr "$1" "$2")" id -un
}

way en_US 4 "is not known here yet" "The host key is the right one" "by the key over " \
	"nobody is asked for a password over IPv6" "Add this there" "Write a note" "remove the rule of port 22"
way ja_JP 6 "接続したことがありません" "ホスト鍵は正しい" "sudoも使えます(" \
	"聞かれることはありません(IPv6" "known_hostsに加えますか" "メモも作りますか" "22番(SSH)のルールを削除"
done_testing
