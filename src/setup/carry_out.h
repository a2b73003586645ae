// SPDX-License-Identifier: MIT
/* carry_out.h - starts a made plan as a transaction; what apply, setup, open, close and undo share. */
#pragma once

#include "setup/follow.h"
#include "setup/make_plan.h"

struct apply_wish {
	unsigned window_seconds; /* 0: the default of 10 minutes */
	bool yes;		 /* the plan was agreed to already */
	bool wait;		 /* stay until it is confirmed or undone */
	bool tells;		 /* instead of the card: tell the far end what waits (pending.h) */
	bool secret_on_stdin;	 /* read the admin's new password there */
	bool packages_done;	 /* before it; where all else is undone it is said that they stay */
	const char *secret;	 /* already asked for; NULL: ask when it is needed */
};

/* Shows nothing of the plan; asks, prepares, starts and follows. An exit code, or < 0. */
int apply_plan(struct os *os, struct plan *plan, const struct facts *facts,
	       const struct apply_wish *wish, struct err *e);
/* Clears what an earlier run left; ERR_CONFLICT where a transaction is under way. */
int nothing_under_way(struct os *os, struct err *e);
/* "90s" … "1h". 0, or ERR_USAGE. */
int window_parse(const char *text, unsigned *ret, struct err *e);
/* The rules for a new password: 10 characters to 256 bytes, not the user's name, no control
 * characters (chpasswd takes one line), and none that is guessed first: a row of the keyboard, one common
 * word, fewer than five different characters. ERR_USAGE. */
int secret_check(const char *user, const char *secret, struct err *e);
