#!/bin/bash
# SPDX-License-Identifier: MIT
# day 1 of 3
# The lab itself: every verb on the plain kind.
# shellcheck source=/dev/null
. "$(dirname "$0")/../selftest.sh"

main_kind debian12
done_testing
