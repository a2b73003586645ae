# shellcheck shell=bash
# SPDX-License-Identifier: MIT
#
# cuts.sh: the standard policy stopped exactly at each step's boundary (tests/lab/stop-at.c), and then
# what a VPS may suffer there.  Whatever it is, the host ends in the old state or the confirmed one,
# and a login works.  With CUTS_EVERY=K only at every K-th boundary; which of them changes from day to day,
# so that K days are all.  Sourced by tests/lab/t/cuts-*.sh; sources main_job.sh.
# shellcheck source=/dev/null
# shellcheck disable=SC2016,SC2034,SC2154 # texts for the VPS's shell; what the tests use; what lab.sh and main_job.sh set
. "$(dirname "${BASH_SOURCE[0]}")/main_job.sh"

declare -A cut_record=([begin]=1 [armed]=2 [done]=4 [pending]=5 [confirm]=6 [undo]=7) # core/journal.h
cut_layers=4                                                       # ARMED records, one for each layer
cc -static-pie -std=gnu17 -D_GNU_SOURCE -I"$job_top/src" -o "$TEST_TMP/stop-at" "$lab_root/stop-at.c" ||
	bail "stop-at cannot be built"

cut_every=${CUTS_EVERY:-1}
cut_day=$(($(date +%s) / 86400))
cut_is_due() { (($1 % cut_every == cut_day % cut_every)); } # cut_is_due NUMBER
[ "$cut_every" = 1 ] || note "every $cut_every. boundary, those with rest $((cut_day % cut_every))"

cut_vps() { # cut_vps KIND SUFFIX: in $vps_one, ready to be applied and remembered
	rented "$1" "$2"
	policy "$vps_one"
	vps put "$vps_one" "$TEST_TMP/stop-at" /root/stop-at 755
	remember "$vps_one"
}
cut_steps() { # cut_steps NAME: sets cut_before, cut_after: steps before and after the confirmation
	vps run "$1" /root/kannuki plan --policy /root/policy.conf --format json >"$TEST_TMP/plan.json"
	cut_after=$(grep -c '"class": "finish"' "$TEST_TMP/plan.json")
	cut_before=$(($(grep -c '"class": ' "$TEST_TMP/plan.json") - cut_after))
}

stop_units_when() { # stop_units_when NAME RECORD COUNT: what PID 1 runs of the next transaction
	local layer words
	for layer in 'apply apply-run %i' 'sentinel sentinel %i' 'recover recover --id %i'; do
		words=${layer#* }
		vps run "$1" sh -c 'd=/run/systemd/system/kannuki-$0@.service.d; mkdir -p $d
			printf "[Service]\nExecStart=\nExecStart=%s\n" "$1" >$d/stop.conf' "${layer%% *}" \
			"/root/stop-at ${cut_record[$2]} $3 /run/stopped /var/lib/kannuki/txn/%i/recover $words"
	done
}
stopped() { vps run "$1" test -e /run/stopped; }
no_longer_than_it() { # as ssh options: the session ends soon after the VPS has gone
	echo -o ServerAliveInterval=1 -o ServerAliveCountMax=2
}

# stop_applying NAME RECORD COUNT: apply, by root over ssh, stands still when that many are written.
stop_applying() {
	stop_units_when "$1" "$2" "$3"
	# shellcheck disable=SC2046 # a list of words
	apply_from "$1" $(no_longer_than_it) -- --no-wait >"$TEST_TMP/cut" 2>&1 &
	cut_client=$!
	wait_until 40 stopped "$1"
}
# stop_confirming NAME RECORD COUNT: the same from a pending transaction on.
stop_confirming() {
	local program=kannuki
	[ "$2" != confirm ] || program="/root/stop-at ${cut_record[confirm]} 1 /run/stopped /usr/local/sbin/kannuki"
	stop_units_when "$1" "$2" "$3"
	apply "$1" >"$TEST_TMP/cut" 2>&1 || [ $? = 4 ] || return
	# shellcheck disable=SC2046
	echo "$job_secret" | door "$1" $(no_longer_than_it) -- "sudo -S -p '' $program confirm" >>"$TEST_TMP/cut" 2>&1 &
	cut_client=$!
	wait_until 40 stopped "$1"
}
written() { # written NAME RECORD: how many of them the journal of the last transaction holds, before its undo
	vps run "$1" python3 -c 'import glob, struct, sys
log = open(sorted(glob.glob("/var/lib/kannuki/txn/2*"))[-1] + "/log", "rb").read()
types = [struct.unpack_from("<I", log, at + 8)[0] for at in range(0, len(log), 256) if log[at:at + 3] == b"KNJ"]
print((types[:types.index(7)] if 7 in types else types).count(int(sys.argv[1])))' "${cut_record[$2]}"
}

# --- what comes then ------------------------------------------------------------------------------

power_fails() {
	vps power-cut "$1"
	vps boot "$1" >/dev/null
}
reset_pressed() { # reset_pressed NAME: at once, without stopping anything
	local generation
	generation=$(vps gen "$1")
	vps run "$1" systemctl reboot -ff
	vps wait-gen "$1" $((generation + 1)) >/dev/null
}
rebooted() { vps reboot "$1" >/dev/null; }

kind_of() { vps ls | awk -v name="$1" '$1 == name { print $2 }'; }
old_after() { # old_after EVENT NAME RECORD COUNT: stopped there, then EVENT: the old state
	local words
	words="$1 after \"$3\" number $4 on $(kind_of "$2")"
	if stop_applying "$2" "$3" "$4"; then
		ok "$words" "$1" "$2"
	else
		fail "$words" "apply did not come so far: $(cat "$TEST_TMP/cut")"
	fi
	wait "$cut_client"
	ok "  it ends by itself" ended "$2" 20
	is "  what was written had reached the disk" "$4" written "$2" "$3"
	is_as_before "$2" "  byte for byte as before"
	owner_gets_in "$2" "  then"
}
# each_step EVENT EVENT: after every step before the window, on $cloud and $plain in turn (a plain VPS
# has one step less), with the first EVENT and the second.
each_step() {
	local i name events=("$@") most
	cut_steps "$cloud"
	most=$cut_before
	cut_steps "$plain"
	for ((i = 1; i <= most; i++)); do
		cut_is_due "$i" || continue
		name=$plain
		[ $((i % 2)) = 1 ] && [ "$i" -le "$cut_before" ] || name=$cloud
		old_after "${events[i / 2 % 2]}" "$name" 'done' "$i"
	done
}
confirmed_after() { # confirmed_after EVENT NAME RECORD COUNT: the confirmed state
	local words family
	words="$1 after \"$3\" number $4, confirmed, on $(kind_of "$2")"
	if stop_confirming "$2" "$3" "$4"; then
		ok "$words" "$1" "$2"
	else
		fail "$words" "confirm did not come so far: $(cat "$TEST_TMP/cut")"
	fi
	wait "$cut_client"
	ok "  it ends by itself" ended "$2" 20
	answer "$2" "80 $job_port" "  only what is wanted answers"
	for family in 4 6; do
		ok "  the admin's key opens, IPv$family" door "$2" "-$family" -- true
		is "  only keys are offered, IPv$family" publickey offered_methods "$2" "$job_port" nobody-here "$family"
		ok "  root's password is refused, IPv$family" refused_root_password "$2" "$job_port" "$family"
	done
	is "  sudo works" root as_admin "$2" id -un
	exits "  plan is empty" 0 as_admin "$2" kannuki plan
}
