// SPDX-License-Identifier: MIT
/* orders.c - see orders.h. */
#include "guard/orders.h"

#include <math.h>
#include <string.h>
#include <sys/socket.h>

#include "base/i18n.h"
#include "guard/convert.h"
#include "guard/duration.h"
#include "guard/journal.h"
#include "os/ban_table.h"

#define FIND_TIME  600 /* fail2ban's own, where nothing is said */
#define BAN_TIME   600
#define MAX_RETRY  5
#define STEPS_MOST 20 /* fail2ban: 1 << 20 is where doubling ends */

static void order_done(struct order *o)
{
	free(o->ignore);
	strv_done(&o->match);
}

void orders_done(struct orders *o)
{
	for (size_t i = 0; i < o->count; i++)
		order_done(&o->item[i]);
	for (size_t i = 0; i < o->sources; i++) {
		free(o->source[i].path);
		free(o->source[i].order);
	}
	free(o->item);
	free(o->source);
	jails_done(&o->jails);
	conf_folder_done(&o->folder);
	*o = (struct orders){ 0 };
}

static double seconds(const struct settings *s, const char *name, double otherwise)
{
	const char *text = settings_get(s, name);
	struct err e = { 0 };
	double value;

	return text && text[0] && duration_parse(text, &value, &e) == 0 ? value : otherwise;
}

static bool truth(const struct settings *s, const char *name, bool otherwise)
{
	const char *text = settings_get(s, name);

	return text ? convert_bool(text) : otherwise;
}

/* --- whom not ------------------------------------------------------------------------------------- */

static void add_ignore(struct order *o, struct prefix p)
{
	o->ignore = xrealloc(o->ignore, o->ignores + 1, sizeof(p));
	o->ignore[o->ignores++] = p;
}

/* "10.0.0.5", "10.0.0.5/8" (bits behind do not count), "10.0.0.5/255.0.0.0". */
static bool parse_network(const char *text, struct prefix *ret)
{
	CLEANUP_FREE char *copy = xstrdup(text);
	char *slash = strchr(copy, '/');
	struct addr mask;
	uint64_t bits;
	unsigned whole;

	if (slash)
		*slash++ = '\0';
	if (addr_parse(copy, &ret->addr) < 0)
		return false;
	whole = ret->addr.family == AF_INET ? 32 : 128;
	ret->bits = whole;
	if (!slash)
		return true;
	if (ret->addr.family == AF_INET && addr_parse(slash, &mask) == 0 &&
	    mask.family == AF_INET) {
		for (bits = 0; bits < 32 && mask.bytes[bits / 8] >> (7 - bits % 8) & 1; bits++) {
		}
	} else if (str_to_u64(slash, 0, whole, &bits) < 0) {
		return false;
	}
	ret->bits = (unsigned)bits;
	for (unsigned i = ret->bits; i < whole; i++)
		ret->addr.bytes[i / 8] &= (uint8_t) ~(0x80 >> i % 8);
	return true;
}

static void take_ignore(struct orders *all, struct order *o, const struct setting *s)
{
	for (size_t i = 0; i < s->value.count; i++) {
		struct prefix p = { 0 };

		if (parse_network(s->value.item[i], &p))
			add_ignore(o, p);
		else
			conf_problem(&all->folder, s->from,
				     _("[%s] ignoreip: \"%s\" is no address: names are not looked "
				       "up"),
				     o->name, s->value.item[i]);
	}
}

bool prefixes_meet(const struct prefix *a, const struct prefix *b)
{
	struct prefix shorter = a->bits < b->bits ? *a : *b;
	const struct addr *other = a->bits < b->bits ? &b->addr : &a->addr;

	return a->addr.family == b->addr.family && prefix_holds(&shorter, other);
}

bool order_ignores(const struct order *o, const struct prefix *who)
{
	for (size_t i = 0; i < o->ignores; i++)
		if (prefixes_meet(&o->ignore[i], who))
			return true;
	return false;
}

/* --- how long ------------------------------------------------------------------------------------- */

static void take_escalation(struct orders *all, struct order *o, const struct jail *j)
{
	const struct settings *s = &j->setting;
	const char *formula = settings_get(s, "bantime.formula");
	const char *list = settings_get(s, "bantime.multipliers"), *factor;
	CLEANUP_STRV struct strv each = { 0 };

	o->more.on = truth(s, "bantime.increment", false);
	o->more.over_all_jails = truth(s, "bantime.overalljails", false);
	o->more.most = seconds(s, "bantime.maxtime", 0);
	o->more.random = seconds(s, "bantime.rndtime", 0);
	factor = settings_get(s, "bantime.factor");
	o->more.factor = factor ? strtod(factor, NULL) : 1;
	if (!(o->more.factor > 0) || !isfinite(o->more.factor))
		o->more.factor = 1;
	strv_split(&each, list ? list : "", " \t\n");
	for (size_t i = 0; i < each.count && i < COUNT(o->more.multiplier); i++)
		o->more.multiplier[o->more.multipliers++] = strtod(each.item[i], NULL);
	if (o->more.on && formula && formula[0] && !list)
		conf_problem(&all->folder, j->from,
			     _("[%s] bantime.formula: not supported, a ban is twice as long each "
			       "time"),
			     o->name);
}

uint64_t order_seconds(const struct order *o, unsigned before, double last, double chance)
{
	const struct escalation *m = &o->more;
	unsigned step = before < STEPS_MOST ? before : STEPS_MOST;
	double t = o->ban_time;

	if (t < 0)
		return BAN_TABLE_FOR_EVER;
	if (m->on && before > 0) {
		size_t at = before < m->multipliers ? before : m->multipliers - 1;

		t *= m->multipliers ? m->multiplier[at] * m->factor
				    : (double)(1UL << step) * m->factor;
		if (t < last)
			t = last;
	}
	if (m->on)
		t += m->random * chance;
	if (m->on && m->most > 0 && t > m->most)
		t = m->most;
	if (!(t < (double)BAN_TABLE_MOST_SECS))
		return BAN_TABLE_FOR_EVER;
	return t < 1 ? 1 : (uint64_t)t;
}

/* --- from where ----------------------------------------------------------------------------------- */

static void add_source(struct orders *all, const char *path, size_t order)
{
	struct order_source *s = NULL;

	for (size_t i = 0; i < all->sources; i++)
		if (strcmp(all->source[i].path, path) == 0)
			s = &all->source[i];
	if (!s) {
		all->source = xrealloc(all->source, all->sources + 1, sizeof(*s));
		s = &all->source[all->sources++];
		*s = (struct order_source){ .path = xstrdup(path) };
	}
	if (s->orders > 0 && s->order[s->orders - 1] == order)
		return;
	s->order = xrealloc(s->order, s->orders + 1, sizeof(*s->order));
	s->order[s->orders++] = order;
}

static bool asks_for(const struct order *o, const char *unit)
{
	CLEANUP_FREE char *word = xasprintf("_SYSTEMD_UNIT=%s", unit);

	return o->journal && strv_has(&o->match, word);
}

static enum order_bans bans_of(const struct order *o, const struct jail *j)
{
	bool log = false;

	for (size_t i = 0; i < j->log.count; i++)
		log = log || str_ends(j->log.item[i], "/fail2ban.log");
	if (asks_for(o, "kannuki-guard.service"))
		return BANS_OWN;
	return log || asks_for(o, "fail2ban.service") ? BANS_FAIL2BAN : BANS_NOT;
}

static void take_sources(struct orders *all, size_t number, const struct jail *j)
{
	struct order *o = &all->item[number];

	o->journal = str_starts(j->backend, "systemd");
	all->journal = all->journal || o->journal;
	for (size_t i = 0; !o->journal && i < j->log.count; i++)
		add_source(all, j->log.item[i], number);
	for (size_t i = 0; i < j->setting.count; i++) {
		const struct setting *s = &j->setting.item[i];

		if (strcmp(s->name, "addjournalmatch") != 0)
			continue;
		if (o->match.count > 0)
			strv_add(&o->match, "+");
		for (size_t k = 0; k < s->value.count; k++)
			strv_add(&o->match, s->value.item[k]);
	}
	o->bans = bans_of(o, j);
}

static void take_jail(struct orders *all, size_t number)
{
	const struct jail *j = &all->jails.item[number];
	const char *retry = settings_get(&j->setting, "maxretry");
	struct order *o;
	int64_t tries = MAX_RETRY;

	all->item = xrealloc(all->item, all->count + 1, sizeof(*all->item));
	o = &all->item[all->count++];
	*o = (struct order){ .name = j->name, .jail = number };
	o->find_time = seconds(&j->setting, "findtime", FIND_TIME);
	o->ban_time = seconds(&j->setting, "bantime", BAN_TIME);
	if (retry && convert_int(retry, &tries) < 0)
		tries = MAX_RETRY;
	o->max_retry = tries < 1		  ? 1
		       : tries > REQUEST_ATTEMPTS ? REQUEST_ATTEMPTS
						  : (unsigned)tries;
	o->ignore_self = truth(&j->setting, "ignoreself", true);
	take_escalation(all, o, j);
	for (size_t i = 0; i < j->setting.count; i++)
		if (strcmp(j->setting.item[i].name, "addignoreip") == 0)
			take_ignore(all, o, &j->setting.item[i]);
	take_sources(all, all->count - 1, j);
}

/* A jail that was named is meant, enabled or not. */
static int take_names(struct orders *o, const struct strv *names, struct err *e)
{
	for (size_t i = 0; i < names->count; i++) {
		size_t k = 0;

		while (k < o->jails.count && !str_eq(o->jails.item[k].name, names->item[i]))
			k++;
		if (k == o->jails.count)
			return err_set(
				e, ERR_USAGE,
				_("there is no jail \"%s\"; kannuki-guard config --all --dump "
				  "shows them"),
				names->item[i]);
		o->jails.item[k].enabled = true;
	}
	return 0;
}

int orders_ask(struct os *os, const char *folder, const struct orders_query *query,
	       struct orders *ret, struct err *e)
{
	const struct strv *names = query->names;
	const struct jails_query q = {
		.journal = true, .all = names != NULL, .only = names, .file = query->file
	};

	ret->folder.os = os;
	ret->folder.path = xstrdup(folder);
	if (jails_read(&ret->folder, &q, &ret->jails, e) < 0 ||
	    (names && take_names(ret, names, e) < 0))
		return -1;
	for (size_t i = 0; i < ret->jails.count; i++) {
		struct jail *j = &ret->jails.item[i];

		if (!j->enabled || j->wrong || j->unusable)
			continue;
		if (ret->count < REQUEST_JAILS && strlen(j->name) <= REQUEST_NAME_MAX) {
			take_jail(ret, i);
			continue;
		}
		j->unusable = true;
		conf_problem(&ret->folder, j->from,
			     _("[%s] is left out: too many jails, or its "
			       "name is too long"),
			     j->name);
	}
	return 0;
}

int orders_read(struct os *os, const char *folder, struct orders *ret, struct err *e)
{
	return orders_ask(os, folder, &(struct orders_query){ 0 }, ret, e);
}

void orders_journal_words(const struct orders *o, struct strv *ret)
{
	bool all = false, first = true;

	for (size_t i = 0; i < o->count; i++)
		all = all || (o->item[i].journal && o->item[i].match.count == 0);
	for (size_t i = 0; i < o->count && !all; i++) {
		CLEANUP_STRV struct strv words = { 0 };

		if (!o->item[i].journal)
			continue;
		journal_words(&o->item[i].match, &words);
		if (!first)
			strv_add(ret, "+");
		first = false;
		for (size_t k = 0; k < words.count; k++)
			strv_add(ret, words.item[k]);
	}
}

const struct order *orders_find(const struct orders *o, const char *jail)
{
	for (size_t i = 0; i < o->count; i++)
		if (strcmp(o->item[i].name, jail) == 0)
			return &o->item[i];
	return NULL;
}
