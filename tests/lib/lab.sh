# shellcheck shell=bash
# SPDX-License-Identifier: MIT
#
# lab.sh: what a lab test (tests/lab/t/*.sh) is written with.  A test sources this file, makes its
# VPSes with `vps new "$(vps_name)"` or `fresh KIND`, and says ok/not ok in TAP.  All its VPSes and
# its folder $TEST_TMP go when it ends, however it ends.  A test ends with `done_testing`; a file
# that dies before counts as failed.
#
#   . "$(dirname "$0")/../../lib/lab.sh"
#   fresh cloud                                        # sets $vps_one, booted
#   ok "root logs in by password" as_root_password "$vps_one" true
#   done_testing
set -uo pipefail

lab_root=$(readlink -f "$(dirname "${BASH_SOURCE[0]}")/../lab")
PATH=$lab_root:$PATH # so that `vps VERB` works as typed
TEST_TMP=$(mktemp -d)
lab_test=$(basename "$0" .sh)
lab_count=0
lab_failed=0
lab_vpses=()
lab_ended=''

vps_name() { # vps_name [SUFFIX]: a name for a VPS of this test, that no other running test has
	local stem=${lab_test//[^a-z0-9-]/-}
	echo "t${LAB_TEST_ID:-$$}-${stem:0:16}${1:+-$1}"
}
fresh() { # fresh KIND [SUFFIX]: a new VPS, booted; its name is in $vps_one
	vps_one=$(vps_name "${2:-}")
	lab_vpses+=("$vps_one")
	if ! { vps new "$vps_one" "$1" && vps boot "$vps_one" >/dev/null; }; then bail "no VPS of kind $1"; fi
}
lab_cleanup() {
	local name status=$?
	trap - EXIT INT TERM HUP
	for name in "${lab_vpses[@]}"; do vps rm "$name"; done
	rm -rf "$TEST_TMP"
	if [ -z "$lab_ended" ]; then
		echo "not ok $((lab_count + 1)) - $lab_test ended before its end (status $status)"
		exit 1
	fi
	exit "$((lab_failed > 0))"
}
trap lab_cleanup EXIT
trap 'exit 130' INT TERM HUP

# A test that names what is not there would pass without having looked.
lab_unknown=$TEST_TMP/unknown
command_not_found_handle() {
	echo "$1: no such command" | tee -a "$lab_unknown" >&2
	return 127
}

# --- TAP ----------------------------------------------------------------------------------------

pass() {
	lab_count=$((lab_count + 1))
	echo "ok $lab_count - $*"
}
fail() { # fail DESCRIPTION [DIAGNOSTICS]
	lab_count=$((lab_count + 1))
	lab_failed=$((lab_failed + 1))
	echo "not ok $lab_count - $1"
	[ -z "${2:-}" ] || printf '%s\n' "$2" | tail -n "${LAB_DIAGNOSTICS:-25}" | sed 's/^/#   /'
}
# Through a file, not a pipe: a channel over a master connection leaves its output open in there.
capture() { # capture CMD...: its output, both channels, in $output; the standard one alone in $stdout
	local status=0
	("$@") >"$TEST_TMP/stdout" 2>"$TEST_TMP/stderr" </dev/null || status=$?
	stdout=$(cat "$TEST_TMP/stdout")
	output=$(cat "$TEST_TMP/stdout" "$TEST_TMP/stderr")
	return "$status"
}
ok() { # ok DESCRIPTION CMD...: CMD succeeds
	if capture "${@:2}"; then pass "$1"; else fail "$1" "status $? of: ${*:2}"$'\n'"$output"; fi
}
not_ok() { # not_ok DESCRIPTION CMD...: CMD fails
	if capture "${@:2}"; then fail "$1" "succeeded: ${*:2}"$'\n'"$output"; else pass "$1"; fi
}
is() { # is DESCRIPTION WANTED CMD...: CMD's standard output is WANTED
	capture "${@:3}"
	if [ "$stdout" = "$2" ]; then pass "$1"; else fail "$1" "wanted: $2"$'\n'"got: $output"; fi
}
exits() { # exits DESCRIPTION STATUS CMD...: CMD ends with STATUS
	local status=0
	capture "${@:3}" || status=$?
	if [ "$status" = "$2" ]; then pass "$1"; else fail "$1" "wanted status $2, got $status: ${*:3}"$'\n'"$output"; fi
}
like() { # like DESCRIPTION REGEX CMD...: CMD's output, both channels, has a line that matches
	capture "${@:3}"
	if grep -qE -- "$2" <<<"$output"; then pass "$1"; else fail "$1" "no line like: $2"$'\n'"$output"; fi
}
not_said() { # not_said DESCRIPTION GREP-ARGUMENT...: the command of the test before has no line that matches
	local found
	if found=$(grep "${@:2}" <<<"$output"); then fail "$1" "$found"; else pass "$1"; fi
}
same() { # same DESCRIPTION FILE FILE: byte for byte
	local output
	if output=$(diff "$2" "$3" 2>&1); then pass "$1"; else fail "$1" "$output"; fi
}
bail() { # the rest makes no sense
	echo "# $lab_test: $*"
	exit 1
}
note() { echo "# $*"; }
done_testing() {
	[ ! -e "$lab_unknown" ] || fail "all that the test calls is there" "$(cat "$lab_unknown")"
	echo "1..$lab_count"
	lab_ended=yes
	exit
}

# --- logins from outside ------------------------------------------------------------------------

as_root_password() { # as_root_password NAME CMD...: root by the password the VPS came with, port 22, IPv4
	vps ssh "$1" -- "${@:2}"
}
as_key() { # as_key USER PORT KEY NAME CMD...
	vps ssh "$4" --key "$3" -l "$1" -p "$2" -- "${@:5}"
}
as_password() { # as_password USER PORT PASSWORD NAME CMD...
	vps ssh "$4" --password "$3" -l "$1" -p "$2" -- "${@:5}"
}

# Refusals: a login counts as refused only when the daemon answered and said no.  A port that does
# not answer, or a login that works but whose command fails, is not a refusal.
lab_refused() { # lab_refused SSH-ARGUMENT...
	local output status
	output=$(vps ssh "$@" -o LogLevel=INFO -- true 2>&1)
	status=$?
	[ "$status" != 0 ] && grep -q 'Permission denied' <<<"$output" && return 0
	echo "status $status: $output"
	return 1
}
refused_password() { lab_refused "$4" --password "$3" -l "$1" -p "$2" "-${5:-4}"; } # USER PORT PASSWORD NAME [FAMILY]
refused_key() { lab_refused "$4" --key "$3" -l "$1" -p "$2" "-${5:-4}"; }           # USER PORT KEY NAME [FAMILY]
refused_root_password() { refused_password root "${2:-22}" "$(vps password)" "$1" "${3:-4}"; } # NAME [PORT] [FAMILY]

offered_methods() { # offered_methods NAME PORT USER FAMILY: what the daemon offers, e.g. publickey,password
	vps ssh "$1" --none -p "$2" -l "$3" "-$4" -v -o LogLevel=VERBOSE 2>&1 </dev/null |
		sed -n 's/.*Authentications that can continue: \([^[:space:]]*\).*/\1/p' | head -n 1
}
open_ports() { # open_ports NAME FAMILY [PORTS]: what answers on TCP from outside, one a line ("22/tcp")
	local family=()
	[ "$2" = 4 ] || family=(-6)
	vps outside nmap "${family[@]}" -n -Pn -sS --max-retries 2 --min-rate 500 -p "${3:-1-1024,2222,8080,8443,22022}" \
		-oG - "$(vps addr "$1" "$2")" | grep -oE '[0-9]+/open/tcp' | sed 's,/open,,' || true
}
outside_view() { # outside_view NAME FAMILY PORTS: what answers, and what the others do: "22 80 | refused"
	local family=() said open
	[ "$2" = 4 ] || family=(-6)
	said=$(vps outside nmap "${family[@]}" -n -Pn -sS --max-retries 2 --min-rate 1500 -p "$3" -oG - "$(vps addr "$1" "$2")")
	open=$(grep -oE '[0-9]+/open/tcp' <<<"$said" | cut -d / -f 1 | xargs)
	echo "${open:-nothing} | $(sed -n 's/.*Ignored State: closed .*/refused/p; s/.*Ignored State: filtered .*/silent/p' <<<"$said")"
}
wait_until() { # wait_until SECONDS CMD...: 0 as soon as CMD succeeds, 1 when it did not in time
	local end=$((SECONDS + $1))
	shift
	until "$@" >/dev/null 2>&1; do
		[ "$SECONDS" -lt "$end" ] || return 1
		sleep 0.2
	done
}
