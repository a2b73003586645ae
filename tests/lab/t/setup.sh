#!/bin/bash
# SPDX-License-Identifier: MIT
# setup.sh: kannuki setup as a newcomer has it, on a rented VPS, in both languages: five answers, the
# card, a login through the new door, confirm, and the screen that has seen it.
# shellcheck disable=SC2154 # vps_one comes from fresh
# shellcheck source=/dev/null
. "$(dirname "$0")/../../lib/setup_screen.sh"
. "$(dirname "$0")/../../lib/archive.sh"

archive_begin bookworm
trap 'tm kill-server 2>/dev/null; archive_cleanup' EXIT
archive_package lab-tool 1.0
archive_publish

way() { # way LOCALE REACHABLE NOTHING LOGGED-IN DONE: words of that language
	rented cloud "${1%%_*}"
	[ "$1" != en_US ] || old_package
	screen_begin "$vps_one" "$1.UTF-8"
	to_question 1
	ok "$1: says which file it is, as sha256sum does" says_its_sum
	shows "$1: shows this server's fingerprint" "$(host_key "$vps_one")"
	shows "$1: and what is reachable" "3000/tcp   python3"
	to_question_from_2
	shows "$1: the plan names the new user" "$job_admin"
	new_port
	answer yes
	is "$1: five answers" 5 echo "$screen_answers"
	shows "$1: says that nothing has reached the new port" "$3" 90
	[ "$1" != ja_JP ] || like "$1: that no update came is said, and is no hindrance" '^更新できませんでした' screen_past
	is "$1: one screen holds it all" 1 lines_with "ssh -p $job_port $job_admin@$(vps addr "$vps_one" 4)"
	is "$1: no line is too wide, no sign of ambiguous width" '' wide_lines
	ok "$1: the printed way works" door "$vps_one" -- true
	door "$vps_one" -- sleep 30 &
	shows "$1: sees the login" "$4"
	kill $! 2>/dev/null
	ok "$1: confirm" confirm "$vps_one"
	ends "$1: ends with success" 0
	shows "$1: says so" "$5"
	is "$1: only what was chosen answers" "80 3000 $job_port" answering
	ok "$1: the policy is the language's" vps run "$vps_one" grep -qx "language = ${1%%_*}" /etc/kannuki/policy.conf
	[ "$1" != en_US ] || is "$1: and all packages were updated first" 1.1 vps run "$vps_one" cat /usr/share/lab-tool/version
	exits "$1: nothing is left to plan" 0 as_admin "$vps_one" kannuki plan
}
old_package() { # an update waits for the VPS
	archive_use "$vps_one"
	vps run "$vps_one" sh -c 'apt-get -q update && DEBIAN_FRONTEND=noninteractive apt-get -q -y install lab-tool' >/dev/null 2>&1
	archive_package lab-tool 1.1
	archive_publish
	vps run "$vps_one" sh -c 'rm -rf /var/lib/apt/lists/* /var/lib/apt/periodic/update-success-stamp' # it has not heard of it
}
to_question_from_2() {
	answer "$job_admin"
	asks 2
	answer "$job_secret"
	sleep 0.5
	type_line "$job_secret"
	asks 3
	answer "$(cat "$job_key.pub")"
	asks 4
	answer ''
	asks 5
}
host_key() { vps run "$1" ssh-keygen -lf /etc/ssh/ssh_host_ed25519_key.pub | awk '{ print $2 }'; }
says_its_sum() { screen_past | grep -qF "$(sha256sum <"$job_program" | cut -d ' ' -f 1)"; }
lines_with() { screen | grep -cF -- "$1"; }
answering() { ports_only "$vps_one" 4 "22,80,3000,$job_port" | sort -n | xargs; }

way en_US "reachable" "No connection has reached port" "is logged in from 192.0.2.10" "Confirmed: this host is as the policy says"
way ja_JP "届く" "への接続がまだ届いていません" "が192.0.2.10からログインしました" "sudo kannuki setup"

note "a second setup"
exits "without a terminal it names the other way" 2 as_admin "$vps_one" kannuki setup
said "with the command" "kannuki apply --policy FILE"
# The present policy is where it starts, and closing a web server needs no proof.
screen_begin_as_admin "$vps_one" setup
wait_until 20 on_screen "password for $job_admin" || bail "no sudo: $(screen)"
type_line "$job_secret"
asks 1
shows "its name is the answer unless another is given" "[$job_admin]"
type_line ''
asks 3
shows "the key that is there is kept by Enter" "$(ssh-keygen -lf "$job_key.pub" | awk '{ print $2 }')"
type_line ''
asks 4
type_line 2
shows "what will stop answering is said first" "3000/tcp (python3)"
type_line ''
asks 5
type_line yes
ends "in force at once: 0" 0 40
is "and so it is" "80 $job_port" answering
done_testing
