#!/bin/bash
# SPDX-License-Identifier: MIT
# day 2 of 3
# remote-dies.sh: kannuki setup USER@HOST is killed at a phase, or stands still like a laptop whose lid was closed: the
# host ends as it was, or confirmed; at the workstation nothing is left of it.
# shellcheck source=/dev/null
. "$(dirname "$0")/../../lib/remote_ends.sh"

ws_key ''
ws_policy
remote_at_once 'kill login looking pending' 'kill sending steps' 'kill arming confirmed' 'stop steps' 'stop pending' 'stop looking' 'stop proved'
done_testing
