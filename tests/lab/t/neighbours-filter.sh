#!/bin/bash
# SPDX-License-Identifier: MIT
# day 2 of 3
# Somebody flushes the packet filter, or publishes containers' ports, while a transaction waits. Not confirmed,
# theirs stays and ours goes; confirmed, ours is in force.
# shellcheck source=/dev/null
# shellcheck disable=SC2016,SC2154 # texts for the VPS's shell; vps_one comes from fresh
. "$(dirname "$0")/../../lib/neighbours.sh"
. "$(dirname "$0")/../../lib/docker_like.sh"

# --- who flushes ---------------------------------------------------------------------------------------

flushes() { # flushes WORDS CMD [AFTER]: in the window; AFTER takes away what of it stays
	pending "$vps_one"
	answer "$vps_one" "22 80 $job_port" "$1: pending"
	ok "$1" sh_on "$2"
	ok "  the new door opens" door "$vps_one" -- true
	taken_back "$1" 0
	[ -z "${3:-}" ] || sh_on "$3"
	is_as_before "$vps_one" "  byte for byte as before"
}
waits debian12
flushes "the ruleset is flushed by hand" 'nft flush ruleset'
flushes "nftables.service starts anew and reloads" 'systemctl restart nftables && systemctl reload nftables' \
	'systemctl stop nftables'
pending "$vps_one"
ok "flushed before the confirmation" sh_on 'nft flush ruleset; systemctl restart nftables'
confirmed_as_wanted "flushed"
vps rm "$vps_one"

# --- who publishes ---------------------------------------------------------------------------------------

their_rules() { sh_on 'nft -s list ruleset | sed "/^table inet kannuki/,/^}/d"'; }
rented ufw docker
sh_on 'ufw --force disable >/dev/null'
policy "$vps_one"
remember "$vps_one"
pending "$vps_one"
ok "containers come in the window" docker_like "$vps_one"
their_rules >"$TEST_TMP/theirs"
taken_back "containers" 0
their_rules >"$TEST_TMP/theirs.now"
same "  their rules are as they were" "$TEST_TMP/theirs" "$TEST_TMP/theirs.now"
answer "$vps_one" "22 80 3000 8080 8081" "  and what they publish answers"
sh_on 'systemctl stop box publish; ip netns del box; ip link del docker0; nft flush ruleset'
pending "$vps_one"
ok "containers come in the window again" docker_like "$vps_one"
their_rules >"$TEST_TMP/theirs"
answer "$vps_one" "22 80 $job_port" "  what they publish is closed"
confirmed_as_wanted "containers"
their_rules >"$TEST_TMP/theirs.now"
same "  their rules are as they were" "$TEST_TMP/theirs" "$TEST_TMP/theirs.now"
done_testing
