# shellcheck shell=bash
# SPDX-License-Identifier: MIT
# ssh.socket owns port 22, as on Ubuntu from 24.04: sshd_config decides its ports, by a generator that
# reads it at every boot and daemon-reload, and ssh.service wants the socket.
cat >/usr/lib/systemd/system/ssh.socket <<-'UNIT'
	[Unit]
	Description=OpenBSD Secure Shell server socket
	Before=sockets.target ssh.service
	ConditionPathExists=!/etc/ssh/sshd_not_to_be_run
	[Socket]
	ListenStream=0.0.0.0:22
	ListenStream=[::]:22
	BindIPv6Only=ipv6-only
	Accept=no
	FreeBind=yes
	[Install]
	WantedBy=sockets.target
	RequiredBy=ssh.service
UNIT
# An sshd_config that sshd refuses, and one with the usual ports, leave the unit as it is.
cat >/usr/lib/systemd/system-generators/sshd-socket-generator <<-'GENERATOR'
	#!/bin/sh
	# $1: where systemd reads the drop-ins of this boot from
	effective=$(/usr/sbin/sshd -G 2>/dev/null) || exit 1
	streams=$(printf '%s\n' "$effective" | sed -n 's/^listenaddress /ListenStream=/p' | sort)
	[ "$streams" != "$(printf 'ListenStream=%s\n' '0.0.0.0:22' '[::]:22')" ] || exit 0
	mkdir -p "$1/ssh.socket.d"
	printf '[Socket]\nListenStream=\n%s\n' "$streams" >"$1/ssh.socket.d/addresses.conf"
GENERATOR
chmod 755 /usr/lib/systemd/system-generators/sshd-socket-generator
systemctl -q disable ssh.service
systemctl -q enable ssh.socket
