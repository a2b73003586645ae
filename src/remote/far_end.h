// SPDX-License-Identifier: MIT
/*
 * far_end.h - a kannuki that runs on the host while its terminal is here (base/term.h): shows its text,
 * asks its questions, and hears what it tells.
 */
#pragma once

#include "remote/host.h"
#include "setup/pending.h"

struct far_end {
	int status;   /* its exit code; 255: the connection was lost */
	bool stopped; /* ^C: it hears that the person has left; what waits has to be undone */
	bool told;
	struct pending pending; /* once it was told */
	char *secret;		/* the last password that a person gave it, or NULL */
};

void far_end_done(struct far_end *f);
#define CLEANUP_FAR_END CLEANUP(far_end_done)

/* `command` is for sh(1) there, as root. given: answers every question for a password, or NULL: they are asked
 * here. */
int far_end_run(struct host *h, const char *command, const char *given, struct far_end *ret,
		struct err *e);
