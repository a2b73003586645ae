// SPDX-License-Identifier: MIT
/*
 * sshd.h - the kind "sshd": a new configuration of sshd that is in force, or none at all.
 *
 * args: { "changes": [ … steps/change.h … ], "program": "/usr/sbin/sshd", "options": ["-o", …],
 *	   "unit": "ssh.service", "socket": "ssh.socket" | null,
 *	   "ports": [22, 22022], "v4": true, "v6": true,
 *	   "expect": [ { "who", "user", "addr", "port", "keyword", "value" }, … ] }
 *
 * apply: sshd judges the staged files (-t, and -T for each expected value) -> the files are put ->
 * reload -> within 10 s a listener on every port in every family, of sshd or its socket, and a
 * real banner -> sshd -T says what was expected -> the running daemon offers at each port the ways
 * of logging in that its files say. A refused configuration changes nothing.
 * undo: files back -> reset-failed, reload-or-restart -> listeners of the old ports; else restart;
 * else a transient sshd with the old configuration, kept in TXN, on the old ports. In early boot
 * the files, and daemon-reload where a socket unit has the port (nothing is bound yet); settle sees
 * that sshd listens where the files that are back say.
 *
 * With a socket unit its ports are in unit files: give those as changes too; then daemon-reload,
 * stop the service, restart the socket (design 7-lab, 6).
 */
#pragma once

#include "core/sshd.h"
#include "steps/change.h"

extern const struct step_kind step_sshd;

/* A value that sshd -T has to give for this user from this address at this port. */
struct sshd_expect {
	const char *who, *user;
	struct addr addr;
	unsigned port;
	const char *keyword,
		*value; /* value as in struct sshd_setting: repeated ones joined by \n */
};

struct step_sshd_spec {
	const struct sshd *sshd; /* program, options, unit and socket_unit are taken from it */
	const struct change *change;
	size_t change_count;
	const unsigned *port; /* where it shall listen */
	size_t port_count;
	bool v4, v6; /* in which families */
	const struct sshd_expect *expect;
	size_t expect_count;
};

/* A new reference. */
json_t *step_sshd_args(const struct step_sshd_spec *spec);
