#!/bin/bash
# SPDX-License-Identifier: MIT
# day 1 of 3
# The main job where containers publish by DNAT, which never meets INPUT (trap 28): what is not opened is closed
# at its outer port, over both families, and the containers' own ways stay open.
# shellcheck source=/dev/null
# shellcheck disable=SC2154 # vps_one comes from fresh
. "$(dirname "$0")/../../lib/main_way.sh"

from_box() { # from_box ADDRESS PORT: the container reaches it
	vps run "$vps_one" ip netns exec box python3 -c 'import socket, sys
socket.create_connection((sys.argv[1], int(sys.argv[2])), 2)' "$@"
}
box_gets_out() { # box_gets_out WORDS
	ok "$1: the container gets outside, IPv4" from_box 192.0.2.10 8000
	ok "$1: and IPv6" from_box 2001:db8:2::10 8000
	ok "$1: it reaches what is published, by the outer address" from_box "$(vps addr "$vps_one" 4)" 8080
}
vps outside python3 -m http.server --bind :: 8000 >/dev/null 2>&1 &
trap 'kill %1; lab_cleanup' EXIT

way_before docker
box_gets_out before
way_unconfirmed
way_cut
way_pending
box_gets_out pending
way_confirmed 4
way_rebooted
box_gets_out rebooted
exits "open 8081/tcp, the outer port" 0 as_admin "$vps_one" kannuki open --yes 8081/tcp
answer "$vps_one" "80 8081 $job_port" "opened"
exits "and closed again by undo" 0 as_admin "$vps_one" kannuki undo --yes
way_undone
done_testing
