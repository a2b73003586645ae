// SPDX-License-Identifier: MIT
/*
 * orders.h - what the jails that are enabled say for running: from where, how often, how long, whom not.
 *
 * Each of the guard's processes reads fail2ban's files by itself before it gives its rights up, and takes from them
 * what it needs: so none has to believe another what they say.
 */
#pragma once

#include "guard/jail.h"
#include "guard/request.h"

struct escalation {
	bool on;
	double factor;
	double multiplier[32];
	size_t multipliers; /* 0: 1, 2, 4, 8, ... */
	double random;	    /* seconds at most, added by chance */
	double most;	    /* seconds, 0: no limit */
	bool over_all_jails;
};

/* Jails that count the guard's own bans hear of them from the store: the form of the lines that they wait for. */
enum order_bans { BANS_NOT, BANS_OWN, BANS_FAIL2BAN, BANS_FORMS };

struct order {
	const char *name;	    /* of the jail */
	size_t jail;		    /* its number in .jails */
	double find_time, ban_time; /* seconds; ban_time < 0: for ever */
	unsigned max_retry;
	struct escalation more;
	struct prefix *ignore;
	size_t ignores;
	bool ignore_self;
	/* journal: groups of FIELD=VALUE, one of which an entry must have; each is a word, or "+" between groups. */
	bool journal;
	struct strv match;
	/* BANS_FAIL2BAN: fail2ban's own log, in which nobody writes while the guard runs. */
	enum order_bans bans;
};

/* One file, or those of a pattern, and which orders (by number) see its lines. */
struct order_source {
	char *path;
	size_t *order;
	size_t orders;
};

struct orders {
	struct conf_folder folder;
	struct jails jails;
	struct order *item;
	size_t count;
	struct order_source *source;
	size_t sources; /* the journal, if any order wants it, has this number */
	bool journal;
};

void orders_done(struct orders *o);
#define CLEANUP_ORDERS CLEANUP(orders_done)
/* What is wrong is a problem of .folder; < 0 where nothing can be read at all. folder: "/etc/fail2ban". */
int orders_read(struct os *os, const char *folder, struct orders *ret, struct err *e);
/* The same of other jails, or for other lines. */
struct orders_query {
	const struct strv *names; /* these, enabled or not; NULL: those that are enabled */
	bool file;		  /* jails_query */
};
int orders_ask(struct os *os, const char *folder, const struct orders_query *q, struct orders *ret,
	       struct err *e);
/* What journalctl is to be asked for, as words behind its options; none: all entries. */
void orders_journal_words(const struct orders *o, struct strv *ret);
const struct order *orders_find(const struct orders *o, const char *jail); /* NULL: there is none */

/*
 * How long the next ban is: ban_time, or with escalation longer each time. before: how often the source was banned (of
 * this jail, or of all); last: how long it was then, seconds; chance: 0 to 1. 0: for ever.
 */
uint64_t order_seconds(const struct order *o, unsigned before, double last, double chance);
/* Is the source, or a part of it, among those that are ignored? */
bool order_ignores(const struct order *o, const struct prefix *who);
/* Do two prefixes have an address in common? */
bool prefixes_meet(const struct prefix *a, const struct prefix *b);
