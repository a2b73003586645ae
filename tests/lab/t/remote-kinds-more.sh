#!/bin/bash
# SPDX-License-Identifier: MIT
# day 1 of 3
# remote-kinds-more.sh: the rest of remote-kinds.sh.
# shellcheck disable=SC2034 # job_* are main_job.sh's
# shellcheck source=/dev/null
. "$(dirname "$0")/../../lib/workstation.sh"

ws_key ''
ws_policy
for kind in socket socket-gen ufw docker ipv6; do remote_kind "$kind"; done
# Its AllowUsers lets in one user alone, who has a password already.
job_admin=ubuntu job_secret=$(vps password)
ws_policy
remote_kind messy
done_testing
