# shellcheck shell=bash
# SPDX-License-Identifier: MIT
# ufw decides what comes in: SSH and the web, over both families.
ufw allow 22/tcp
ufw allow 80/tcp
sed -i 's/^ENABLED=.*/ENABLED=yes/' /etc/ufw/ufw.conf
systemctl -q enable ufw.service
