#!/bin/bash
# SPDX-License-Identifier: MIT
# The power is cut at random instants of apply, confirm with its finish, and undo, $CUTS_RANDOM times: the VPS boots into the old
# state, or into the confirmed one when CONFIRM had reached the disk. KANNUKI_SEED repeats a run's draws.
# shellcheck source=/dev/null
# shellcheck disable=SC2154 # vps_one comes from fresh; job_* from main_job.sh
. "$(dirname "$0")/../../lib/cuts.sh"

count=${CUTS_RANDOM:-4}
seed=${KANNUKI_SEED:-$(date +%s)}
RANDOM=$seed
note "$count cuts, seed $seed"

confirming() { # confirming NAME: as a person does it; ends soon after the VPS
	# shellcheck disable=SC2046 # a list of words
	echo "$job_secret" | door "$1" $(no_longer_than_it) -- "sudo -S -p '' kannuki confirm"
}
applying() {
	# shellcheck disable=SC2046
	apply_from "$1" $(no_longer_than_it) -- --no-wait
}
undoing() { as_owner "$1" /root/kannuki undo; }
now_ms() { echo $((${EPOCHREALTIME/[.,]/} / 1000)); }
has_confirm() { [ "$(written "$1" confirm)" = 1 ]; }

# What takes how long here and now, in ms; a command that has come to its end before the cut tells anew.
declare -A span=([applying]=8000 [confirming]=4000 [undoing]=4000)
cut_during() { # cut_during COMMAND NAME: in $cut_at; 0 when it had come to its end before
	local begin client end
	cut_at=$(((RANDOM * 32768 + RANDOM) % span[$1]))
	begin=$(now_ms)
	rm -f "$TEST_TMP/ended"
	("$1" "$2" >"$TEST_TMP/cut" 2>&1; echo "$? $(now_ms)" >"$TEST_TMP/ended") &
	client=$!
	sleep "$((cut_at / 1000)).$(printf %03d $((cut_at % 1000)))"
	vps power-cut "$2"
	end=$(cat "$TEST_TMP/ended" 2>/dev/null)
	wait "$client"
	[ -n "$end" ] || return 1
	span[$1]=$((${end#* } - begin + 1000))
	return "${end% *}"
}

# Before the dead-man is armed, and when it has just been taken away, nobody is there at the boot: the host is as
# before, and what is left of our own goes with the next word that is said to the program.
is_on_disk() { vps offline "$1" test -e "$2" || vps offline "$1" test -L "$2"; }
is_alone() { # is_alone NAME: powered off
	! is_on_disk "$1" etc/systemd/system/multi-user.target.wants/kannuki-settle.service
}
comes_to_its_end() { # comes_to_its_end NAME ALONE ACTIVE
	if [ -n "$2" ] && { [ -z "$3" ] || [ "$(written "$1" armed)" != "$cut_layers" ]; }; then
		ok "  nobody was there to end it: so recover does" vps run "$1" /root/kannuki recover
	fi
	ok "  it ends by itself" ended "$1" 30
}

vps_one=''
cut_during_is_right() { # cut_during_is_right COMMAND NUMBER
	local said='' alone='' active='' words
	if [ "$1" != applying ]; then
		applying "$vps_one" >"$TEST_TMP/cut" 2>&1
		[ $? = 4 ] || fail "apply ends with 4" "$(cat "$TEST_TMP/cut")"
	fi
	cut_during "$1" "$vps_one" && said=yes
	words="$2: cut $cut_at ms after the begin of ${1/%ing/}"
	! is_alone "$vps_one" || alone=yes
	! is_on_disk "$vps_one" var/lib/kannuki/txn/ACTIVE || active=yes
	ok "$words: it boots" vps boot "$vps_one"
	comes_to_its_end "$vps_one" "$alone" "$active"
	if [ "$1" = confirming ] && { [ -n "$said" ] || has_confirm "$vps_one"; }; then
		ok "  confirmed: so it is written" has_confirm "$vps_one"
		ok "  the admin's key opens" door "$vps_one" -- true
		answer "$vps_one" "80 $job_port" "  only what is wanted answers"
		exits "  plan is empty" 0 as_admin "$vps_one" kannuki plan
		vps rm "$vps_one"
		vps_one=''
	else
		is_as_before "$vps_one" "  byte for byte as before"
		owner_gets_in "$vps_one" "  then"
	fi
}

for ((i = 1; i <= count; i++)); do
	[ -n "$vps_one" ] || cut_vps debian12 "$i"
	commands=(applying confirming applying undoing)
	cut_during_is_right "${commands[i % 4]}" "$i"
done
done_testing
