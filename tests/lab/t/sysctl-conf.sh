#!/bin/bash
# SPDX-License-Identifier: MIT
# day 1 of 3
# /etc/sysctl.conf counts where systemd reads it: in Debian 12 by a link, in Debian 13 not any more. What comes into
# force at boot is what the plan said.
# shellcheck source=/dev/null
# shellcheck disable=SC2154 # vps_one comes from fresh
. "$(dirname "$0")/../../lib/main_job.sh"

answers=()
key=net.ipv4.conf.all.send_redirects
for kind in debian12 debian13; do
	rented "$kind" "$kind"
	policy "$vps_one"
	vps run "$vps_one" sh -c "echo $key = 1 >>/etc/sysctl.conf; sysctl -qw $key=1"
	exits "$kind: plan" 3 as_owner "$vps_one" /root/kannuki plan --policy /root/policy.conf
	# What systemd itself would read.
	if vps run "$vps_one" sh -c "/lib/systemd/systemd-sysctl --cat-config | grep -q '^$key = 1'"; then
		note "$kind reads it"
		said "  says that it stays, and where it stands" "/etc/sysctl.conf:[0-9]+ sets $key = 1"
		wanted=1
	else
		note "$kind does not"
		said "  changes it" "^\+$key = 0"
		wanted=0
	fi
	pending "$vps_one"
	is "  pending: so it is" "$wanted" vps run "$vps_one" sysctl -n "$key"
	ok "  confirm" confirm "$vps_one"
	vps reboot "$vps_one" >/dev/null
	is "  rebooted: and at boot" "$wanted" vps run "$vps_one" sysctl -n "$key"
	answers[${#answers[@]}]=$wanted
done
is "the two differ" "1 0" echo "${answers[@]}"
done_testing
