#!/bin/bash
# SPDX-License-Identifier: MIT
# day 0 of 3
# The main job where ufw decides what comes in.
# shellcheck source=/dev/null
. "$(dirname "$0")/../../lib/main_way.sh"

way_before ufw
way_unconfirmed
way_cut
way_pending
way_confirmed 6
way_rebooted
way_undone
done_testing
