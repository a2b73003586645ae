#!/bin/bash
# SPDX-License-Identifier: MIT
# day 1 of 3
# Live sessions and several people at once: the first enable of the filter, a terminal that dies in the
# middle of the steps, more time, the countdown, two who apply at the same moment.
# shellcheck source=/dev/null
# shellcheck disable=SC2016,SC2154 # texts for the VPS's shell; vps_one comes from fresh
. "$(dirname "$0")/../../lib/cuts.sh"

cut_vps "${LAB_KIND:-cloud}" a
one=$vps_one

# --- two apply at the same moment -------------------------------------------------------------------

both() { # two of them side by side; prints their exit statuses, the lower first
	local first second
	{ apply "$one" >"$TEST_TMP/first" 2>&1; echo $? >"$TEST_TMP/first.status"; } &
	first=$!
	{ apply "$one" >"$TEST_TMP/second" 2>&1; echo $? >"$TEST_TMP/second.status"; } &
	second=$!
	wait "$first" "$second"
	sort -n "$TEST_TMP/first.status" "$TEST_TMP/second.status" | tr '\n' ' '
}
is "two at the same moment: one is pending, the other meets it" "4 5 " both
like "  and says so" '^kannuki: (transaction 2[0-9-]* is (still )?under way|another kannuki)' cat "$TEST_TMP/first" "$TEST_TMP/second"
ok "  the door opens" door "$one" -- true
ok "  undo" as_root_password "$one" ./kannuki undo
is_as_before "$one" "  byte for byte as before"

# --- the terminal dies in the middle of the steps ----------------------------------------------------

steps_of_session() { # every process of root's login by ssh dies at once, the client too
	kill -KILL "$cut_client"
	vps run "$one" sh -c 'pkill -KILL -f "[k]annuki apply --policy"; pkill -KILL -f "[s]shd: root@"
		! pgrep -f "[k]annuki apply --policy"'
}
stop_applying "$one" 'done' 3
ok "apply is in the middle of its steps" stopped "$one"
ok "  its whole session is killed" steps_of_session
wait "$cut_client" 2>/dev/null
vps run "$one" sh -c 'kill -USR1 "$(cat /run/stopped)"; rm -rf /run/systemd/system/kannuki-*.d'
status_is() { # status_is NAME CODE
	local status=0
	vps run "$1" /root/kannuki status >/dev/null 2>&1 || status=$?
	[ "$status" = "$2" ]
}
ok "  the steps go on to the end: pending" wait_until 40 status_is "$one" 4
ok "  the new door opens" door "$one" -- true
ok "  undo" as_root_password "$one" ./kannuki undo
vps run "$one" rm -f /run/stopped
is_as_before "$one" "  byte for byte as before"

# --- sessions of before conntrack, which may not pick up what it has not seen ------------------------

ok "conntrack takes up no connection in the middle" vps run "$one" sh -c \
	'sysctl -q -w net.netfilter.nf_conntrack_tcp_loose=0; test "$(cat /proc/sys/net/netfilter/nf_conntrack_tcp_loose)" = 0'
live_begin four "$one" -4
live_begin six "$one" -6
pending "$one" --window 2m
ok "the session that was there lives, IPv4" live_lives four
ok "  and IPv6" live_lives six

# --- more time, and the same countdown for everybody ---------------------------------------------------

seconds_left() { # of what is in $stdout: "9 min 58 s left" or "58 s left"
	sed -n 's/.*proof, \(\([0-9]*\) min \)\{0,1\}0*\([0-9]*\) s left.*/\2 \3/p' <<<"$stdout" |
		awk '{ print NF == 2 ? $1 * 60 + $2 : $1 }'
}
left() { # left LOW HIGH CMD...: status says between so many seconds
	local seconds
	capture "${@:3}"
	seconds=$(seconds_left)
	[ -n "$seconds" ] && [ "$seconds" -ge "$1" ] && [ "$seconds" -le "$2" ] && return
	echo "$seconds s left: $output"
	return 1
}
root_says() { as_root_password "$one" /usr/local/sbin/kannuki "$@"; }
admin_says() { as_admin "$one" kannuki "$@"; }
same_countdown() { # same_countdown HIGH WORDS: from root's old door, the admin's new one, and inside
	ok "$2: root at the old door" left $(($1 - 60)) "$1" root_says status
	ok "$2: the admin at the new one" left $(($1 - 60)) "$1" admin_says status
	ok "$2: in there" left $(($1 - 60)) "$1" vps run "$one" kannuki status
}
same_countdown 120 "status"
ok "root at the old door prolongs it" root_says extend 5m
same_countdown 300 "prolonged by root"
ok "the admin does, too" admin_says extend 20m
same_countdown 1200 "prolonged by the admin"
exits "to less than there is: 1" 1 admin_says extend 5m
same_countdown 1200 "as before"
ok "the sessions live, IPv4" live_lives four
ok "  and IPv6" live_lives six
live_begin new4 "$one" --key "$job_key" -l "$job_admin" -p "$job_port" -4
live_begin new6 "$one" --key "$job_key" -l "$job_admin" -p "$job_port" -6
exits "confirmed" 0 confirm "$one"
ok "the sessions at the new door live, IPv4" live_lives new4
ok "  and IPv6" live_lives new6
vps run "$one" systemctl restart kannuki-filter
ok "the filter loaded anew: they live, IPv4" live_lives new4
ok "  and IPv6" live_lives new6
done_testing
