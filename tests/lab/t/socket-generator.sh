#!/bin/bash
# SPDX-License-Identifier: MIT
# ssh.socket owns SSH's port as on Ubuntu from 24.04: a generator makes its drop-in from sshd_config's Port
# at every boot and daemon-reload, and ssh.service wants the socket.
# shellcheck source=/dev/null
# shellcheck disable=SC2016,SC2154 # text for the VPS's shell; vps_one comes from fresh
. "$(dirname "$0")/../../lib/socket_job.sh"

rented debian13
vps run "$vps_one" sh -c 'cat >/usr/lib/systemd/system/ssh.socket' <<'UNIT'
[Unit]
Description=OpenBSD Secure Shell server socket
Before=sockets.target ssh.service
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
vps run "$vps_one" sh -c 'cat >/usr/lib/systemd/system-generators/sshd-socket-generator' <<'GENERATOR'
#!/bin/sh
streams=$(/usr/sbin/sshd -G 2>/dev/null | sed -n 's/^listenaddress /ListenStream=/p' | sort)
[ -n "$streams" ] || exit 1
[ "$streams" != "$(printf 'ListenStream=%s\n' '0.0.0.0:22' '[::]:22')" ] || exit 0
mkdir -p "$1/ssh.socket.d"
printf '[Socket]\nListenStream=\n%s\n' "$streams" >"$1/ssh.socket.d/addresses.conf"
GENERATOR
vps run "$vps_one" sh -c 'chmod 755 /usr/lib/systemd/system-generators/sshd-socket-generator
	systemctl -q disable --now ssh.service; systemctl -q enable ssh.socket; systemctl start ssh.socket'
socket_job
like "nothing of ours is left for the generator" '^0$' vps run "$vps_one" sh -c 'ls /run/systemd/generator/ssh.socket.d 2>/dev/null | wc -l'
done_testing
