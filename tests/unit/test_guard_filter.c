// SPDX-License-Identifier: MIT
/*
 * Lines through a filter that were written to hurt it: the limits of guard/filter.h, regex.h and
 * failure.h. What honest lines mean is compared with fail2ban itself in tests/guard.
 */
#include <time.h>

#include "base/mem.h"
#include "guard/filter.h"
#include "guard/settings.h"
#include "lib/t.h"

#define NOW 1700000000.0

struct made {
	struct conf_folder folder;
	struct settings settings;
	struct filter *filter;
	struct err e;
};

static void made_done(struct made *m)
{
	filter_free(m->filter);
	settings_done(&m->settings);
	conf_folder_done(&m->folder);
}

static void set(struct made *m, const char *name, const char *value)
{
	strv_add(&settings_add(&m->settings, name, (struct origin){ "f.conf", 7 })->value, value);
}

static int make(struct made *m)
{
	struct filter_mode mode = { .last_decade = 202 };

	return filter_new(&m->settings, mode, &m->folder, &m->filter, &m->e);
}

static struct filter_result bytes(struct made *m, const char *text, size_t len)
{
	struct filter_line line = { .text = text, .len = len };
	struct filter_result r;

	filter_line(m->filter, &line, NOW, 1.0, &r);
	return r;
}

static struct filter_result line(struct made *m, const char *text)
{
	return bytes(m, text, strlen(text));
}

static int an_expression_that_runs_wild_is_stopped(void)
{
	CLEANUP(made_done) struct made m = { 0 };
	CLEANUP_STR struct str text = { 0 };
	struct timespec start, end;

	set(&m, "addfailregex", "^(?:a+)+(?:a+)+(?:a+)+b <HOST>$");
	T_OK(make(&m) == 0);
	for (int i = 0; i < 5000; i++)
		str_add(&text, "a");
	str_add(&text, "!b 192.0.2.1");
	clock_gettime(CLOCK_MONOTONIC, &start);
	{
		CLEANUP_FILTER_RESULT struct filter_result r = line(&m, text.text);

		clock_gettime(CLOCK_MONOTONIC, &end);
		T_OK(r.gave_up && r.count == 0);
		T_OK(end.tv_sec - start.tv_sec < 20);
	}
	/* The next line is decided as if nothing had been. */
	CLEANUP_FILTER_RESULT struct filter_result r = line(&m, "aaab 192.0.2.1");
	T_OK(!r.gave_up && r.count == 1);
	T_STR(r.found[0].id, "192.0.2.1");
	return 0;
}

static int deep_nesting_of_a_line_is_no_recursion(void)
{
	CLEANUP(made_done) struct made m = { 0 };
	CLEANUP_STR struct str text = { 0 };

	set(&m, "addfailregex", "^(?:(\\[)|(x)|(\\]))* <HOST>$");
	T_OK(make(&m) == 0);
	for (size_t i = 0; i < FILTER_LINE_MAX / 2; i++)
		str_add(&text, "[");
	str_add(&text, " 192.0.2.1");
	CLEANUP_FILTER_RESULT struct filter_result r = line(&m, text.text);
	T_OK(r.gave_up || r.count == 1);
	return 0;
}

static int long_lines_are_told(void)
{
	CLEANUP(made_done) struct made m = { 0 };
	CLEANUP_STR struct str text = { 0 };

	set(&m, "addfailregex", "<HOST>$");
	T_OK(make(&m) == 0);
	for (size_t i = 0; i < FILTER_LINE_MAX; i++)
		str_add(&text, "a");
	{
		CLEANUP_FILTER_RESULT struct filter_result r = line(&m, text.text);

		T_OK(!r.too_long);
	}
	str_add(&text, "b");
	CLEANUP_FILTER_RESULT struct filter_result r = line(&m, text.text);
	T_OK(r.too_long && r.count == 0);
	return 0;
}

static int bytes_that_are_no_text_hide_nothing(void)
{
	static const struct {
		const char *text;
		size_t len;
	} cases[] = {
#define BYTES(text) { text, sizeof(text) - 1 }
		BYTES("user \xff\xfe\x80 from 192.0.2.1"), BYTES("user \xe3\x81 from 192.0.2.1"),
		BYTES("user a\0b from 192.0.2.1"),	   BYTES("user \xf0\x9f from 192.0.2.1"),
		BYTES("user \xed\xa0\x80 from 192.0.2.1"), BYTES("user \x1b[2J from 192.0.2.1"),
		BYTES("user \x1c\x1f from 192.0.2.1"),
	};
	CLEANUP(made_done) struct made m = { 0 };

	set(&m, "addfailregex", "^user <F-USER>.*</F-USER> from <HOST>$");
	T_OK(make(&m) == 0);
	for (size_t i = 0; i < COUNT(cases); i++) {
		CLEANUP_FILTER_RESULT struct filter_result r =
			bytes(&m, cases[i].text, cases[i].len);

		T_OK(r.count == 1);
		T_STR(r.found[0].id, "192.0.2.1");
	}
	return 0;
}

static int a_name_with_an_address_in_it_is_not_believed(void)
{
	CLEANUP(made_done) struct made m = { 0 };

	set(&m, "addfailregex", "^Failed for <F-USER>.*</F-USER> from <HOST> port \\d+$");
	T_OK(make(&m) == 0);
	CLEANUP_FILTER_RESULT struct filter_result r =
		line(&m, "Failed for x from 198.51.100.1 port 22 from 192.0.2.1 port 22");
	T_OK(r.count == 1);
	T_STR(r.found[0].id, "192.0.2.1");
	T_STR(dict_get(&r.found[0].failure.group, "user"), "x from 198.51.100.1 port 22");
	return 0;
}

static int forms_of_one_address_are_one_source(void)
{
	static const char *const same[][2] = {
		{ "::ffff:192.0.2.1", "192.0.2.1" }, { "2001:DB8:0:0::1", "2001:db8::1" },
		{ "[2001:db8::1]", "2001:db8::1" },  { "::ffff:c000:201", "192.0.2.1" },
		{ "host.example", "host.example" },  { "192.0.2.999", "192.0.2.999" },
	};
	CLEANUP(made_done) struct made m = { 0 };

	set(&m, "addfailregex", "^from <HOST>$");
	T_OK(make(&m) == 0);
	for (size_t i = 0; i < COUNT(same); i++) {
		CLEANUP_FREE char *text = xasprintf("from %s", same[i][0]);
		CLEANUP_FILTER_RESULT struct filter_result r = line(&m, text);

		T_OK(r.count == 1);
		T_STR(r.found[0].id, same[i][1]);
		T_OK(r.found[0].is_name == (i == 4));
	}
	return 0;
}

/* Whoever opens many connections does not make us forget the one that is about to fail. */
static int many_connections_are_remembered_and_no_more(void)
{
	CLEANUP(made_done) struct made m = { 0 };

	set(&m, "addfailregex", "^<F-MLFID>\\d+</F-MLFID>: <F-NOFAIL>hello</F-NOFAIL> <HOST>$");
	set(&m, "addfailregex", "^<F-MLFID>\\d+</F-MLFID>: failed$");
	T_OK(make(&m) == 0);
	for (int i = 0; i < 4000; i++) {
		CLEANUP_FREE char *text = xasprintf("%d: hello 192.0.2.1", i);
		CLEANUP_FILTER_RESULT struct filter_result r = line(&m, text);

		T_OK(r.count == 0);
	}
	{
		CLEANUP_FILTER_RESULT struct filter_result r = line(&m, "0: failed");

		T_OK(r.count == 1);
		T_STR(r.found[0].id, "192.0.2.1");
	}
	for (int i = 0; i < 20000; i++) {
		CLEANUP_FREE char *text = xasprintf("1%d: hello 192.0.2.1", i);
		CLEANUP_FILTER_RESULT struct filter_result r = line(&m, text);

		T_OK(r.count == 0);
	}
	CLEANUP_FILTER_RESULT struct filter_result r = line(&m, "1: failed");
	T_OK(r.count == 0);
	return 0;
}

/* Long names cost memory: then it is the time for which they are remembered that gives. */
static int long_names_are_no_more_memory(void)
{
	CLEANUP(made_done) struct made m = { 0 };
	CLEANUP_STR struct str name = { 0 };

	set(&m, "addfailregex",
	    "^<F-MLFID>\\d+</F-MLFID>: <F-NOFAIL>hello</F-NOFAIL> <HOST> <F-USER>.*</F-USER>$");
	set(&m, "addfailregex", "^<F-MLFID>\\d+</F-MLFID>: failed$");
	T_OK(make(&m) == 0);
	for (int i = 0; i < 60000; i++)
		str_add(&name, "x");
	for (int i = 0; i < 600; i++) {
		CLEANUP_FREE char *text = xasprintf("%d: hello 192.0.2.1 %s", i, name.text);
		CLEANUP_FILTER_RESULT struct filter_result r = line(&m, text);

		T_OK(r.count == 0);
	}
	CLEANUP_FILTER_RESULT struct filter_result first = line(&m, "0: failed");
	CLEANUP_FILTER_RESULT struct filter_result last = line(&m, "599: failed");
	T_OK(first.count == 0 && last.count == 1);
	T_STR(last.found[0].id, "192.0.2.1");
	T_OK(last.found[0].failure.users.count == 1 &&
	     strlen(last.found[0].failure.users.item[0]) < 1100);
	return 0;
}

static int long_lines_together_are_bounded(void)
{
	CLEANUP(made_done) struct made m = { 0 };
	CLEANUP_STR struct str text = { 0 };

	set(&m, "maxlines", "100");
	set(&m, "addfailregex", "^first$<SKIPLINES>^second <HOST>$");
	T_OK(make(&m) == 0);
	for (int i = 0; i < 60000; i++)
		str_add(&text, "x");
	for (int i = 0; i < 20; i++) {
		CLEANUP_FILTER_RESULT struct filter_result r =
			line(&m, i == 0 ? "first" : text.text);

		T_OK(r.count == 0);
	}
	CLEANUP_FILTER_RESULT struct filter_result gone = line(&m, "second 192.0.2.1");
	CLEANUP_FILTER_RESULT struct filter_result again = line(&m, "first");
	CLEANUP_FILTER_RESULT struct filter_result hit = line(&m, "second 192.0.2.1");
	T_OK(gone.count == 0 && again.count == 0 && hit.count == 1);
	return 0;
}

/* Lines that are used up make no others older: what waits for its second line may wait for long. */
static int a_line_waits_while_others_are_used_up(void)
{
	CLEANUP(made_done) struct made m = { 0 };

	set(&m, "maxlines", "3");
	set(&m, "addfailregex", "^the beginning$<SKIPLINES>^end <HOST>$");
	set(&m, "addfailregex", "^alone <HOST>$");
	T_OK(make(&m) == 0);
	CLEANUP_FILTER_RESULT struct filter_result first = line(&m, "the beginning");
	T_OK(first.count == 0);
	for (int i = 0; i < 10; i++) {
		CLEANUP_FILTER_RESULT struct filter_result r = line(&m, "alone 192.0.2.1");

		T_OK(r.count == 1 && r.found[0].regex == 1);
	}
	CLEANUP_FILTER_RESULT struct filter_result second = line(&m, "end 192.0.2.2");
	T_OK(second.count == 1 && second.found[0].regex == 0);
	T_STR(second.found[0].id, "192.0.2.2");
	return 0;
}

/* Old lines are of their time, lines without a date are of now, and a zone that nobody knows is no date. */
static int times_are_the_lines_own(void)
{
	static const struct {
		const char *text;
		double time;
	} cases[] = {
		{ "2023-11-14T22:13:20Z from 192.0.2.1", NOW },
		{ "2023-11-14 21:13:20 -0100 from 192.0.2.1", NOW },
		{ "@4000000065540000 from 192.0.2.1", NOW },
		{ "1600000000 from 192.0.2.1", 1600000000.0 },
		{ "from 192.0.2.1", NOW },
	};

	for (size_t i = 0; i < COUNT(cases); i++) {
		CLEANUP(made_done) struct made m = { 0 };

		set(&m, "addfailregex", "from <HOST>$");
		T_OK(make(&m) == 0);
		CLEANUP_FILTER_RESULT struct filter_result r = line(&m, cases[i].text);
		T_OK(r.count == 1 && r.found[0].has_time && r.found[0].time == cases[i].time);
	}
	return 0;
}

static int what_cannot_be_used_is_named(void)
{
	static const struct {
		const char *name, *value, *words;
	} cases[] = {
		{ "addfailregex", "^(<HOST>", "missing closing parenthesis" },
		{ "addfailregex", "^no source$", "who failed" },
		{ "addfailregex", "^\\Ka <HOST>", "bad escape" },
		{ "addfailregex", "^(?R) <HOST>", "unknown extension" },
		{ "addfailregex", " ", "empty" },
		{ "addignoreregex", "a**", "" },
		{ "prefregex", "[a", "" },
		{ "maxlines", "1000", "maxlines" },
		{ "datepattern", "%Q", "no part of a date" },
		{ "logtimezone", "Mars", "Mars" },
	};

	for (size_t i = 0; i < COUNT(cases); i++) {
		CLEANUP(made_done) struct made m = { 0 };

		set(&m, cases[i].name, cases[i].value);
		T_OK(make(&m) < 0 && !m.filter);
		T_OK(strstr(m.e.msg, "f.conf:7: ") == m.e.msg && strstr(m.e.msg, cases[i].words));
		T_OK(m.folder.problem_count == 1 && m.folder.problem[0].at.line == 7);
	}
	return 0;
}

static int every_bad_expression_of_a_list_is_named(void)
{
	CLEANUP(made_done) struct made m = { 0 };

	set(&m, "addfailregex", "(<HOST>");
	strv_add(&m.settings.item[0].value, "^fine <HOST>$");
	strv_add(&m.settings.item[0].value, "[<HOST>");
	T_OK(make(&m) < 0 && m.folder.problem_count == 2);
	return 0;
}

int main(void)
{
	static const struct t_case cases[] = {
		T(an_expression_that_runs_wild_is_stopped),
		T(deep_nesting_of_a_line_is_no_recursion),
		T(long_lines_are_told),
		T(bytes_that_are_no_text_hide_nothing),
		T(a_name_with_an_address_in_it_is_not_believed),
		T(forms_of_one_address_are_one_source),
		T(many_connections_are_remembered_and_no_more),
		T(long_names_are_no_more_memory),
		T(long_lines_together_are_bounded),
		T(a_line_waits_while_others_are_used_up),
		T(times_are_the_lines_own),
		T(what_cannot_be_used_is_named),
		T(every_bad_expression_of_a_list_is_named),
	};

	setenv("TZ", "UTC0", 1);
	tzset();
	return t_main(cases, COUNT(cases));
}
