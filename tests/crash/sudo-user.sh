#!/bin/bash
# SPDX-License-Identifier: MIT
# sudo-user.sh: root is locked, as cloud-init does it where an image says so; debian logs in by $PASSWORD, and
# by $KEY, of which root has a copy that only says so.
set -euo pipefail
passwd -q -l root
sed -i 's/^PermitRootLogin .*/#PermitRootLogin prohibit-password/' /etc/ssh/sshd_config
echo "debian:$PASSWORD" | chpasswd
install -d -m 700 -o debian -g debian /home/debian/.ssh
install -d -m 700 /root/.ssh
printf '%s\n' "$KEY" >/home/debian/.ssh/authorized_keys
printf 'no-port-forwarding,no-agent-forwarding,no-X11-forwarding,command="echo '\''Please login as the user \\"debian\\" rather than the user \\"root\\".'\'';echo;sleep 10;exit 142" %s\n' "$KEY" >/root/.ssh/authorized_keys
chown debian:debian /home/debian/.ssh/authorized_keys
chmod 600 /home/debian/.ssh/authorized_keys /root/.ssh/authorized_keys
