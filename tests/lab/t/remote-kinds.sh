#!/bin/bash
# SPDX-License-Identifier: MIT
# day 0 of 3
# remote-kinds.sh: kannuki setup USER@HOST, one command, for the kinds of VPS that remote-kinds-more.sh has not. console-first
# has no door that a workstation could reach.
# shellcheck source=/dev/null
. "$(dirname "$0")/../../lib/workstation.sh"

ws_key ''
ws_policy
for kind in debian11 debian12 debian13 sudo-user; do remote_kind "$kind"; done
done_testing
