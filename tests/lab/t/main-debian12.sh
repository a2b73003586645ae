#!/bin/bash
# SPDX-License-Identifier: MIT
# The main job on a plain Debian: pending, the new door, confirmed, rebooted.
# shellcheck source=/dev/null
. "$(dirname "$0")/../../lib/main_way.sh"

way_before debian12
way_pending
way_confirmed 4
way_rebooted
done_testing
