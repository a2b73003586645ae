// SPDX-License-Identifier: MIT
/*
 * guard/window.h: who is due, against the same sums done the long way; what is forgotten, and what is not; how
 * much memory a million sources take.
 */
#include <math.h>

#include "base/mem.h"
#include "guard/window.h"
#include "lib/t.h"

#define NOW 1700000000.0

static const struct window_limits roomy = { .sources = 1000, .line_bytes = 100000 };

static struct window *one_jail(double find_time, unsigned max_retry)
{
	struct window_rule rule = { find_time, max_retry };

	return window_new(&rule, 1, roomy);
}

static struct window_state state;

static bool fails(struct window *w, const char *id, double at)
{
	struct window_failure f = { .id = id, .time = NOW + at };

	return window_add(w, &f, NOW + at, &state);
}

static int due_at_the_last_of_maxretry_and_forgotten_then(void)
{
	CLEANUP_WINDOW struct window *w = one_jail(600, 3);

	T_OK(!fails(w, "192.0.2.1", 0) && state.attempts == 1);
	T_OK(!fails(w, "192.0.2.2", 0) && state.attempts == 1);
	T_OK(!fails(w, "192.0.2.1", 10) && state.attempts == 2);
	T_OK(fails(w, "192.0.2.1", 20) && state.attempts == 3);
	T_OK(state.first == NOW && state.last == NOW + 20);
	T_OK(!window_look(w, 0, "192.0.2.1", NOW + 20).known);
	T_OK(window_look(w, 0, "192.0.2.2", NOW + 20).attempts == 1);
	T_OK(!fails(w, "192.0.2.1", 21) && state.attempts == 1);
	return 0;
}

static int maxretry_one_is_due_at_once(void)
{
	CLEANUP_WINDOW struct window *w = one_jail(600, 1);

	T_OK(fails(w, "192.0.2.1", 0) && fails(w, "192.0.2.1", 0));
	T_OK(window_sources(w) == 0);
	return 0;
}

/* FailTicket.adjustTime of fail2ban: of 3 failures in 900 s are 2 within 600 s, and one more is 3. */
static int the_estimate_of_fail2ban_counts(void)
{
	CLEANUP_WINDOW struct window *w = one_jail(600, 5);

	T_OK(!fails(w, "192.0.2.1", 0) && !fails(w, "192.0.2.1", 1));
	T_OK(!fails(w, "192.0.2.1", 500) && state.attempts == 3);
	T_OK(!fails(w, "192.0.2.1", 900));
	T_OK(state.attempts == 3 && state.first == NOW + 300);
	/* round(3 / 601 * 600) = 3, and one, and another: banned there, though within 600 s are three. */
	T_OK(!fails(w, "192.0.2.1", 901) && state.attempts == 4);
	T_OK(fails(w, "192.0.2.1", 902) && state.attempts == 5);
	return 0;
}

/* A burst after quiet hours: the estimate stays low, but so many did fail within findtime. */
static int a_burst_after_a_long_time_counts_whole(void)
{
	CLEANUP_WINDOW struct window *w = one_jail(600, 10);
	int n = 0;

	fails(w, "192.0.2.1", 0);
	fails(w, "192.0.2.1", 590);
	/* At 1180 fail2ban takes the two for one. */
	for (n = 0; n < 20 && !fails(w, "192.0.2.1", 1180 + n); n++)
		;
	/* Within 600 s of 1188 are 590 and nine since 1180. */
	T_OK(n == 8 && state.attempts >= 10);
	return 0;
}

static int what_is_findtime_ago_is_over(void)
{
	CLEANUP_WINDOW struct window *w = one_jail(600, 2);

	fails(w, "192.0.2.1", 0);
	T_OK(window_look(w, 0, "192.0.2.1", NOW + 599.9).known);
	T_OK(!window_look(w, 0, "192.0.2.1", NOW + 600).known);
	T_OK(!fails(w, "192.0.2.1", 600) && state.attempts == 1);
	T_OK(fails(w, "192.0.2.1", 1199));
	return 0;
}

static int a_line_from_before_findtime_is_not_counted(void)
{
	CLEANUP_WINDOW struct window *w = one_jail(600, 2);
	struct window_failure f = { .id = "192.0.2.1", .time = NOW - 601 };

	T_OK(!window_add(w, &f, NOW, &state) && !state.known);
	f.time = NOW - 600;
	T_OK(!window_add(w, &f, NOW, &state) && state.known);
	return 0;
}

static int more_than_one_failure_at_once(void)
{
	CLEANUP_WINDOW struct window *w = one_jail(600, 5);
	struct window_failure f = { .id = "192.0.2.1", .time = NOW, .count = 4 };

	T_OK(!window_add(w, &f, NOW, &state) && state.attempts == 4);
	f.count = 1000000;
	T_OK(window_add(w, &f, NOW, &state) && state.attempts == 1000004);
	return 0;
}

static int weight_is_added_only_to_who_is_known(void)
{
	CLEANUP_WINDOW struct window *w = one_jail(600, 5);
	struct window_failure f = { .id = "192.0.2.1", .time = NOW, .count = 3, .if_known = true };

	T_OK(!window_add(w, &f, NOW, &state) && !state.known && window_sources(w) == 0);
	fails(w, "192.0.2.1", 0);
	T_OK(!window_add(w, &f, NOW, &state) && state.attempts == 4);
	return 0;
}

static int jails_and_ids_are_kept_apart(void)
{
	struct window_rule rule[] = { { 600, 2 }, { 600, 2 } };
	CLEANUP_WINDOW struct window *w = window_new(rule, 2, roomy);
	static const char *const ids[] = {
		"192.0.2.1", "192.0.2.1/24", "192.0.2.1/255", "192.0.2.1/x", "",
		"::",	     "::/64",	     "::1",	      "c0:0201::",   "a/b",
		"a/b ",	     "0.0.0.0",	     "0.0.0.0/0"
	};

	for (size_t jail = 0; jail < 2; jail++)
		for (size_t i = 0; i < COUNT(ids); i++) {
			struct window_failure f = { .jail = jail, .id = ids[i], .time = NOW };

			T_OK(!window_add(w, &f, NOW, &state) && state.attempts == 1);
		}
	T_OK(window_sources(w) == 2 * COUNT(ids));
	T_OK(window_forget(w, 1, "a/b") && !window_forget(w, 1, "a/b"));
	T_OK(window_look(w, 0, "a/b", NOW).known && !window_look(w, 1, "a/b", NOW).known);
	return 0;
}

static int a_clock_that_steps_back_loses_nobody(void)
{
	CLEANUP_WINDOW struct window *w = one_jail(600, 3);

	T_OK(!fails(w, "192.0.2.1", 0) && !fails(w, "192.0.2.1", -500));
	T_OK(fails(w, "192.0.2.1", -5000) && state.last == NOW);
	return 0;
}

/* Who floods with single failures pushes out others that failed once, never one that came back. */
static int a_flood_of_new_sources_hides_nobody(void)
{
	struct window_rule rule = { 600, 3 };
	CLEANUP_WINDOW struct window *w =
		window_new(&rule, 1, (struct window_limits){ .sources = 100 });
	char id[40];

	fails(w, "192.0.2.1", 0);
	fails(w, "192.0.2.1", 0);
	fails(w, "192.0.2.2", 0);
	for (int i = 0; i < 10000; i++) {
		snprintf(id, sizeof(id), "2001:db8:%x::/64", i);
		T_OK(!fails(w, id, 1));
	}
	T_OK(window_sources(w) == 100 && window_evicted(w) == 10002 - 100);
	T_OK(!window_look(w, 0, "192.0.2.2", NOW + 1).known);
	T_OK(fails(w, "192.0.2.1", 2) && state.attempts == 3);
	/* Where all came back the one goes that was seen the longest ago. */
	for (int i = 0; i < 100; i++) {
		snprintf(id, sizeof(id), "198.51.100.%d", i);
		fails(w, id, 3), fails(w, id, 3);
	}
	T_OK(!fails(w, "192.0.2.9", 4) && window_sources(w) == 100);
	T_OK(!window_look(w, 0, "198.51.100.0", NOW + 4).known);
	T_OK(window_look(w, 0, "198.51.100.1", NOW + 4).attempts == 2);
	return 0;
}

static int what_is_over_goes_before_what_is_not(void)
{
	struct window_rule rule = { 600, 3 };
	CLEANUP_WINDOW struct window *w =
		window_new(&rule, 1, (struct window_limits){ .sources = 2 });

	fails(w, "192.0.2.1", 0), fails(w, "192.0.2.1", 0);
	fails(w, "192.0.2.2", 500);
	fails(w, "192.0.2.3", 700);
	T_OK(window_look(w, 0, "192.0.2.2", NOW + 700).known && window_evicted(w) == 0);
	return 0;
}

static int lines_are_told_in_order_and_of_who_is_due(void)
{
	CLEANUP_WINDOW struct window *w = one_jail(600, 4);
	struct window_failure f = { .id = "192.0.2.1", .time = NOW };
	char text[20];

	for (int i = 0; i < 4; i++) {
		CLEANUP_STRV struct strv lines = { 0 };

		snprintf(text, sizeof(text), "line %d", i);
		f.line = text;
		f.len = strlen(text);
		T_OK(window_add(w, &f, NOW, &state) == (i == 3));
		window_lines(w, 0, f.id, 3, &lines);
		T_OK(lines.count == (i < 3 ? (size_t)i + 1 : 3));
		T_STR(lines.item[lines.count - 1], text);
		T_STR(lines.item[0], i < 3 ? "line 0" : "line 1");
	}
	fails(w, "192.0.2.2", 0);
	CLEANUP_STRV struct strv none = { 0 };

	window_lines(w, 0, "192.0.2.2", 3, &none);
	T_OK(none.count == 0);
	return 0;
}

static int lines_that_were_overwritten_end_the_story(void)
{
	struct window_rule rule = { 600, 1000 };
	CLEANUP_WINDOW struct window *w =
		window_new(&rule, 1, (struct window_limits){ .sources = 10, .line_bytes = 2500 });
	struct window_failure f = { .id = "192.0.2.1", .time = NOW };
	char text[2001];

	memset(text, 'x', sizeof(text));
	f.line = text;
	for (int i = 0; i < 300; i++) {
		CLEANUP_STRV struct strv lines = { 0 };

		snprintf(text, 10, "%05d", i);
		text[5] = 'x';
		f.len = (size_t)(i * 7 % 2000) + 6;
		window_add(w, &f, NOW, &state);
		window_lines(w, 0, f.id, 100, &lines);
		T_OK(lines.count > 0 && lines.count < 100);
		for (size_t k = 0; k < lines.count; k++) {
			T_OK(strlen(lines.item[k]) <= 1000);
			T_OK(atoi(lines.item[k]) == i + 1 - (int)(lines.count - k));
		}
	}
	return 0;
}

static int a_reload_keeps_what_was_counted(void)
{
	struct window_rule old[] = { { 600, 3 }, { 600, 5 } }, new[] = { { 60, 4 }, { 1200, 3 } };
	CLEANUP_WINDOW struct window *w = window_new(old, 2, roomy),
				     *to = window_new(new, 2, roomy);
	const size_t jail[] = { 1, SIZE_MAX };
	struct window_failure f = { .jail = 0, .id = "192.0.2.1", .time = NOW };

	window_add(w, &f, NOW, &state);
	f.time++;
	window_add(w, &f, NOW, &state);
	f.id = "someone";
	window_add(w, &f, NOW, &state);
	f.jail = 1;
	window_add(w, &f, NOW, &state);
	window_carry(to, w, jail, 2, NOW + 2);
	T_OK(window_sources(to) == 2 && !window_look(to, 0, "192.0.2.1", NOW + 2).known);
	T_OK(window_look(to, 1, "someone", NOW + 2).attempts == 1);
	T_OK(window_look(to, 1, "192.0.2.1", NOW + 2).attempts == 2);
	f = (struct window_failure){ .jail = 1, .id = "192.0.2.1", .time = NOW + 900 };
	T_OK(window_add(to, &f, NOW + 900, &state) && state.attempts == 3);
	return 0;
}

/* The sums of window.h the long way. */
struct model {
	unsigned retry;
	double first, last;
	double all[3000];
	size_t count;
};

static unsigned model_add(struct model *m, double time, double find_time, double now)
{
	unsigned within = 0;
	double newest;

	if (m->count && m->last <= now - find_time)
		*m = (struct model){ 0 };
	if (!m->count)
		m->first = m->last = time;
	if (time > m->last && m->first < time - find_time) {
		m->retry = (unsigned)rint(m->retry / (time - m->first) * find_time);
		m->first = time - find_time;
	}
	m->retry++;
	newest = m->last = time > m->last ? time : m->last;
	m->all[m->count++] = time;
	for (size_t i = 0; i < m->count; i++)
		within += m->all[i] >= newest - find_time;
	return m->retry > within ? m->retry : within;
}

static unsigned long long draw(unsigned long long *seed)
{
	*seed = *seed * 6364136223846793005ull + 1442695040888963407ull;
	return *seed >> 33;
}

static int compare(unsigned long long seed, double find_time, unsigned max_retry)
{
	CLEANUP_WINDOW struct window *w = one_jail(find_time, max_retry);
	static struct model model[4];
	double now = 0;
	char id[20];

	memset(model, 0, sizeof(model));
	for (int i = 0; i < 2500; i++) {
		size_t who = draw(&seed) % COUNT(model);
		double time;
		unsigned want;
		bool due;

		/* Often in bursts, at times after a long while, at times late. */
		if (draw(&seed) % 4)
			now += floor(find_time / 50 * (double)(draw(&seed) % 100) / 100);
		if (draw(&seed) % 40 == 0)
			now += floor(find_time * (double)(draw(&seed) % 150) / 100);
		time = draw(&seed) % 8 ? now
				       : now - floor(find_time * (double)(draw(&seed) % 100) / 100);
		snprintf(id, sizeof(id), "192.0.2.%zu", who);
		want = model_add(&model[who], NOW + time, find_time, NOW + now);
		struct window_failure f = { .id = id, .time = NOW + time };

		due = window_add(w, &f, NOW + now, &state);
		T_OK(state.attempts == want && due == (want >= max_retry));
		if (due)
			model[who] = (struct model){ 0 };
	}
	return 0;
}

static int the_same_as_the_long_way(void)
{
	static const double find[] = { 1, 60, 600, 86400, 604800, 31536000 };
	unsigned long long seed = 20261127;

	printf("# seed %llu\n", seed);
	for (size_t i = 0; i < COUNT(find); i++)
		for (unsigned retry = 1; retry < 60; retry = retry * 2 + 1)
			T_OK(compare(seed++, find[i], retry) == 0);
	return 0;
}

static int a_million_sources_in_the_memory_stated(void)
{
	struct window_rule rule = { 600, 5 };
	CLEANUP_WINDOW struct window *w =
		window_new(&rule, 1, (struct window_limits){ .sources = 1000000 });
	char id[60];

	for (unsigned i = 0; i < 1100000; i++) {
		snprintf(id, sizeof(id), "2001:db8:%x:%x::/64", i >> 16, i & 0xffff);
		for (unsigned k = 0; k <= i % 4; k++)
			T_OK(!fails(w, id, 0));
	}
	T_OK(window_sources(w) == 1000000);
	T_OK(window_bytes(w) <= 104u * 1000000);
	/* Their time over, all of them go while others fail. */
	for (unsigned i = 0; i < 600000; i++)
		fails(w, "192.0.2.1", 700);
	T_OK(window_sources(w) <= 1);
	return 0;
}

int main(void)
{
	static const struct t_case cases[] = {
		T(due_at_the_last_of_maxretry_and_forgotten_then),
		T(maxretry_one_is_due_at_once),
		T(the_estimate_of_fail2ban_counts),
		T(a_burst_after_a_long_time_counts_whole),
		T(what_is_findtime_ago_is_over),
		T(a_line_from_before_findtime_is_not_counted),
		T(more_than_one_failure_at_once),
		T(weight_is_added_only_to_who_is_known),
		T(jails_and_ids_are_kept_apart),
		T(a_clock_that_steps_back_loses_nobody),
		T(a_flood_of_new_sources_hides_nobody),
		T(what_is_over_goes_before_what_is_not),
		T(lines_are_told_in_order_and_of_who_is_due),
		T(lines_that_were_overwritten_end_the_story),
		T(a_reload_keeps_what_was_counted),
		T(the_same_as_the_long_way),
		T(a_million_sources_in_the_memory_stated),
	};

	return t_main(cases, COUNT(cases));
}
