#!/bin/bash
# SPDX-License-Identifier: MIT
# Nobody confirms: all comes back by itself, byte for byte, and root's password works, whatever died
# meanwhile.  And undo by hand: of what is pending, and of what was confirmed.  The VPSes wait for the
# end of their windows side by side.
# shellcheck source=/dev/null
# shellcheck disable=SC2016,SC2154 # texts for the VPS's shell; vps_one comes from fresh
. "$(dirname "$0")/../../lib/main_job.sh"

window=30
old_again() { # old_again NAME WORDS
	is_as_before "$1" "$2: byte for byte as before"
	owner_gets_in "$1" "$2"
	answer "$1" "22 80 3000" "$2"
}
txn_unit() { vps run "$1" sh -c "systemctl list-units --plain --no-legend 'kannuki-$2@*' | awk '{ print \$1 }'"; }
kill_unit() { # kill_unit NAME apply|sentinel
	vps run "$1" systemctl kill -s KILL "$(txn_unit "$1" "$2")"
}

# --- windows that pass: what happens meanwhile, then the end of all of them -----------------------

rented cloud plain && plain=$vps_one
rented debian12 killed && killed=$vps_one
rented debian12 sshd && sshd=$vps_one
rented cloud shut && shut=$vps_one
for one in "$plain" "$killed" "$sshd" "$shut"; do
	policy "$one"
	remember "$one"
done

live_begin plain "$plain"
pending "$plain" --window $window
said "which says what the provider's filter may need" "packet filter must let in TCP $job_port"

# In a terminal that is closed, waiting: then every process of ours is killed but PID 1's timer
apply_from "$killed" -tt -- --window $window >"$TEST_TMP/terminal" 2>&1 &
terminal=$!
ok "apply in a terminal reaches the window" wait_until 30 grep -q 'q: leave' "$TEST_TMP/terminal"
kill -KILL "$terminal"
wait "$terminal" 2>/dev/null
ok "closed: the transaction does not mind" under_way "$killed"
ok "the apply process is killed" kill_unit "$killed" apply
ok "the sentinel too" kill_unit "$killed" sentinel
ok "the new door is still open" door "$killed" -- true

pending "$sshd" --window $window
ok "sshd stops" vps run "$sshd" systemctl stop ssh.service
is "nothing of it answers" "" ports_only "$sshd" 4 "22,$job_port"

vps provider "$shut" on
vps provider "$shut" open 22/tcp
vps provider "$shut" open 80/tcp
pending "$shut" --window $window
not_ok "the provider's filter drops the new port" vps ssh "$shut" --key "$job_key" -l "$job_admin" -p "$job_port" -o ConnectTimeout=2 -- true
ok "but not the old one" as_root_password "$shut" true

for one in "$plain" "$killed" "$sshd" "$shut"; do
	ok "$one: it ends by itself" ended "$one" $((window + 20))
done
vps provider "$shut" off
ok "the session that was there before lived through all of it" live_lives plain
old_again "$plain" "the window passed"
old_again "$killed" "killed processes, closed terminal"
old_again "$sshd" "sshd had stopped"
old_again "$shut" "the provider dropped the port"
like "log says why" 'nobody confirmed|not confirmed|window' as_root_password "$plain" ./kannuki log

# --- the apply process dies before the window begins: at once ---------------------------------------

apply_dies_after() { # apply_dies_after NAME RECORD: SIGKILL as soon as that many steps are done
	vps run "$1" sh -c 'f=; for i in $(seq 2000); do f=$(ls /var/lib/kannuki/txn/2*/post/* 2>/dev/null | wc -l)
		[ "$f" -ge "$0" ] && break; sleep 0.005; done; systemctl kill -s KILL "kannuki-apply@*"' "$2"
}
killed_early() { # killed_early NAME STEPS
	vps run "$1" rm -rf /var/lib/kannuki/txn
	apply "$1" >"$TEST_TMP/early" 2>&1 &
	local job=$!
	apply_dies_after "$1" "$2"
	wait "$job"
	echo "status $?"
	cat "$TEST_TMP/early"
}
for steps in 1 4; do
	like "apply killed after $steps steps: undone, and it says so" '^status 1$' killed_early "$plain" "$steps"
	ok "nothing is left under way" ended "$plain" 10
	is_as_before "$plain" "killed after $steps steps: byte for byte as before"
done

# --- a configuration that kills sshd ---------------------------------------------------------------

# sshd -t is content with it, but the reload ends it: as a unit of the host's own may do
vps run "$sshd" sh -c 'mkdir -p /etc/systemd/system/ssh.service.d
	printf "[Service]\nExecReload=\nExecReload=/bin/sh -c \"if test -e %s; then kill -KILL \$MAINPID; else kill -HUP \$MAINPID; fi\"\n" \
		/etc/ssh/sshd_config.d/00-kannuki.conf >/etc/systemd/system/ssh.service.d/reload.conf
	printf "[Service]\nRestart=no\n" >/etc/systemd/system/ssh.service.d/restart.conf
	systemctl daemon-reload'
remember "$sshd"
exits "sshd dies at the reload: 1" 1 apply "$sshd"
said "undone at once, and it says why" 'Undone: .*ssh'
not_ok "nothing is left under way" under_way "$sshd"
old_again "$sshd" "sshd killed by its reload"

# --- undo by hand ------------------------------------------------------------------------------------

pending "$plain"
ok "undo of what is pending, from root's login at the old port" as_root_password "$plain" ./kannuki undo
old_again "$plain" "undone at once"
pending "$plain"
exits "undo of what is pending, by the admin through the new door" 0 as_admin "$plain" kannuki undo
old_again "$plain" "undone by the admin"

pending "$plain"
ok "confirmed" confirm "$plain"
not_ok "root is out" vps ssh "$plain" -o ConnectTimeout=2 -- true
exits "undo of what is confirmed is pending itself: 4" 4 as_admin "$plain" kannuki undo --yes --no-wait --window $window
owner_gets_in "$plain" "the former door is open"
ok "and so is the present one" door "$plain" -- true
exits "a proof by the present door is none: 1" 1 confirm "$plain"
ok "nobody proves the former door: the present state comes back" ended "$plain" $((window + 20))
answer "$plain" "80 $job_port" "the undo was undone"
ok "the admin gets in" door "$plain" -- true
exits "and the plan is still empty" 0 as_admin "$plain" kannuki plan
exits "undo once more" 4 as_admin "$plain" kannuki undo --yes --no-wait
ok "proved by root's login at the former door" as_root_password "$plain" /usr/local/sbin/kannuki confirm
ok "that is the end of it" ended "$plain" 10
old_again "$plain" "undone after it was confirmed"
vps reboot "$plain" >/dev/null
old_again "$plain" "and after a reboot"
done_testing
