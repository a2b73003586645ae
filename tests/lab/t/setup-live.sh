#!/bin/bash
# SPDX-License-Identifier: MIT
# day 2 of 3
# setup-live.sh: what the live line says of a door that is shut by the provider, of wrong users and keys, of
# old clients, of the right login; its keys; the console. On Debian 12 and 13 (sshd-session).
# shellcheck disable=SC2154 # vps_one comes from fresh
# shellcheck source=/dev/null
. "$(dirname "$0")/../../lib/setup_screen.sh"

other_key=$TEST_TMP/other
ssh-keygen -q -t ed25519 -N '' -C other -f "$other_key"
try() { vps ssh "$vps_one" -p "$job_port" "$@" -o ConnectTimeout=3 -- true >/dev/null 2>&1 || true; }
to_pending() { # to_pending KIND
	rented "$1" "$1"
	remember "$vps_one"
	screen_begin "$vps_one" en_US.UTF-8
	to_question 5
	new_port
	answer yes
	shows "$1: nothing has come yet" "No connection has reached port $job_port yet" 90
}
states() { # states KIND
	vps provider "$vps_one" on
	vps provider "$vps_one" open 22/tcp
	try --key "$job_key" -l "$job_admin"
	shows "$1: shut by the provider: still nothing" "No connection has reached port $job_port yet"
	not_ok "$1: and that is so" door "$vps_one" -o ConnectTimeout=2 -- true
	vps provider "$vps_one" open "$job_port/tcp"
	vps outside bash -c "exec 3<>/dev/tcp/$(vps addr "$vps_one" 4)/$job_port; sleep 3" &
	shows "$1: connected, no login" "Nobody has logged in by it yet"
	wait $!
	shows "$1: and left" "It left before it tried to log in"
	try --key "$other_key" -l "$job_admin"
	shows "$1: another key, and which" "$(ssh-keygen -lf "$other_key.pub" | awk '{ print $2 }')"
	try --key "$job_key.pub" -l "$job_admin"
	shows "$1: the public key instead of the private one" "not the .pub file, and type its passphrase"
	try --key "$job_key" -l bob
	shows "$1: another user" 'tried to log in as "bob"'
	try --none -l "$job_admin"
	shows "$1: no key" "came as $job_admin without a key"
	try --key "$job_key" -l "$job_admin" -o KexAlgorithms=diffie-hellman-group14-sha1
	shows "$1: nothing in common" "no common algorithm (diffie-hellman-group14-sha1)"
	as_root_password "$vps_one" true
	shows "$1: the old door is no proof" "logged in as root at port 22 by password"
	sleep 15 # OpenSSH 9.8 and later may shut out who failed
	door "$vps_one" -- sleep 5 &
	shows "$1: the right login" "$job_admin is logged in from 192.0.2.10. Now type there: sudo kannuki confirm"
	wait $!
	shows "$1: and gone without confirming" "left without confirming"
	vps provider "$vps_one" off
}
lines_with() { screen | grep -cF -- "$1"; }
keys_of_it() { # keys_of_it KIND
	key e
	shows "$1: e gives ten minutes more" " min" 5
	shows "$1: and says so" "You have more time now."
	if screen | grep -qE '^1[0-9] min [0-9]+ s left'; then pass "$1: more than ten are left"; else fail "$1: more than ten are left" "$(screen)"; fi
	type_line 'sudo kannuki confirm'
	shows "$1: what belongs in the other window is told to go there" "Type that in the new window" 5
	is "$1: and nothing is left behind the question" 0 lines_with "[yes/no] >"
	ok "$1: and nothing was undone by it" under_way "$vps_one"
	key q
	ends "$1: q leaves it running: 4" 4
	ok "$1: and it runs" under_way "$vps_one"
	screen_begin "$vps_one" en_US.UTF-8
	shows "$1: setup again shows it" "is under way"
	shows "$1: with its live line" "min"
	key u
	shows "$1: u asks" "Undo all changes now?"
	type_line yes
	ends "$1: and undoes" 1 40
	shows "$1: and says how to go on" "run the same command once more"
	is_as_before "$vps_one" "$1: byte for byte"
}
to_pending debian13
states debian13
keys_of_it debian13
vps rm "$vps_one"
to_pending debian12
states debian12
# apply in a terminal has the same lines
keys_of_it debian12
policy "$vps_one"
screen_command=apply screen_begin "$vps_one" en_US.UTF-8 --policy policy.conf
wait_until 20 on_screen "Carry this out?" || bail "$(screen)"
type_line yes
wait_until 10 on_screen "New password" || bail "$(screen)"
type_line "$job_secret"
sleep 0.5
type_line "$job_secret"
shows "apply has the live line too" "No connection has reached port" 40
tm send-keys -t main C-c
ends "^C leaves it running" 4
exits "undo" 0 as_root_password "$vps_one" ./kannuki undo
done_testing
