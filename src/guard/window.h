// SPDX-License-Identifier: MIT
/*
 * window.h - who failed how often in the last findtime: when a source is due to be banned.
 *
 * fail2ban keeps of each source how many failures there were since a first one and, as time goes on, how many of them
 * at that rate would be within findtime. That forgets a burst after quiet hours. So here both count: fail2ban's
 * estimate, and the failures that truly are within findtime; whichever comes to maxretry first makes a source due. It
 * is never later than in fail2ban.
 *
 * A source whose last failure is findtime ago is forgotten, as by fail2ban's service.
 */
#pragma once

#include "base/str.h"

#define WINDOW_RETRY_MAX 10000 /* maxretry is at most this */

struct window;

struct window_rule {
	double find_time;   /* seconds, > 0 */
	unsigned max_retry; /* 1 to WINDOW_RETRY_MAX; 0 is taken as 1 */
};

/* Memory: at most 104 bytes for a source whose id is an address, while max_retry is at most 5; 4 bytes for each
 * failure remembered where it is more; and the id where it is none. Lines have line_bytes in all. */
struct window_limits {
	size_t sources;	   /* of all jails together, > 0 */
	size_t line_bytes; /* what is kept of the lines they failed with; 0: nothing */
};

void window_free(struct window *w);
static inline void window_free_p(struct window **w)
{
	window_free(*w);
}
#define CLEANUP_WINDOW CLEANUP(window_free_p)

/* rule: one for each jail, by the jail's number. */
struct window *window_new(const struct window_rule *rule, size_t count,
			  struct window_limits limits);

struct window_failure {
	size_t jail;
	const char *id; /* what is counted as one: source_id.h, or the network it is in */
	double time;	/* since 1970 */
	unsigned count; /* 0 is taken as 1 */
	/* Only if it has failed before and is not due yet: more weight for one that was banned before. */
	bool if_known;
	const char *line; /* NULL: none to keep */
	size_t len;
};

struct window_state {
	bool known;	   /* false: nothing is remembered of it */
	unsigned attempts; /* within find_time */
	double first, last;
};

/*
 * Counts a failure. now: the wall's clock. True: the source is due; it is forgotten then, and *ret tells what it was.
 * A failure from before now - find_time is not counted. When all places are taken the source goes that failed only
 * once, the longest ago; only where there is none, one that failed more often.
 */
bool window_add(struct window *w, const struct window_failure *f, double now,
		struct window_state *ret);
/* What is known of it, without changing anything. */
struct window_state window_look(const struct window *w, size_t jail, const char *id, double now);
/* True: it was known. */
bool window_forget(struct window *w, size_t jail, const char *id);
/* The lines of its failures that are still kept, oldest first, no more than max. After window_add() returned true those
 * that made it due can be asked for until the next window_add(). */
void window_lines(const struct window *w, size_t jail, const char *id, size_t max,
		  struct strv *ret);
/* Takes over what another knows, when jails were read anew: jail[i] is the number here of jail i there, SIZE_MAX:
 * it is gone. Lines are not taken over. */
void window_carry(struct window *w, const struct window *from, const size_t *jail, size_t count,
		  double now);

size_t window_sources(const struct window *w);
/* So many sources had to go before their time because all places were taken. */
unsigned long window_evicted(const struct window *w);
/* Bytes in use for all of it. */
size_t window_bytes(const struct window *w);
