# shellcheck shell=bash
# SPDX-License-Identifier: MIT
# As near to Rocky Linux 9 as Debian's packages come: its names, paths and units around Debian's sshd, systemd, sudo,
# dnf, rpm and firewalld.  What is real and what is not: ../README.md.

# --- the name, and nothing of apt ---------------------------------------------------------------
cat >/usr/lib/os-release <<-RELEASE
	NAME="Rocky Linux"
	VERSION="9.4 (lab imitation)"
	ID="rocky"
	ID_LIKE="rhel centos fedora"
	VERSION_ID="9.4"
	PLATFORM_ID="platform:el9"
	PRETTY_NAME="Rocky Linux 9.4 (lab imitation)"
RELEASE
echo 'Rocky Linux release 9.4 (lab imitation)' >/etc/rocky-release
ln -sf rocky-release /etc/redhat-release
rm -rf /usr/bin/apt* /usr/bin/dpkg* /usr/bin/unattended-upgrade* /usr/lib/apt /etc/apt /var/lib/apt /var/cache/apt \
	/var/lib/dpkg /etc/default/ssh /etc/debian_version /etc/cron.daily/apt-compat /etc/cron.daily/dpkg
for unit in apt-daily apt-daily-upgrade unattended-upgrades dpkg-db-backup; do
	rm -f "/usr/lib/systemd/system/$unit".* /etc/systemd/system/*.wants/"$unit".*
done

# --- sshd.service, sshd_config.d, crypto-policies -------------------------------------------------
units=/usr/lib/systemd/system
rm -rf $units/ssh.service $units/ssh.socket $units/ssh@.service $units/rescue-ssh.target /etc/systemd/system/sshd.service \
	/etc/systemd/system/*.wants/ssh.service /etc/init.d/*
cat >$units/sshd.service <<-'UNIT'
	[Unit]
	Description=OpenSSH server daemon
	After=network.target
	[Service]
	Type=notify
	EnvironmentFile=-/etc/sysconfig/sshd
	ExecStart=/usr/sbin/sshd -D $OPTIONS
	ExecReload=/bin/kill -HUP $MAINPID
	KillMode=process
	Restart=on-failure
	RestartSec=42s
	[Install]
	WantedBy=multi-user.target
UNIT
cat >$units/sshd.socket <<-'UNIT'
	[Unit]
	Conflicts=sshd.service
	[Socket]
	ListenStream=22
	Accept=yes
	[Install]
	WantedBy=sockets.target
UNIT
cat >$units/sshd@.service <<-'UNIT'
	[Service]
	EnvironmentFile=-/etc/sysconfig/sshd
	ExecStart=-/usr/sbin/sshd -i $OPTIONS
	StandardInput=socket
UNIT
systemctl -q enable sshd.service
# (Debian's sshd separates its privileges here; theirs in a folder of /usr)
echo 'd /run/sshd 0755 root root' >/usr/lib/tmpfiles.d/sshd-lab.conf
mkdir -p /etc/sysconfig /etc/crypto-policies/back-ends /usr/share/crypto-policies/DEFAULT
printf '# options of the command line of sshd\nOPTIONS=""\n' >/etc/sysconfig/sshd
cat >/usr/share/crypto-policies/DEFAULT/opensshserver.txt <<-'POLICY'
	Ciphers aes256-gcm@openssh.com,chacha20-poly1305@openssh.com,aes256-ctr,aes128-gcm@openssh.com,aes128-ctr
	MACs hmac-sha2-256-etm@openssh.com,umac-128-etm@openssh.com,hmac-sha2-512-etm@openssh.com,hmac-sha2-256,hmac-sha2-512
	KexAlgorithms curve25519-sha256,curve25519-sha256@libssh.org,ecdh-sha2-nistp256,diffie-hellman-group14-sha256
	RequiredRSASize 2048
POLICY
ln -sf /usr/share/crypto-policies/DEFAULT/opensshserver.txt /etc/crypto-policies/back-ends/opensshserver.config
echo DEFAULT >/etc/crypto-policies/config
rm -f /etc/ssh/sshd_config.d/*
cat >/etc/ssh/sshd_config.d/50-redhat.conf <<-'CONFIG'
	# This system is following system-wide crypto policy.
	Include /etc/crypto-policies/back-ends/opensshserver.config

	SyslogFacility AUTHPRIV
	ChallengeResponseAuthentication no
	GSSAPIAuthentication yes
	GSSAPICleanupCredentials no
	UsePAM yes
	X11Forwarding yes
	PrintMotd no
CONFIG
# what the installer writes where root was given SSH by password
printf '# Allow root to login with a password\nPermitRootLogin yes\n' >/etc/ssh/sshd_config.d/01-permitrootlogin.conf
cat >/etc/ssh/sshd_config <<-'CONFIG'
	# To modify the system-wide sshd configuration, create a *.conf file under
	# /etc/ssh/sshd_config.d/ which will be automatically included below
	Include /etc/ssh/sshd_config.d/*.conf

	#Port 22
	#PermitRootLogin prohibit-password
	AuthorizedKeysFile	.ssh/authorized_keys
	#PasswordAuthentication yes
	Subsystem	sftp	/usr/lib/openssh/sftp-server
CONFIG
chmod 600 /etc/ssh/sshd_config /etc/ssh/sshd_config.d/*

# --- wheel; sudo does not look into /usr/local ------------------------------------------------------
groupadd -r wheel
cat >/etc/sudoers <<-'SUDOERS'
	Defaults   !visiblepw
	Defaults    always_set_home
	Defaults    match_group_by_gid
	Defaults    env_reset
	Defaults    secure_path = /sbin:/bin:/usr/sbin:/usr/bin
	root	ALL=(ALL) 	ALL
	%wheel	ALL=(ALL)	ALL
	#includedir /etc/sudoers.d
SUDOERS
groupdel sudo

# --- dnf, its repository (tests/lib/repository.sh serves it), rpm's database where theirs is --------
mkdir -p /etc/rpm /etc/selinux /var/lib/rpm /etc/yum.repos.d /etc/dnf/vars
echo '%_dbpath /var/lib/rpm' >/etc/rpm/macros.lab
rpm --initdb
rm -f /etc/dnf/automatic.conf # of the package dnf-automatic
printf '[main]\ngpgcheck=1\ninstallonly_limit=3\nclean_requirements_on_remove=True\nbest=True\nskip_if_unavailable=False\n' \
	>/etc/dnf/dnf.conf
ln -sf dnf/dnf.conf /etc/yum.conf
echo 9 >/etc/dnf/vars/releasever
for plugin in /etc/dnf/plugins/*.conf; do
	[ "$plugin" = /etc/dnf/plugins/local.conf ] && printf '[main]\nenabled = 0\n' >"$plugin"
done
printf 'SELINUX=disabled\nSELINUXTYPE=targeted\n' >/etc/selinux/config

# --- firewalld decides what comes in: SSH and the web -----------------------------------------------
systemctl -q enable firewalld.service
firewall-offline-cmd -q --zone=public --add-service=http
