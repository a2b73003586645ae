# shellcheck shell=bash
# SPDX-License-Identifier: MIT
# root is locked: the first login is debian, by key or password, who may sudo without one.  cloud-init
# makes it so at first boot; the key that it finds for root gets a command that only says so.
sed -i 's/^PermitRootLogin .*/#PermitRootLogin prohibit-password/' /etc/ssh/sshd_config
cat >/var/lib/cloud/seed/nocloud/user-data <<-USER
	#cloud-config
	ssh_pwauth: true
	locale: false
	ssh_authorized_keys: ["$KEY"]
	chpasswd:
	  expire: false
	  users:
	    - {name: debian, password: "$PASSWORD", type: text}
USER
