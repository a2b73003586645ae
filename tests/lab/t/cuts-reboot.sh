#!/bin/bash
# SPDX-License-Identifier: MIT
# The VPS reboots right after each record that a step or the window rests on, by its reset button or in
# good order: the old state comes back.
# shellcheck source=/dev/null
# shellcheck disable=SC2154 # vps_one comes from fresh; cut_before and cut_after from cut_steps
. "$(dirname "$0")/../../lib/cuts.sh"

cut_vps cloud a && cloud=$vps_one
cut_vps debian12 b && plain=$vps_one
old_after reset_pressed "$cloud" armed "$cut_layers"
each_step rebooted reset_pressed
old_after reset_pressed "$plain" pending 1
old_after rebooted "$cloud" pending 1
done_testing
