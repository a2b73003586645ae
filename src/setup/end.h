// SPDX-License-Identifier: MIT
/*
 * end.h - what is seen of a host from outside, in words, before and after; and the end of the guided way: the
 * final card, shown and kept as text, and the restart that is due.
 */
#pragma once

#include "controls/audit.h"
#include "core/hostkey.h"
#include "setup/card.h"

#define CARD_PATH "/var/lib/kannuki/card.txt"

struct view {
	char *ports;	     /* "22 80 3000 53/udp" */
	char *root, *others; /* how they may log in by SSH */
	char *grade;	     /* "F"; "?" where it is not known */
};

void view_done(struct view *v);
#define CLEANUP_VIEW CLEANUP(view_done)
/* p: the policy in force. audit may be NULL. */
void view_take(const struct facts *f, const struct policy *p, const struct audit *audit,
	       struct view *ret);
/* "key or password", "refused", ... */
const char *ways_words(const struct facts *f, const char *who);

struct end {
	const struct plan *plan;
	const struct facts *before; /* with both doors */
	const struct view *view;    /* before; NULL: not known */
	bool offers_restart;
};

/* Looks again, prints the card and stores it as CARD_PATH. Nothing of it can fail what is confirmed already. */
void end_show(struct os *os, const struct end *end);
