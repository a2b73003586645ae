# shellcheck shell=bash
# SPDX-License-Identifier: MIT
# Years of hands: a second port, only ubuntu may log in (without a password for sudo), keys lie
# elsewhere, root's has a command, a Match at the end swallows what is appended; comments are in EUC-JP and Shift_JIS;
# mail, rpcbind and avahi listen for all.
useradd -m -s /bin/bash -G sudo ubuntu
echo "ubuntu:$PASSWORD" | chpasswd
echo 'ubuntu ALL=(ALL) NOPASSWD:ALL' >/etc/sudoers.d/90-cloud-init-users
chmod 440 /etc/sudoers.d/90-cloud-init-users
mkdir -p /etc/ssh/keys
printf '%s \x8a\xbf\n' "${KEY% *}" >/etc/ssh/keys/ubuntu
printf 'command="echo '\''Please login as the user ubuntu.'\'';sleep 1;exit 142" %s\n' "$KEY" >/etc/ssh/keys/root
sed -i 's/^#\?Port 22$/Port 22\nPort 2022/' /etc/ssh/sshd_config
printf '# \xb4\xc9\xcd\xfd\n' >>/etc/ssh/sshd_config
cat >>/etc/ssh/sshd_config <<-'CONFIG'
	AllowUsers ubuntu
	AuthorizedKeysFile /etc/ssh/keys/%u
	Match User deploy
	    X11Forwarding no
	    PasswordAuthentication yes
CONFIG
sed -i "s/^dc_local_interfaces=.*/dc_local_interfaces=''/" /etc/exim4/update-exim4.conf.conf
systemctl -q enable exim4.service rpcbind.socket rpcbind.service avahi-daemon.service
