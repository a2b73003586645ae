// SPDX-License-Identifier: MIT
/*
 * matcher.c - see matcher.h.
 *
 * Of a line is done once: making it ready, one look for the words of all expressions (scan.h), and a date for each way of
 * looking for dates. What is done for a jail is only what its words ask for.
 */
#include "guard/matcher.h"

#include <string.h>

#include "base/i18n.h"
#include "guard/filter_core.h"

/* Jails that find the same dates in the same lines. */
struct when {
	const struct filter *first; /* whose form of dates it is */
	char *key;		    /* the sources that they have */
	size_t *source, sources;
	struct dates *dates;
	uint64_t line;	/* the one that the cut is of */
	uint64_t never; /* the last one that has no date of its */
	struct date_cut cut;
	/* Lines of this form are noted later; so many of its sources' streaks were. */
	enum date_fast fast;
	unsigned long noted;
};

struct source {
	size_t *jail;
	size_t count;
	uint64_t *set; /* the same as bits */
	size_t *when;  /* that find its dates */
	size_t whens;
	/* The last line began as the one before did. */
	struct date_streak streak;
	uint64_t last;	     /* the line that the streak ended with so far */
	unsigned long lines; /* of streaks, ever */
};

struct matcher {
	struct matcher_mode mode;
	struct filter **filter; /* by the jail's number; NULL: it has none */
	size_t filters, words;
	struct source *source;
	size_t sources;
	struct scan *scan;
	struct when *when;
	size_t whens;
	size_t *when_of;  /* by jail */
	uint64_t *always; /* jails that look at each line */
	/* Of the last line. */
	struct line line;
	uint64_t number;
	uint64_t *ask; /* the jails that look at it */
	struct matcher_failure *failure;
	size_t failures, room;
};

static void forget_whens(struct matcher *m)
{
	for (size_t i = 0; i < m->whens; i++) {
		dates_free(m->when[i].dates);
		free(m->when[i].key);
		free(m->when[i].source);
	}
	free(m->when);
	m->when = NULL;
	m->whens = 0;
}

void matcher_free(struct matcher *m)
{
	if (!m)
		return;
	forget_whens(m);
	for (size_t i = 0; i < m->filters; i++)
		filter_free(m->filter[i]);
	for (size_t i = 0; i < m->sources; i++) {
		free(m->source[i].jail);
		free(m->source[i].set);
		free(m->source[i].when);
	}
	free(m->filter);
	free(m->source);
	scan_free(m->scan);
	free(m->when_of);
	free(m->always);
	line_done(&m->line);
	free(m->ask);
	free(m->failure);
	free(m);
}

static bool has(const uint64_t *set, size_t i)
{
	return set[i / 64] >> i % 64 & 1;
}

static void put(uint64_t *set, size_t i)
{
	set[i / 64] |= (uint64_t)1 << i % 64;
}

/* One look for the words of all; a jail whose expressions have none, or that joins lines, looks at each line. */
static void make_scan(struct matcher *m)
{
	m->scan = scan_new(m->filters);
	for (size_t i = 0; i < m->filters; i++) {
		const struct filter *f = m->filter[i];

		if (!f)
			continue;
		filter_add_questions(f, m->scan, i);
		if (m->mode.plain || f->max_lines > 1 ||
		    filter_may_fail(f, scan_questions(m->scan, i)))
			put(m->always, i);
	}
	scan_finish(m->scan);
}

struct matcher *matcher_new(struct jails *jails, struct matcher_mode mode,
			    struct conf_folder *folder)
{
	struct matcher *m = xcalloc(1, sizeof(*m));
	struct filter_mode how = { .looking_back = mode.looking_back,
				   .last_decade = mode.last_decade,
				   .plain = mode.plain };

	m->mode = mode;
	m->filters = jails->count;
	m->words = jails->count / 64 + 1;
	m->filter = xcalloc(jails->count + 1, sizeof(void *));
	m->when_of = xcalloc(jails->count + 1, sizeof(*m->when_of));
	m->always = xcalloc(m->words, sizeof(*m->always));
	m->ask = xcalloc(m->words, sizeof(*m->ask));
	for (size_t i = 0; i < jails->count; i++) {
		struct jail *jail = &jails->item[i];
		struct err e = { 0 };

		if (!jail->enabled || jail->wrong || jail->unusable)
			continue;
		/* What is wrong with which expression is a problem of the folder already. */
		if (filter_new(&jail->setting, how, folder, &m->filter[i], &e) < 0)
			jail->unusable = true;
		else
			filter_warm(m->filter[i]);
	}
	make_scan(m);
	return m;
}

static bool same_form(const struct filter *a, const struct filter *b)
{
	return str_eq(a->date_patterns, b->date_patterns) && a->has_zone == b->has_zone &&
	       (!a->has_zone || a->zone == b->zone) && (a->max_lines > 1) == (b->max_lines > 1);
}

static char *sources_of(const struct matcher *m, size_t jail)
{
	CLEANUP_STR struct str key = { 0 };

	for (size_t i = 0; i < m->sources; i++)
		if (has(m->source[i].set, jail))
			str_addf(&key, "%zu ", i);
	return str_take(&key);
}

static void tie(struct matcher *m, struct when *w, size_t jail)
{
	for (size_t i = 0; i < m->sources; i++) {
		struct source *s = &m->source[i];

		if (!has(s->set, jail))
			continue;
		s->when = xrealloc(s->when, s->whens + 1, sizeof(*s->when));
		s->when[s->whens++] = (size_t)(w - m->when);
		w->source = xrealloc(w->source, w->sources + 1, sizeof(*w->source));
		w->source[w->sources++] = i;
		w->noted += s->lines;
	}
}

/* The one that finds dates for the jail. */
static size_t find_when(struct matcher *m, size_t jail)
{
	const struct filter *f = m->filter[jail];
	CLEANUP_FREE char *key = sources_of(m, jail);
	struct err e = { 0 };
	struct when *w;

	for (size_t i = 0; i < m->whens; i++)
		if (same_form(m->when[i].first, f) && strcmp(m->when[i].key, key) == 0)
			return i;
	m->when = xrealloc(m->when, m->whens + 1, sizeof(*m->when));
	w = &m->when[m->whens];
	*w = (struct when){ .first = f, .key = TAKE(key) };
	/* Its patterns were tried when the filter was made. */
	if (filter_make_dates(f, &w->dates, &e) < 0)
		abort();
	tie(m, w, jail);
	return m->whens++;
}

/* After sources came: who looks for dates together. */
static void share_dates(struct matcher *m)
{
	forget_whens(m);
	for (size_t i = 0; i < m->sources; i++)
		m->source[i].whens = 0;
	for (size_t i = 0; i < m->filters; i++)
		if (m->filter[i])
			m->when_of[i] = find_when(m, i);
}

size_t matcher_add_source(struct matcher *m, const size_t *jail, size_t count)
{
	struct source *s;

	m->source = xrealloc(m->source, m->sources + 1, sizeof(*m->source));
	s = &m->source[m->sources];
	*s = (struct source){ .jail = xcalloc(count + 1, sizeof(*s->jail)),
			      .set = xcalloc(m->words, sizeof(*s->set)) };
	for (size_t i = 0; i < count; i++) {
		if (jail[i] >= m->filters || !m->filter[jail[i]] || has(s->set, jail[i]))
			continue;
		s->jail[s->count++] = jail[i];
		put(s->set, jail[i]);
	}
	m->sources++;
	share_dates(m);
	return m->sources - 1;
}

/* Lines of streaks that it has not noted yet. */
static void note(struct matcher *m, struct when *w)
{
	const struct source *last = NULL;
	unsigned long lines = 0;

	for (size_t i = 0; i < w->sources; i++) {
		const struct source *s = &m->source[w->source[i]];

		lines += s->lines;
		if (s->streak.form == w->fast && (!last || s->last > last->last))
			last = s;
	}
	if (lines == w->noted || !last)
		return;
	dates_note(w->dates, &last->streak, lines - w->noted);
	w->noted = lines;
}

static void find_date(struct matcher *m, struct when *w, const struct filter_line *line,
		      const struct dates_clock *at)
{
	if (w->line == m->number)
		return;
	note(m, w);
	w->line = m->number;
	if (line->dated) {
		dates_told(w->dates, line->time, at, &w->cut);
		return;
	}
	dates_find(w->dates, &m->line, at, &w->cut);
	w->fast = dates_fast(w->dates);
	if (!m->line.odd && !m->mode.plain)
		filter_scan_seam(m->scan, &m->line, &w->cut);
}

/* Then who asks is told; mostly nobody does. */
static bool has_no_date(struct matcher *m, struct when *w, const struct filter_line *line,
			const struct dates_clock *at)
{
	if (line->dated || m->mode.plain || !dates_never(w->dates, &m->line, at))
		return false;
	/* Before the streak becomes another. */
	if (w->fast != DATE_FAST_NONE)
		note(m, w);
	w->never = m->number;
	return true;
}

/* All look for the date that cannot leave it for later. */
static void find_dates(struct matcher *m, struct source *s, const struct matcher_line *line,
		       const struct dates_clock *at)
{
	struct dates_form form = { .last_decade = m->mode.last_decade, .plain = m->mode.plain };
	struct date_streak now;
	bool begins = !line->only && !line->line.dated && dates_begins(&form, &m->line, at, &now);

	if (line->only) {
		for (size_t i = 0; i < s->count; i++)
			if (has(line->only, s->jail[i]))
				find_date(m, &m->when[m->when_of[s->jail[i]]], &line->line, at);
		return;
	}
	for (size_t i = 0; i < s->whens; i++) {
		struct when *w = &m->when[s->when[i]];

		if (begins && w->fast == now.form)
			continue;
		if (!has_no_date(m, w, &line->line, at))
			find_date(m, w, &line->line, at);
		/* Who has looked has noted it. */
		w->noted += begins;
	}
	if (!begins)
		return;
	s->streak = now;
	s->last = m->number;
	s->lines++;
}

static const struct date_cut *cut_for(struct matcher *m, const struct source *s, size_t jail,
				      const struct matcher_line *line, const struct dates_clock *at)
{
	struct when *w = &m->when[m->when_of[jail]];

	if (w->never == m->number)
		find_date(m, w, &line->line, at);
	else if (w->line != m->number)
		dates_cut_of(w->dates, &s->streak, &m->line, &w->cut);
	return &w->cut;
}

static void choose(struct matcher *m, const struct source *s, const uint64_t *only)
{
	const uint32_t *found;
	size_t count = scan_found(m->scan, &found);

	for (size_t i = 0; i < m->words; i++)
		m->ask[i] = m->always[i];
	for (size_t i = 0; i < count; i++)
		if (filter_may_fail(m->filter[found[i]], scan_questions(m->scan, found[i])))
			put(m->ask, found[i]);
	for (size_t i = 0; i < m->words; i++)
		m->ask[i] &= s->set[i] & (only ? only[i] : UINT64_MAX);
}

static void add_failure(struct matcher *m, size_t jail, const struct found *found, double now)
{
	if (m->failures == m->room) {
		m->room = 2 * m->room + 8;
		m->failure = xrealloc(m->failure, m->room, sizeof(*m->failure));
	}
	m->failure[m->failures++] = (struct matcher_failure){
		.jail = jail,
		.regex = found->regex,
		.id = found->id,
		.is_name = found->is_name,
		.has_time = found->has_time,
		.time = found->time > now ? now : found->time,
		.count = 1,
		.more = &found->failure,
	};
}

static void run(struct matcher *m, const struct pass *all, size_t jail, double now,
		struct matcher_result *ret)
{
	struct filter_result r = { 0 };
	struct pass p = *all;

	p.f = m->filter[jail];
	p.ret = &r;
	p.ask = m->mode.plain ? NULL : scan_questions(m->scan, jail);
	filter_run(&p);
	ret->gave_up += r.gave_up;
	for (size_t i = 0; i < r.count; i++)
		if (r.found[i].id && !r.found[i].harmless)
			add_failure(m, jail, &r.found[i], now);
}

void matcher_line(struct matcher *m, const struct matcher_line *line, double now, double clock,
		  struct matcher_result *ret)
{
	struct source *s = &m->source[line->source];
	struct dates_clock at = { now, clock, line->line.live };
	struct pass p = { .line = &m->line, .clock = clock };

	*ret = (struct matcher_result){ .too_long = line->line.len > FILTER_LINE_MAX };
	m->failures = 0;
	if (ret->too_long)
		return;
	m->number++;
	line_set(&m->line, line->line.text, line->line.len);
	if (m->line.odd || m->mode.plain)
		scan_all(m->scan);
	else
		scan_line(m->scan, m->line.folded, m->line.len);
	find_dates(m, s, line, &at);
	choose(m, s, line->only);
	for (size_t i = 0; i < m->words; i++)
		for (uint64_t left = m->ask[i]; left; left &= left - 1) {
			size_t jail = i * 64 + (size_t)__builtin_ctzll(left);

			p.date = cut_for(m, s, jail, line, &at);
			run(m, &p, jail, now, ret);
		}
	ret->failure = m->failure;
	ret->count = m->failures;
}

const struct filter *matcher_filter(const struct matcher *m, size_t jail)
{
	return jail < m->filters ? m->filter[jail] : NULL;
}
