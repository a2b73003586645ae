#!/bin/bash
# SPDX-License-Identifier: MIT
# sshd's own unit cannot be started any more while a transaction waits (somebody broke it): the undo lets
# sshd run all the same, with the former configuration, so that its owner gets in and can mend the unit.
# shellcheck source=/dev/null
# shellcheck disable=SC2016,SC2154 # texts for the VPS's shell; vps_one comes from fresh
. "$(dirname "$0")/../../lib/main_job.sh"

rented debian12
one=$vps_one
policy "$one"
pending "$one" --window 30s
ok "ssh.service can no longer be started" vps run "$one" sh -c 'mkdir -p /etc/systemd/system/ssh.service.d
	printf "[Service]\nExecStartPre=/bin/false\n" >/etc/systemd/system/ssh.service.d/broken.conf
	systemctl daemon-reload; systemctl stop ssh'
is "nothing of it answers" "" ports_only "$one" 4 "22,$job_port"
gets_in() { vps ssh "$one" "$@" -- true; }
ok "after the window it ends all the same" ended "$one" 90
not_ok "though the unit of sshd does not run" vps run "$one" systemctl is-active -q ssh.service
ok "root logs in by password, IPv4" gets_in -4
ok "and IPv6" gets_in -6
is "at the old port alone: with the former configuration" 22 ports_only "$one" 4 "22,$job_port"
like "log tells what happened" 'undone' vps run "$one" /root/kannuki log
ok "the owner mends the unit" as_root_password "$one" \
	'rm -r /etc/systemd/system/ssh.service.d; systemctl daemon-reload; systemctl stop kannuki-sshd; systemctl start ssh'
ok "and root logs in as ever" gets_in -4
ok "by the unit" vps run "$one" systemctl is-active -q ssh.service
done_testing
