#!/bin/bash
# SPDX-License-Identifier: MIT
# The power is cut, or the VPS reboots, between the confirmation and the end: the confirmed state stands.
# shellcheck source=/dev/null
# shellcheck disable=SC2154 # vps_one comes from fresh; cut_before and cut_after from cut_steps
. "$(dirname "$0")/../../lib/cuts.sh"

cut_vps cloud a && cloud=$vps_one
cut_vps debian12 b && plain=$vps_one
cut_steps "$plain"
confirmed_after power_fails "$plain" confirm 1
confirmed_after rebooted "$cloud" confirm 1
event=(reset_pressed power_fails)
for ((i = 1; i <= cut_after; i++)); do
	cut_is_due "$i" || continue
	vps rm "$vps_one"
	cut_vps debian12 "c$i"
	confirmed_after "${event[i % 2]}" "$vps_one" 'done' $((cut_before + i))
done
done_testing
