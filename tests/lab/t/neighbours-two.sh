#!/bin/bash
# SPDX-License-Identifier: MIT
# day 1 of 3
# Another kannuki at the same time: each gets one clear answer, and one of two that contradict each other wins.
# (Two applies at once: sessions.sh.)
# shellcheck source=/dev/null
# shellcheck disable=SC2016,SC2154 # texts for the VPS's shell; vps_one comes from fresh
. "$(dirname "$0")/../../lib/cuts.sh"
. "$(dirname "$0")/../../lib/neighbours.sh"

refuses() { # refuses WORDS STATUS REGEX CMD...: one line that says so
	local lines
	exits "$1" "$2" as_owner "$vps_one" "${@:4}"
	lines=$(grep -c . "$TEST_TMP/stderr")
	said "  and says why" "$3"
	is "  in one line" 1 echo "$lines"
}
cut_vps debian12 a
id='2[0-9]{7}-[0-9]{6}'

stop_applying "$vps_one" 'done' 3
ok "apply is in the middle of its steps" stopped "$vps_one"
refuses "confirm meanwhile" 1 "transaction $id is still being applied" /root/kannuki confirm
refuses "extend meanwhile" 5 'another kannuki is at work' /root/kannuki extend
refuses "apply meanwhile" 5 "transaction $id is (still )?under way" /root/kannuki apply --policy /root/policy.conf --yes
like "status meanwhile" "transaction $id is at work" as_owner "$vps_one" /root/kannuki status
exits "undo meanwhile takes it back" 0 as_owner "$vps_one" /root/kannuki undo
wait "$cut_client"
like "  who applied is told" '^Undone: asked for by a person' cat "$TEST_TMP/cut"
sh_on 'rm -rf /run/systemd/system/kannuki-*.d /run/stopped; systemctl daemon-reload'
is_as_before "$vps_one" "  byte for byte as before"

at_once() { # at_once CMD-OF-THE-ADMIN CMD-OF-THE-OWNER: side by side; their exit statuses
	local first second
	{ as_admin "$vps_one" kannuki "$1" >"$TEST_TMP/first" 2>&1; echo $? >"$TEST_TMP/first.status"; } &
	first=$!
	{ as_owner "$vps_one" /root/kannuki "$2" >"$TEST_TMP/second" 2>&1; echo $? >"$TEST_TMP/second.status"; } &
	second=$!
	wait "$first" "$second"
	echo "$(cat "$TEST_TMP/first.status") $(cat "$TEST_TMP/second.status")"
}
pending "$vps_one"
statuses=$(at_once confirm undo)
note "confirm and undo at once: $statuses; $(tail -n 1 "$TEST_TMP/first"); $(tail -n 1 "$TEST_TMP/second")"
ok "confirm and undo at once: it ends" ended "$vps_one" 40
case $statuses in
'0 1')
	like "  undo says that it came too late" 'is confirmed already' cat "$TEST_TMP/second"
	answer "$vps_one" "80 $job_port" "  confirmed"
	exits "  undo of it waits: 4" 4 as_admin "$vps_one" kannuki undo --yes --no-wait
	ok "  proved" as_owner "$vps_one" /usr/local/sbin/kannuki confirm
	;;
'1 0') like "  confirm says that it came too late" 'too late|was undone' cat "$TEST_TMP/first" ;;
*) fail "  one of them wins" "$statuses" ;;
esac
owner_gets_in "$vps_one" "  then"
is_as_before "$vps_one" "  byte for byte as before"

pending "$vps_one"
{ as_admin6 "$vps_one" kannuki confirm >"$TEST_TMP/other" 2>&1; echo $? >"$TEST_TMP/other.status"; } &
other=$!
capture confirm "$vps_one"
mine=$?
wait "$other"
printf '%s\n' "$output" >"$TEST_TMP/mine"
proofs=$(cat "$TEST_TMP/mine" "$TEST_TMP/other" | grep -c '^Proved: ')
note "two confirms at once: $mine and $(cat "$TEST_TMP/other.status"); $(tail -n 1 <<<"$output"); $(tail -n 1 "$TEST_TMP/other")"
ok "two confirms at once: one of them proves it" test "$proofs" -ge 1
like "  it sees it through, or knows of it" '^(Confirmed: |kannuki: .*confirmed already)' cat "$TEST_TMP/mine"
like "  and so does the other" '^(Confirmed: |kannuki: .*confirmed already)' cat "$TEST_TMP/other"
answer "$vps_one" "80 $job_port" "  confirmed"
done_testing
