#!/bin/bash
# SPDX-License-Identifier: MIT
# day 0 of 3
# The main job where ssh.socket owns the port by a drop-in that an upgrade left, as on Ubuntu 22.10 to 23.10.
# shellcheck source=/dev/null
# shellcheck disable=SC2154 # vps_one comes from fresh
. "$(dirname "$0")/../../lib/socket_job.sh"

way_before socket
way_unconfirmed
way_cut
socket_undone
way_pending
way_confirmed 4
way_rebooted
socket_holds "rebooted"
socket_scanned
socket_undo

# A socket for one address is somebody's wish.
vps run "$vps_one" sh -c "printf '%s\n' '[Socket]' ListenStream= ListenStream=$(vps addr "$vps_one" 4):22 \
	>/etc/systemd/system/ssh.socket.d/addresses.conf; systemctl daemon-reload; systemctl stop ssh.service; systemctl restart ssh.socket"
exits "a socket for one address: 5" 5 vps run "$vps_one" /root/kannuki plan --policy /root/policy.conf
said "  and says where it listens" "ssh.socket listens on $(vps addr "$vps_one" 4) only"
done_testing
