#!/bin/bash
# SPDX-License-Identifier: MIT
# The power is cut right after each record that a step or the window rests on: what was not synced is
# lost, and the old state comes back.
# shellcheck source=/dev/null
# shellcheck disable=SC2154 # vps_one comes from fresh; cut_before and cut_after from cut_steps
. "$(dirname "$0")/../../lib/cuts.sh"

cut_vps cloud a && cloud=$vps_one
cut_vps debian12 b && plain=$vps_one
old_after power_fails "$plain" armed "$cut_layers"
each_step power_fails power_fails
old_after power_fails "$cloud" pending 1
old_after power_fails "$plain" pending 1
done_testing
