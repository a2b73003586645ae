# shellcheck shell=bash
# shellcheck disable=SC2016,SC2154 # texts for the VPS's shell; vps_one comes from fresh
# SPDX-License-Identifier: MIT
#
# socket_job.sh: what else there is to see where ssh.socket owns SSH's port, beside the main way: undone by
# hand, by a reboot, scanned, and undone after it was confirmed. Sourced by tests/lab/t/kind-socket*.sh.
# shellcheck source=/dev/null
. "$(dirname "${BASH_SOURCE[0]}")/main_way.sh"

socket_old() { # socket_old WORDS: byte for byte as before, and PID 1 listens where it did
	is_as_before "$vps_one" "$1: byte for byte as before"
	owner_gets_in "$vps_one" "$1"
	answer "$vps_one" "$job_before" "$1"
	socket_holds "$1"
}
socket_holds() { # socket_holds WORDS: the socket has the port, and neither unit failed or was masked
	is "$1: the socket is up and as enabled as before" "active $socket_enabled" vps run "$vps_one" \
		sh -c 'echo $(systemctl is-active ssh.socket) $(systemctl is-enabled ssh.socket)'
	is "$1: no unit failed" "" vps run "$vps_one" systemctl --failed --no-legend --plain
}
socket_undone() { # while pending: by hand, and by a reboot
	socket_enabled=$(vps run "$vps_one" systemctl is-enabled ssh.socket)
	vps reboot "$vps_one" >/dev/null # what runs at a first boot only is over
	live_begin socket "$vps_one"
	remember "$vps_one"
	pending "$vps_one"
	ok "undone by hand" as_root_password "$vps_one" ./kannuki undo
	socket_old "undone by hand"
	ok "the session still lives" live_lives socket

	pending "$vps_one"
	vps reboot "$vps_one" >/dev/null
	ok "rebooted while pending: it ends" ended "$vps_one" 30
	socket_old "rebooted while pending"
	like "what early boot put back was read before the socket was bound" '^0$' socket_bound_anew
}
# Settle binds the socket anew only where early boot's daemon-reload had not done its work.
socket_bound_anew() { vps run "$vps_one" sh -c 'journalctl -q -b --no-pager -u ssh.socket | grep -c "Closed"'; }
socket_scanned() {
	vps run "$vps_one" systemctl stop ssh.service
	ok "scanned: 30 connections at once" vps outside python3 -c 'import socket, sys
for i in range(30): socket.create_connection((sys.argv[1], int(sys.argv[2])), 5, ("203.0.113.10", 0)).close()' \
		"$(vps addr "$vps_one" 4)" "$job_port"
	ok "  the admin's key opens" wait_until 10 door "$vps_one" -- true
	socket_holds "  scanned"
}
socket_undo() { # of what is confirmed
	exits "undo of what is confirmed: 4" 4 as_admin "$vps_one" kannuki undo --yes --no-wait
	owner_gets_in "$vps_one" "the former door is open"
	ok "and so is the present one" door "$vps_one" -- true
	ok "proved at the former door" as_root_password "$vps_one" /usr/local/sbin/kannuki confirm
	socket_old "undone"
}
