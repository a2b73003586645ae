#!/bin/bash
# SPDX-License-Identifier: MIT
# day 2 of 3
# The main job where there is no IPv4, and address and router come by advertisements that are good for
# seconds: a packet filter that kept them out would silence the host at once.
# shellcheck source=/dev/null
# shellcheck disable=SC2154 # vps_one comes from fresh
. "$(dirname "$0")/../../lib/main_way.sh"

way_before ipv6
is "it has no IPv4" "" vps run "$vps_one" ip -4 addr show scope global
like "its address comes from the router, for seconds" "$(vps addr "$vps_one" 6)/64 scope global dynamic" \
	vps run "$vps_one" ip -6 addr show dev eth0
way_unconfirmed
way_cut
way_pending
way_confirmed 6
way_rebooted
like "the router is still heard" "^default via fe80::.* proto ra .*expires (1[0-9]|[5-9])sec" vps run "$vps_one" ip -6 route
ok "and the door opens" door "$vps_one" -6 -- true
way_undone
done_testing
