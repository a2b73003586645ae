#!/bin/bash
# SPDX-License-Identifier: MIT
# day 0 of 3
# remote-cuts.sh: the network is cut at each phase of kannuki setup USER@HOST: the host ends as it was, or confirmed.
# shellcheck source=/dev/null
. "$(dirname "$0")/../../lib/remote_ends.sh"

ws_key ''
ws_policy
remote_at_once 'cut login steps' 'cut sending subtracting' 'cut looking looked' 'cut arming confirmed' 'cut pending' 'cut proved'
done_testing
