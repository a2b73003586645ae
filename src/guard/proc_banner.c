// SPDX-License-Identifier: MIT
/*
 * proc_banner.c - the process that may change what the kernel drops, and nothing else: it bans and unbans, and puts
 * the table back when somebody takes it away. It looks at each wish again, whoever sent it.
 */
#include <string.h>
#include <sys/socket.h>

#include "base/i18n.h"
#include "guard/never.h"
#include "guard/roles.h"
#include "os/ban_table.h"

/* So many bans at once, and so many a second later on; more wait. A command's have a purse of their own, so that a flood
 * does not keep an administrator out. What is left is remembered: who makes all begin anew gains nothing. */
#define BURST	 20000
#define A_SECOND 500
#define CALM_MS	 20  /* who takes the table away often goes on for a moment */
#define PATIENCE 0.2 /* seconds between two times that it is put back */

struct purse {
	double left, most, a_second, at;
};

struct batch {
	struct answer *answer;
	size_t count, room;
};

struct banner {
	struct orders orders;
	struct never never;
	struct ban_table *table;
	struct party party;
	struct purse purse, purse_hand;
	struct prefix *net; /* prefixes that are banned */
	size_t nets;
	bool nets_changed;
	bool restoring, observe;
	bool purse_known; /* what was left of it */
	bool begun;	  /* a transaction has changes */
	struct batch batch;
	struct prefix *cut;
	size_t cuts;
	double put_back_at;
	bool look; /* is the table still there? */
	struct dropped told;
};

static void fill(struct purse *p, double seconds)
{
	p->left += seconds * p->a_second;
	p->left = p->left > p->most ? p->most : p->left;
}

static bool pay(struct purse *p)
{
	double now = guard_clock();

	fill(p, now - p->at);
	p->at = now;
	if (p->left < 1)
		return false;
	p->left -= 1;
	return true;
}

/* --- transactions -------------------------------------------------------------------------------------- */

static void begin(struct banner *b)
{
	if (!b->begun)
		ban_table_begin(b->table);
	b->begun = true;
}

static void answer(struct banner *b, const struct who *who, enum answer_code code)
{
	if (b->batch.count == b->batch.room) {
		b->batch.room = b->batch.room ? b->batch.room * 2 : 64;
		b->batch.answer =
			xrealloc(b->batch.answer, b->batch.room, sizeof(*b->batch.answer));
	}
	b->batch.answer[b->batch.count++] = (struct answer){ .who = *who, .code = code };
}

static bool is_single(const struct prefix *p)
{
	return p->bits == (p->addr.family == AF_INET ? 32 : BAN_TABLE_BITS_6);
}

static size_t find_net(const struct banner *b, const struct prefix *p)
{
	size_t i = 0;

	while (i < b->nets && !(b->net[i].bits == p->bits && addr_eq(&b->net[i].addr, &p->addr)))
		i++;
	return i;
}

/* False: there are too many. */
static bool add_net(struct banner *b, const struct prefix *p)
{
	if (find_net(b, p) < b->nets)
		return true;
	if (b->nets == BAN_TABLE_PREFIXES)
		return false;
	b->net = xrealloc(b->net, b->nets + 1, sizeof(*p));
	b->net[b->nets++] = *p;
	b->nets_changed = true;
	return true;
}

static bool put(struct banner *b, const struct prefix *p, uint64_t seconds, bool fresh)
{
	begin(b);
	if (is_single(p)) {
		ban_table_add(b->table, &(struct ban){ p->addr, seconds }, fresh);
		return true;
	}
	return add_net(b, p);
}

static void cut_later(struct banner *b, const struct prefix *p)
{
	b->cut = xrealloc(b->cut, b->cuts + 1, sizeof(*p));
	b->cut[b->cuts++] = *p;
}

/* Commits what has come together, ends the connections of who is banned now, and answers. */
static void commit(struct banner *b)
{
	struct err e = { 0 };
	int r = 0;

	if (b->begun && b->nets_changed)
		ban_table_list(b->table, BAN_TABLE_NETS, b->net, b->nets);
	if (b->begun)
		r = ban_table_commit(b->table, &e);
	b->begun = false;
	b->nets_changed = b->nets_changed && r < 0;
	if (r < 0) {
		guard_say(ROLE_BANNER, "%s", e.msg);
		b->look = true;
	} else if (b->cuts > 0 && ban_table_cut(b->cut, b->cuts, &e) < 0) {
		guard_say(ROLE_BANNER, "%s", e.msg);
	}
	b->cuts = 0;
	for (size_t i = 0; i < b->batch.count; i++) {
		struct answer *a = &b->batch.answer[i];

		if (r < 0 && a->code == ANSWER_DONE)
			a->code = ANSWER_FAILED;
		a->left = b->purse.left;
		party_say(&b->party, ROLE_STORE, (struct said){ REQUEST_ANSWER, a, sizeof(*a) });
	}
	b->batch.count = 0;
}

/* --- requests -------------------------------------------------------------------------------------------- */

static bool is_never(struct banner *b, const struct who *who)
{
	struct prefix p = who_prefix(who);
	const char *why = never_why(&b->never, &p, guard_clock());
	char text[WHO_TEXT];

	if (!why)
		return false;
	b->told.refused++;
	guard_say(ROLE_BANNER, _("%s is not banned: %s"), who_text(who, text), _(why));
	return true;
}

static void take_ban(struct banner *b, const struct frame *f)
{
	enum answer_code code = ANSWER_DONE;
	struct ban_told told;
	struct prefix p;

	memcpy(&told, f->body, sizeof(told));
	p = who_prefix(&told.who);
	if (is_never(b, &told.who))
		code = ANSWER_NEVER;
	else if ((b->observe && !told.by_hand) || b->restoring ||
		 !pay(told.by_hand ? &b->purse_hand : &b->purse))
		code = ANSWER_LATER;
	else if (!put(b, &p, told.seconds, false))
		code = ANSWER_FAILED;
	if (code == ANSWER_DONE)
		cut_later(b, &p);
	answer(b, &told.who, code);
}

static void take_unban(struct banner *b, const struct frame *f)
{
	struct prefix p;
	struct who who;
	size_t at;

	memcpy(&who, f->body, sizeof(who));
	p = who_prefix(&who);
	begin(b);
	at = is_single(&p) ? b->nets : find_net(b, &p);
	if (is_single(&p))
		ban_table_remove(b->table, &p.addr);
	if (at < b->nets) {
		b->net[at] = b->net[--b->nets];
		b->nets_changed = true;
	}
	answer(b, &who, ANSWER_DONE);
}

/* What was in force stays so, but for whom nobody may ban any more. No purse: it was paid for. */
static int take_restore(struct banner *b, const struct frame *f, struct err *e)
{
	struct ban_told told;
	struct prefix p;

	if (!b->restoring)
		return err_set(e, ERR_FAILED, "bans restored at no time for it");
	memcpy(&told, f->body, sizeof(told));
	p = who_prefix(&told.who);
	if (is_never(b, &told.who))
		answer(b, &told.who, ANSWER_NEVER);
	else
		put(b, &p, told.seconds, true);
	return 0;
}

static void take_purse(struct banner *b, const struct frame *f)
{
	struct purse_told told;

	memcpy(&told, f->body, sizeof(told));
	if (b->purse_known)
		return;
	b->purse_known = true;
	b->purse.left = told.left < BURST ? told.left : BURST;
	fill(&b->purse, told.seconds);
	b->purse.at = guard_clock();
}

static void take_restored(struct banner *b)
{
	b->nets_changed = true;
	begin(b);
	ban_table_list(b->table, BAN_TABLE_TRUST, b->never.trust,
		       b->never.trusts < BAN_TABLE_PREFIXES ? b->never.trusts : BAN_TABLE_PREFIXES);
	b->restoring = false;
	commit(b);
}

static void take_look(struct banner *b)
{
	struct ban_counts counts = { 0 };
	struct err e = { 0 };

	if (ban_table_dropped(b->table, &counts, &e) < 0)
		guard_say(ROLE_BANNER, "%s", e.msg);
	b->told.packets = counts.packets;
	b->told.bytes = counts.bytes;
	party_say(&b->party, ROLE_STORE,
		  (struct said){ REQUEST_DROPPED, &b->told, sizeof(b->told) });
}

static int take(void *arg, struct peer *from, const struct frame *f, struct err *e)
{
	struct observe observe;
	struct banner *b = arg;

	switch (f->kind) {
	case REQUEST_BAN:
		take_ban(b, f);
		return 0;
	case REQUEST_UNBAN:
		take_unban(b, f);
		return 0;
	case REQUEST_RESTORE:
		return take_restore(b, f, e);
	case REQUEST_RESTORED:
		take_purse(b, f);
		take_restored(b);
		return 0;
	case REQUEST_LOOK:
		take_look(b);
		return 0;
	case REQUEST_OBSERVE:
		memcpy(&observe, f->body, sizeof(observe));
		b->observe = observe.on;
		return 0;
	default:
		return err_set(e, ERR_FAILED, "request %u", f->kind);
	}
}

/* --- the table -------------------------------------------------------------------------------------------- */

/* Only an empty table can be made at once; what belongs in it has the store. */
static int make_anew(struct banner *b)
{
	b->nets = 0;
	b->restoring = true;
	begin(b);
	ban_table_make(b->table);
	party_say(&b->party, ROLE_STORE, (struct said){ REQUEST_AGAIN });
	return 0;
}

static int look_after_table(struct banner *b, struct err *e)
{
	int whole;

	if (!b->look || b->restoring || guard_clock() - b->put_back_at < PATIENCE)
		return 0;
	os_sleep(b->never.os, CALM_MS);
	whole = ban_table_is_whole(b->table, e);
	if (whole < 0)
		return -1;
	b->look = false;
	if (whole)
		return 0;
	guard_say(ROLE_BANNER, "%s",
		  _("the table of bans was removed by another program; it is put back"));
	b->put_back_at = guard_clock();
	b->told.applied++;
	return make_anew(b);
}

static int loop(struct banner *b, struct err *e)
{
	struct peer *store = party_peer(&b->party, ROLE_STORE);

	while (!b->party.stop && !store->channel.ended) {
		struct pollfd events = { .fd = ban_table_events(b->table), .events = POLLIN };

		if (party_wait(&b->party, &events, 1, b->look && !b->restoring ? 50 : -1, e) < 0)
			return -1;
		if (events.revents && ban_table_heard(b->table, e) != 0)
			b->look = true;
		if (party_take(&b->party, take, b, e) < 0)
			return -1;
		/* While all is restored it is one transaction, which RESTORED ends. */
		if (!b->restoring && (b->begun || b->batch.count > 0))
			commit(b);
		if (look_after_table(b, e) < 0)
			return -1;
	}
	return 0;
}

static int set_up(struct banner *b, const struct guard_places *places, struct err *e)
{
	int whole;

	b->purse = (struct purse){ 0, BURST, A_SECOND, guard_clock() };
	b->purse_hand = (struct purse){ BURST, BURST, A_SECOND, guard_clock() };
	if (orders_read(places->os, places->config, &b->orders, e) < 0 ||
	    ban_table_open(&b->table, e) < 0)
		return -1;
	never_init(&b->never, places->os, &b->orders);
	never_ask_kannuki(&b->never);
	whole = ban_table_is_whole(b->table, e);
	if (whole < 0)
		return -1;
	begin(b);
	if (!whole)
		ban_table_make(b->table);
	b->restoring = true;
	return roles_confine(ROLE_BANNER, places, &b->orders, e);
}

int banner_run(const struct guard_places *places, struct err *e)
{
	static const enum role peers[] = { ROLE_PARENT, ROLE_STORE };
	/* Until the parent says otherwise. */
	struct banner b = { .observe = true };
	int r;

	party_init(&b.party, ROLE_BANNER, peers, COUNT(peers));
	r = set_up(&b, places, e);
	if (r == 0) {
		party_say(&b.party, ROLE_PARENT, (struct said){ REQUEST_READY });
		r = loop(&b, e);
		party_finish(&b.party, 1000);
	}
	ban_table_free(b.table);
	never_done(&b.never);
	orders_done(&b.orders);
	party_done(&b.party);
	free(b.batch.answer);
	free(b.net);
	free(b.cut);
	return r;
}
