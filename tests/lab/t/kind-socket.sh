#!/bin/bash
# SPDX-License-Identifier: MIT
# The main job where ssh.socket owns the port by a drop-in that an upgrade left, as on Ubuntu 22.10.
# shellcheck source=/dev/null
. "$(dirname "$0")/../../lib/main_way.sh"

way_before socket
way_unconfirmed
way_pending
way_confirmed 4
way_rebooted
done_testing
