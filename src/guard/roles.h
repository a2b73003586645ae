// SPDX-License-Identifier: MIT
/*
 * roles.h - the guard's processes: what each is given, and what each gives up.
 *
 * `kannuki-guard run` is the parent; it starts this program once more for each of the others, with "role NAME" and
 * its descriptors. Each reads fail2ban's files, opens what it needs, and confines itself before it hears a word of
 * anybody.
 */
#pragma once

#include "guard/orders.h"
#include "guard/party.h"

#define GUARD_STATE   "/var/lib/kannuki-guard"
#define GUARD_RUN     "/run/kannuki-guard"
#define GUARD_CONTROL "control" /* below GUARD_RUN */
#define KANNUKI_TXN   "/var/lib/kannuki/txn"

#define GUARD_JOURNALCTL "/usr/bin/journalctl"

/* What all of them are told on the command line. */
struct guard_places {
	struct os *os;
	const char *config; /* conf_choose(): once, so that all of them read the same */
	const char *state, *run;
};

/* Users of our own without a name: four in a row from a range that no distribution gives out, and that
 * /etc/passwd does not have. */
uid_t roles_user(struct os *os, enum role role);

/* Gives up all that the role does not need; says on standard error when the kernel has no Landlock. */
int roles_confine(enum role role, const struct guard_places *places, const struct orders *orders,
		  struct err *e);

int reader_run(const struct guard_places *places, struct err *e);
int journal_run(const struct guard_places *places, const char *cursor, struct err *e);
int watch_run(const struct guard_places *places, struct err *e);
int store_run(const struct guard_places *places, struct err *e);
int banner_run(const struct guard_places *places, struct err *e);
/* Makes the folders, each its user's: needs the right to give files away, which `run` has not in its unit. */
int parent_prepare(const struct guard_places *places, struct err *e);
int parent_run(const struct guard_places *places, struct err *e);

/* A line for the journal: what is worth a person's look. */
void guard_say(enum role role, const char *fmt, ...) PRINTF_LIKE(2, 3);
double guard_now(void);	  /* the wall's clock, since 1970 */
double guard_clock(void); /* a steady one's seconds */
