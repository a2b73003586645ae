// SPDX-License-Identifier: MIT
/*
 * prove.h - from outside: does the new door open, over each family by which the old one does while it is still
 * there, and does sudo work? Then
 * confirm, and what must be shut is. Else the host is told to undo, and the old door is looked at.
 */
#pragma once

#include "remote/far_end.h"
#include "remote/identity.h"

struct proving {
	struct host *host;
	const struct identity *identity;
	const struct far_end *far_end;
	char *old_methods; /* what the old door offered to its user before */
	bool asks;	   /* a person waits: what does not answer is tried until the window ends */
	const char *secret; /* for sudo; NULL: it asks for none */
	/* prove()'s own */
	int64_t deadline; /* on OS_BOOTTIME: the host has gone back by then */
	bool asked_to_confirm;
};

/* EXIT_DONE: confirmed, and shown to be so. EXIT_FAILED: undone, and the old door answers; said. < 0: could not be
 * brought to an end from here, and *e says what the host will do by itself. */
int prove(struct proving *p, struct err *e);
