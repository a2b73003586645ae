// SPDX-License-Identifier: MIT
/*
 * date_template.h - one way of writing a date, as an expression that finds it in a line and as time.
 *
 * Patterns are those of fail2ban's datepattern (jail.conf(5)): strptime's letters and some more within
 * an expression, EPOCH, LEPOCH, TAI64N, {^LN-BEG} in front, "**" where no word boundary shall be.
 */
#pragma once

#include "guard/regex.h"

enum date_kind { DATE_PATTERN, DATE_EPOCH, DATE_LONG_EPOCH, DATE_TAI64N };

struct date_template {
	enum date_kind kind;
	char *pattern;	     /* as given: what tells two of them apart */
	struct regex *regex; /* NULL until compiled */
	char *text;	     /* of the expression */
	unsigned time_group; /* of EPOCH: what holds the number */
	bool at_line_begin, at_line_end;
};

struct date_seen;

/* What "this year" and the like mean. */
struct date_now {
	double time;	 /* seconds since 1970 */
	int last_decade; /* dates are taken up to it (202: years 2020 to 2029) */
	const int *zone; /* minutes east of UTC for lines that name none; NULL: this host's zone */
	struct date_seen *seen; /* date_fast.h; NULL: no short cuts */
};

/* Of a clock's nanoseconds since 1970: the decade of three years hence. */
int date_last_decade(int64_t now);
void date_template_done(struct date_template *t);
int date_template_init(struct date_template *t, const char *pattern, int last_decade,
		       struct err *e);
/* Takes the beginning of a line only: {^LN-BEG}, ^ and their other forms off the front of a pattern. malloc'd. */
char *date_unbound(const char *pattern);
/* The time that was found in `in`: false where there is no such day, zone, ... */
bool date_template_time(const struct date_template *t, const struct span *in,
			const struct date_now *now, double *ret);
/* date_fields.c: the expression for the letter (or Ex and a letter) after a '%'. *ret_len: its length;
 * NULL: there is none. malloc'd. */
char *date_field_regex(const char *letter, int last_decade, size_t *ret_len);
/* date_time.c: what is said of a date, as seconds since 1970: by named groups of those expressions, or read already. */
struct date_parts {
	/* -1: not said. */
	int year, month, day, hour, minute, second;
	int weekday, yearday, week; /* weekday: Monday is 0 */
	bool week_from_sunday;
	bool has_zone;
	int zone; /* minutes east */
};

bool date_from_fields(const struct dict *fields, const struct date_now *now, double *ret);
bool date_from_parts(const struct date_parts *parts, const struct date_now *now, double *ret);
/* date_zone.c: minutes east of UTC of "CET", "+0200", "UTC+02:00"; false: no such zone. */
bool date_zone(const char *text, int *ret_minutes);
