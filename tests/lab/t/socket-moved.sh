#!/bin/bash
# SPDX-License-Identifier: MIT
# ssh.socket owns SSH's port as on Ubuntu 22.10 to 23.10: an upgrade moved what sshd_config says of ports
# to a drop-in of the socket; sshd_config says it still, which nobody reads any more.
# shellcheck source=/dev/null
# shellcheck disable=SC2154 # vps_one comes from fresh
. "$(dirname "$0")/../../lib/socket_job.sh"

rented cloud
vps run "$vps_one" sh -c 'sed -i "s/^#\?Port 22$/Port 22/" /etc/ssh/sshd_config
	mkdir -p /etc/systemd/system/ssh.socket.d
	printf "%s\n" "[Socket]" "ListenStream=" "ListenStream=22" >/etc/systemd/system/ssh.socket.d/addresses.conf
	systemctl -q disable --now ssh.service; systemctl -q enable ssh.socket; systemctl start ssh.socket'
socket_job

# A socket for one address is somebody's wish.
vps run "$vps_one" sh -c "printf '%s\n' '[Socket]' ListenStream= ListenStream=$(vps addr "$vps_one" 4):22 \
	>/etc/systemd/system/ssh.socket.d/addresses.conf; systemctl daemon-reload; systemctl stop ssh.service; systemctl restart ssh.socket"
exits "a socket for one address: 5" 5 vps run "$vps_one" /root/kannuki plan --policy /root/policy.conf
said "  and says where it listens" "ssh.socket listens on $(vps addr "$vps_one" 4) only"
done_testing
