#!/bin/bash
# SPDX-License-Identifier: MIT
# day 0 of 3
# What may be done to PID 1 and to the clockwork while a transaction waits: daemon-reload without end, daemon-reexec, a
# soft reboot, processes of the layers that are stopped or killed again and again. The deadline comes in its time, and
# until then it can be confirmed.  (The clock itself: tests/lab/own-kernel, tests/unit/test_txn.c.)
# shellcheck source=/dev/null
# shellcheck disable=SC2016,SC2154 # texts for the VPS's shell; vps_one comes from fresh
. "$(dirname "$0")/../../lib/main_job.sh"

window=60
late=45 # seconds: the layers look every second, and undo takes some, more of them on a busy machine
rented debian12 storm && storm=$vps_one
rented debian13 soft && soft=$vps_one
vps reboot "$soft" >/dev/null # what runs at a first boot only is over
rented debian12 killed && killed=$vps_one
for one in "$storm" "$soft" "$killed"; do
	policy "$one"
	remember "$one"
done
storm_begins() { # daemon-reload every 100 ms, and between them a daemon-reexec
	vps run "$storm" systemd-run -q --unit storm sh -c 'i=0; while sleep 0.1; do systemctl daemon-reload
		i=$((i + 1)); [ "$i" != 20 ] || systemctl daemon-reexec; done'
}
storm_ends() {
	reloads=$(vps run "$storm" sh -c 'journalctl -q -b -o cat --no-pager _PID=1 | grep -c "^Reloading"')
	vps run "$storm" systemctl stop storm
}
lasted() { # lasted NAME: seconds from PENDING to the end, by the journal itself
	vps run "$1" python3 -c 'import glob, struct
log = open(sorted(glob.glob("/var/lib/kannuki/txn/2*"))[-1] + "/log", "rb").read()
slots = [struct.unpack_from("<IIIIqqq", log, at) for at in range(0, len(log), 256) if log[at:at + 3] == b"KNJ"]
when = {slot[2]: slot[6] for slot in slots}
print(round((when[7] - when[5]) / 1e9))' # UNDO_INTENT and PENDING
}
in_time() { # in_time NAME: neither early nor late
	local seconds
	seconds=$(lasted "$1")
	echo "$seconds seconds of $window"
	[ "$seconds" -ge "$window" ] && [ "$seconds" -le $((window + late)) ]
}

# goes on beside all the rest: a second each, for RestartSec=1
pending "$killed" --window 1h
vps run "$killed" systemd-run -q --unit killer sh -c 'i=0; while [ "$i" -lt 100 ]; do
	pid=$(systemctl show -P MainPID "kannuki-sentinel@*"); [ "${pid:-0}" = 0 ] || ! kill -KILL "$pid" || i=$((i + 1))
	while [ "$(systemctl show -P MainPID "kannuki-sentinel@*")" = "$pid" ]; do sleep 0.05; done; done; touch /root/killed'

# --- a storm of daemon-reload, a soft reboot ------------------------------------------------------------------------

pending "$storm" --window "$window"
ok "daemon-reload every 100 ms, and one daemon-reexec" storm_begins
pending "$soft" --window 10m
generation=$(vps gen "$soft")
up_since() { vps run "$soft" systemctl show -P UserspaceTimestampMonotonic; }
before=$(up_since)
vps run "$soft" systemctl soft-reboot
anew() { [ -n "$(up_since)" ] && [ "$(up_since)" != "$before" ] && vps run "$soft" systemctl is-system-running | grep -qE 'running|degraded'; }
ok "a soft reboot: userspace begins anew" wait_until 90 anew
is "  the machine does not" "$generation" vps gen "$soft"
ok "  it ends by itself" ended "$soft" 60
is_as_before "$soft" "  byte for byte as before"
owner_gets_in "$soft" "  then"

ok "the storm: it ends by itself" ended "$storm" $((window + late + 30))
storm_ends
ok "  in its time" in_time "$storm"
ok "  and it was a storm ($reloads daemon-reloads)" test "$reloads" -ge 50
is_as_before "$storm" "  byte for byte as before"
owner_gets_in "$storm" "  then"

# --- who watches is stopped ----------------------------------------------------------------------------------------------

# whoever undoes on the other one is stopped in the middle of it, with the lock in its hand
pending "$soft" --window "$window"
vps run "$soft" systemd-run -q --unit stopper python3 -c 'import glob, os, signal, time
path = sorted(glob.glob("/var/lib/kannuki/txn/2*"))[-1] + "/log"
while not any(log[at + 8] == 7 for log in [open(path, "rb").read()] for at in range(0, len(log), 256)):
    time.sleep(0.005)
holder = int(open("/run/kannuki/lock").read())
os.kill(holder, signal.SIGSTOP)
print("stopped", os.readlink(f"/proc/{holder}/exe"), flush=True)'
pending "$storm" --window "$window"
ok "the apply process and the sentinel are stopped" vps run "$storm" systemctl kill -s STOP 'kannuki-apply@*' 'kannuki-sentinel@*'
ok "  it ends by itself" ended "$storm" $((window + late + 30))
ok "  in its time" in_time "$storm"
ok "  let go, the apply process sees that it is over" vps run "$storm" systemctl kill -s CONT 'kannuki-apply@*'
over() { ! vps run "$storm" systemctl is-active -q 'kannuki-apply@*'; }
ok "  and ends" wait_until 20 over
is_as_before "$storm" "  byte for byte as before"
owner_gets_in "$storm" "  then"

ok "stopped in the middle of the undo: it ends by itself" ended "$soft" 120
like "  it was stopped there" '^stopped /var/lib/kannuki/txn/.*/recover' vps run "$soft" journalctl -q -b -o cat --no-pager -u stopper
is_as_before "$soft" "  byte for byte as before"
owner_gets_in "$soft" "  then"

# --- the sentinel was killed a hundred times -------------------------------------------------------------------------------

ok "the sentinel is killed a hundred times" wait_until 240 vps run "$killed" test -e /root/killed
watches() { vps run "$killed" systemctl is-active -q 'kannuki-sentinel@*'; }
ok "  PID 1 starts it once more" wait_until 20 watches
like "  it was started as often" '^[1-9][0-9][0-9]$' vps run "$killed" systemctl show -P NRestarts 'kannuki-sentinel@*'
ok "  it is confirmed" confirm "$killed"
ok "  the admin gets in" door "$killed" -- true

pending "$storm" --window 10m
storm_begins
ok "in the next storm it is confirmed" confirm "$storm"
storm_ends
ok "the admin gets in" door "$storm" -- true
exits "and the plan is empty" 0 as_admin "$storm" kannuki plan
done_testing
