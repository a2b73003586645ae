// SPDX-License-Identifier: MIT
/* date_time.c - what a line says of a date, completed to a time; see date_template.h. */
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <time.h>

#include "guard/convert.h"
#include "guard/date_template.h"

#define DAY 86400

static int number(const char *text)
{
	int64_t n;

	return text && convert_int(text, &n) == 0 && n >= 0 && n < 100000 ? (int)n : -1;
}

static bool is_leap(int year)
{
	return (year % 4 == 0 && year % 100 != 0) || year % 400 == 0;
}

static int days_of(int year, int month)
{
	static const int days[] = { 31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31 };

	return month == 2 && is_leap(year) ? 29 : days[month - 1];
}

/* Place of a name in a list of three letters each, from 0; -1: it is none. */
static int name_index(const char *name, const char *list)
{
	for (size_t i = 0; name && list[i * 3]; i++)
		if (strncasecmp(name, list + i * 3, 3) == 0)
			return (int)i;
	return -1;
}

static int hour_of_twelve(const char *hour, const char *half)
{
	int n = number(hour);

	if (half && strcasecmp(half, "pm") == 0)
		return n == 12 ? n : n + 12;
	return n == 12 ? 0 : n;
}

static bool take_zone(const char *zone, struct date_parts *p)
{
	if (!zone)
		return true;
	p->has_zone = true;
	return date_zone(zone, &p->zone);
}

static bool read_parts(const struct dict *f, struct date_parts *p)
{
	static const char months[] = "janfebmaraprmayjunjulaugsepoctnovdec";
	static const char days[] = "montuewedthufrisatsun";
	const char *month = dict_get(f, "B") ? dict_get(f, "B") : dict_get(f, "b");
	const char *day = dict_get(f, "A") ? dict_get(f, "A") : dict_get(f, "a");

	p->year = number(dict_get(f, "Y"));
	if (dict_get(f, "y")) {
		p->year = number(dict_get(f, "y"));
		p->year += p->year <= 2000 ? 2000 : 0;
	}
	p->month = month ? name_index(month, months) + 1 : number(dict_get(f, "m"));
	p->day = number(dict_get(f, "d"));
	p->hour = number(dict_get(f, "H"));
	if (dict_get(f, "I"))
		p->hour = hour_of_twelve(dict_get(f, "I"), dict_get(f, "p"));
	p->minute = number(dict_get(f, "M"));
	p->second = number(dict_get(f, "S"));
	p->weekday = name_index(day, days);
	if (dict_get(f, "w"))
		p->weekday = (number(dict_get(f, "w")) + 6) % 7;
	p->yearday = number(dict_get(f, "j"));
	p->week_from_sunday = dict_get(f, "U") != NULL;
	p->week = number(dict_get(f, p->week_from_sunday ? "U" : "W"));
	p->hour = p->hour < 0 ? 0 : p->hour;
	p->minute = p->minute < 0 ? 0 : p->minute;
	p->second = p->second < 0 ? 0 : p->second;
	return take_zone(dict_get(f, "z") ? dict_get(f, "z") : dict_get(f, "Z"), p);
}

/* Monday is 0. */
static int weekday_of_new_year(int year)
{
	struct tm tm = { .tm_year = year - 1900, .tm_mon = 0, .tm_mday = 1 };

	timegm(&tm);
	return (tm.tm_wday + 6) % 7;
}

/* The day of the year (1: January 1st) from the week's number and the day in it. */
static int yearday_of_week(const struct date_parts *p)
{
	int first = weekday_of_new_year(p->year), day = p->weekday, week_0;

	if (p->week_from_sunday) {
		first = (first + 1) % 7;
		day = (day + 1) % 7;
	}
	week_0 = (7 - first) % 7;
	if (p->week == 0)
		return 1 + day - first;
	return 1 + week_0 + 7 * (p->week - 1) + day;
}

static void set_day_of_year(struct date_parts *p)
{
	struct tm tm = { .tm_year = p->year - 1900, .tm_mon = 0, .tm_mday = p->yearday };

	timegm(&tm);
	p->year = tm.tm_year + 1900;
	p->month = tm.tm_mon + 1;
	p->day = tm.tm_mday;
}

static bool is_date(const struct date_parts *p)
{
	return p->year >= 1 && p->year <= 9999 && p->month >= 1 && p->month <= 12 && p->day >= 1 &&
	       p->day <= days_of(p->year, p->month) && p->hour <= 23 && p->minute <= 59 &&
	       p->second <= 59;
}

/* Days since 1970 by the calendar that we have had since 1582, carried on to both sides. */
static int64_t days_since_1970(int year, int month, int day)
{
	/* Years begin with March, so that the odd day is the last one. */
	int64_t y = month > 2 ? year : year - 1, century = y / 100;
	int64_t in_year = (153 * (month > 2 ? month - 3 : month + 9) + 2) / 5 + day - 1;

	return 365 * y + y / 4 - century + century / 4 + in_year - 719468;
}

/* The clock's reading as if it were UTC's: for sums without zones. */
static time_t as_clock(const struct date_parts *p)
{
	return (time_t)days_since_1970(p->year, p->month, p->day) * DAY + (time_t)p->hour * 3600 +
	       (time_t)p->minute * 60 + p->second;
}

static time_t clock_of(const struct tm *local)
{
	struct tm tm = *local;

	return timegm(&tm);
}

/* What this host's clock shows now; the question is asked of each line. */
static const struct tm *local_now(time_t now, time_t *ret_clock)
{
	static struct {
		bool have;
		time_t now, clock;
		struct tm tm;
	} last;

	if (!last.have || last.now != now) {
		localtime_r(&now, &last.tm);
		last.clock = clock_of(&last.tm);
		last.now = now;
		last.have = true;
	}
	*ret_clock = last.clock;
	return &last.tm;
}

static time_t local_time(time_t clock)
{
	struct tm tm;

	gmtime_r(&clock, &tm);
	tm.tm_isdst = -1;
	return mktime(&tm);
}

/*
 * A clock's reading as time: UTC's, or the host's. The host is asked once an hour of the clock's, whose first and last
 * second tell whether the zone's offset changes in it, and anew when the hour that it is has passed.
 */
static time_t from_clock(time_t clock, bool utc, time_t now)
{
	static struct {
		time_t hour, now, offset;
		bool have, even;
	} last;
	time_t hour = clock / 3600 - (clock % 3600 < 0), start = hour * 3600;

	if (utc)
		return clock;
	if (!last.have || last.hour != hour || last.now != now / 3600) {
		last.hour = hour;
		last.now = now / 3600;
		last.offset = local_time(start) - start;
		last.even = local_time(start + 3599) - start - 3599 == last.offset;
		last.have = true;
	}
	return last.even ? clock + last.offset : local_time(clock);
}

/* The same day and time a year before; false where it is February 29th. */
static bool year_before(time_t clock, const struct date_parts *p, time_t *ret)
{
	struct date_parts before = *p;
	struct tm tm;

	gmtime_r(&clock, &tm);
	before.year = p->year - 1;
	before.hour = tm.tm_hour;
	before.minute = tm.tm_min;
	before.second = tm.tm_sec;
	if (!is_date(&before))
		return false;
	*ret = as_clock(&before);
	return true;
}

bool date_from_parts(const struct date_parts *parts, const struct date_now *now, double *ret)
{
	struct date_parts p = *parts;
	time_t clock, here;
	const struct tm *local = local_now((time_t)now->time, &here);
	bool this_year, today;

	this_year = p.year < 0;
	if (this_year)
		p.year = local->tm_year + 1900;
	if ((p.month < 0 || p.day < 0) && p.yearday < 0 && p.week >= 0 && p.weekday >= 0)
		p.yearday = yearday_of_week(&p);
	if ((p.month < 0 || p.day < 0) && p.yearday >= 0)
		set_day_of_year(&p);
	today = p.month < 0 && p.day < 0;
	if (today) {
		p.month = local->tm_mon + 1;
		p.day = local->tm_mday;
	}
	if (!is_date(&p))
		return false;
	clock = as_clock(&p);
	if (!p.has_zone && now->zone) {
		p.has_zone = true;
		p.zone = *now->zone;
	}
	clock -= p.has_zone ? (time_t)p.zone * 60 : 0;
	/* Only a time of day, and it is still to come: yesterday's, around midnight. */
	if (today && clock > here)
		clock -= DAY;
	/* Without a year, and more than a day ahead (zones): last year's. */
	if (this_year && clock > here + DAY && !year_before(clock, &p, &clock))
		return false;
	*ret = (double)from_clock(clock, p.has_zone, (time_t)now->time);
	return true;
}

bool date_from_fields(const struct dict *fields, const struct date_now *now, double *ret)
{
	struct date_parts p = { 0 };

	return read_parts(fields, &p) && date_from_parts(&p, now, ret);
}
