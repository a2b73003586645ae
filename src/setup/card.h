// SPDX-License-Identifier: MIT
/*
 * card.h - what the person does next, and what is left to do in the end: what to type or click, in
 * OpenSSH's and Tera Term's words, and what the provider's packet filter needs.
 */
#pragma once

#include "core/facts.h"
#include "core/hostkey.h"
#include "core/plan.h"
#include "setup/provider.h"

/* A line of the table of the final card. */
struct card_change {
	const char *what; /* N_() */
	char *before, *after;
};

struct card {
	const struct plan *plan;
	const struct facts *facts;	  /* from before or while pending */
	const struct hostkeys *hostkeys;  /* may be empty */
	const char *left;		  /* "9 min 41 s" */
	const struct provider *provider;  /* NULL: not known */
	bool asks_provider;		  /* a key of the live line tells it */
	const struct card_change *change; /* of the final card */
	size_t change_count;
	bool restart_due;
};

/* The user with whom one gets in at the provider's console, where only a password counts, and then is root or becomes
 * it by sudo: root where it has a password, else the admin user, else another one. NULL: nobody has one. */
const char *card_console_user(const struct card *c);
/* The whole card, at most 22 lines of 79 columns with three host keys. */
void card_next_step(const struct card *c, struct str *ret);
/* Only what the provider's panel needs, once it is known which one. */
void card_provider(const struct card *c, struct str *ret);
/* "1. XServer VPS", ... and the question, whose last line has no newline. */
void card_ask_provider(struct str *ret);
/* Only what to type, and what happens if nobody does. */
void card_short(const struct card *c, struct str *ret);
/* A port of sshd that is no door of the plan: it closes in the end. 0: none. */
unsigned card_closing_port(const struct card *c);
/* After the proof. */
void card_end(const struct card *c, struct str *ret);
/* The address that is typed to get here: that of our own session, else of one by IPv4, of any;
 * without sessions our first outside one, IPv4 before IPv6. "HOST" (in words) where only a private
 * address is known and the sessions come from public ones. */
void card_host(const struct facts *f, char ret[ADDR_TEXT]);
