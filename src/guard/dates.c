// SPDX-License-Identifier: MIT
/* dates.c - see dates.h. */
#include "guard/dates.h"

#include <math.h>
#include <string.h>
#include <time.h>

#define FRESH 60 /* seconds for which the last line's time is good for one without */

struct dates {
	struct dates_form form;
	int zone;
	struct date_detector *detector;
	/* For lines without a date of their own. */
	bool has_last;
	double last_time;
	struct str last_date;
};

void dates_free(struct dates *d)
{
	if (!d)
		return;
	date_detector_free(d->detector);
	str_done(&d->last_date);
	free(d);
}

int dates_new(const struct dates_form *form, struct dates **ret, struct err *e)
{
	struct dates *d = xcalloc(1, sizeof(*d));
	int r = 0;

	if (!form->none)
		r = date_detector_new(form->patterns, form->last_decade, &d->detector, e);
	if (r < 0) {
		dates_free(d);
		return r;
	}
	d->form = *form;
	d->form.patterns = NULL;
	if (form->zone) {
		d->zone = *form->zone;
		d->form.zone = &d->zone;
	}
	*ret = d;
	return 0;
}

void dates_warm(struct dates *d)
{
	/* The zone is read here, too. */
	tzset();
	if (d->detector)
		date_detector_warm(d->detector);
}

static void keep_last(struct dates *d, const char *date, size_t len, double time)
{
	if (d->form.texts) {
		str_clear(&d->last_date);
		str_add_bytes(&d->last_date, date, len);
	}
	d->last_time = time;
	d->has_last = true;
}

/* No time in this line: the last one's, while that is fresh. */
static bool use_last(const struct dates *d, double now, struct date_cut *ret)
{
	if (!d->has_last || d->last_time <= now - FRESH)
		return false;
	*ret = (struct date_cut){ .date = d->last_date.len ? d->last_date.text : "",
				  .len = d->last_date.len,
				  .has_time = true,
				  .time = d->last_time };
	return true;
}

/* fail2ban's "in operation": what is written now happened now, whatever its date says. */
static void make_live(struct dates *d, double now, struct date_cut *ret)
{
	if (ret->has_time && fabs(trunc(ret->time - now)) <= 60)
		return;
	ret->has_time = true;
	ret->time = d->last_time = now;
	d->has_last = true;
}

/* Where the line has no time of its own. */
static void fall_back(struct dates *d, const struct dates_clock *clock, struct date_cut *ret)
{
	if (!ret->has_time && !use_last(d, clock->now, ret) && !d->form.looking_back) {
		ret->has_time = true;
		ret->time = clock->now;
	}
	if (clock->live)
		make_live(d, clock->now, ret);
}

void dates_find(struct dates *d, struct line *line, const struct dates_clock *clock,
		struct date_cut *ret)
{
	struct date_now at = { clock->now, d->form.last_decade, d->form.zone,
			       d->form.plain ? NULL : &line->date };
	struct span in = { line->text, line->len, 0, line->ascii && !d->form.plain };
	struct date_found found = { 0 };
	double now = clock->now;

	*ret = (struct date_cut){ .date = "" };
	if (d->detector && date_detector_find(d->detector, &in, &at, clock->clock, &found)) {
		*ret = (struct date_cut){ found.start,
					  found.end,
					  line->text + found.start,
					  found.end - found.start,
					  found.has_time,
					  found.time };
		if (found.has_time)
			keep_last(d, ret->date, ret->len, found.time);
		else if (found.start == found.end && !use_last(d, now, ret)) {
			ret->has_time = true;
			ret->time = now;
		}
	}
	fall_back(d, clock, ret);
}

bool dates_never(struct dates *d, struct line *line, const struct dates_clock *clock)
{
	struct date_now at = { clock->now, d->form.last_decade, d->form.zone, &line->date };
	struct span in = { line->text, line->len, 0, line->ascii };
	struct date_cut cut = { 0 };

	if (d->form.plain || !d->detector || !date_detector_never(d->detector, &in, &at))
		return false;
	if (clock->live)
		fall_back(d, clock, &cut);
	return true;
}

void dates_told(struct dates *d, double time, const struct dates_clock *clock, struct date_cut *ret)
{
	*ret = (struct date_cut){ .date = "", .has_time = true, .time = time };
	keep_last(d, "", 0, time);
	if (clock->live)
		make_live(d, clock->now, ret);
}

enum date_fast dates_fast(const struct dates *d)
{
	return d->detector && !d->form.plain ? date_detector_fast(d->detector) : DATE_FAST_NONE;
}

bool dates_begins(const struct dates_form *form, struct line *line, const struct dates_clock *clock,
		  struct date_streak *ret)
{
	struct span in = { line->text, line->len, 0, true };
	struct date_now at = { clock->now, form->last_decade, NULL, &line->date };
	double time;

	ret->form = DATE_FAST_NONE;
	if (!line->ascii || form->plain ||
	    date_fast_look(&line->date, &in, form->last_decade) == DATE_FAST_NONE ||
	    !date_fast_time(&line->date, &in, &at, &time) || memcmp(line->text, "Feb 29", 6) == 0 ||
	    memcmp(line->text + 4, "-02-29", 6) == 0)
		return false;
	ret->form = line->date.form;
	ret->end = line->date.end;
	memcpy(ret->text, line->text, ret->end + 1);
	ret->clock = clock->clock;
	ret->now = clock->now;
	ret->live = clock->live;
	return true;
}

static double time_of(const struct dates *d, const struct date_streak *s)
{
	struct date_now at = { s->now, d->form.last_decade, d->form.zone, NULL };
	double time = s->now;

	date_fast_time_of(s->form, s->text, s->end, &at, &time);
	return time;
}

void dates_cut_of(const struct dates *d, const struct date_streak *s, const struct line *line,
		  struct date_cut *ret)
{
	const struct date_seen *seen = &line->date;
	bool known = !d->form.zone && seen->len == s->end && seen->now == s->now &&
		     memcmp(seen->text, s->text, s->end) == 0;

	*ret = (struct date_cut){ .end = s->end,
				  .date = line->text,
				  .len = s->end,
				  .has_time = true,
				  .time = known ? seen->time : time_of(d, s) };
	if (s->live && fabs(trunc(ret->time - s->now)) > 60)
		ret->time = s->now;
}

void dates_note(struct dates *d, const struct date_streak *s, unsigned long lines)
{
	struct date_cut cut = { .has_time = true, .time = time_of(d, s) };

	date_detector_note(d->detector, s, lines);
	keep_last(d, s->text, s->end, cut.time);
	if (s->live)
		make_live(d, s->now, &cut);
}
