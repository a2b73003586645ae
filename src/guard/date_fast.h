// SPDX-License-Identifier: MIT
/*
 * date_fast.h - the two forms of dates that begin nearly every line of a log, read by hand.
 *
 * What is taken here is what the form's expression would have found, to the byte; whatever is not plainly so is left to
 * the expression.
 */
#pragma once

#include "guard/date_template.h"

enum date_fast { DATE_FAST_NONE, DATE_FAST_SYSLOG, DATE_FAST_ISO };

#define DATE_FAST_MAX 32 /* bytes of such a date at most */

/* What is known of the date of one line, for all that ask, and the time of the last such date: many lines are of one
 * second. All zero at first. */
struct date_seen {
	bool tried; /* whether the line begins with such a date; false for a new line */
	enum date_fast form;
	size_t end;
	/* The last one that was read, by a host's zone. */
	size_t len;
	char text[DATE_FAST_MAX];
	double now;
	bool has_time;
	double time;
	/* The line with scan_fold() applied, and what is not in it. */
	const char *folded;
	bool counted, long_number; /* is there a number of ten digits? */
	char absent;
};

/* Lines one after the other that begin with dates of one form: what counts is the last of them. */
struct date_streak {
	enum date_fast form;
	size_t end;
	char text[DATE_FAST_MAX + 1]; /* the date and the byte behind it */
	double clock, now;
	bool live; /* filter.h */
};

/* Whether the form of that pattern can be read so. */
enum date_fast date_fast_of(const char *pattern);
/* The date that a line of ASCII begins with: form and end, or DATE_FAST_NONE when expressions are to be asked. */
enum date_fast date_fast_look(struct date_seen *s, const struct span *line, int last_decade);
/* The time of a date as it was found. */
bool date_fast_time(struct date_seen *s, const struct span *line, const struct date_now *now,
		    double *ret);
bool date_fast_time_of(enum date_fast form, const char *text, size_t len,
		       const struct date_now *now, double *ret);

#define DATE_GATE_BEGINS 12 /* as many as there are months */

/* What must be in a line for an expression of dates to match: mostly cheaper to look for. */
struct date_gate {
	enum { GATE_OPEN, GATE_WORD, GATE_CHAR, GATE_NUMBER } kind;
	char word[DATE_FAST_MAX]; /* folded; of GATE_CHAR the first byte counts */
	/* Of GATE_CHAR: how the words begin, one of which is needed; 0 of them: any will do. */
	uint32_t begin[DATE_GATE_BEGINS];
	size_t begins;
};

struct date_gate date_gate_of(const struct date_template *t);
/* False: the line (of ASCII) has not what is needed. */
bool date_gate_open(const struct date_gate *g, struct date_seen *s, const struct span *line);
