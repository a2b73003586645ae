// SPDX-License-Identifier: MIT
/*
 * The guard's short cuts decide as the long way does: random lines through filters and a matcher that ask every
 * expression of every line, and through those that do not. What the long way decides is compared with fail2ban in
 * tests/guard. KANNUKI_SEED=N is the same again.
 */
#include <stdlib.h>

#include "base/mem.h"
#include "guard/matcher.h"
#include "guard/settings.h"
#include "lib/t.h"

#define NOW   1700000000.0
#define LINES 60000

/* Filters of ours with all that a filter can have. "" ends the settings of one. */
static const char *const filters[][2] = {
	{ "prefregex", "^<F-MLFID>\\s*\\S+ sshd\\[\\d+\\]: </F-MLFID><F-CONTENT>.+</F-CONTENT>$" },
	{ "addfailregex",
	  "^Failed \\w+ for (?:invalid user )?<F-USER>.*?</F-USER> from <HOST>(?: port \\d+)?" },
	{ "addfailregex", "^Invalid user <F-USER>\\S*</F-USER> from <ADDR>" },
	{ "addfailregex", "^<F-NOFAIL>Connection from</F-NOFAIL> <HOST>" },
	{ "addfailregex", "^too many$" },
	{ "addfailregex", "^<F-MLFFORGET>Disconnected</F-MLFFORGET> from <HOST>" },
	{ "addfailregex", "^<F-MLFFORGET><F-MLFGAINED>Accepted</F-MLFGAINED></F-MLFFORGET> for "
			  "<F-USER>\\S+</F-USER> from <HOST>" },
	{ "datepattern", "{^LN-BEG}" },
	{ "", "" },
	{ "addfailregex",
	  "(?i)^ \\S+ skip user <F-ALT_USER>\\w+</F-ALT_USER> (?:<F-USER>\\w+</F-USER> )?<HOST>" },
	{ "addfailregex", "\\[\\] <F-TUPLE_USER>\\w+</F-TUPLE_USER> at "
			  "<F-TUPLE_USER_1>\\w+</F-TUPLE_USER_1> <F-ID>\\S+ on <ADDR></F-ID>" },
	{ "addfailregex", "\\s[Bb]an[ed]*\\s<SUBNET>" },
	{ "addignoreregex", "from 192\\.0\\.2\\.9" },
	{ "", "" },
	{ "addfailregex", "(?:one|two|three) <HOST> (?(ip4)four|six)" },
	{ "addfailregex", "^<HOST>" },
	{ "addfailregex", "Straße|\xc3\xa9*<HOST> caf\xc3\xa9" },
	{ "addfailregex", "kelvin <HOST>" },
	{ "addfailregex", "a <HOST> b" },
	{ "addignoreregex", "goodbot" },
	{ "datepattern", "^[^\\[]*\\[({DATE})\n{^LN-BEG}" },
	{ "", "" },
	{ "maxlines", "3" },
	{ "addfailregex", "^ \\S+ first <F-USER>\\w+</F-USER>$<SKIPLINES>^ \\S+ second <HOST>$" },
	{ "addfailregex", "^ \\S+ lone <HOST>$" },
	{ "addignoreregex", "goodbot" },
	{ "", "" },
	{ "addfailregex", "done: by <HOST>" },
	{ "addfailregex", "^ \\S+ \xc3\xa9*plain <HOST>$" },
	{ "addfailregex", "(?i)KELVIN <HOST>$" },
	{ "addfailregex", "(?i)^ \\S+ user <F-USER>.*</F-USER> fails from <HOST>$" },
	{ "", "" },
};

static const char *const dates[] = {
	"Nov 14 22:13:19",
	"Nov 14 22:13:20",
	"Nov  4 22:13:20",
	"nov 14 22:13:20",
	"Nov 14 22:13:60",
	"Nov 31 22:13:20",
	"Tue Nov 14 22:13:20",
	"Nov 14 22:13:20.123",
	"Nov 14 22:13:20 2022",
	"2023-11-14T22:13:20.123456+01:00",
	"2023-11-14 22:13:20",
	"2023-11-14T22:13:20Z",
	"2023-11-14 22:13:20,123 +0100",
	"2023-11-14T22:13:20.1234567",
	"2023-02-30T22:13:20",
	"2099-11-14T22:13:20",
	"1700000000",
	"@4000000065540000",
	"[14/Nov/2023:22:13:20 +0000]",
	"[Tue Nov 14 22:13:20 2023]",
	"22:13:20",
	"23:13:40",
	"",
	"14/11/2023 22:13:20",
	"[2023-11-14 22:13:20]",
};

static const char *const texts[] = {
	" web sshd[%d]: Failed password for root from 192.0.2.%d port 22",
	" web sshd[%d]: Failed password for invalid user x from 1.2.3.4 from 192.0.2.%d port 22",
	" web sshd[%d]: Invalid user adm\xc3\xafn from 2001:DB8::%x",
	" web sshd[%d]: Invalid user  from ::ffff:192.0.2.%d",
	" web sshd[%d]: Connection from 192.0.2.%d port 5",
	" web sshd[%d]: too many",
	" web sshd[%d]: Disconnected from 192.0.2.%d",
	" web sshd[%d]: Accepted for u%d from 192.0.2.7",
	" web cron[%d]: session opened for user root %d",
	" web sk%dp user a b%d.example",
	" web SKIP user root bob host%d.example %d",
	" web \xc5\xbfkip user root 192.0.2.%d %d",
	" web %d kelvin 192.0.2.%d",
	" web %d \xe2\x84\xaa\x65lvin 192.0.2.%d",
	"[] ann at hq%d q on 192.0.2.%d",
	" banned 192.0.2.%d/%d",
	" Ban from 192.0.2.9 198.51.100.%d %d",
	" two 2001:db8::%x six %d",
	" three 192.0.2.%d four %d goodbot",
	"host%d.example %d",
	" web first bob",
	" web second 192.0.2.%d",
	" web lone 192.0.2.%d",
	" web second goodbot",
	" web user \xff\xfe%d fails from 192.0.2.%d",
	" web USER a\x1c%d FAILS FROM 192.0.2.%d",
	"%d a 192.0.2.%d b",
	"Stra\xc3\x9f\x65 %d",
	" caf\xc3\xa9 %d 192.0.2.%d caf\xc3\xa9",
	"",
	" ",
	" web plain 192.0.2.%d",
	" web done:| by 192.0.2.%d",
	"do|ne: by 192.0.2.%d",
	"# %d",
};

static unsigned long long seed;

static unsigned draw(unsigned below)
{
	seed = seed * 6364136223846793005ull + 1442695040888963407ull;
	return (unsigned)(seed >> 33) % below;
}

/* A date and a text, mostly whole, the date within the text at times (where the '|' is), bytes changed at others. */
static void make_line(struct str *ret)
{
	static unsigned form;
	CLEANUP_FREE char *text = xasprintf(texts[draw(COUNT(texts))], (int)draw(9), (int)draw(12));
	size_t at = strcspn(text, "|"), len = strlen(text);

	if (draw(6) == 0)
		form = draw(COUNT(dates));
	if (at < len)
		memmove(text + at, text + at + 1, len-- - at);
	else
		at = draw(8) == 0 ? draw((unsigned)len + 1) : 0;
	str_clear(ret);
	str_add_bytes(ret, text, at);
	str_add(ret, dates[form]);
	str_add(ret, text + at);
	if (draw(4) == 0 && ret->len > 0) {
		static const char odd[] = " :[]()0aS\xc3\xa9\x1f\x01";

		ret->text[draw((unsigned)ret->len)] = odd[draw(sizeof(odd))];
	}
}

/* The settings of all filters as jails. */
static void make_jails(struct jails *ret)
{
	struct jail *one = NULL;

	*ret = (struct jails){ .item = xcalloc(COUNT(filters), sizeof(*ret->item)) };
	for (size_t i = 0; i < COUNT(filters); i++) {
		if (!one) {
			one = &ret->item[ret->count++];
			one->enabled = true;
			one->name = xasprintf("j%zu", ret->count);
		}
		if (filters[i][0][0])
			strv_add(&settings_add(&one->setting, filters[i][0], (struct origin){ 0 })
					  ->value,
				 filters[i][1]);
		else
			one = NULL;
	}
}

static bool same_failure(const struct failure *a, const struct failure *b)
{
	size_t have_a = 0, have_b = 0;

	for (size_t i = 0; i < a->group.count; i++) {
		const char *value = a->group.item[i].value;

		have_a += value != NULL;
		if (value && !str_eq(value, dict_get(&b->group, a->group.item[i].key)))
			return false;
	}
	for (size_t i = 0; i < b->group.count; i++)
		have_b += b->group.item[i].value != NULL;
	if (have_a != have_b || a->users.count != b->users.count || a->matches != b->matches ||
	    a->harmless_matches != b->harmless_matches || a->pending != b->pending)
		return false;
	for (size_t i = 0; i < a->users.count; i++)
		if (strcmp(a->users.item[i], b->users.item[i]) != 0)
			return false;
	return true;
}

static bool same_found(const struct found *a, const struct found *b)
{
	return a->regex == b->regex && str_eq(a->id, b->id) && a->is_name == b->is_name &&
	       a->has_time == b->has_time && (!a->has_time || a->time == b->time) &&
	       a->harmless == b->harmless && same_failure(&a->failure, &b->failure);
}

static bool same_result(const struct filter_result *a, const struct filter_result *b)
{
	if (a->count != b->count || a->ignored != b->ignored || a->used_up != b->used_up ||
	    a->too_long != b->too_long || a->gave_up != b->gave_up)
		return false;
	for (size_t i = 0; i < a->count; i++)
		if (!same_found(&a->found[i], &b->found[i]))
			return false;
	return true;
}

static int compare_filter(const struct jail *jail, struct filter_mode mode)
{
	CLEANUP_FILTER struct filter *fast = NULL, *slow = NULL;
	CLEANUP_CONF_FOLDER struct conf_folder folder = { 0 };
	CLEANUP_STR struct str text = { 0 };
	struct err e = { 0 };
	unsigned long found = 0;

	T_OK(filter_new(&jail->setting, mode, &folder, &fast, &e) == 0);
	mode.plain = true;
	T_OK(filter_new(&jail->setting, mode, &folder, &slow, &e) == 0);
	for (int i = 0; i < LINES / 4; i++) {
		CLEANUP_FILTER_RESULT struct filter_result a = { 0 }, b = { 0 };
		struct filter_line line;
		double now = NOW + i % 40, clock = i / 50;

		make_line(&text);
		line = (struct filter_line){ text.text, text.len, draw(50) == 0, NOW - 5,
					     draw(9) == 0 };
		filter_line(fast, &line, now, clock, &a);
		filter_line(slow, &line, now, clock, &b);
		found += a.count;
		if (!same_result(&a, &b)) {
			printf("# %s: line %d: %s\n", jail->name, i, text.text);
			return 1;
		}
	}
	T_OK(found > 50);
	for (int ignore = 0; ignore < 2; ignore++)
		for (size_t i = 0; i < filter_count(fast, ignore); i++)
			T_OK(filter_hits(fast, ignore, i) == filter_hits(slow, ignore, i));
	return 0;
}

static int a_filter_decides_the_same(void)
{
	CLEANUP_JAILS struct jails jails = { 0 };

	make_jails(&jails);
	for (size_t i = 0; i < jails.count; i++)
		for (unsigned bits = 0; bits < 8; bits++) {
			struct filter_mode mode = { .all = bits & 1,
						    .pending = bits & 2,
						    .looking_back = bits & 4,
						    .last_decade = 202 };

			T_OK(compare_filter(&jails.item[i], mode) == 0);
		}
	return 0;
}

static bool same_failures(const struct matcher_result *a, const struct matcher_result *b)
{
	if (a->count != b->count || a->too_long != b->too_long || a->gave_up != b->gave_up)
		return false;
	for (size_t i = 0; i < a->count; i++) {
		const struct matcher_failure *x = &a->failure[i], *y = &b->failure[i];

		if (x->jail != y->jail || x->regex != y->regex || strcmp(x->id, y->id) != 0 ||
		    x->is_name != y->is_name || x->has_time != y->has_time ||
		    (x->has_time && x->time != y->time) || x->count != y->count ||
		    !same_failure(x->more, y->more))
			return false;
	}
	return true;
}

/* Two sources for some jails, one for the others; and a jail that is off. */
static struct matcher *make_matcher(bool plain)
{
	static const size_t all[] = { 0, 1, 2, 3, 4, 77 }, few[] = { 4, 0 };
	CLEANUP_CONF_FOLDER struct conf_folder folder = { 0 };
	CLEANUP_JAILS struct jails jails = { 0 };
	struct matcher_mode mode = { .last_decade = 202, .plain = plain };
	struct matcher *m;

	make_jails(&jails);
	m = matcher_new(&jails, mode, &folder);
	matcher_add_source(m, all, COUNT(all));
	matcher_add_source(m, few, COUNT(few));
	return m;
}

static int a_matcher_decides_the_same(void)
{
	CLEANUP_MATCHER struct matcher *fast = make_matcher(false), *slow = make_matcher(true);
	CLEANUP_STR struct str text = { 0 };
	unsigned long of_jail[5] = { 0 };

	for (int i = 0; i < LINES; i++) {
		struct matcher_line line = { .source = draw(3) == 0 };
		uint64_t only = draw(32);
		struct matcher_result a, b;
		double now = NOW + i % 40;

		make_line(&text);
		line.line = (struct filter_line){ text.text, text.len, draw(50) == 0, NOW,
						  draw(9) == 0 };
		if (line.line.dated)
			line.only = &only;
		matcher_line(fast, &line, now, i / 50, &a);
		matcher_line(slow, &line, now, i / 50, &b);
		for (size_t k = 0; k < a.count; k++) {
			T_OK(!line.only || (only >> a.failure[k].jail & 1));
			T_OK(a.failure[k].time <= now);
			of_jail[a.failure[k].jail]++;
		}
		if (!same_failures(&a, &b)) {
			printf("# line %d: %s\n", i, text.text);
			return 1;
		}
	}
	for (size_t i = 0; i < COUNT(of_jail); i++)
		T_OK(of_jail[i] > 100);
	return 0;
}

/* What a jail finds does not depend on which others there are. */
static int a_matcher_decides_as_its_filters(void)
{
	CLEANUP_MATCHER struct matcher *m = make_matcher(false);
	CLEANUP_CONF_FOLDER struct conf_folder folder = { 0 };
	CLEANUP_JAILS struct jails jails = { 0 };
	CLEANUP_STR struct str text = { 0 };
	struct filter *alone[5] = { 0 };
	struct err e = { 0 };

	make_jails(&jails);
	for (size_t i = 0; i < COUNT(alone); i++)
		T_OK(filter_new(&jails.item[i].setting, (struct filter_mode){ .last_decade = 202 },
				&folder, &alone[i], &e) == 0);
	for (int i = 0; i < LINES; i++) {
		struct matcher_line line = { 0 };
		struct matcher_result a;
		size_t next = 0;

		make_line(&text);
		line.line = (struct filter_line){ .text = text.text, .len = text.len };
		matcher_line(m, &line, NOW, 1, &a);
		for (size_t k = 0; k < COUNT(alone); k++) {
			struct filter_result r;

			filter_look(alone[k], &line.line, NOW, 1, &r);
			for (size_t n = 0; n < r.count; n++) {
				if (!r.found[n].id || r.found[n].harmless)
					continue;
				T_OK(next < a.count && a.failure[next].jail == k);
				T_STR(a.failure[next].id, r.found[n].id);
				T_OK(same_failure(a.failure[next].more, &r.found[n].failure));
				next++;
			}
		}
		T_OK(next == a.count);
	}
	for (size_t i = 0; i < COUNT(alone); i++)
		filter_free(alone[i]);
	return 0;
}

static int a_jail_that_cannot_be_used_hurts_no_other(void)
{
	CLEANUP_CONF_FOLDER struct conf_folder folder = { 0 };
	CLEANUP_JAILS struct jails jails = { 0 };
	CLEANUP_MATCHER struct matcher *m = NULL;
	const size_t both[] = { 0, 1, 2 };
	struct matcher_line line = { .line = { .text = "from 192.0.2.1", .len = 14 } };
	struct matcher_result r;

	jails.count = 3;
	jails.item = xcalloc(3, sizeof(*jails.item));
	for (size_t i = 0; i < 3; i++) {
		jails.item[i].enabled = i != 1;
		strv_add(&settings_add(&jails.item[i].setting, "addfailregex", (struct origin){ 0 })
				  ->value,
			 i == 0 ? "(from <HOST>" : "from <HOST>");
	}
	m = matcher_new(&jails, (struct matcher_mode){ .last_decade = 202 }, &folder);
	T_OK(jails.item[0].unusable && !jails.item[2].unusable && folder.problem_count == 1);
	T_OK(!matcher_filter(m, 0) && !matcher_filter(m, 1) && matcher_filter(m, 2));
	matcher_add_source(m, both, 3);
	matcher_line(m, &line, NOW, 1, &r);
	T_OK(r.count == 1 && r.failure[0].jail == 2 && r.failure[0].time == NOW);
	T_STR(r.failure[0].id, "192.0.2.1");
	return 0;
}

/* fail2ban in operation: what is written now happened now, whatever its date says; old lines are of their time. */
static int a_live_line_is_of_now(void)
{
	static const struct {
		const char *text;
		bool live;
		double time;
	} cases[] = {
		{ "2023-11-14T22:12:30Z from 192.0.2.1", true, NOW - 50 },
		{ "2023-11-14T22:12:00Z from 192.0.2.1", true, NOW },
		{ "2023-11-14T22:12:00Z from 192.0.2.1", false, NOW - 80 },
		{ "2023-11-14T22:13:50Z from 192.0.2.1", true, NOW },
		{ "2023-11-14T23:13:20Z from 192.0.2.1", true, NOW },
		{ "2023-11-14T23:13:20Z from 192.0.2.1", false, NOW },
	};
	CLEANUP_CONF_FOLDER struct conf_folder folder = { 0 };
	CLEANUP_JAILS struct jails jails = { .count = 1 };
	CLEANUP_MATCHER struct matcher *m = NULL;

	jails.item = xcalloc(1, sizeof(*jails.item));
	jails.item[0].enabled = true;
	strv_add(&settings_add(&jails.item[0].setting, "addfailregex", (struct origin){ 0 })->value,
		 "from <HOST>");
	m = matcher_new(&jails, (struct matcher_mode){ .last_decade = 202 }, &folder);
	matcher_add_source(m, (const size_t[]){ 0 }, 1);
	for (size_t i = 0; i < COUNT(cases); i++) {
		struct matcher_line line = { .line = { .text = cases[i].text,
						       .len = strlen(cases[i].text),
						       .live = cases[i].live } };
		struct matcher_result r;

		matcher_line(m, &line, NOW, 1, &r);
		T_OK(r.count == 1 && r.failure[0].time == cases[i].time);
	}
	return 0;
}

int main(void)
{
	static const struct t_case cases[] = {
		T(a_filter_decides_the_same),
		T(a_matcher_decides_the_same),
		T(a_matcher_decides_as_its_filters),
		T(a_jail_that_cannot_be_used_hurts_no_other),
		T(a_live_line_is_of_now),
	};

	setenv("TZ", "CET-01CEST-02,M3.5.0,M10.5.0", 1);
	tzset();
	seed = getenv("KANNUKI_SEED") ? strtoull(getenv("KANNUKI_SEED"), NULL, 10) : 20261127;
	printf("# seed %llu\n", seed);
	return t_main(cases, COUNT(cases));
}
