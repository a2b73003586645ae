// SPDX-License-Identifier: MIT
/* guard.h - the guard as a part of this host: its program, and what it takes to run it. */
#pragma once

#include "controls/control.h"

#define GUARD_CONF     "/etc/kannuki/guard.conf"
#define FAIL2BAN_DIR   "/etc/fail2ban"
#define GUARD_PACKAGED "/usr/sbin/kannuki-guard"

/* Where kannuki-guard is, and is to be. */
struct guard_program {
	const char *path; /* that the unit starts; NULL: there is none at hand */
	char *source;	  /* the file to be copied there, where it is not so already; or NULL */
	char *sum;	  /* of that file, as sha256_text */
};

void guard_program_done(struct guard_program *g);
#define CLEANUP_GUARD_PROGRAM CLEANUP(guard_program_done)
/* A package's; else the one beside the running program; else the one in /usr/local/sbin. */
int guard_program_find(struct os *os, struct guard_program *ret, struct err *e);
/* > 0: there is one, and no fail2ban that it would have to take over first. */
int guard_is_offered(struct os *os, struct err *e);
/* The unit as that program prints it, for where it is to be; malloc'd. */
int guard_unit_text(struct os *os, const struct guard_program *g, char **ret, struct err *e);
