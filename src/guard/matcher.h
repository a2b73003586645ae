// SPDX-License-Identifier: MIT
/*
 * matcher.h - lines of all sources in, failures of all jails out.
 *
 * A line is read once for all the jails of its source. Who failed how often is counted elsewhere (window.h), and nothing
 * is asked of the host.
 */
#pragma once

#include "guard/filter.h"

struct matcher;

struct matcher_mode {
	int last_decade;   /* date_template.h */
	bool looking_back; /* filter.h: a line without a date has no time */
	/* Ask every expression of every line: what the short cuts are tested against. */
	bool plain;
};

void matcher_free(struct matcher *m);
static inline void matcher_free_p(struct matcher **m)
{
	matcher_free(*m);
}
#define CLEANUP_MATCHER CLEANUP(matcher_free_p)

/*
 * A filter for each jail that is enabled, not wrong and not unusable. Where one cannot be used its jail becomes
 * unusable and the folder has the problem; the others go on. Jails are told by their number in `jails`, which the
 * matcher does not keep. Expressions become machine code here, so that a process may give up the right to make any.
 */
struct matcher *matcher_new(struct jails *jails, struct matcher_mode mode,
			    struct conf_folder *folder);

/*
 * Where lines come from, and the jails that are to see them; numbers that have no filter are left out. Returns its
 * number. Sources are made before their first line; jails that share all their sources, and the form of their
 * dates, share what finding a date costs, so a source is made once for a file and not once for a jail.
 */
size_t matcher_add_source(struct matcher *m, const size_t *jail, size_t count);

struct matcher_line {
	size_t source;
	struct filter_line line;
	/* Of the source's jails only these: bit N % 64 of only[N / 64] is jail N; NULL: all of them. */
	const uint64_t *only;
};

struct matcher_failure {
	size_t jail, regex;	    /* numbers */
	const char *id;		    /* who failed: source_id.h */
	bool is_name;		    /* it is a host's name, to be looked up elsewhere */
	bool has_time;		    /* false only when looking back */
	double time;		    /* never later than now */
	unsigned count;		    /* how many failures the line tells of: 1 */
	const struct failure *more; /* groups, users and lines that belong to it */
};

struct matcher_result {
	const struct matcher_failure *failure;
	size_t count;
	bool too_long;	  /* of the line nothing is decided */
	unsigned gave_up; /* jails of which an expression came to its limit */
};

/* now: the wall's clock; clock: a steady one's seconds. What is returned lasts until the next line. */
void matcher_line(struct matcher *m, const struct matcher_line *line, double now, double clock,
		  struct matcher_result *ret);

/* What the jail's filter counted so far; NULL: it has none. */
const struct filter *matcher_filter(const struct matcher *m, size_t jail);
