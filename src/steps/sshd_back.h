// SPDX-License-Identifier: MIT
/*
 * sshd_back.h - gets sshd to answer again: the way from a reload to a transient daemon.
 *
 * Private to the kind "sshd".
 */
#pragma once

#include "steps/listen.h"

/* What the args name; borrowed. */
struct sshd_service {
	const char *program, *unit, *socket; /* socket may be NULL */
	json_t *options;
	bool unit_files; /* some of the changes are systemd's: it has to read them first */
};

#define SSHD_WAIT_MS 10000

/* Takes the configuration on the disk into force. A dead sshd is started (a plain reload would do
 * nothing); a socket unit is bound anew, for which its service must stop; sessions stay. */
int sshd_reload(const struct step_ctx *c, const struct sshd_service *s, struct err *e);
/* PID 1 reads its units' files anew: no job, so early boot may ask for it too. */
int sshd_read_units(const struct step_ctx *c, struct err *e);
/* Keeps in an image what a transient sshd would need: /etc/ssh/sshd_config and sshd_config.d. */
int sshd_keep_config(const struct step_ctx *c, struct image *ret, struct err *e);
/*
 * Until the listeners that are wanted answer, and those that are to be gone are: reload, restart, a
 * transient sshd with the kept configuration. None wanted: sshd is stopped. 1: only the transient
 * one answers; *e says why.
 */
int sshd_bring_back(const struct step_ctx *c, const struct sshd_service *s, const struct image *pre,
		    const struct listen_wait *until, struct err *e);
