#!/bin/bash
# SPDX-License-Identifier: MIT
# day 0 of 3
# firewalld is installed while a transaction waits, and starts at once: it lets SSH in by port 22 alone.
# shellcheck source=/dev/null
# shellcheck disable=SC2016,SC2154 # texts for the VPS's shell; vps_one comes from fresh
. "$(dirname "$0")/../../lib/neighbours.sh"

waits debian12
ok "the package lists" vps apt "$vps_one" update
ok "firewalld is fetched" vps apt "$vps_one" install --no-install-recommends --download-only firewalld
pending "$vps_one"
ok "the new door opens, and the login stays" master_begin
ok "firewalld is installed" vps apt "$vps_one" install --no-install-recommends firewalld
ok "  and runs" wait_until 20 on firewall-cmd --state
ok "  the new port is shut by it" shut_for_all
exits "  confirm from the login that stayed does not: 5" 5 master_sudo kannuki confirm
said "  it says who shuts it, and how that is turned off" 'firewalld .*systemctl disable --now firewalld.service'
taken_back "firewalld came" 0
like "  it runs still" running on firewall-cmd --state
answer "$vps_one" 22 "  and decides again"
exits "a new plan replaces it" 3 on /root/kannuki plan --policy /root/policy.conf
said "  and says so first" '^  - firewalld \('
pending "$vps_one"
confirmed_as_wanted "firewalld is replaced"
done_testing
