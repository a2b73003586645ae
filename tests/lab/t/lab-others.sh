#!/bin/bash
# SPDX-License-Identifier: MIT
# day 0 of 3
# The lab itself: the other kinds, two labs at once, what a killed lab leaves behind.
# shellcheck source=/dev/null
. "$(dirname "$0")/../selftest.sh"

other_kind debian11
other_kind debian13
second_lab
done_testing
