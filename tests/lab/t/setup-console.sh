#!/bin/bash
# SPDX-License-Identifier: MIT
# setup-console.sh: the stricter order of the guides: all of it on the provider's serial console, port 22 is
# never open outside, and the provider opens only the new port in the end.
# shellcheck disable=SC2154 # vps_one comes from fresh
# shellcheck source=/dev/null
. "$(dirname "$0")/../../lib/main_job.sh"

talk() { # talk SECONDS expect REGEX|send LINE ...: what came is added to the transcript
	vps console "$vps_one" "$@" >>"$TEST_TMP/console" 2>&1
}
redraws() { # how often the waiting lines were written over in the ten seconds that nothing happened
	if [ "$redrawn" -le 4 ]; then echo few; else echo "$redrawn"; fi
}
way() { # way TERM [LOCALE [BITS A SECOND]]
	rented cloud "$1"
	: >"$TEST_TMP/console"
	vps provider "$vps_one" on
	talk 20 send '' expect 'login:' send root expect 'assword:' send "$(vps password)" expect '# ' \
		send "stty ${3:-38400}; TERM=$1 LANG=${2:-en_US.UTF-8} ./kannuki setup" expect '1/5' || bail "$(cat "$TEST_TMP/console")"
	ok "$1: the questions" talk 30 send "$job_admin" expect '2/5' send "$job_secret" expect 'again' send "$job_secret" \
		expect '3/5' send "$(cat "$job_key.pub")" expect '4/5' send '' expect 'Do it'
	job_port=$(tr -d '\r' <"$TEST_TMP/console" | sed -n 's/^ *4\. .* \([0-9]*\) (now 22).*/\1/p' | tail -n 1)
	[ -n "$job_port" ] || bail "no port: $(cat "$TEST_TMP/console")"
	ok "$1: carried out, and nothing has come" talk 90 send yes expect "has reached port $job_port"
	like "$1: the card has the address to type, without any session" "ssh -p $job_port $job_admin@$(vps addr "$vps_one" 4)" \
		cat "$TEST_TMP/console"
	not_ok "$1: nobody comes in yet" door "$vps_one" -o ConnectTimeout=2 -- true
	redrawn=$(vps console "$vps_one" 10 expect 'never said' 2>/dev/null | grep -o $'\033\\[J' | wc -l)
	vps provider "$vps_one" open "$job_port/tcp"
	local ear heard=0 # begins before the login: what was said before is not heard
	talk 60 expect "is logged in from 192.0.2.10" expect "Confirmed: this host is as the policy says" expect "What is left" &
	ear=$!
	sleep 1
	door "$vps_one" -- sleep 20 &
	wait_until 40 grep -q "is logged in from" "$TEST_TMP/console"
	ok "$1: confirm" confirm "$vps_one"
	wait "$ear" || heard=$?
	if [ "$heard" = 0 ]; then
		pass "$1: the console has seen the login, and that it is confirmed"
	else
		fail "$1: the console has seen the login, and that it is confirmed" "$(cat "$TEST_TMP/console")"
	fi
	is "$1: from outside only the new port answers" "$job_port" open_now
}
open_now() { ports_only "$vps_one" 4 "22,80,3000,$job_port" | xargs; }

way vt220 en_US.UTF-8 9600
is "at 9600 bits a second the countdown goes in steps" few redraws
like "vt220: the waiting lines are written over" $'\033''\[J' cat "$TEST_TMP/console"
way dumb
not_ok "dumb: nothing but text is written" grep -q $'\033''\[[0-9]*[AJK]' "$TEST_TMP/console"
way linux ja_JP.UTF-8
like "linux: in English, and why" "cannot show Japanese" cat "$TEST_TMP/console"
done_testing
