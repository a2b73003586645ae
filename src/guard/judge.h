// SPDX-License-Identifier: MIT
/*
 * judge.h - lines in; who failed, and who is due to be banned, out: the decision that the guard that runs and its
 * backtest have in common. It asks the host for nothing, not even for the time.
 */
#pragma once

#include "guard/matcher.h"
#include "guard/orders.h"
#include "guard/window.h"

struct judge;

struct judged {
	size_t order; /* its number */
	struct who who;
	double time; /* since 1970 */
	unsigned count;
};

struct judge_hears {
	void *arg;
	/* A failure that is not ignored nor too old. False: it is not to be counted. */
	bool (*failed)(void *arg, const struct judged *f);
	/* As many times as is too many; lines: some of those it failed with, oldest first. */
	void (*due)(void *arg, const struct judged *last, const struct window_state *state,
		    const struct strv *lines);
};

struct judge_mode {
	int last_decade; /* date_template.h */
	/* What is past is judged by the time that each line has, and one without has that of the last before it. */
	bool by_log;
	struct judge_hears hears;
};

struct judge_counts {
	uint64_t lines, matched, too_long, gave_up, names, ignored;
};

/* orders outlives it; a jail that cannot be used becomes a problem of its folder. */
struct judge *judge_new(struct orders *orders, struct judge_mode mode);
void judge_free(struct judge *j);
static inline void judge_free_p(struct judge **j)
{
	judge_free(*j);
}
#define CLEANUP_JUDGE CLEANUP(judge_free_p)

/* Where lines come from, and which orders see them; returns its number. */
size_t judge_add_source(struct judge *j, const size_t *order, size_t count);

struct judge_line {
	size_t source;
	struct filter_line line;
	const uint64_t *only; /* of the source's orders these, by bit; NULL: all */
};

/* now: the wall's clock, which no line is later than; clock: a steady one's seconds. */
void judge_line(struct judge *j, const struct judge_line *line, double now, double clock);
/* Counts a failure that is known already; hears of it when it is due. line may be NULL. */
void judge_count(struct judge *j, const struct judged *f, double now, const char *line, size_t len);
void judge_forget(struct judge *j, const struct who *who);

const struct judge_counts *judge_counts(const struct judge *j);
const struct window *judge_window(const struct judge *j);
