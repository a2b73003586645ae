// SPDX-License-Identifier: MIT
/*
 * dates.h - when each line of a log was written, and what of it is the date.
 *
 * Jails that see the same lines and look for dates in the same way have one of these together.
 */
#pragma once

#include "guard/date_detector.h"
#include "guard/line.h"

struct dates;

struct dates_form {
	const char *patterns; /* datepattern; NULL: fail2ban's defaults */
	int last_decade;
	const int *zone;   /* of lines that name none: minutes east of UTC; NULL: this host's */
	bool looking_back; /* a line without a date has no time */
	bool plain;	   /* no short cuts */
	bool none;	   /* the source always tells the time */
	bool texts;	   /* also tell the text of a date that a line has from one before */
};

void dates_free(struct dates *d);
int dates_new(const struct dates_form *form, struct dates **ret, struct err *e);

void dates_warm(struct dates *d); /* date_detector_warm() */

struct date_cut {
	size_t start, end; /* what is cut out of the line */
	const char *
		date; /* its text, or that of a line before when this one has none; not terminated */
	size_t len;
	bool has_time;
	double time;
};

/* now: the wall's clock; clock: a steady one. live: filter.h. The cut lasts until the next line. */
struct dates_clock {
	double now, clock;
	bool live;
};

void dates_find(struct dates *d, struct line *line, const struct dates_clock *clock,
		struct date_cut *ret);
/* The line has no date, as is seen without a look for one: what dates_find() would change is done, and it may be asked later
 * what it says, or not at all. False: look. */
bool dates_never(struct dates *d, struct line *line, const struct dates_clock *clock);
/*
 * Jails that look at few lines need not look for the date of each: a line that begins with a date of the form that was
 * found last (dates_fast(); DATE_FAST_NONE: it is no such form) gives what dates_cut_of() says, and is noted later with others
 * like it, before the first that is not. Such a line begins with a date that is one, but not with February 29th.
 */
enum date_fast dates_fast(const struct dates *d);
bool dates_begins(const struct dates_form *form, struct line *line, const struct dates_clock *clock,
		  struct date_streak *ret);
void dates_cut_of(const struct dates *d, const struct date_streak *s, const struct line *line,
		  struct date_cut *ret);
void dates_note(struct dates *d, const struct date_streak *s, unsigned long lines);
/* The source told the time. */
void dates_told(struct dates *d, double time, const struct dates_clock *clock,
		struct date_cut *ret);
