// SPDX-License-Identifier: MIT
/*
 * backtest.h - who would have been banned by what has been logged: the decision of the guard that runs (judge.h), by the
 * clock of the log.
 *
 * Whom a ban would have kept out fails no more: what he did meanwhile is told, but leads to no other ban. Who is never
 * banned is judged as of now, for nothing tells who was logged in then, but by the logins in the log itself.
 */
#pragma once

#include "guard/journal.h"
#include "guard/orders.h"

#define BACKTEST_BANS	 100000 /* are told; of more only how many */
#define BACKTEST_SOURCES 1000000

struct backtest_ban {
	struct who who;
	size_t order; /* its number */
	double time;
	uint64_t seconds; /* 0: for ever */
	unsigned attempts;
	unsigned long kept_out; /* failures during the ban */
	char *lines;		/* some that led to it, a newline between */
	const char *never; /* N_(): why it would not have been carried out, as of now; or NULL */
	/* Somebody did log in from there: when first, 0: nobody; and as whom. */
	double login;
	char *user;
};

struct backtest_sum {
	unsigned long lines, failures, kept_out, too_long, gave_up;
	unsigned long bans, own,
		spared;		/* own: of sources that are one's own users'; spared: never */
	unsigned long not_told; /* bans beyond BACKTEST_BANS, sources beyond BACKTEST_SOURCES */
	double from, to;	/* of what counted; 0: nothing did */
};

struct backtest;

struct backtest_times {
	double since; /* what is older does not count; 0: all */
	double now;   /* the wall's clock */
};

/* orders outlives it. */
int backtest_new(struct os *os, struct orders *orders, struct backtest_times times,
		 struct backtest **ret, struct err *e);
void backtest_free(struct backtest *b);
static inline void backtest_free_p(struct backtest **b)
{
	backtest_free(*b);
}
#define CLEANUP_BACKTEST CLEANUP(backtest_free_p)

/* A line of a log: all orders see it. */
void backtest_line(struct backtest *b, const char *text, size_t len);
/* An entry of the journal, for the orders that want it. */
void backtest_entry(struct backtest *b, const struct journal_entry *entry);

/* When all was said. Bans are in the order in which they would have come. */
const struct backtest_ban *backtest_bans(struct backtest *b, size_t *ret_count);
struct backtest_sum backtest_sum(struct backtest *b);
/* Is it of one's own users? */
bool backtest_is_own(const struct backtest_ban *ban);
