#!/bin/bash
# SPDX-License-Identifier: MIT
# day 0 of 3
# The main job on Debian 11 by the very file that the other kinds get: not confirmed, then pending, the
# new door, confirmed, rebooted.
# shellcheck source=/dev/null
. "$(dirname "$0")/../../lib/main_way.sh"

way_before debian11
way_unconfirmed
way_cut
way_pending
way_confirmed 6
way_rebooted
way_undone
done_testing
