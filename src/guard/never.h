// SPDX-License-Identifier: MIT
/*
 * never.h - who is never banned, whoever wishes it: ourselves, those fail2ban's files ignore, those that were confirmed,
 * and from where somebody is logged in now.
 */
#pragma once

#include "guard/orders.h"

#define NEVER_BITS_4 16 /* shorter prefixes are never banned: */
#define NEVER_BITS_6 32 /* that is too many at once */

struct never {
	struct os *os;
	struct prefix *trust; /* ignoreip of all jails, and what was confirmed */
	size_t trusts;
	struct prefix *now; /* own addresses, and sources of live sessions */
	size_t nows;
	double looked; /* when; of a steady clock */
};

/* What is ignored by one jail is never banned by another either: a ban closes all ports. */
void never_init(struct never *n, struct os *os, const struct orders *orders);
void never_done(struct never *n);
void never_trust(struct never *n, const struct prefix *p);
/* Trusts whoever confirmed a transaction of kannuki here, from where he did. Runs it: before one is confined. */
void never_ask_kannuki(struct never *n);
/* The same of what `kannuki witnesses` said: an address a line. */
void never_confirmed(struct never *n, const char *addresses);
/* Why it is never banned, in words of one line; NULL: it may be. clock: a steady one's seconds. */
const char *never_why(struct never *n, const struct prefix *p, double clock);
/* REMOTE_HOST of a file of /run/systemd/sessions, where it is of a person who is logged in now. */
bool never_session(const char *text, struct prefix *ret);
