// SPDX-License-Identifier: MIT
/*
 * filter_core.h - the inside of a filter, for the files that make it up, and for the matcher, which prepares a line
 * once for all of them.
 *
 * A filter asks questions of a line: does failregex i match it (question i), ignoreregex k (question fail.count + k), the
 * prefix (the last). The scan tells which of them are of interest.
 */
#pragma once

#include "guard/dates.h"
#include "guard/filter.h"
#include "guard/line_buffer.h"
#include "guard/scan.h"

struct rule {
	struct regex *regex;
	struct group_map *groups;
	char *text;
	unsigned long hits;
};

struct rules {
	struct rule *item;
	size_t count;
};

struct filter {
	struct filter_mode mode;
	struct regex *prefix;
	struct group_map *prefix_groups;
	struct rules fail, ignore;
	size_t max_lines;
	bool no_names;
	bool once; /* an expression has <F-ONCE> */

	char *date_patterns; /* NULL: the defaults */
	bool has_zone;
	int zone;
	struct dates *dates;

	struct group_names names;
	struct value *before, *value; /* of all places: of the prefix; of prefix and match */
	struct connections *connections;

	/* What was found in the last line. */
	struct arena arena;
	struct found *found;
	size_t found_count, found_room;
	struct str cut, content; /* texts that are no part of the line as it came */

	/* Where lines belong together. */
	struct line_buffer buffer, several; /* several: as they were when the last line came */
	uint64_t pushed;		    /* how often a line went to make room for another */
	uint64_t *asked; /* by question: `pushed` when a line made it of interest */
	uint64_t *mask;	 /* those that are of interest now */

	/* By itself, without a matcher. */
	struct scan *scan;
	struct line line;
};

/* A line on its way through a filter. */
struct pass {
	struct filter *f;
	struct filter_result *ret;
	const struct line *line;
	const struct date_cut *date;
	const uint64_t *ask; /* bit by question; NULL: all of them */
	double clock;
	struct span text; /* what expressions see */
};

static inline size_t filter_questions(const struct filter *f)
{
	return f->fail.count + f->ignore.count + 1;
}

static inline bool pass_asks(const struct pass *p, size_t question)
{
	return !p->ask || (p->ask[question / 64] >> question % 64 & 1);
}

/* Tells the scan what the filter's questions are. */
void filter_add_questions(const struct filter *f, struct scan *s, size_t owner);
/* May any failregex match, as far as the scan tells? */
bool filter_may_fail(const struct filter *f, const uint64_t *ask);
/* A cut that joins two parts of the line joins words, too: looks for those. */
void filter_scan_seam(struct scan *s, const struct line *line, const struct date_cut *date);
/* Makes machine code of all its expressions now, for a process that will not be able to. */
void filter_warm(struct filter *f);
int filter_make_dates(const struct filter *f, struct dates **ret, struct err *e);

/* p: f, ret, line, date, ask and clock are set. Fills *p->ret from f->found. */
void filter_run(struct pass *p);
/* The same where maxlines > 1: filter_several.c. */
void filter_run_several(struct pass *p);
bool filter_search(struct pass *p, struct regex *r, const struct span *in);
/* filter_found.c: what matched `in` becomes a failure. False: no more expressions are to be asked. */
bool filter_take_match(struct pass *p, size_t rule, const struct span *in, unsigned lines);
