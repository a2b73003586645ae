#!/bin/bash
# SPDX-License-Identifier: MIT
# fail2ban.sh: fail2ban watches a file of its own for sshd and remembers one whom it has banned.
set -euo pipefail
# sshd logs to no file here: what fail2ban reads stays empty.
: >/var/log/auth.log
printf '[DEFAULT]\nbackend = polling\nbantime = 1w\n[sshd]\nbanaction = nftables-multiport\nlogpath = /var/log/auth.log\n' >/etc/fail2ban/jail.local
fail2ban-client start >/dev/null
fail2ban-client set sshd banip 203.0.113.66
fail2ban-client stop >/dev/null
