// SPDX-License-Identifier: MIT
/*
 * ban_store.h - what the guard remembers, in one SQLite database: bans, failures within findtime, positions in logs.
 *
 * Changes are seen at once and reach the disk with the next ban_store_commit(): many in one transaction, since
 * a commit waits for the disk. What is decided after a kill goes from what had reached the disk; what is in
 * the kernel stays there anyway. The file is half a gibibyte at most. Times are seconds since 1970; how long a
 * ban has still to go is only ever compared with the wall's clock.
 */
#pragma once

#include "guard/request.h"

#define BAN_STORE_HISTORY  100000 /* bans that are over and still count for the next one's length */
#define BAN_STORE_FAILURES 100000 /* remembered over a restart */

struct ban_store;

/* folder: ours, and there. 1: what stood there was damaged, was put aside as bans.db.damaged, and all begins anew. */
int ban_store_open(const char *folder, struct ban_store **ret, struct err *e);
void ban_store_close(struct ban_store *s);
int ban_store_commit(struct ban_store *s, struct err *e);

struct ban_row {
	struct who who;
	const char *jail; /* "" of a command */
	double since;
	double until; /* < 0: for ever */
	uint32_t attempts;
	const char *lines; /* why; may be "" */
	bool in_force;	   /* the kernel has it */
};

/* Is there a ban of that jail in force or to be put in force? */
bool ban_store_has(struct ban_store *s, const struct who *who, const char *jail, double now);
int ban_store_add(struct ban_store *s, const struct ban_row *row, struct err *e);
int ban_store_set_in_force(struct ban_store *s, const struct who *who, bool in_force,
			   struct err *e);
/* How often that source was banned by the jail (NULL: by any), and how long it was the last time. */
struct ban_past {
	unsigned count;
	double last; /* seconds; < 0: it was for ever */
};
int ban_store_past(struct ban_store *s, const struct who *who, const char *jail,
		   struct ban_past *ret, struct err *e);
/* Ends all bans of the source; > 0: there were some. forget: they count for no later ban. */
int ban_store_end(struct ban_store *s, const struct who *who, double now, bool forget,
		  struct err *e);

typedef void ban_row_fn(void *arg, const struct ban_row *row);
enum ban_store_which { BANS_NOW, BANS_WAITING, BANS_OF, BANS_OVER_PREFIX };
/* BANS_NOW: in force or to be, the longest last, since of several of a source the last one said counts; WAITING: those that the kernel does not have yet; OF: all of `who`, also past ones,
 * the last first, 20 at most; OVER_PREFIX: prefixes that are over since the last time, which no kernel timeout ends. */
struct ban_ask {
	enum ban_store_which which;
	const struct who *who; /* BANS_OF */
	double now;
};
int ban_store_each(struct ban_store *s, const struct ban_ask *ask, ban_row_fn *fn, void *arg,
		   struct err *e);
/* The end of the longest ban of the source that is not over: < 0 for ever, 0 none. */
double ban_store_until(struct ban_store *s, const struct who *who, double now);
size_t ban_store_count_now(struct ban_store *s, double now);

int ban_store_fail(struct ban_store *s, const struct failure_told *f, const char *jail,
		   const char *id, struct err *e);
typedef void failure_fn(void *arg, const struct failure_told *f, const char *jail, const char *id);
int ban_store_failures(struct ban_store *s, failure_fn *fn, void *arg, struct err *e);
int ban_store_forget_failures(struct ban_store *s, const char *id, struct err *e);

int ban_store_set_position(struct ban_store *s, const char *name, const char *position,
			   struct err *e);
typedef void position_fn(void *arg, const char *name, const char *position);
int ban_store_positions(struct ban_store *s, position_fn *fn, void *arg, struct err *e);

/* Notes which bans are over (OVER_PREFIX before), throws away what is too old or too much; failures before that time. */
int ban_store_tidy(struct ban_store *s, double now, double failures_before, struct err *e);
