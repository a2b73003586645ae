// SPDX-License-Identifier: MIT
/*
 * proc_store.c - the process that remembers: bans, failures, positions; it decides how long a ban is, and asks the
 * banner for it.
 */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/i18n.h"
#include "guard/store.h"
#include "os/child.h"

#define WISH_BITS_4    24
#define WISH_BITS_6    48
#define COMMIT_SECONDS 0.5
#define RETRY_SECONDS  1.0
#define TIDY_SECONDS   60.0
#define PURSE	       "purse" /* beside the positions: what was left of the banner's, and when */
#define PURSE_FULL     1e9     /* the banner knows what it holds */
#define WAITING_MOST   20000   /* bans that the kernel does not have yet; more wishes come again */

static int changed(struct store *s, int r)
{
	if (!s->dirty)
		s->committed_at = guard_clock();
	s->dirty = true;
	return r;
}

/* A full disk, a damaged row: said once; the rest goes on, and the kernel goes on to have the bans. */
static void trouble(struct store *s, const struct err *e)
{
	if (!s->disk_failed)
		guard_say(ROLE_STORE, "%s", e->msg);
	s->disk_failed = s->trouble = true;
	changed(s, 0);
}

static double chance(void)
{
	return (double)(arc4random() >> 8) / (double)(1U << 24);
}

static void ask_ban(struct store *s, unsigned kind, const struct who *who, bool by_hand)
{
	double now = guard_now(), until = ban_store_until(s->bans, who, now);
	struct ban_told told = { .who = *who, .by_hand = by_hand };

	if (until == 0)
		return;
	told.seconds = until < 0 ? 0 : (uint64_t)(until - now + 0.999);
	party_say(&s->party, ROLE_BANNER, (struct said){ kind, &told, sizeof(told) });
}

int store_ban(struct store *s, const struct ban_row *row, bool by_hand, struct err *e)
{
	if (ban_store_has(s->bans, &row->who, row->jail, row->since)) {
		/* Whoever fails although he is banned: the kernel has lost it. */
		ask_ban(s, REQUEST_BAN, &row->who, by_hand);
		return 1;
	}
	if (changed(s, ban_store_add(s->bans, row, e)) < 0) {
		/* It is banned, if not remembered. */
		struct ban_told told = { .who = row->who, .by_hand = by_hand };

		trouble(s, e);
		told.seconds = row->until < 0 ? 0 : (uint64_t)(row->until - row->since + 0.999);
		party_say(&s->party, ROLE_BANNER,
			  (struct said){ REQUEST_BAN, &told, sizeof(told) });
		store_event_ban(s, row);
		return 0;
	}
	s->waiting++;
	ask_ban(s, REQUEST_BAN, &row->who, by_hand);
	store_event_ban(s, row);
	return 0;
}

int store_unban(struct store *s, const struct who *who, struct err *e)
{
	char text[WHO_TEXT];
	int ended = changed(s, ban_store_end(s->bans, who, guard_now(), true, e));

	if (ended < 0 || ban_store_forget_failures(s->bans, who_text(who, text), e) < 0)
		return -1;
	/* Also where we know of none: the kernel may have one that had not reached the disk. */
	party_say(&s->party, ROLE_BANNER, (struct said){ REQUEST_UNBAN, who, sizeof(*who) });
	party_say(&s->party, ROLE_WATCH, (struct said){ REQUEST_FORGET, who, sizeof(*who) });
	if (ended > 0)
		store_event_of(s, "unban", who);
	return ended;
}

/* --- watch ------------------------------------------------------------------------------------------------ */

/* How long for a source that was banned before. */
static int seconds_for(struct store *s, const struct order *o, const struct who *who, uint64_t *ret,
		       struct err *e)
{
	struct ban_past past = { 0 };

	if (o->more.on &&
	    ban_store_past(s->bans, who, o->more.over_all_jails ? NULL : o->name, &past, e) < 0)
		return -1;
	*ret = order_seconds(o, past.count, past.last, chance());
	return 0;
}

/* For what was read in a log; an administrator may ban more at once. */
static bool is_too_wide(const struct who *w)
{
	return w->bits < (w->family == 4 ? WISH_BITS_4 : WISH_BITS_6);
}

/* For the jails that count bans: the journal has not all of them, in a flood. */
static void tell_banned(struct store *s, const struct ban_row *row)
{
	struct banned told = { .who = row->who, .attempts = row->attempts };

	request_set_tail(&s->tail, row->jail, "", 0);
	party_say(&s->party, ROLE_WATCH,
		  (struct said){ REQUEST_BANNED, &told, sizeof(told), &s->tail });
}

static int take_wish(struct store *s, const struct frame *f, struct err *e)
{
	struct request_tail tail = request_tail(f, sizeof(struct wish));
	CLEANUP_FREE char *lines = xstrndup(tail.second, tail.second_len);
	const struct order *o = orders_find(&s->orders, tail.first);
	struct ban_row row = { .lines = lines };
	char text[WHO_TEXT];
	struct prefix p;
	struct wish w;
	uint64_t seconds;
	int r;

	memcpy(&w, f->body, sizeof(w));
	p = who_prefix(&w.who);
	if (!o || is_too_wide(&w.who) || order_ignores(o, &p) || s->waiting >= WAITING_MOST)
		return 0;
	if (seconds_for(s, o, &w.who, &seconds, e) < 0) {
		trouble(s, e);
		seconds = order_seconds(o, 0, 0, chance());
	}
	str_make_clean(lines);
	row.who = w.who;
	row.jail = o->name;
	row.since = guard_now();
	row.until = seconds ? row.since + (double)seconds : -1;
	row.attempts = w.attempts;
	r = store_ban(s, &row, false, e);
	if (r == 0)
		tell_banned(s, &row);
	if (r < 0 || ban_store_forget_failures(s->bans, who_text(&w.who, text), e) < 0)
		return -1;
	/* In no language: backtest's jail recidive reads it. */
	if (r == 0)
		guard_say(ROLE_STORE, "[%s] ban %s (%u failures)", o->name, text, w.attempts);
	return 0;
}

static int take_failure(struct store *s, const struct frame *f, struct err *e)
{
	struct request_tail tail = request_tail(f, sizeof(struct failure_told));
	CLEANUP_FREE char *id = xstrndup(tail.second, tail.second_len);
	struct failure_told told;

	memcpy(&told, f->body, sizeof(told));
	/* One that is yet to come would count for ever. */
	if (told.time > guard_now() || !orders_find(&s->orders, tail.first))
		return 0;
	return changed(s, ban_store_fail(s->bans, &told, tail.first, id, e));
}

/* "journal", or "PATH SOURCE" of a source that an order has. */
static bool is_position(const struct store *s, const char *name)
{
	bool found = str_eq(name, "journal");

	for (size_t i = 0; i < s->orders.sources && !found; i++) {
		CLEANUP_FREE char *end = xasprintf(" %s", s->orders.source[i].path);

		found = name[0] == '/' && str_ends(name, end);
	}
	return found;
}

static int take_position(struct store *s, const struct frame *f, struct err *e)
{
	struct request_tail tail = request_tail(f, 0);
	CLEANUP_FREE char *position = xstrndup(tail.second, tail.second_len);

	if (!is_position(s, tail.first))
		return 0;
	return changed(s, ban_store_set_position(s->bans, tail.first, position, e));
}

/* --- banner ------------------------------------------------------------------------------------------------ */

static int take_answer(struct store *s, const struct frame *f, struct err *e)
{
	struct answer a;
	int r = 0;

	memcpy(&a, f->body, sizeof(a));
	s->purse_changed = s->purse_changed || a.left != s->purse;
	s->purse = a.left;
	if (a.code == ANSWER_DONE)
		r = ban_store_set_in_force(s->bans, &a.who, true, e);
	else if (a.code == ANSWER_NEVER)
		r = ban_store_end(s->bans, &a.who, guard_now(), true, e);
	if (a.code == ANSWER_DONE || a.code == ANSWER_NEVER)
		s->waiting -= s->waiting > 0;
	if (a.code == ANSWER_NEVER)
		store_event_of(s, "refused", &a.who);
	store_control_answered(s, &a);
	return changed(s, r) < 0 ? -1 : 0;
}

static void restore_one(void *arg, const struct ban_row *row)
{
	struct store *s = arg;
	double left = row->until - guard_now();
	struct ban_told told = { .who = row->who };

	/* What never was is no restoring: it is asked for like any other. */
	if (!row->in_force)
		return;
	/* A clock that was not set at boot makes no ban longer than it was. */
	if (left > row->until - row->since)
		left = row->until - row->since;
	told.seconds = row->until < 0 ? 0 : (uint64_t)(left + 0.999);
	party_say(&s->party, ROLE_BANNER, (struct said){ REQUEST_RESTORE, &told, sizeof(told) });
}

static void read_purse(void *arg, const char *name, const char *position)
{
	struct store *s = arg;
	char *end;

	if (!str_eq(name, PURSE))
		return;
	s->purse = strtod(position, &end);
	s->purse_at = strtod(end, NULL);
	if (!isfinite(s->purse) || s->purse < 0)
		s->purse = 0;
}

/* Of a clock that was set back, or of what is no number, nothing has come in since. */
static struct purse_told purse_told(const struct store *s)
{
	double seconds = guard_now() - s->purse_at;

	return (struct purse_told){ s->purse, isfinite(seconds) && seconds > 0 ? seconds : 0 };
}

static void remember_purse(struct store *s)
{
	CLEANUP_FREE char *text = xasprintf("%.0f %.3f", floor(s->purse), guard_now());
	struct err e = { 0 };

	if (s->purse_changed && ban_store_set_position(s->bans, PURSE, text, &e) == 0)
		s->purse_changed = false;
}

static int restore(struct store *s, struct err *e)
{
	const struct purse_told purse = purse_told(s);
	const struct ban_ask ask = { .which = BANS_NOW, .now = guard_now() };

	int r = ban_store_each(s->bans, &ask, restore_one, s, e);

	/* In any case: until then nobody is banned. */
	party_say(&s->party, ROLE_BANNER, (struct said){ REQUEST_RESTORED, &purse, sizeof(purse) });
	return r;
}

static int take(void *arg, struct peer *from, const struct frame *f, struct err *e)
{
	struct store *s = arg;
	int r = 0;

	switch (f->kind) {
	case REQUEST_WISH:
		r = take_wish(s, f, e);
		break;
	case REQUEST_FAILURE:
		r = take_failure(s, f, e);
		break;
	case REQUEST_POSITION:
		r = from->role == ROLE_WATCH ? take_position(s, f, e) : 0;
		break;
	case REQUEST_COUNTS:
		memcpy(&s->watch, f->body, sizeof(s->watch));
		break;
	case REQUEST_ANSWER:
		r = take_answer(s, f, e);
		break;
	case REQUEST_AGAIN:
		store_event_of(s, "table_lost", NULL);
		r = restore(s, e);
		break;
	case REQUEST_DROPPED:
		memcpy(&s->dropped, f->body, sizeof(s->dropped));
		store_control_looked(s);
		break;
	default:
		return err_set(e, ERR_FAILED, "request %u", f->kind);
	}
	/* What failed is the database alone. */
	if (r < 0)
		trouble(s, e);
	return 0;
}

/* --- by and by --------------------------------------------------------------------------------------------- */

struct again {
	struct store *store;
	size_t count;
};

static void ask_again(void *arg, const struct ban_row *row)
{
	struct again *a = arg;

	a->count++;
	ask_ban(a->store, REQUEST_BAN, &row->who, !row->jail[0]);
}

struct ending {
	struct store *store;
	double now;
};

static void end_prefix(void *arg, const struct ban_row *row)
{
	const struct ending *x = arg;
	struct said unban = { REQUEST_UNBAN, &row->who, sizeof(row->who) };

	/* Another ban of the same prefix may go on. */
	if (ban_store_until(x->store->bans, &row->who, x->now) == 0)
		party_say(&x->store->party, ROLE_BANNER, unban);
}

/* Which no timeout of the kernel ends. */
static int end_prefixes(struct store *s, double now, struct err *e)
{
	struct ban_ask ask = { .which = BANS_OVER_PREFIX, .now = now };
	struct ending x = { s, now };

	return ban_store_each(s->bans, &ask, end_prefix, &x, e);
}

static int retry(struct store *s, struct err *e)
{
	struct again again = { .store = s };
	struct ban_ask ask = { .which = BANS_WAITING, .now = guard_now() };

	s->retried_at = guard_clock();
	if (channel_waiting(&party_peer(&s->party, ROLE_BANNER)->channel) > CHANNEL_MUCH)
		return 0;
	if (s->waiting > 0 && ban_store_each(s->bans, &ask, ask_again, &again, e) < 0)
		return -1;
	s->waiting = again.count;
	return end_prefixes(s, ask.now, e);
}

static int tidy(struct store *s, struct err *e)
{
	double longest = 0, now = guard_now();

	for (size_t i = 0; i < s->orders.count; i++)
		if (s->orders.item[i].find_time > longest)
			longest = s->orders.item[i].find_time;
	s->tidied_at = guard_clock();
	/* Whom tidying notes as over is told no more. */
	if (end_prefixes(s, now, e) < 0)
		return -1;
	return changed(s, ban_store_tidy(s->bans, now, now - longest, e));
}

static void commit(struct store *s)
{
	struct err e = { 0 };
	bool failed;

	remember_purse(s);
	failed = ban_store_commit(s->bans, &e) < 0;

	if (failed && !s->disk_failed)
		guard_say(ROLE_STORE, "%s", e.msg);
	s->disk_failed = failed || s->trouble;
	s->dirty = s->disk_failed;
	s->trouble = false;
	s->committed_at = guard_clock();
}

static int by_and_by(struct store *s, struct err *e)
{
	double now = guard_clock();

	if (now - s->retried_at >= RETRY_SECONDS && retry(s, e) < 0)
		return -1;
	if (now - s->tidied_at >= TIDY_SECONDS && tidy(s, e) < 0)
		return -1;
	if (s->dirty && now - s->committed_at >= COMMIT_SECONDS)
		commit(s);
	return 0;
}

static int loop(struct store *s, struct err *e)
{
	struct peer *watch = party_peer(&s->party, ROLE_WATCH);

	while (!s->party.stop) {
		struct pollfd more[1 + STORE_CLIENTS];
		size_t count = store_control_polls(s, more);

		if (party_wait(&s->party, more, count, s->dirty ? 250 : 1000, e) < 0 ||
		    party_take(&s->party, take, s, e) < 0)
			return -1;
		store_control_serve(s, more, count);
		/* While a disk fails the rest goes on. */
		if (by_and_by(s, e) < 0) {
			trouble(s, e);
			commit(s);
		}
		if (party_peer(&s->party, ROLE_BANNER)->channel.ended)
			break;
		if (watch->channel.ended && channel_waiting(&watch->channel) > 0)
			channel_done(&watch->channel);
	}
	/* All that was said before we were told to stop. */
	return party_take(&s->party, take, s, e);
}

/* --- the beginning ------------------------------------------------------------------------------------------- */

static void tell_failure(void *arg, const struct failure_told *f, const char *jail, const char *id)
{
	struct store *s = arg;

	request_set_tail(&s->tail, jail, id, strlen(id));
	party_say(&s->party, ROLE_WATCH, (struct said){ REQUEST_FAILURE, f, sizeof(*f), &s->tail });
}

static void tell_position(void *arg, const char *name, const char *position)
{
	struct store *s = arg;

	if (str_eq(name, PURSE))
		return;
	request_set_tail(&s->tail, name, position, strlen(position));
	party_say(&s->party, ROLE_READER, (struct said){ REQUEST_POSITION, NULL, 0, &s->tail });
}

static int tell_all(struct store *s, struct err *e)
{
	s->purse = PURSE_FULL;
	if (ban_store_positions(s->bans, read_purse, s, e) < 0)
		trouble(s, e);
	/* From the beginning, while there is room for it. */
	s->purse_changed = s->purse_at == 0;
	if (restore(s, e) < 0 || ban_store_failures(s->bans, tell_failure, s, e) < 0 ||
	    ban_store_positions(s->bans, tell_position, s, e) < 0)
		return -1;
	party_say(&s->party, ROLE_WATCH, (struct said){ REQUEST_FAILURES_END });
	party_say(&s->party, ROLE_READER, (struct said){ REQUEST_POSITIONS_END });
	return 0;
}

/* The files of a damaged database are of the user that made them: as that user they are opened. */
static int open_bans(struct store *s, const struct guard_places *places, struct err *e)
{
	int r = ban_store_open(places->state, &s->bans, e);

	if (r > 0)
		guard_say(ROLE_STORE, "%s",
			  _("the database of bans was damaged; it is put aside, and begun anew"));
	return r < 0 ? -1 : 0;
}

int store_run(const struct guard_places *places, struct err *e)
{
	static const enum role peers[] = { ROLE_PARENT, ROLE_WATCH, ROLE_BANNER, ROLE_READER };
	struct store s = { .listener = CHILD_FIRST_FD + (int)COUNT(peers) };
	int r;

	for (size_t i = 0; i < STORE_CLIENTS; i++)
		s.client[i].fd = -1;
	s.started = guard_now();
	party_init(&s.party, ROLE_STORE, peers, COUNT(peers));
	r = orders_read(places->os, places->config, &s.orders, e);
	if (r == 0)
		r = roles_confine(ROLE_STORE, places, &s.orders, e);
	if (r == 0)
		r = open_bans(&s, places, e);
	if (r == 0 && tidy(&s, e) < 0)
		trouble(&s, e);
	if (r == 0)
		r = tell_all(&s, e);
	if (r == 0) {
		s.waiting = 1; /* bans that the kernel never had are asked for at the first time */
		party_say(&s.party, ROLE_PARENT, (struct said){ REQUEST_READY });
		r = loop(&s, e);
		commit(&s);
		party_finish(&s.party, 1000);
	}
	ban_store_close(s.bans);
	str_done(&s.tail);
	orders_done(&s.orders);
	party_done(&s.party);
	return r;
}
