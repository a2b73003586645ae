#!/bin/bash
# SPDX-License-Identifier: MIT
# day 2 of 3
# undo of a confirmed transaction that moved the port only: the state before it was one of ours, too.
# shellcheck source=/dev/null
# shellcheck disable=SC2034,SC2154 # job_port is main_job.sh's; vps_one comes from fresh
. "$(dirname "$0")/../../lib/main_job.sh"

rented cloud
policy "$vps_one" '[firewall]' 'open = ssh, web'
job_port=22
pending "$vps_one"
ok "the first one is confirmed" confirm "$vps_one"
answer "$vps_one" "22 80" "the first one"
remember "$vps_one"

vps run "$vps_one" cp /root/policy.conf /root/first.conf
policy "$vps_one" '[ssh]' 'port = 22022' '[firewall]' 'open = ssh, web'
exits "the port moves: 4" 4 as_admin "$vps_one" /root/kannuki apply --policy /root/policy.conf --yes --no-wait
answer "$vps_one" "22 80 22022" "pending"
job_port=22022
ok "  and is confirmed" confirm "$vps_one"
answer "$vps_one" "80 22022" "moved"

exits "undo is pending: 4" 4 as_admin "$vps_one" kannuki undo --yes --no-wait
answer "$vps_one" "22 80 22022" "undo waits"
exits "  a proof by the present door is none: 1" 1 confirm "$vps_one"
job_port=22
ok "  the former door proves it" confirm "$vps_one"
answer "$vps_one" "22 80" "undone"
vps run "$vps_one" mv /root/first.conf /root/policy.conf
is_as_before "$vps_one" "byte for byte as the first one left it"
exits "and the other one can be undone, too: 4" 4 as_admin "$vps_one" kannuki undo --yes --no-wait
ok "  proved by root's login" as_root_password "$vps_one" /usr/local/sbin/kannuki confirm
owner_gets_in "$vps_one" "all undone"
answer "$vps_one" "22 80 3000" "all undone"
done_testing
