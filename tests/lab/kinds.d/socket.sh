# shellcheck shell=bash
# SPDX-License-Identifier: MIT
# ssh.socket owns port 22, as on Ubuntu 22.10 to 23.10: what sshd_config said of ports was moved to a
# drop-in of the socket at the upgrade, and sshd_config says it still, which nobody reads any more.
systemctl -q disable ssh.service
systemctl -q enable ssh.socket
sed -i 's/^#\?Port 22$/Port 22/' /etc/ssh/sshd_config
mkdir -p /etc/systemd/system/ssh.socket.d
printf '%s\n' '[Socket]' 'ListenStream=' 'ListenStream=22' >/etc/systemd/system/ssh.socket.d/addresses.conf
