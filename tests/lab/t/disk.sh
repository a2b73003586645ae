#!/bin/bash
# SPDX-License-Identifier: MIT
# day 0 of 3
# The disk is full, to the last block, before the transaction and in each of its phases; or it can no
# longer be written to.  Each ends in the old or the confirmed state, with one clear error, and at no
# time is the owner outside.
# shellcheck source=/dev/null
# shellcheck disable=SC2016,SC2154 # texts for the VPS's shell; vps_one comes from fresh
. "$(dirname "$0")/../../lib/cuts.sh"

window=30
fill() { # fill NAME: to the last block, also for root
	vps run "$1" sh -c 'fallocate -l $(stat -f -c "%a * %S" / | sed "s/.*/echo \$((&))/" | sh) /fill.most
		for size in 1M 4k 512; do dd if=/dev/zero of=/fill.$size bs=$size 2>/dev/null; done; sync -f /
		! (head -c 8192 /dev/urandom >/fill.test) 2>/dev/null'
}
drain() { vps run "$1" sh -c 'rm -f /fill.*; sync -f /'; }
go_on() { vps run "$1" sh -c 'kill -USR1 "$(cat /run/stopped)"; rm -f /run/stopped /run/systemd/system/kannuki-*.d/stop.conf'; }
one_error() { # why it was undone, once, and nothing else to read
	is "  one error, which says why" 1 grep -cE '^Undone: .*: No space left on device' "$TEST_TMP/cut"
	is "  and no other" "" cat "$TEST_TMP/cut.error"
}
filled_at() { # filled_at WORDS RECORD COUNT: apply meets the full disk there, and undoes itself
	local status=0
	stop_units_when "$one" "$2" "$3"
	apply "$one" >"$TEST_TMP/cut" 2>"$TEST_TMP/cut.error" &
	cut_client=$!
	ok "$1: the disk fills up" wait_until 40 stopped "$one"
	ok "  to the last block" fill "$one"
	go_on "$one"
	wait "$cut_client" || status=$?
	is "  apply ends with 1" 1 echo "$status"
	one_error
	ok "  nothing is left under way" ended "$one" 20
	owner_gets_in "$one" "  still full"
	drain "$one"
	is_as_before "$one" "  byte for byte as before"
}

cut_vps "${LAB_KIND:-debian12}" a
one=$vps_one

ok "the disk is full" fill "$one"
exits "before the transaction: apply ends with 1" 1 apply "$one"
said "  and says how much room it needs" 'room|[0-9]+ MB'
lines=$(grep -c . "$TEST_TMP/stderr")
is "  in one line" 1 echo "$lines"
not_ok "  nothing is under way" under_way "$one"
drain "$one"
is_as_before "$one" "  nothing was changed"

filled_at "right after it was prepared" begin 1
filled_at "between two steps" 'done' 3
filled_at "before the filter" 'done' 6

# --- full while it waits: nobody confirms, and the room that was kept is enough ----------------------

pending "$one" --window $window
ok "full while it waits" fill "$one"
ok "  the new door opens" door "$one" -- true
ok "  it ends by itself" ended "$one" $((window + 20))
owner_gets_in "$one" "  still full"
drain "$one"
is_as_before "$one" "  byte for byte as before"

# --- full while it is taken back ---------------------------------------------------------------------

pending "$one"
vps run "$one" sh -c "/root/stop-at ${cut_record[undo]} 1 /run/stopped /root/kannuki undo >/root/said 2>&1; echo \$? >>/root/said" &
undoing=$!
ok "full while it is taken back" wait_until 20 stopped "$one"
ok "  to the last block" fill "$one"
go_on "$one"
wait "$undoing"
owner_gets_in "$one" "  still full"
note "undo said: $(vps run "$one" cat /root/said | tr '\n' ' ')"
drain "$one"
vps run "$one" rm -f /root/said
ok "  with room again it ends by itself" ended "$one" 30
is_as_before "$one" "  byte for byte as before"

# --- not writable while it waits ----------------------------------------------------------------------

pending "$one" --window $window
ok "/etc is read-only while it waits" vps run "$one" sh -c 'mount --bind /etc /etc && mount -o remount,bind,ro /etc'
not_ok "  it cannot be written to" vps run "$one" touch /etc/x
said "  as it says" 'Read-only file system'
undone_in_vain() { vps run "$one" sh -c 'journalctl -q -b --no-pager | grep -q "kannuki: .*Read-only file system"'; }
ok "  after the window it is taken back, in vain, and says why" wait_until $((window + 30)) undone_in_vain
ok "  it is still under way" under_way "$one"
# Between two tries: each restarts sshd, which listens to nobody for a moment.
for family in 4 6; do
	ok "  still read-only: root logs in by password, IPv$family" wait_until 10 vps ssh "$one" "-$family" -- true
done
ok "  writable again" vps run "$one" umount -l /etc
ok "  it ends by itself" ended "$one" 30
owner_gets_in "$one" "  writable again"
is_as_before "$one" "  byte for byte as before"

# --- full while it waits: confirmed all the same ------------------------------------------------------

pending "$one"
ok "full while it waits" fill "$one"
exits "  confirm finishes it" 0 confirm "$one"
answer "$one" "80 $job_port" "  only what is wanted answers"
drain "$one"
exits "  plan is empty" 0 as_admin "$one" kannuki plan
ok "  the admin gets in" door "$one" -- true
done_testing
