// SPDX-License-Identifier: MIT
/* date_detector.c - see date_detector.h. */
#include "guard/date_detector.h"

#include <ctype.h>
#include <string.h>

#include "guard/date_forms.h"
#include "guard/utf8.h"

#define NOWHERE	     ((size_t)-1)
#define UNUSED_AFTER 300 /* seconds after which a form gives way to another */

#define CACHED_MAX 64 /* bytes of a date */

/* The last date that was read: many lines are of one second. */
struct cached {
	const char *pattern; /* of its form */
	size_t len;
	char text[CACHED_MAX];
	double now;
	bool has_time;
	double time;
};

/* A character of the line, or nothing: what stood beside the last date. */
struct beside {
	uint32_t len;
	uint32_t bytes; /* as they are in memory, and zeros */
};

struct date_detector {
	struct date_forms *forms;
	struct date_form *form; /* of its own, with the templates of all */
	size_t count;
	size_t last;		/* the form that was found last, NOWHERE at first */
	unsigned long searches; /* so far */
	size_t first_unused;
	size_t start,
		end; /* where it was, in characters: lines differ in how many bytes those have */
	struct beside before_start, at_start, before_end, at_end;
	struct cached cached;
};

void date_detector_free(struct date_detector *d)
{
	if (!d)
		return;
	date_forms_put(d->forms);
	free(d->form);
	free(d);
}

int date_detector_new(const char *patterns, int last_decade, struct date_detector **ret,
		      struct err *e)
{
	struct date_forms *f;
	struct date_detector *d;

	if (date_forms_get(patterns ? patterns : "", last_decade, &f, e) < 0)
		return -1;
	d = xcalloc(1, sizeof(*d));
	d->forms = f;
	d->form = xmemdup(f->form, f->count * sizeof(*f->form));
	d->count = f->count;
	d->last = NOWHERE;
	d->start = 1;
	d->end = 0x7fffffff;
	*ret = d;
	return 0;
}

void date_detector_warm(struct date_detector *d)
{
	for (size_t i = 0; i < d->count; i++)
		regex_warm(d->form[i].template.regex);
}

/* The character that begins at `at`, or that ends there. */
static struct beside char_at(const struct span *line, size_t at)
{
	struct beside b = { 0 };

	if (at >= line->len)
		return b;
	b.len = line->ascii ? 1 : (uint32_t)utf8_char(line->text + at, line->len - at);
	memcpy(&b.bytes, line->text + at, b.len);
	return b;
}

static struct beside char_before(const struct span *line, size_t at)
{
	struct beside none = { 0 };
	size_t start = at;

	if (at == 0 || at > line->len)
		return none;
	if (line->ascii)
		return char_at(line, at - 1);
	do
		start--;
	while (start > 0 && ((unsigned char)line->text[start] & 0xc0) == 0x80);
	return char_at(line, start);
}

static bool same(struct beside a, struct beside b)
{
	return a.len == b.len && a.bytes == b.bytes;
}

/* Neither letter nor digit: a boundary that other lines have at the same place. */
static bool is_mark(struct beside b)
{
	unsigned char first;

	memcpy(&first, &b.bytes, 1);
	return b.len == 0 || (b.len == 1 && !isalnum(first));
}

/* Where in the line the character of that number begins; beyond its end where it has not so many. */
static size_t byte_of(const struct span *line, size_t character)
{
	size_t at = 0;

	if (line->ascii)
		return character;
	for (; character > 0 && at < line->len; character--)
		at += utf8_char(line->text + at, line->len - at);
	return at + character;
}

static size_t characters(const struct span *line, size_t end)
{
	size_t n = 0;

	if (line->ascii)
		return end;
	for (size_t i = 0; i < end; i++)
		n += ((unsigned char)line->text[i] & 0xc0) != 0x80;
	return n;
}

struct hit {
	size_t form, start, end; /* in characters */
	struct span in;		 /* what was searched */
	unsigned long search;	 /* which search that was */
};

/* Of the whole line, also where only a part is searched: what is not in it is remembered. */
static bool may_have(const struct date_detector *d, size_t i, const struct span *line,
		     const struct date_now *now)
{
	const struct date_form *f = &d->form[i];

	if (!line->ascii || !now->seen)
		return true;
	return !(line->len > 0 && date_form_never(f, line->text[0])) &&
	       date_gate_open(&f->gate, now->seen, line);
}

static bool try_form(struct date_detector *d, size_t i, const struct span *in, struct hit *ret)
{
	const struct date_template *t = &d->form[i].template;
	size_t start, end;

	d->searches++;
	if (regex_search(t->regex, in) != REGEX_MATCH || !regex_bounds(t->regex, 0, &start, &end))
		return false;
	*ret = (struct hit){ i, characters(in, start), characters(in, end), *in, d->searches };
	return true;
}

/* Does the line have the same signs around these places as the last one had? */
static bool same_place(const struct date_detector *d, const struct span *line, size_t start,
		       size_t end)
{
	bool front = same(char_before(line, start), d->before_start) ||
		     (same(char_at(line, start), d->at_start) && is_mark(d->at_start));
	bool back = same(char_at(line, end), d->at_end) ||
		    (same(char_before(line, end), d->before_end) && is_mark(d->before_end));

	return front && back;
}

/* The last form first, where it was. *ret_skip: it needs no second try. True: that is the date;
 * else *ret_hit may hold a match to fall back to. */
static bool try_last(struct date_detector *d, const struct span *line, const struct date_now *now,
		     struct hit *ret_hit, size_t *ret_skip)
{
	const struct date_template *t = &d->form[d->last].template;
	bool anchored = t->at_line_begin || t->at_line_end, narrow;
	size_t start = byte_of(line, d->start), end = byte_of(line, d->end);
	struct span in = *line;

	narrow = !anchored && same_place(d, line, start, end);
	if (narrow) {
		in.from = start;
		in.len = end < line->len ? end : line->len;
	} else {
		*ret_skip = d->last;
	}
	if (!may_have(d, d->last, line, now) || !try_form(d, d->last, &in, ret_hit))
		return false;
	return d->count == 1 || anchored || (ret_hit->start == d->start && ret_hit->end == d->end);
}

/* The first form whose date is not further in the line than its last, or the one nearest to the begin. */
static bool try_all(struct date_detector *d, const struct span *line, const struct date_now *now,
		    size_t skip, struct hit *best)
{
	bool have = best->form != NOWHERE;

	for (size_t i = 0; i < d->count; i++) {
		const struct date_form *f = &d->form[i];
		struct hit hit;

		if (i == skip || !may_have(d, i, line, now) || !try_form(d, i, line, &hit))
			continue;
		if (i + 1 == d->count || f->template.at_line_begin || f->template.at_line_end ||
		    (hit.start <= f->distance && hit.start <= d->start)) {
			*best = hit;
			return true;
		}
		/* It may be of the message and not of the line: only if nothing else is found. */
		if (!have || hit.start < best->start)
			*best = hit;
		have = true;
	}
	return have;
}

static double weight_of(const struct date_form *f)
{
	return (double)f->hits * f->weight / (double)(f->distance > 1 ? f->distance : 1);
}

static bool may_pass(const struct date_form *mover, const struct date_form *there)
{
	return weight_of(mover) > weight_of(there) ||
	       mover->last_used - UNUSED_AFTER > there->last_used;
}

/* Moves a form that hits often towards the front; returns where it is then. */
static size_t move_up(struct date_detector *d, size_t from)
{
	size_t to = d->first_unused < from ? d->first_unused : from / 2;
	struct date_form moved = d->form[from];

	if (!may_pass(&moved, &d->form[to])) {
		if (to == from - 1)
			return from;
		to = from - 1;
		if (!may_pass(&moved, &d->form[to]))
			return from;
	}
	memmove(d->form + to + 1, d->form + to, (from - to) * sizeof(*d->form));
	d->form[to] = moved;
	while (d->first_unused < d->count && d->form[d->first_unused].hits)
		d->first_unused++;
	return to;
}

static void note_hit(struct date_detector *d, const struct span *line, const struct hit *hit,
		     double clock)
{
	struct date_form *f = &d->form[hit->form];
	size_t at = hit->form, start = byte_of(line, hit->start), end = byte_of(line, hit->end);

	f->hits++;
	f->last_used = clock;
	f->distance = hit->start;
	if (d->first_unused == at)
		d->first_unused++;
	d->start = hit->start;
	d->end = hit->end;
	d->before_start = char_before(line, start);
	d->at_start = char_at(line, start);
	d->before_end = char_before(line, end);
	d->at_end = char_at(line, end);
	if (at > 0 && at != d->last)
		at = move_up(d, at);
	d->last = at;
}

static bool is_cached(const struct cached *c, const struct date_form *f, const char *text,
		      size_t len, double now)
{
	return c->pattern == f->template.pattern && c->len == len && c->now == now &&
	       memcmp(c->text, text, len) == 0;
}

static void cache(struct date_detector *d, const struct date_form *f, const char *text, size_t len)
{
	d->cached.pattern = f->template.pattern;
	d->cached.len = len;
	memcpy(d->cached.text, text, len);
}

/* The time of what the form's expression found last in `in`. */
static bool time_of(struct date_detector *d, const struct date_form *f, const struct span *in,
		    const struct date_now *now, double *ret)
{
	size_t start, end;

	if (!now->seen || !f->bare || !regex_bounds(f->template.regex, 0, &start, &end) ||
	    end < start || end - start > CACHED_MAX)
		return date_template_time(&f->template, in, now, ret);
	if (!is_cached(&d->cached, f, in->text + start, end - start, now->time)) {
		cache(d, f, in->text + start, end - start);
		d->cached.now = now->time;
		d->cached.has_time = date_template_time(&f->template, in, now, &d->cached.time);
	}
	*ret = d->cached.time;
	return d->cached.has_time;
}

static struct beside beside_of(char c)
{
	struct beside b = { .len = 1 };

	memcpy(&b.bytes, &c, 1);
	return b;
}

enum date_fast date_detector_fast(const struct date_detector *d)
{
	return d->last < d->count ? d->form[d->last].fast : DATE_FAST_NONE;
}

/* As note_hit() of the last form, once for each line. */
void date_detector_note(struct date_detector *d, const struct date_streak *s, unsigned long lines)
{
	struct date_form *f = &d->form[d->last];

	f->hits += lines;
	f->last_used = s->clock;
	f->distance = 0;
	if (d->first_unused == d->last)
		d->first_unused++;
	d->start = 0;
	d->end = s->end;
	d->before_start = (struct beside){ 0 };
	d->at_start = beside_of(s->text[0]);
	d->before_end = beside_of(s->text[s->end - 1]);
	d->at_end = beside_of(s->text[s->end]);
}

/* The date has the form of the last one, begins the line, and can be read without its expression. */
static bool find_fast(struct date_detector *d, const struct span *line, const struct date_now *now,
		      double clock, struct date_found *ret)
{
	const struct date_form *f = &d->form[d->last];
	struct date_seen *s = now->seen;
	struct date_streak streak = { .clock = clock };

	if (f->fast == DATE_FAST_NONE || date_fast_look(s, line, d->forms->last_decade) != f->fast)
		return false;
	*ret = (struct date_found){ .end = s->end };
	ret->has_time = date_fast_time(s, line, now, &ret->time);
	streak.end = s->end;
	memcpy(streak.text, line->text, s->end + 1);
	date_detector_note(d, &streak, 1);
	return true;
}

bool date_detector_never(const struct date_detector *d, const struct span *line,
			 const struct date_now *now)
{
	return line->ascii && now->seen &&
	       ((line->len > 0 && date_forms_never(d->forms, line->text[0])) ||
		!date_gate_open(&d->forms->gate, now->seen, line));
}

bool date_detector_find(struct date_detector *d, const struct span *line,
			const struct date_now *now, double clock, struct date_found *ret)
{
	struct hit hit = { .form = NOWHERE };
	size_t skip = NOWHERE;
	const struct date_form *f;

	if (line->ascii && now->seen && d->last < d->count && find_fast(d, line, now, clock, ret))
		return true;
	if (date_detector_never(d, line, now))
		return false;
	if (!(d->last < d->count && try_last(d, line, now, &hit, &skip)) &&
	    !try_all(d, line, now, skip, &hit))
		return false;
	f = &d->form[hit.form];
	/* The groups are those of the last search, of whichever form. */
	if ((d->searches != hit.search &&
	     regex_search(f->template.regex, &hit.in) != REGEX_MATCH) ||
	    !regex_bounds(f->template.regex, 1, &ret->start, &ret->end))
		return false;
	ret->has_time = ret->end > ret->start && time_of(d, f, &hit.in, now, &ret->time);
	note_hit(d, line, &hit, clock);
	return true;
}
