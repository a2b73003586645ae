// SPDX-License-Identifier: MIT
/*
 * date_detector.h - finds the date in a line, whichever of several forms it has.
 *
 * Which form wins when several match depends on what matched in the lines before, as in fail2ban: the
 * last one is tried first, those that hit often move to the front, a date further in the line than before is
 * only taken when no other is found.
 */
#pragma once

#include "guard/date_fast.h"

struct date_detector;

void date_detector_free(struct date_detector *d);
/* patterns: datepattern's lines; NULL or empty: fail2ban's defaults. */
int date_detector_new(const char *patterns, int last_decade, struct date_detector **ret,
		      struct err *e);

/* Makes all its expressions ready now, for a process that will not be able to. */
void date_detector_warm(struct date_detector *d);

struct date_found {
	size_t start, end; /* what is cut out of the line */
	bool has_time;	   /* the date is one */
	double time;
};

/* clock: seconds of any steady clock, for how long ago a form was used. False: no date. */
bool date_detector_find(struct date_detector *d, const struct span *line,
			const struct date_now *now, double clock, struct date_found *ret);

/* The line has no date, as is seen without a look for one: date_detector_find() would be false and change nothing. */
bool date_detector_never(const struct date_detector *d, const struct span *line,
			 const struct date_now *now);

/* Lines that begin with a date of the form that was found last (DATE_FAST_NONE: it is none of these) change nothing but what
 * is noted here: it may be done for many lines at once, `s` being the last of them. */
enum date_fast date_detector_fast(const struct date_detector *d);
void date_detector_note(struct date_detector *d, const struct date_streak *s, unsigned long lines);
