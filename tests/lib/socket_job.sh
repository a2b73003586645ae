# shellcheck shell=bash
# shellcheck disable=SC2016,SC2154 # texts for the VPS's shell; vps_one comes from fresh
# SPDX-License-Identifier: MIT
#
# socket_job.sh: SSH's port changes where ssh.socket owns it, from the first login to the undo of what was
# confirmed. Sourced by tests/lab/t/socket-*.sh, which make the two forms there are; $vps_one is the VPS.
# shellcheck source=/dev/null
. "$(dirname "${BASH_SOURCE[0]}")/main_job.sh"

socket_old() { # socket_old WORDS: byte for byte as before, and PID 1 listens where it did
	is_as_before "$vps_one" "$1: byte for byte as before"
	root_gets_in "$vps_one" "$1"
	answer "$vps_one" "22 80 3000" "$1"
	socket_holds "$1"
}
socket_holds() { # socket_holds WORDS: the socket has the port, and neither unit failed or was masked
	is "$1: the socket is up and as enabled as before" "active $socket_enabled" vps run "$vps_one" \
		sh -c 'echo $(systemctl is-active ssh.socket) $(systemctl is-enabled ssh.socket)'
	is "$1: no unit failed" "" vps run "$vps_one" systemctl --failed --no-legend --plain
}
socket_job() {
	socket_enabled=$(vps run "$vps_one" systemctl is-enabled ssh.socket)
	vps reboot "$vps_one" >/dev/null # what runs at a first boot only is over
	policy "$vps_one"
	live_begin socket "$vps_one"
	remember "$vps_one"

	pending "$vps_one"
	answer "$vps_one" "22 80 $job_port" "pending"
	root_gets_in "$vps_one" "pending: at the old port as before"
	ok "the session that was there lives" live_lives socket
	ok "undone by hand" as_root_password "$vps_one" ./kannuki undo
	socket_old "undone by hand"
	ok "the session still lives" live_lives socket

	pending "$vps_one"
	vps reboot "$vps_one" >/dev/null
	ok "rebooted while pending: it ends" ended "$vps_one" 30
	socket_old "rebooted while pending"
	like "what early boot put back was read before the socket was bound" '^0$' socket_bound_anew

	pending "$vps_one"
	ok "confirmed" confirm "$vps_one"
	answer "$vps_one" "80 $job_port" "confirmed"
	socket_holds "confirmed"
	exits "plan is empty" 0 as_admin "$vps_one" kannuki plan
	vps reboot "$vps_one" >/dev/null
	answer "$vps_one" "80 $job_port" "rebooted"
	only_the_key_opens "$vps_one" "rebooted"
	socket_holds "rebooted"
	exits "rebooted: plan is empty" 0 as_admin "$vps_one" kannuki plan
	vps run "$vps_one" systemctl stop ssh.service
	ok "scanned: 30 connections at once" vps outside python3 -c 'import socket, sys
for i in range(30): socket.create_connection((sys.argv[1], int(sys.argv[2])), 5, ("203.0.113.10", 0)).close()' \
		"$(vps addr "$vps_one" 4)" "$job_port"
	ok "  the admin's key opens" wait_until 10 door "$vps_one" -- true
	socket_holds "  scanned"

	exits "undo of what is confirmed: 4" 4 as_admin "$vps_one" kannuki undo --yes --no-wait
	root_gets_in "$vps_one" "the former door is open"
	ok "and so is the present one" door "$vps_one" -- true
	ok "proved at the former door" as_root_password "$vps_one" /usr/local/sbin/kannuki confirm
	socket_old "undone"
}
# Settle binds the socket anew only where early boot's daemon-reload had not done its work.
socket_bound_anew() { vps run "$vps_one" sh -c 'journalctl -q -b --no-pager -u ssh.socket | grep -c "Closed"'; }
