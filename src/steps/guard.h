// SPDX-License-Identifier: MIT
/*
 * guard.h - the kind "guard": kannuki-guard with its program, its configuration and its unit, running or not.
 *
 * args: { "changes": [as in change.h: what of these files shall be, or go], "on": bool,
 *	   "program": "/usr/local/sbin/kannuki-guard", "jails": ["sshd", …] }
 * on: enabled, and started anew, also where it runs: it may have read other files. verify asks systemd, and the
 * guard itself at its socket which jails it watches. off: stopped, not enabled, its table gone from the kernel.
 *
 * undo: where it did not run before, its table goes and, where there was none, what it has remembered
 * (/var/lib/kannuki-guard); else it starts anew with its former files. In early boot undo does files and links
 * only; settle does the rest.
 */
#pragma once

#include "steps/change.h"

extern const struct step_kind step_guard;

#define GUARD_UNIT	"kannuki-guard.service"
#define GUARD_UNIT_PATH "/etc/systemd/system/" GUARD_UNIT
#define GUARD_PROGRAM	"/usr/local/sbin/kannuki-guard"
#define GUARD_STATE_DIR "/var/lib/kannuki-guard"

struct step_guard_spec {
	const struct change *change;
	size_t change_count;
	bool on;
	const char *program;	  /* by which it is asked */
	const struct strv *jails; /* that it has to watch; NULL: whichever its files name */
};

/* A new reference. */
json_t *step_guard_args(const struct step_guard_spec *spec);
/* The names of the jails in what kannuki-guard prints as JSON; false: it is none. */
bool guard_jail_names(const char *said, struct strv *ret);
/* The names of the jails that the running guard watches. 1: it does not answer; *e says what it said. */
int guard_watches(struct os *os, const char *program, struct strv *ret, struct err *e);
