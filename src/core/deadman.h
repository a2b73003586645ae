// SPDX-License-Identifier: MIT
/*
 * deadman.h - the layers that undo a pending transaction when nobody confirms.
 *
 * L0 the apply unit itself · L1 a sentinel in its own cgroup · L2 a persistent timer that starts
 * recover · L3 a unit early in the next boot · settle, after that boot. Design "3-transaction,
 * Dead-man". Units of this boot only (L0-L2) lie in /run/systemd/system, so that a reboot leaves
 * nothing of them; L3 and settle lie in /etc/systemd/system. All name the transaction and go at END.
 */
#pragma once

#include <stdint.h>

#include "os/os.h"

struct deadman {
	const char *id;	     /* of the transaction */
	const char *program; /* the static binary in its folder, which the layers run */
	int64_t deadline;    /* boottime ns */
};

/* Called for each layer that PID 1 reports as armed: "sentinel", "deadline", "boot", and the last one. */
#define DEADMAN_LAST_ARMED "settle"
typedef int deadman_armed_fn(void *arg, const char *layer, struct err *e);

/* Writes the unit of L0 and tells PID 1, without starting it. */
int deadman_write_apply_unit(struct os *os, const struct deadman *d, struct err *e);
/* Arms L1, L2, L3 and settle; fails unless PID 1 shows each as expected. */
int deadman_arm(struct os *os, const struct deadman *d, deadman_armed_fn *armed, void *arg,
		struct err *e);
/* Moves L2 to d->deadline. */
int deadman_rearm(struct os *os, const struct deadman *d, struct err *e);
/* Takes every layer away, of this id or (NULL) of any. Goes on past failures and reports the
 * first. In early boot no unit may be stopped: only files go. */
int deadman_disarm(struct os *os, const char *id, bool boot, struct err *e);
/* Is one of those on the disk that undo this id after a boot? 1 yes, 0 no. */
int deadman_outlives_boot(struct os *os, const char *id, struct err *e);
/* Is the apply unit of this id at work? 1 yes, 0 no. */
int deadman_apply_alive(struct os *os, const char *id, struct err *e);
/* Is the sentinel of this id at work? 1 yes, 0 no. Then this boot is not a new one. */
int deadman_watched(struct os *os, const char *id, struct err *e);
/* Kills what is left of the apply unit's cgroup. */
int deadman_kill_apply(struct os *os, const char *id, struct err *e);
