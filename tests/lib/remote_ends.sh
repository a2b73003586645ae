# shellcheck shell=bash
# shellcheck disable=SC2154 # what lab.sh, main_job.sh and workstation.sh set
# SPDX-License-Identifier: MIT
#
# remote_ends.sh: kannuki setup USER@HOST that comes to no good end at a chosen phase, because the network is cut or
# because the workstation dies or falls asleep: the host ends as it was, or confirmed. Sources workstation.sh.
# shellcheck source=/dev/null
. "$(dirname "${BASH_SOURCE[0]}")/workstation.sh"

# Each phase by what setup has just said, in their order.
declare -A remote_phase=(
	[login]='Logging in as'
	[sending]='Sending the program'
	[looking]='Looking at this server'
	[arming]='Transaction '
	[steps]='ok  \[1/'
	[subtracting]='sshd: PasswordAuthentication no'
	[pending]='Now from outside'
	[proved]='and sudo works'
	[confirmed]='^Confirmed'
	[looked]='is refused over'
)
# What a phase may end in: before the proof all is as it was, once that has been said it is confirmed.
may_end() { # may_end PHASE DEED old|confirmed
	case $1 in
	confirmed | looked) [ "$3" = confirmed ] ;;
	pending | proved) ;;
	looking) [ "$3" = old ] || [ "$2" = stop ] ;; # nothing had begun: who wakes goes on
	*) [ "$3" = old ] ;;
	esac
}
setup_of() { pgrep -o -u "$ws_uid" -f "kannuki setup [a-z]*@$(vps addr "$1" 4) "; } # the first: it has a keeper
reaches() { # reaches FILE PHASE
	local end=$((SECONDS + 60))
	until grep -qE -- "${remote_phase[$2]}" "$1"; do
		[ "$SECONDS" -lt "$end" ] || return 1
		sleep 0.02
	done
}
# Nothing is under way there, and nothing can begin any more: a program that asks gets no answer (it reads its input).
far_is_quiet() {
	# shellcheck disable=SC2016
	vps run "$1" sh -c 'test ! -e /var/lib/kannuki/txn/ACTIVE || exit 1
		for pid in $(pgrep -f "^[^ ]*[k]annuki setup-far"); do grep -q "^0 0x0 " "/proc/$pid/syscall" || exit 1; done'
}
far_is_gone() { ! vps run "$1" pgrep -f "^[^ ]*[k]annuki setup-far"; }
nothing_left_there() { [ -z "$(left_there "$1")" ]; }
answering() { ports_only "$1" 4 "22,80,3000,$job_port" | sort -n | xargs; }
is_confirmed() { # is_confirmed NAME WORDS
	is "$2: only what the policy opens answers" "80 $job_port" answering "$1"
	ok "$2: root's password is refused" refused_root_password "$1" "$job_port"
}
# remote_ends NAME PHASE DEED: cut (by the provider's filter, both ways), kill or stop
remote_ends() {
	local name=$1 phase=$2 deed=$3 said=$TEST_TMP/said.$2 status=0 job pid state=old
	remote "$name" 4 --window 30s >"$said" 2>&1 &
	job=$!
	if ! reaches "$said" "$phase"; then
		fail "$phase: is reached" "$(cat "$said")"
		return
	fi
	pid=$(setup_of "$name")
	case $deed in
	cut) vps provider "$name" on ;;
	kill) kill -KILL "$pid" ;;
	stop) kill -STOP "$pid" ;;
	esac
	[ "$deed" = stop ] || ok "$phase, $deed: setup comes to its end" wait_until 90 gone "$job"
	sleep 1
	ok "$phase, $deed: the host comes to rest by itself" wait_until 90 far_is_quiet "$name"
	case $deed in
	cut) vps provider "$name" off ;;
	stop)
		kill -CONT "$pid"
		ok "$phase, $deed: setup wakes, and comes to its end" wait_until 90 gone "$job"
		;;
	esac
	wait "$job" || status=$?
	[ "$status" = 1 ] || [ "$deed" = kill ] || [ "$status$phase" = 0looked ] ||
		[ "$deed$status" = stop0 ] || fail "$phase, $deed: it ends with 1" "status $status: $(cat "$said")"
	ws_door "$name" "$job_port" true && state=confirmed
	note "$phase, $deed: $state, status $status: $(tail -n 1 "$said")"
	ok "$phase, $deed: ended $state, as it may" may_end "$phase" "$deed" "$state"
	if [ "$state" = confirmed ]; then
		is_confirmed "$name" "$phase, $deed"
	else
		is_as_before "$name" "$phase, $deed: byte for byte as before"
		owner_gets_in "$name" "$phase, $deed"
	fi
	ok "$phase, $deed: nothing runs there any more" wait_until 120 far_is_gone "$name"
	ok "$phase, $deed: nothing is left of what was sent" wait_until 20 nothing_left_there "$name"
}
gone() { ! kill -0 "$1" 2>/dev/null; }
# remote_at_once 'DEED PHASE...'...: each argument a VPS of its own, which goes through its phases one after the other
remote_at_once() {
	local each number=0 asked=() taps=()
	ws_askpass
	for each; do
		rented cloud "$number"
		remember "$vps_one"
		taps+=("$TEST_TMP/$vps_one.tap")
		# shellcheck disable=SC2086
		remote_in_turn $each >"$TEST_TMP/$vps_one.tap" 2>&1 &
		asked+=($!)
		number=$((number + 1))
	done
	wait "${asked[@]}"
	for number in "${!taps[@]}"; do tell "${taps[number]}" "VPS $number"; done
	ok "nothing is left here" wait_until 30 nothing_left_here
}
# shellcheck disable=SC2030,SC2031 # each has a folder of its own
remote_in_turn() ( # remote_in_turn DEED PHASE...
	mkdir "$TEST_TMP/$vps_one"
	cp "$TEST_TMP/before.$vps_one" "$TEST_TMP/$vps_one"
	TEST_TMP=$TEST_TMP/$vps_one
	for phase in "${@:2}"; do remote_ends "$vps_one" "$phase" "$1"; done
	echo end
)
