#!/bin/bash
# SPDX-License-Identifier: MIT
# day 2 of 3
# The main job where root is locked and the first login is debian, who may sudo without a password.
# shellcheck source=/dev/null
# shellcheck disable=SC2154 # vps_one comes from fresh
. "$(dirname "$0")/../../lib/main_way.sh"

way_before sudo-user
ok "root is locked: by password" refused_root_password "$vps_one"
like "and by a key it only says so" 'Please login as the user "debian"' vps ssh "$vps_one" --key "$(vps key)" -- true
way_unconfirmed
way_cut
way_pending
way_confirmed 6
way_rebooted
is "debian's key still opens the new door" debian vps ssh "$vps_one" --key "$job_key" -l debian -p "$job_port" -- id -un
way_undone
done_testing
