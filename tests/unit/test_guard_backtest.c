// SPDX-License-Identifier: MIT
/* Who would have been banned (guard/backtest.h): by the log's clock, and as the guard that runs would have decided. */
#include "lib/t.h"

#include <stdlib.h>
#include <time.h>

#include "base/mem.h"
#include "guard/backtest.h"
#include "guard/judge.h"
#include "lib/fake_os.h"

#define NOW 1795662600.0 /* 2026-11-26 03:10 */
#define DAY 86400.0

struct trying {
	struct fake *fake;
	struct orders orders;
	struct backtest *b;
	double at; /* when the next line is written */
	struct err e;
};

static void trying_done(struct trying *t)
{
	backtest_free(t->b);
	orders_done(&t->orders);
	fake_free(t->fake);
}

static struct trying trying_new(const char *over)
{
	struct trying t = { .fake = fake_new(), .at = NOW - DAY };

	setenv("TZ", "UTC", 1);
	tzset();
	if (over)
		fake_file(t.fake, CONF_OVER, over, 0644);
	return t;
}

static int begin(struct trying *t, bool file, double since)
{
	const struct orders_query q = { .file = file };

	if (orders_ask(&t->fake->os, CONF_BUILT_IN, &q, &t->orders, &t->e) < 0)
		return -1;
	return backtest_new(&t->fake->os, &t->orders, (struct backtest_times){ since, NOW }, &t->b,
			    &t->e);
}

/* Each of a connection of its own. */
static void line_at(double at, const char *text, struct str *ret)
{
	static unsigned process;
	time_t when = (time_t)at;
	struct tm tm;
	char date[32];

	gmtime_r(&when, &tm);
	strftime(date, sizeof(date), "%b %d %H:%M:%S", &tm);
	str_addf(ret, "%s host sshd[%u]: %s", date, ++process, text);
}

static void says(struct trying *t, const char *text)
{
	CLEANUP_STR struct str line = { 0 };

	line_at(t->at, text, &line);
	backtest_line(t->b, line.text, line.len);
}

/* So many failures, one each `apart` seconds. */
static void fails(struct trying *t, const char *who, int times, double apart)
{
	CLEANUP_FREE char *text = xasprintf("Invalid user x from %s port 4711", who);

	for (int i = 0; i < times; i++) {
		says(t, text);
		t->at += apart;
	}
}

static int whoever_fails_too_often_is_told(void)
{
	CLEANUP(trying_done) struct trying t = trying_new(NULL);
	const struct backtest_ban *ban;
	size_t count;
	char who[WHO_TEXT];

	T_OK(begin(&t, true, 0) == 0);
	fails(&t, "198.51.100.7", 4, 10);
	fails(&t, "198.51.100.8", 20, 200);
	T_OK(backtest_sum(t.b).bans == 0 && backtest_sum(t.b).failures == 24);
	fails(&t, "198.51.100.9", 5, 10);
	ban = backtest_bans(t.b, &count);
	T_OK(count == 1);
	T_STR(who_text(&ban[0].who, who), "198.51.100.9");
	T_STR(t.orders.item[ban[0].order].name, "sshd");
	T_OK(ban[0].time == t.at - 10 && ban[0].seconds == 3600 && ban[0].attempts == 5);
	T_OK(strstr(ban[0].lines, "Invalid user x from 198.51.100.9 port 4711"));
	T_OK(!ban[0].never && !ban[0].user && !backtest_is_own(&ban[0]));
	T_OK(backtest_sum(t.b).lines == 29 && backtest_sum(t.b).own == 0);
	return 0;
}

static int who_is_out_fails_no_more(void)
{
	CLEANUP(trying_done) struct trying t = trying_new(NULL);
	const struct backtest_ban *ban;
	size_t count;

	T_OK(begin(&t, true, 0) == 0);
	fails(&t, "198.51.100.7", 5, 1);
	fails(&t, "198.51.100.7", 100, 30);
	ban = backtest_bans(t.b, &count);
	T_OK(count == 1 && ban[0].kept_out == 100 && backtest_sum(t.b).kept_out == 100);
	t.at += 3600;
	fails(&t, "198.51.100.7", 5, 1);
	ban = backtest_bans(t.b, &count);
	T_OK(count == 2 && ban[1].seconds == 7200 && ban[1].kept_out == 0);
	t.at += 3700; /* the second is longer */
	fails(&t, "198.51.100.7", 5, 1);
	ban = backtest_bans(t.b, &count);
	T_OK(count == 2 && ban[1].kept_out == 5);
	T_OK(backtest_sum(t.b).bans == 2 && backtest_sum(t.b).failures == 115);
	return 0;
}

static int own_users_are_marked(void)
{
	CLEANUP(trying_done) struct trying t = trying_new(NULL);
	const struct backtest_ban *ban;
	size_t count;

	T_OK(begin(&t, true, 0) == 0);
	fails(&t, "198.51.100.7", 5, 1);
	fails(&t, "2001:db8::1", 5, 1);
	fails(&t, "198.51.100.8", 5, 1);
	t.at += 600;
	says(&t,
	     "Accepted publickey for alice from 198.51.100.7 port 4711 ssh2: ED25519 SHA256:aBc");
	says(&t, "Accepted password for bob from 2001:db8::2 port 4711 ssh2");
	says(&t, "Accepted password for bob from 198.51.100.7 port 4711 ssh2");
	/* What a certificate is named says nothing of others. */
	says(&t, "Accepted publickey for bob from 198.51.100.9 port 4711 ssh2: RSA-CERT SHA256:a "
		 "ID Accepted password for bob from 198.51.100.8 port 1 ssh2 (serial 0) CA RSA "
		 "SHA256:b");
	ban = backtest_bans(t.b, &count);
	T_OK(count == 3 && backtest_is_own(&ban[0]) && backtest_is_own(&ban[1]));
	T_STR(ban[0].user, "alice");
	T_OK(ban[0].login == t.at);
	T_STR(ban[1].user, "bob");
	T_OK(!ban[2].user && !backtest_is_own(&ban[2]));
	T_OK(backtest_sum(t.b).own == 2 && backtest_sum(t.b).bans == 3);
	return 0;
}

static int who_is_never_banned_is_told_as_such(void)
{
	CLEANUP(trying_done)
	struct trying t = trying_new("[DEFAULT]\nignoreip = 192.0.2.0/24\n");
	const struct backtest_ban *ban;
	size_t count;

	fake_file(t.fake, "/run/systemd/sessions/7",
		  "UID=1000\nREMOTE=1\nREMOTE_HOST=198.51.100.7\nSTATE=active\nCLASS=user\n", 0644);
	T_OK(begin(&t, true, 0) == 0);
	fails(&t, "198.51.100.7", 25, 1);
	fails(&t, "192.0.2.9", 25, 1);
	fails(&t, "127.0.0.1", 25, 1);
	ban = backtest_bans(t.b, &count);
	T_OK(count == 2 && ban[0].never && strstr(ban[0].never, "somebody is logged in"));
	T_OK(backtest_is_own(&ban[0]) && ban[0].kept_out == 0);
	T_OK(ban[1].never && strstr(ban[1].never, "no address of somebody else"));
	T_OK(backtest_sum(t.b).bans == 0 && backtest_sum(t.b).spared == 2);
	return 0;
}

static int what_is_older_does_not_count(void)
{
	CLEANUP(trying_done) struct trying t = trying_new(NULL);

	T_OK(begin(&t, true, NOW - DAY / 2) == 0);
	fails(&t, "198.51.100.7", 25, 1);
	t.at = NOW - DAY / 2 - 2;
	fails(&t, "198.51.100.8", 6, 1);
	T_OK(backtest_sum(t.b).bans == 0 && backtest_sum(t.b).failures == 4);
	fails(&t, "198.51.100.8", 1, 1);
	T_OK(backtest_sum(t.b).bans == 1);
	return 0;
}

/* --- the journal -------------------------------------------------------------------------------------------- */

static void entry(struct trying *t, const char *command, const char *uid, const char *message)
{
	CLEANUP_FREE char *time = xasprintf("%.0f", t->at * 1e6);
	CLEANUP_FREE char *process = xasprintf("%.0f", t->at);
	struct journal_field field[] = {
		{ (char *)"__REALTIME_TIMESTAMP", time },
		{ (char *)"_HOSTNAME", (char *)"host" },
		{ (char *)"_COMM", (char *)command },
		{ (char *)"_UID", (char *)uid },
		{ (char *)"_PID", process },
		{ (char *)"SYSLOG_IDENTIFIER", (char *)"sshd" },
		{ (char *)"MESSAGE", (char *)message },
	};
	const struct journal_entry one = { field, COUNT(field) };

	backtest_entry(t->b, &one);
	t->at++;
}

static int the_journal_is_believed_where_it_may_be(void)
{
	static const char bad[] = "Invalid user x from 198.51.100.7 port 4711";
	CLEANUP(trying_done) struct trying t = trying_new(NULL);
	const struct backtest_ban *ban;
	size_t count;

	T_OK(begin(&t, false, 0) == 0);
	for (int i = 0; i < 10; i++) {
		entry(&t, "sshd", "1000", bad);
		entry(&t, "logger", "0", bad);
	}
	T_OK(backtest_sum(t.b).bans == 0);
	entry(&t, "sshd", "0", bad);
	for (int i = 0; i < 4; i++)
		entry(&t, "sshd-session", "0", bad);
	ban = backtest_bans(t.b, &count);
	T_OK(count == 1 && ban[0].time == t.at - 1);
	T_OK(strstr(ban[0].lines, "]: Invalid user"));
	return 0;
}

/* --- as the guard that runs ------------------------------------------------------------------------------------- */

#define SOURCES 40
#define BANS	2000

struct decided {
	double until[SOURCES];
	struct {
		unsigned source;
		double time;
	} ban[BANS];
	size_t bans;
};

static unsigned source_of(const struct who *who)
{
	return who->bytes[3];
}

static bool on_failure(void *arg, const struct judged *f)
{
	(void)arg;
	(void)f;
	return true;
}

static void on_due(void *arg, const struct judged *last, const struct window_state *state,
		   const struct strv *lines)
{
	struct decided *d = arg;

	(void)state;
	(void)lines;
	d->until[source_of(&last->who)] = last->time + 3600;
	d->ban[d->bans].source = source_of(&last->who);
	d->ban[d->bans++].time = last->time;
}

/* Lines by chance: the guard that runs sees none of who is out. */
static int it_decides_as_the_guard_that_runs(void)
{
	CLEANUP(trying_done)
	struct trying t = trying_new("[DEFAULT]\nbantime.increment = false\nmaxretry = 4\n");
	struct decided *d = xcalloc(1, sizeof(*d));
	struct judge_mode mode = { .last_decade = 202, .hears = { d, on_failure, on_due } };
	CLEANUP_JUDGE struct judge *j = NULL;
	const struct backtest_ban *ban;
	size_t count, all = 0;

	T_OK(begin(&t, true, 0) == 0);
	j = judge_new(&t.orders, mode);
	judge_add_source(j, &all, 1);
	srandom(7);
	for (int i = 0; i < 20000; i++) {
		unsigned source = (unsigned)(random() % SOURCES) * (unsigned)(random() % 2);
		CLEANUP_FREE char *text =
			xasprintf("Invalid user x from 198.51.100.%u port 4711", source);
		CLEANUP_STR struct str line = { 0 };
		struct judge_line one = { 0 };

		t.at += (double)(random() % 8);
		line_at(t.at, text, &line);
		backtest_line(t.b, line.text, line.len);
		one.line = (struct filter_line){ line.text, line.len, false, 0, false };
		if (t.at >= d->until[source])
			judge_line(j, &one, t.at, t.at);
	}
	ban = backtest_bans(t.b, &count);
	printf("# %zu bans\n", count);
	T_OK(count == d->bans && count > 100);
	for (size_t i = 0; i < count; i++)
		T_OK(source_of(&ban[i].who) == d->ban[i].source && ban[i].time == d->ban[i].time);
	free(d);
	return 0;
}

int main(void)
{
	static const struct t_case cases[] = {
		T(whoever_fails_too_often_is_told),
		T(who_is_out_fails_no_more),
		T(own_users_are_marked),
		T(who_is_never_banned_is_told_as_such),
		T(what_is_older_does_not_count),
		T(the_journal_is_believed_where_it_may_be),
		T(it_decides_as_the_guard_that_runs),
	};

	return t_main(cases, COUNT(cases));
}
