// SPDX-License-Identifier: MIT
/*
 * filter.h - lines of a log in, failures out, by the rules of one filter.
 *
 * Decides as fail2ban does, without asking the host: the time is an argument, names are not looked up.
 */
#pragma once

#include "guard/date_template.h"
#include "guard/failure.h"
#include "guard/jail.h"

#define FILTER_LINE_MAX	 ((size_t)64 << 10) /* bytes; of longer lines nothing is decided */
#define FILTER_LINES_MAX 100		    /* maxlines is at most this */

struct filter;

struct filter_mode {
	bool all;     /* go on after the first expression that matches, as tests do */
	bool pending; /* also tell failures whose source is not known yet */
	/* A line without a date is of no time, not of now: old logs are looked through. */
	bool looking_back;
	int last_decade; /* date_template.h */
	bool no_dates;	 /* the source tells when each line was written (the journal) */
	bool brief;	 /* of what is found, groups and users are not asked for */
	/* Ask every expression of every line: what the short cuts are tested against. */
	bool plain;
};

void filter_free(struct filter *f);
static inline void filter_free_p(struct filter **f)
{
	filter_free(*f);
}
#define CLEANUP_FILTER CLEANUP(filter_free_p)

/* What cannot be used of the settings is a problem of the folder and an error: a filter is whole or not. */
int filter_new(const struct settings *s, struct filter_mode mode, struct conf_folder *folder,
	       struct filter **ret, struct err *e);

struct filter_line {
	const char *text; /* without its newline; need not be UTF-8 */
	size_t len;
	bool dated; /* the source tells the time */
	double time;
	/* Written while we run: a time more than a minute off is a wrong clock or zone, and means now. */
	bool live;
};

struct found {
	size_t regex; /* which failregex, from 0 */
	char *id;     /* who failed: source_id.h; NULL: not known (yet) */
	bool is_name; /* id is a host's name, to be looked up elsewhere */
	bool has_time;
	double time;
	bool harmless; /* no failure by itself */
	struct failure failure;
};

struct filter_result {
	struct found *found;
	size_t count;
	bool ignored; /* an ignoreregex matched */
	bool gave_up; /* an expression came to its limit: of this line nothing is sure */
	bool too_long;
	/* With maxlines: lines of before that were used up with this one. */
	size_t used_up;
};

void filter_result_done(struct filter_result *r);
#define CLEANUP_FILTER_RESULT CLEANUP(filter_result_done)

/* now: the wall's clock and the zone; clock: a steady one's seconds. */
void filter_line(struct filter *f, const struct filter_line *line, double now, double clock,
		 struct filter_result *ret);
/* The same, but what *ret has is the filter's, until its next line. */
void filter_look(struct filter *f, const struct filter_line *line, double now, double clock,
		 struct filter_result *ret);

size_t filter_count(const struct filter *f, bool ignore);
/* The expression as it is in the settings. */
const char *filter_regex(const struct filter *f, bool ignore, size_t i);
unsigned long filter_hits(const struct filter *f, bool ignore, size_t i);
