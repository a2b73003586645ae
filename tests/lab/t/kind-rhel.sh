#!/bin/bash
# SPDX-License-Identifier: MIT
# day 1 of 3
# The main job on the names, paths and units of the RHEL family, where firewalld decides what comes in.
# shellcheck source=/dev/null
# shellcheck disable=SC2016,SC2034,SC2154 # texts for the VPS's shell; job_* are main_job.sh's; vps_one comes from fresh
. "$(dirname "$0")/../../lib/main_way.sh"

job_offered=publickey,gssapi-keyex,gssapi-with-mic # 50-redhat.conf asks for it: tickets, no passwords
way_before rhel-like
said "plan replaces firewalld, and says so first" '^  - firewalld \('
said "  puts the admin in wheel" 'in the group wheel'
said "  and the program where sudo finds it" 'install this program'
way_unconfirmed
way_cut
way_pending
way_confirmed 4
is "crypto-policies decides on algorithms still" "aes256-gcm@openssh.com,chacha20-poly1305@openssh.com,aes256-ctr,aes128-gcm@openssh.com,aes128-ctr" \
	vps run "$vps_one" sh -c "sshd -T | sed -n 's/^ciphers //p'"
is "firewalld is off" "inactive disabled" vps run "$vps_one" sh -c \
	'echo $(systemctl is-active firewalld) $(systemctl is-enabled firewalld)'
is "what is enabled: rpm knows no owner of the lab's own units" None vps run "$vps_one" sh -c "/usr/local/sbin/kannuki facts --format json |
	python3 -c 'import json, sys
print([u[\"package\"] for u in json.load(sys.stdin)[\"enabled\"] if u[\"unit\"] == \"sshd.service\"][0])'"
way_rebooted
way_undone
ok "firewalld runs again" vps run "$vps_one" firewall-cmd -q --state
done_testing
