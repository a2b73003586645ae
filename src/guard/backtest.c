// SPDX-License-Identifier: MIT
/* backtest.c - see backtest.h. */
#include "guard/backtest.h"

#include <math.h>
#include <string.h>

#include "guard/hash.h"
#include "guard/judge.h"
#include "guard/never.h"

#define NONE SIZE_MAX

/* What is known of one source, beside what the judge counts. */
struct source {
	struct who who; /* family 0: an empty place */
	size_t last;	/* of its bans; NONE */
	unsigned bans;
	double until; /* it is out */
	double login;
	char *user;
};

struct ban {
	struct backtest_ban told;
	size_t before; /* of the same source; NONE */
};

struct backtest {
	struct orders *orders;
	struct judge *judge;
	struct never never;
	struct strv *match; /* of each order: what it wants of the journal */
	struct conf_folder own;
	struct filter *logins;
	double since, now, clock;
	struct source *source; /* by hash, the next where that is taken */
	size_t sources, room;
	struct ban *ban;
	size_t bans, ban_room;
	struct backtest_ban *told; /* the result */
	struct backtest_sum sum;
	struct str line; /* scratch */
};

/* --- sources ------------------------------------------------------------------------------------------------ */

static struct source *place_of(struct source *list, size_t room, const struct who *who)
{
	size_t at = hash_bytes(who, sizeof(*who)) & (room - 1);

	while (list[at].who.family && memcmp(&list[at].who, who, sizeof(*who)) != 0)
		at = (at + 1) & (room - 1);
	return &list[at];
}

static void grow(struct backtest *b)
{
	size_t room = b->room ? 2 * b->room : 256;
	struct source *list = xcalloc(room, sizeof(*list));

	for (size_t i = 0; i < b->room; i++)
		if (b->source[i].who.family)
			*place_of(list, room, &b->source[i].who) = b->source[i];
	free(b->source);
	b->source = list;
	b->room = room;
}

static struct source *find_source(struct backtest *b, const struct who *who)
{
	struct source *s = b->room ? place_of(b->source, b->room, who) : NULL;

	return s && s->who.family ? s : NULL;
}

/* NULL: there are too many. */
static struct source *get_source(struct backtest *b, const struct who *who)
{
	struct source *s = find_source(b, who);

	if (s || b->sources == BACKTEST_SOURCES)
		return s;
	if (2 * b->sources >= b->room)
		grow(b);
	s = place_of(b->source, b->room, who);
	*s = (struct source){ .who = *who, .last = NONE };
	b->sources++;
	return s;
}

/* --- bans --------------------------------------------------------------------------------------------------- */

static void note_time(struct backtest *b, double time)
{
	if (b->sum.from == 0 || time < b->sum.from)
		b->sum.from = time;
	if (time > b->sum.to)
		b->sum.to = time;
	if (time > b->clock)
		b->clock = time;
}

static bool on_failure(void *arg, const struct judged *f)
{
	struct backtest *b = arg;
	struct source *s;

	if (f->time < b->since)
		return false;
	note_time(b, f->time);
	b->sum.failures += f->count;
	s = find_source(b, &f->who);
	if (!s || s->last == NONE || f->time >= s->until)
		return true;
	b->sum.kept_out += f->count;
	b->ban[s->last].told.kept_out += f->count;
	return false;
}

/* As the store does: how often it was banned, by that jail or by all, and how long the last time. */
static uint64_t seconds_for(const struct backtest *b, const struct source *s, size_t number)
{
	const struct order *o = &b->orders->item[number];
	unsigned before = 0;
	double last = 0;

	for (size_t i = o->more.on ? s->last : NONE; i != NONE; i = b->ban[i].before) {
		const struct backtest_ban *ban = &b->ban[i].told;

		if (ban->never || (!o->more.over_all_jails && ban->order != number))
			continue;
		if (before++ == 0)
			last = (double)ban->seconds;
	}
	return order_seconds(o, before, last, 0);
}

static void add_ban(struct backtest *b, struct source *s, const struct backtest_ban *told)
{
	if (b->bans == b->ban_room) {
		b->ban_room = 2 * b->ban_room + 64;
		b->ban = xrealloc(b->ban, b->ban_room, sizeof(*b->ban));
	}
	b->ban[b->bans] = (struct ban){ *told, s->last };
	s->last = b->bans++;
	s->bans++;
}

static void on_due(void *arg, const struct judged *last, const struct window_state *state,
		   const struct strv *lines)
{
	struct backtest *b = arg;
	const struct prefix p = who_prefix(&last->who);
	struct backtest_ban ban = { .who = last->who,
				    .order = last->order,
				    .time = last->time,
				    .attempts = state->attempts,
				    .never = never_why(&b->never, &p, b->clock) };
	struct source *s = get_source(b, &last->who);

	/* Of one that is never banned once is enough. */
	if (s && ban.never && s->last != NONE)
		return;
	if (!s || b->bans == BACKTEST_BANS) {
		b->sum.not_told++;
		return;
	}
	ban.seconds = seconds_for(b, s, last->order);
	ban.lines = strv_join(lines, "\n");
	str_make_clean(ban.lines);
	if (!ban.never)
		s->until = ban.seconds ? last->time + (double)ban.seconds : INFINITY;
	add_ban(b, s, &ban);
}

/* --- logins ------------------------------------------------------------------------------------------------- */

static const char *user_of(const struct found *f)
{
	const char *user = dict_get(&f->failure.group, "user");

	return user ? user : "";
}

static void look_for_login(struct backtest *b, const struct filter_line *line)
{
	struct filter_result r;
	struct source *s;
	struct who who;

	filter_look(b->logins, line, b->now, b->clock, &r);
	for (size_t i = 0; i < r.count; i++) {
		const struct found *f = &r.found[i];

		if (!f->id || !f->has_time || f->time < b->since || who_parse(f->id, &who) < 0)
			continue;
		note_time(b, f->time);
		s = get_source(b, &who);
		if (!s || s->user)
			continue;
		s->login = f->time;
		s->user = xstrdup(user_of(f));
		str_make_clean(s->user);
	}
}

/* --- in ----------------------------------------------------------------------------------------------------- */

void backtest_line(struct backtest *b, const char *text, size_t len)
{
	struct judge_line line = { .source = 0, .line = { text, len, false, 0, false } };

	judge_line(b->judge, &line, b->now, b->clock);
	look_for_login(b, &line.line);
}

void backtest_entry(struct backtest *b, const struct journal_entry *entry)
{
	uint64_t only[REQUEST_JAIL_WORDS] = { 0 };
	double time = journal_time(entry);
	struct judge_line line = { .source = 1, .only = only };
	bool wanted = false;

	for (size_t i = 0; i < b->orders->count; i++) {
		if (!b->orders->item[i].journal || !journal_matches(entry, &b->match[i]))
			continue;
		only[i / 64] |= UINT64_C(1) << i % 64;
		wanted = true;
	}
	str_clear(&b->line);
	journal_line(entry, &b->line);
	line.line = (struct filter_line){ b->line.text ? b->line.text : "", b->line.len, time >= 0,
					  time, false };
	if (time > b->clock)
		b->clock = time;
	if (wanted)
		judge_line(b->judge, &line, b->now, b->clock);
	look_for_login(b, &line.line);
}

/* --- out ---------------------------------------------------------------------------------------------------- */

bool backtest_is_own(const struct backtest_ban *ban)
{
	return ban->user || ban->never;
}

const struct backtest_ban *backtest_bans(struct backtest *b, size_t *ret_count)
{
	free(b->told);
	b->told = xcalloc(b->bans + 1, sizeof(*b->told));
	for (size_t i = 0; i < b->bans; i++) {
		const struct source *s = find_source(b, &b->ban[i].told.who);

		b->told[i] = b->ban[i].told;
		b->told[i].login = s->login;
		b->told[i].user = s->user;
	}
	*ret_count = b->bans;
	return b->told;
}

struct backtest_sum backtest_sum(struct backtest *b)
{
	const struct judge_counts *c = judge_counts(b->judge);
	struct backtest_sum sum = b->sum;
	size_t count;
	const struct backtest_ban *ban = backtest_bans(b, &count);

	sum.lines = c->lines;
	sum.too_long = c->too_long;
	sum.gave_up = c->gave_up;
	for (size_t i = 0; i < count; i++) {
		sum.bans += !ban[i].never;
		sum.spared += ban[i].never != NULL;
		sum.own += backtest_is_own(&ban[i]);
	}
	return sum;
}

/* --- life --------------------------------------------------------------------------------------------------- */

static int make_logins(struct backtest *b, int last_decade, struct err *e)
{
	const struct filter_mode mode = { .looking_back = true, .last_decade = last_decade };
	struct settings s = { 0 };
	int r;

	b->own.path = xstrdup(CONF_BUILT_IN);
	r = filter_read(&b->own, "logins", NULL, &s, e);
	if (r == 0)
		r = filter_new(&s, mode, &b->own, &b->logins, e);
	settings_done(&s);
	return r;
}

/* Source 0 is a log for all, 1 the journal. */
static void add_sources(struct backtest *b)
{
	CLEANUP_FREE size_t *order = xcalloc(b->orders->count + 1, sizeof(*order));
	size_t count = 0;

	b->match = xcalloc(b->orders->count + 1, sizeof(*b->match));
	for (size_t i = 0; i < b->orders->count; i++) {
		order[i] = i;
		journal_words(&b->orders->item[i].match, &b->match[i]);
	}
	judge_add_source(b->judge, order, b->orders->count);
	for (size_t i = 0; i < b->orders->count; i++)
		if (b->orders->item[i].journal)
			order[count++] = i;
	judge_add_source(b->judge, order, count);
}

int backtest_new(struct os *os, struct orders *orders, struct backtest_times times,
		 struct backtest **ret, struct err *e)
{
	struct backtest *b = xcalloc(1, sizeof(*b));
	struct judge_mode mode = { .by_log = true, .hears = { b, on_failure, on_due } };

	b->orders = orders;
	b->own.os = os;
	b->since = times.since;
	b->now = times.now;
	mode.last_decade = date_last_decade((int64_t)(times.now * 1e9));
	b->judge = judge_new(orders, mode);
	add_sources(b);
	never_init(&b->never, os, orders);
	never_ask_kannuki(&b->never);
	if (make_logins(b, mode.last_decade, e) < 0) {
		backtest_free(b);
		return -1;
	}
	*ret = b;
	return 0;
}

void backtest_free(struct backtest *b)
{
	if (!b)
		return;
	for (size_t i = 0; i < b->bans; i++)
		free(b->ban[i].told.lines);
	for (size_t i = 0; i < b->room; i++)
		free(b->source[i].user);
	for (size_t i = 0; i < b->orders->count; i++)
		strv_done(&b->match[i]);
	free(b->match);
	free(b->ban);
	free(b->source);
	free(b->told);
	judge_free(b->judge);
	filter_free(b->logins);
	never_done(&b->never);
	conf_folder_done(&b->own);
	str_done(&b->line);
	free(b);
}
