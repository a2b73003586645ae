// SPDX-License-Identifier: MIT
/* live.h - the lines at the bottom of the screen while a transaction waits: what has been seen of the
 * new door, the time that is left, the keys. */
#pragma once

#include "core/txn.h"
#include "setup/watch.h"

struct live {
	bool redraws;	 /* else a line is printed only when something has changed */
	bool slow;	 /* the countdown goes in steps of some seconds */
	unsigned lines;	 /* on the screen now */
	char *words;	 /* printed last */
	int64_t printed; /* boottime ns */
	char *note;	 /* about the last key, or NULL */
	unsigned shown;	 /* how often it was drawn: it goes after some seconds */
};

void live_done(struct live *l);
#define CLEANUP_LIVE CLEANUP(live_done)
/* A sentence about the last key, for some seconds; NULL: none. */
void live_note(struct live *l, const char *note);
/* Text of the lines; the last one has no newline. malloc'd. */
char *live_text(const char *words, const char *note, const char *left);
void live_draw(struct live *l, struct os *os, const struct txn *t, const struct watch *w);
/* Takes the lines off the screen. */
void live_clear(struct live *l);
