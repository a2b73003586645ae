#!/bin/bash
# SPDX-License-Identifier: MIT
# The main job where ssh.socket owns the port and a generator makes it so from sshd_config, as on Ubuntu 24.04.
# shellcheck source=/dev/null
. "$(dirname "$0")/../../lib/main_way.sh"

way_before socket-gen
way_unconfirmed
way_pending
way_confirmed 6
way_rebooted
done_testing
