# shellcheck shell=bash
# shellcheck disable=SC2016,SC2154 # texts for the VPS's shell; vps_one comes from fresh
# SPDX-License-Identifier: MIT
#
# replace_job.sh: another owner of default deny is replaced on $vps_one, from the plan to the undo of what was
# confirmed. Sourced by tests/lab/t/replace-*.sh.
# shellcheck source=/dev/null
. "$(dirname "${BASH_SOURCE[0]}")/main_job.sh"

replace_before=${replace_before:-"22 80"} # what the owner lets in of $job_ports

# A port that neither owner lets in is tried from outside all the time: no moment may be open.
watch_begin() { # watch_begin NAME
	vps outside python3 -c 'import socket, sys
while True:
    try: socket.create_connection((sys.argv[1], 3000), 0.05); print("open", flush=True)
    except OSError: pass' "$(vps addr "$1" 4)" >"$TEST_TMP/watch" 2>&1 &
	watch=$!
}
watch_ends() { # watch_ends WORDS
	kill "$watch"
	wait "$watch" 2>/dev/null
	is "$1: at no moment the host was open" "" cat "$TEST_TMP/watch"
}
# The rules of each chain in their order, beside the listing, whose order tells nothing.
replace_old() { # replace_old WORDS: as before, the owner's rules in the kernel included
	job_any_order=yes is_as_before "$vps_one" "$1: byte for byte as before, rules and units too"
	owner_rules >"$TEST_TMP/rules.now"
	same "$1: its rules are in force, each in its place" "$TEST_TMP/rules" "$TEST_TMP/rules.now"
	answer "$vps_one" "$replace_before" "$1"
	owner_gets_in "$vps_one" "$1"
}
# What an owner has in the kernel, in an order that does not tell in which chains were made.
owner_rules() { vps run "$vps_one" sh -c '{ iptables -S; ip6tables -S; nft -s list ruleset | sed "/^table ip6\? /,/^}/d"; } 2>/dev/null'; }
started_at_boot() { # started_at_boot UNIT: what PID 1 did with it since the last boot, but for its success
	vps run "$vps_one" journalctl -b -o cat "UNIT=$1" _PID=1 | sed -n 's/^\(Starting\|Stopping\|Stopped\) .*/\1/p'
}
replace_plan() { # replace_plan OWNER: what the plan says of it, before all else
	exits "plan" 3 vps run "$vps_one" /root/kannuki plan --policy /root/policy.conf
	if [ "${output%%$'\n'*}" = "Decides no more what comes in (its rules stay stored):" ]; then
		pass "  begins with who is replaced"
	else
		fail "  begins with who is replaced" "$output"
	fi
	said "  by its name" "^  - $1 \("
}
replace_job() {
	local tag=$vps_one
	live_begin "$tag" "$vps_one"
	remember "$vps_one"
	owner_rules >"$TEST_TMP/rules"
	answer "$vps_one" "$replace_before" "before"
	watch_begin "$vps_one"
	pending "$vps_one"
	answer "$vps_one" "22 80 $job_port" "pending"
	ok "the admin gets in" door "$vps_one" -- true
	ok "the session that was there lives" live_lives "$tag"
	ok "undone by hand" as_root_password "$vps_one" ./kannuki undo
	watch_ends "applied and undone"
	ok "the session still lives" live_lives "$tag"
	replace_old "undone by hand"

	pending "$vps_one"
	vps reboot "$vps_one" >/dev/null
	ok "rebooted while pending: it ends" ended "$vps_one" 30
	replace_old "rebooted while pending"
	is "  and its owner was left to start" "Starting" started_at_boot "$replace_unit"

	pending "$vps_one"
	ok "confirmed" confirm "$vps_one"
	answer "$vps_one" "80 $job_port" "confirmed"
	exits "plan is empty" 0 as_admin "$vps_one" kannuki plan
	vps reboot "$vps_one" >/dev/null
	answer "$vps_one" "80 $job_port" "rebooted"
	ok "the admin gets in" door "$vps_one" -- true
	exits "rebooted: plan is empty" 0 as_admin "$vps_one" kannuki plan
	is "no unit failed" "" vps run "$vps_one" systemctl --failed --no-legend --plain
}
replace_undo() {
	exits "undo of what is confirmed: 4" 4 as_admin "$vps_one" kannuki undo --yes --no-wait
	ok "proved at the former door" as_root_password "$vps_one" /usr/local/sbin/kannuki confirm
	replace_old "undone"
	vps reboot "$vps_one" >/dev/null
	replace_old "undone and rebooted"
}
