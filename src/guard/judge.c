// SPDX-License-Identifier: MIT
/* judge.c - see judge.h. */
#include "guard/judge.h"

#include <string.h>

#define SOURCES_MOST ((size_t)1 << 20)
#define LINES_KEPT   ((size_t)8 << 20) /* bytes */
#define LINES_TOLD   5

struct judge {
	struct orders *orders;
	struct judge_mode mode;
	struct matcher *matcher;
	struct window *window;
	struct judge_counts counts;
	uint64_t *only; /* by jail: scratch */
	double last;	/* by_log: the last time that a line had */
};

static struct window *new_window(const struct orders *orders)
{
	CLEANUP_FREE struct window_rule *rule = xcalloc(orders->count + 1, sizeof(*rule));

	for (size_t i = 0; i < orders->count; i++)
		rule[i] = (struct window_rule){ orders->item[i].find_time,
						orders->item[i].max_retry };
	return window_new(rule, orders->count, (struct window_limits){ SOURCES_MOST, LINES_KEPT });
}

struct judge *judge_new(struct orders *orders, struct judge_mode mode)
{
	struct matcher_mode matching = { .last_decade = mode.last_decade,
					 .looking_back = mode.by_log };
	struct judge *j = xcalloc(1, sizeof(*j));

	j->orders = orders;
	j->mode = mode;
	j->matcher = matcher_new(&orders->jails, matching, &orders->folder);
	j->window = new_window(orders);
	j->only = xcalloc(orders->jails.count / 64 + 1, sizeof(*j->only));
	return j;
}

void judge_free(struct judge *j)
{
	if (!j)
		return;
	matcher_free(j->matcher);
	window_free(j->window);
	free(j->only);
	free(j);
}

size_t judge_add_source(struct judge *j, const size_t *order, size_t count)
{
	CLEANUP_FREE size_t *jail = xcalloc(count + 1, sizeof(*jail));

	for (size_t i = 0; i < count; i++)
		jail[i] = j->orders->item[order[i]].jail;
	return matcher_add_source(j->matcher, jail, count);
}

static const struct order *order_of_jail(const struct judge *j, size_t jail, size_t *ret_number)
{
	for (size_t i = 0; i < j->orders->count; i++) {
		if (j->orders->item[i].jail != jail)
			continue;
		*ret_number = i;
		return &j->orders->item[i];
	}
	return NULL;
}

void judge_count(struct judge *j, const struct judged *f, double now, const char *line, size_t len)
{
	CLEANUP_STRV struct strv lines = { 0 };
	struct window_state state = { 0 };
	char id[WHO_TEXT];
	struct window_failure failure = { .jail = f->order,
					  .id = who_text(&f->who, id),
					  .time = f->time,
					  .count = f->count,
					  .line = line,
					  .len = len };

	if (!window_add(j->window, &failure, now, &state))
		return;
	window_lines(j->window, f->order, id, LINES_TOLD, &lines);
	j->mode.hears.due(j->mode.hears.arg, f, &state, &lines);
}

static double time_of(struct judge *j, const struct matcher_failure *f, double now)
{
	if (!j->mode.by_log)
		return f->has_time ? f->time : now;
	if (f->has_time)
		j->last = f->time;
	return j->last;
}

static void take_failure(struct judge *j, const struct matcher_failure *f,
			 const struct filter_line *line, double now)
{
	struct judged one = { .count = f->count ? f->count : 1 };
	const struct order *o = order_of_jail(j, f->jail, &one.order);
	struct prefix p;

	j->counts.matched++;
	if (!o || f->is_name || who_parse(f->id, &one.who) < 0) {
		j->counts.names++;
		return;
	}
	p = who_prefix(&one.who);
	if (order_ignores(o, &p)) {
		j->counts.ignored++;
		return;
	}
	one.time = time_of(j, f, now);
	if (j->mode.by_log)
		now = one.time;
	/* It counts for nothing any more, and a date may be of any year. */
	if (one.time < now - o->find_time)
		return;
	if (one.count > REQUEST_ATTEMPTS)
		one.count = REQUEST_ATTEMPTS;
	if (j->mode.hears.failed(j->mode.hears.arg, &one))
		judge_count(j, &one, now, line->text, line->len);
}

/* Bits of orders are not those of jails. */
static const uint64_t *jails_asking(struct judge *j, const uint64_t *orders)
{
	memset(j->only, 0, (j->orders->jails.count / 64 + 1) * sizeof(*j->only));
	for (size_t i = 0; i < j->orders->count; i++) {
		size_t jail = j->orders->item[i].jail;

		if (orders[i / 64] >> i % 64 & 1)
			j->only[jail / 64] |= UINT64_C(1) << jail % 64;
	}
	return j->only;
}

void judge_line(struct judge *j, const struct judge_line *line, double now, double clock)
{
	struct matcher_line one = { .source = line->source, .line = line->line };
	struct matcher_result found = { 0 };

	if (line->only)
		one.only = jails_asking(j, line->only);
	matcher_line(j->matcher, &one, now, clock, &found);
	j->counts.lines++;
	j->counts.too_long += found.too_long;
	j->counts.gave_up += found.gave_up;
	for (size_t i = 0; i < found.count; i++)
		take_failure(j, &found.failure[i], &line->line, now);
}

void judge_forget(struct judge *j, const struct who *who)
{
	char id[WHO_TEXT];

	who_text(who, id);
	for (size_t i = 0; i < j->orders->count; i++)
		window_forget(j->window, i, id);
}

const struct judge_counts *judge_counts(const struct judge *j)
{
	return &j->counts;
}

const struct window *judge_window(const struct judge *j)
{
	return j->window;
}
