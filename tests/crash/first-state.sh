#!/bin/bash
# SPDX-License-Identifier: MIT
# first-state.sh: run in a fresh light root, with $PASSWORD: what a hosting company hands over (cloud-init's
# work is written here, as it writes it), and a web server that its owner has put there.
set -euo pipefail
# /run/systemd/system: PID 1 makes it before anything else.
mkdir -p /etc/ssh/sshd_config.d /run/sshd /run/cloud-init /run/lock /run/systemd/system /root
echo lightbox >/etc/hostname
printf '127.0.0.1 localhost\n127.0.1.1 lightbox\n::1 localhost ip6-localhost\n' >/etc/hosts
od -An -N16 -tx1 /dev/urandom | tr -d ' \n' >/etc/machine-id
mkdir -p "/var/log/journal/$(cat /etc/machine-id)" # as journald makes it; it does not run here
sed -i 's/^#\?PermitRootLogin .*/PermitRootLogin yes/' /etc/ssh/sshd_config
echo 'PasswordAuthentication yes' >/etc/ssh/sshd_config.d/50-cloud-init.conf
chmod 600 /etc/ssh/sshd_config.d/50-cloud-init.conf
# Hundreds of rounds log in and ask sshd: by what is quick.
echo 'KexAlgorithms curve25519-sha256' >/etc/ssh/sshd_config.d/60-quick.conf
ssh-keygen -q -t ed25519 -N '' -f /etc/ssh/ssh_host_ed25519_key
echo "root:$PASSWORD" | chpasswd
if [ -d /etc/cloud ]; then
	useradd -m -s /bin/bash -p '!' debian
	echo 'debian ALL=(ALL) NOPASSWD:ALL' >/etc/sudoers.d/90-cloud-init-users
	chmod 440 /etc/sudoers.d/90-cloud-init-users
	echo '{"v1": {"datasource": "DataSourceNoCloud", "stage": null, "init": {"finished": 1.0}, "modules-final": {"finished": 2.0}}}' >/run/cloud-init/status.json
	echo '{"v1": {"datasource": "DataSourceNoCloud", "errors": []}}' >/run/cloud-init/result.json
fi
cat >/etc/systemd/system/web.service <<'UNIT'
[Service]
ExecStart=/usr/bin/perl -e 'use Socket; socket(S, AF_INET6, SOCK_STREAM, 0); setsockopt(S, SOL_SOCKET, SO_REUSEADDR, 1); bind(S, pack_sockaddr_in6(80, "\0" x 16)); listen(S, 9); while (accept(C, S)) { close(C) }'
[Install]
WantedBy=multi-user.target
UNIT
ln -s ../web.service /etc/systemd/system/multi-user.target.wants/web.service
