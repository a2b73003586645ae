#!/bin/bash
# SPDX-License-Identifier: MIT
# The lab itself: every verb on the kind that cloud-init sets up.
# shellcheck source=tests/lab/selftest.sh
. "$(dirname "$0")/../selftest.sh"

main_kind cloud
done_testing
