#!/bin/bash
# SPDX-License-Identifier: MIT
# all-steps.sh: what a policy needs so that its plan has every kind of step: a packet filter of the owner's that denies by
# default, fail2ban, a service that nobody needs any more with the socket that starts it, a second user with sudo, a journal that goes with the power.
set -euo pipefail
cat >/etc/nftables.conf <<'NFT'
#!/usr/sbin/nft -f
flush ruleset
table inet filter {
	chain input {
		type filter hook input priority 0; policy drop;
		ct state established,related accept
		iif lo accept
		meta l4proto { icmp, ipv6-icmp } accept
		tcp dport { 22, 80 } accept
	}
}
NFT
systemctl -q enable nftables.service
# sshd logs to no file here: what fail2ban reads stays empty.
: >/var/log/auth.log
printf '[DEFAULT]\nbackend = polling\n[sshd]\nbanaction = nftables-multiport\nlogpath = /var/log/auth.log\n' >/etc/fail2ban/jail.local
cat >/etc/systemd/system/former.service <<'UNIT'
[Unit]
Description=What the last owner ran
[Service]
ExecStart=/usr/bin/perl -e 'open(S, "+<&=3"); while (accept(C, S)) { close(C) }'
[Install]
WantedBy=multi-user.target
UNIT
cat >/etc/systemd/system/former.socket <<'UNIT'
[Socket]
ListenStream=7000
[Install]
WantedBy=sockets.target
UNIT
systemctl -q enable former.service former.socket
rm -r /var/log/journal
useradd -m -s /bin/bash -G sudo -p '!' hanako
