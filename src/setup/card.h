// SPDX-License-Identifier: MIT
/*
 * card.h - what the person does next, and what is left to do in the end: what to type or click, in
 * OpenSSH's and Tera Term's words, and what the provider's packet filter needs.
 */
#pragma once

#include "core/facts.h"
#include "core/hostkey.h"
#include "core/plan.h"

struct card {
	const struct plan *plan;
	const struct facts *facts;	 /* from before or while pending */
	const struct hostkeys *hostkeys; /* may be empty */
	const char *left;		 /* "9 min 41 s" */
};

/* The whole card, at most 23 lines of 79 columns with three host keys. */
void card_next_step(const struct card *c, struct str *ret);
/* Only what to type, and what happens if nobody does. */
void card_short(const struct card *c, struct str *ret);
/* After the proof. */
void card_end(const struct card *c, struct str *ret);
/* The address that is typed to get here: that of our own session, else of one by IPv4, of any;
 * without sessions our first outside one, IPv4 before IPv6. "HOST" (in words) where only a private
 * address is known and the sessions come from public ones. */
void card_host(const struct facts *f, char ret[ADDR_TEXT]);
