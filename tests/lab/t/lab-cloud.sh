#!/bin/bash
# SPDX-License-Identifier: MIT
# day 0 of 3
# The lab itself: every verb on the kind that cloud-init sets up.
# shellcheck source=/dev/null
. "$(dirname "$0")/../selftest.sh"

main_kind cloud
done_testing
