#!/bin/bash
# SPDX-License-Identifier: MIT
# day 0 of 3
# The main job after years of hands: two ports, AllowUsers, keys elsewhere, a Match at the end, and
# daemons that listen for all.
# shellcheck source=/dev/null
# shellcheck disable=SC2034,SC2154 # job_* are main_job.sh's; vps_one comes from fresh
. "$(dirname "$0")/../../lib/main_way.sh"

new_admin=$job_admin
job_admin=ubuntu job_secret=$(vps password)
way_before messy
like "the plan names the Match that is an exception" 'sshd_config:[0-9]+: PasswordAuthentication yes stays' \
	as_owner "$vps_one" /root/kannuki plan --policy /root/policy.conf
(job_admin=$new_admin policy "$vps_one")
exits "an admin that AllowUsers keeps outside: 5" 5 apply "$vps_one"
said "  and which line" '/etc/ssh/sshd_config:[0-9]+: allowusers ubuntu.*name taro there'
policy "$vps_one"
is_as_before "$vps_one" "  and nothing has changed"
way_unconfirmed
way_cut
way_pending
way_confirmed 4
way_rebooted
way_undone
done_testing
