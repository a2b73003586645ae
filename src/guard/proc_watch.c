// SPDX-License-Identifier: MIT
/*
 * proc_watch.c - the process that reads what strangers wrote: lines in, wishes to ban out. It has nothing but its
 * three channels.
 */
#include <string.h>

#include "base/i18n.h"
#include "guard/judge.h"
#include "guard/roles.h"

#define FAILURES_A_SECOND 1000 /* are remembered over a restart; more are only counted */
#define TELL_SECONDS	  1.0

struct watch {
	struct orders orders;
	struct judge *judge;
	struct party party;
	size_t sources_told;
	bool restored;
	bool counted; /* since the counts were told */
	double told_at, second;
	unsigned this_second;
	struct str tail;	 /* scratch */
	size_t bans[BANS_FORMS]; /* sources that nobody but the store speaks for */
	bool has_bans[BANS_FORMS];
};

/* As many sources as there are files, in their order, and the journal behind them. */
static void add_sources(struct watch *w)
{
	CLEANUP_FREE size_t *order = xcalloc(w->orders.count + 1, sizeof(*order));
	size_t count = 0;

	for (size_t i = 0; i < w->orders.sources; i++)
		judge_add_source(w->judge, w->orders.source[i].order, w->orders.source[i].orders);
	for (size_t i = 0; i < w->orders.count; i++)
		if (w->orders.item[i].journal)
			order[count++] = i;
	if (w->orders.journal)
		judge_add_source(w->judge, order, count);
	for (enum order_bans form = BANS_OWN; form < BANS_FORMS; form++) {
		count = 0;
		for (size_t i = 0; i < w->orders.count; i++)
			if (w->orders.item[i].bans == form)
				order[count++] = i;
		w->has_bans[form] = count > 0;
		if (count > 0)
			w->bans[form] = judge_add_source(w->judge, order, count);
	}
}

/* --- what comes of them -------------------------------------------------------------------------------- */

static void wish(void *arg, const struct judged *last, const struct window_state *state,
		 const struct strv *lines)
{
	struct watch *w = arg;
	const struct order *o = &w->orders.item[last->order];
	CLEANUP_FREE char *text = strv_join(lines, "\n");
	struct wish told = { .time = state->last, .attempts = state->attempts, .who = last->who };

	if (told.attempts > REQUEST_ATTEMPTS)
		told.attempts = REQUEST_ATTEMPTS;
	request_set_tail(&w->tail, o->name, text, str_fit(text, REQUEST_LINES_MAX));
	party_say(&w->party, ROLE_STORE,
		  (struct said){ REQUEST_WISH, &told, sizeof(told), &w->tail });
}

/* So that a restart forgets nobody who is halfway to a ban. */
static bool tell_failure(void *arg, const struct judged *f)
{
	struct watch *w = arg;
	struct failure_told told = { .time = f->time, .count = f->count };
	char id[WHO_TEXT];

	if (guard_clock() - w->second >= 1) {
		w->second = guard_clock();
		w->this_second = 0;
	}
	if (w->this_second++ >= FAILURES_A_SECOND)
		return true;
	who_text(&f->who, id);
	request_set_tail(&w->tail, w->orders.item[f->order].name, id, strlen(id));
	party_say(&w->party, ROLE_STORE,
		  (struct said){ REQUEST_FAILURE, &told, sizeof(told), &w->tail });
	return true;
}

/* --- what is said ------------------------------------------------------------------------------------- */

/* The reader's list of sources must be ours, or lines would go to the wrong jails. */
static int take_source(struct watch *w, const struct frame *f, struct err *e)
{
	struct source_told told;
	const char *path = f->body + sizeof(told);
	size_t len = f->len - sizeof(told), number = w->sources_told++;
	bool same;

	memcpy(&told, f->body, sizeof(told));
	if (told.journal)
		same = w->orders.journal && number == w->orders.sources;
	else
		same = number < w->orders.sources && strlen(w->orders.source[number].path) == len &&
		       memcmp(w->orders.source[number].path, path, len) == 0;
	if (!same || told.number != number)
		return err_set(e, ERR_CONFLICT, "%s",
			       _("fail2ban's files changed while they were read"));
	return 0;
}

static int take_line(struct watch *w, const struct frame *f, struct err *e)
{
	struct judge_line line = { 0 };
	struct line_told told;

	memcpy(&told, f->body, sizeof(told));
	if (told.source >= w->sources_told)
		return err_set(e, ERR_FAILED, "line of source %u, which is none", told.source);
	line.source = told.source;
	line.line = (struct filter_line){ f->body + sizeof(told), f->len - sizeof(told), told.dated,
					  told.time };
	if (told.source == w->orders.sources)
		line.only = told.only;
	judge_line(w->judge, &line, guard_now(), guard_clock());
	w->counted = true;
	return 0;
}

static void take_remembered(struct watch *w, const struct frame *f)
{
	struct request_tail tail = request_tail(f, sizeof(struct failure_told));
	CLEANUP_FREE char *id = xstrndup(tail.second, tail.second_len);
	const struct order *o = orders_find(&w->orders, tail.first);
	struct failure_told told;
	struct judged one = { 0 };

	memcpy(&told, f->body, sizeof(told));
	if (!o || who_parse(id, &one.who) < 0)
		return;
	one.order = (size_t)(o - w->orders.item);
	one.time = told.time;
	one.count = told.count;
	judge_count(w->judge, &one, guard_now(), NULL, 0);
}

static void take_forget(struct watch *w, const struct frame *f)
{
	struct who who;

	memcpy(&who, f->body, sizeof(who));
	judge_forget(w->judge, &who);
}

/* As the journal has it, and as fail2ban would have written it: that knows no networks. */
static void write_banned(enum order_bans form, const struct banned *b, const char *jail,
			 struct str *ret)
{
	char text[WHO_TEXT];

	who_text(&b->who, text);
	str_clear(ret);
	if (form == BANS_FAIL2BAN)
		str_addf(ret, "fail2ban.actions [1]: NOTICE [%s] Ban %.*s", jail,
			 (int)strcspn(text, "/"), text);
	else
		str_addf(ret, "localhost kannuki-guard[1]: store: [%s] ban %s (%u failures)", jail,
			 text, b->attempts);
}

static void take_banned(struct watch *w, const struct frame *f)
{
	struct request_tail tail = request_tail(f, sizeof(struct banned));
	CLEANUP_STR struct str text = { 0 };
	struct banned told;

	memcpy(&told, f->body, sizeof(told));
	for (enum order_bans form = BANS_OWN; form < BANS_FORMS; form++) {
		struct judge_line line = { .source = w->bans[form] };

		if (!w->has_bans[form])
			continue;
		write_banned(form, &told, tail.first, &text);
		line.line = (struct filter_line){ text.text, text.len, true, guard_now() };
		judge_line(w->judge, &line, guard_now(), guard_clock());
		w->counted = true;
	}
}

static int take(void *arg, struct peer *from, const struct frame *f, struct err *e)
{
	struct watch *w = arg;
	CLEANUP_STR struct str body = { 0 };

	switch (f->kind) {
	case REQUEST_SOURCE:
		return take_source(w, f, e);
	case REQUEST_LINE:
		return take_line(w, f, e);
	case REQUEST_POSITION:
		str_add_bytes(&body, f->body, f->len);
		party_say(&w->party, ROLE_STORE, (struct said){ REQUEST_POSITION, NULL, 0, &body });
		return 0;
	case REQUEST_FAILURE:
		take_remembered(w, f);
		return 0;
	case REQUEST_FAILURES_END:
		w->restored = true;
		return 0;
	case REQUEST_FORGET:
		take_forget(w, f);
		return 0;
	case REQUEST_BANNED:
		take_banned(w, f);
		return 0;
	default:
		return err_set(e, ERR_FAILED, "request %u", f->kind);
	}
}

static void tell_counts(struct watch *w)
{
	const struct judge_counts *c = judge_counts(w->judge);
	const struct window *window = judge_window(w->judge);
	struct watch_counts told = { .lines = c->lines,
				     .matched = c->matched,
				     .too_long = c->too_long,
				     .gave_up = c->gave_up,
				     .names = c->names,
				     .ignored = c->ignored,
				     .sources = window_sources(window),
				     .evicted = window_evicted(window) };

	party_say(&w->party, ROLE_STORE, (struct said){ REQUEST_COUNTS, &told, sizeof(told) });
	w->told_at = guard_clock();
	w->counted = false;
}

static int loop(struct watch *w, struct err *e)
{
	struct peer *reader = party_peer(&w->party, ROLE_READER);
	struct peer *store = party_peer(&w->party, ROLE_STORE);

	while (!w->party.stop) {
		/* Lines wait until what was known is known again, and while the store is behind. */
		reader->deaf = !w->restored || channel_waiting(&store->channel) > CHANNEL_MUCH;
		if (party_wait(&w->party, NULL, 0, w->counted ? 1000 : -1, e) < 0 ||
		    party_take(&w->party, take, w, e) < 0)
			return -1;
		if (w->counted && guard_clock() - w->told_at >= TELL_SECONDS)
			tell_counts(w);
		if (store->channel.ended)
			return 0;
	}
	return 0;
}

static struct judge_mode mode_of(struct watch *w, struct os *os)
{
	return (struct judge_mode){ .last_decade = date_last_decade(os_now(os, OS_REALTIME)),
				    .hears = { w, tell_failure, wish } };
}

int watch_run(const struct guard_places *places, struct err *e)
{
	static const enum role peers[] = { ROLE_PARENT, ROLE_READER, ROLE_STORE };
	struct watch w = { 0 };
	int r;

	party_init(&w.party, ROLE_WATCH, peers, COUNT(peers));
	r = orders_read(places->os, places->config, &w.orders, e);
	if (r == 0) {
		w.judge = judge_new(&w.orders, mode_of(&w, places->os));
		add_sources(&w);
		r = roles_confine(ROLE_WATCH, places, &w.orders, e);
	}
	if (r == 0) {
		party_say(&w.party, ROLE_PARENT, (struct said){ REQUEST_READY });
		r = loop(&w, e);
		party_finish(&w.party, 1000);
	}
	judge_free(w.judge);
	str_done(&w.tail);
	orders_done(&w.orders);
	party_done(&w.party);
	return r;
}
