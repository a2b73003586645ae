// SPDX-License-Identifier: MIT
/* cmd_backtest.c - kannuki-guard backtest: who would have been banned, by a log or the journal. */
#include <errno.h>
#include <math.h>
#include <stdio.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "base/exit_code.h"
#include "base/i18n.h"
#include "base/json.h"
#include "guard/backtest.h"
#include "guard/command.h"
#include "guard/duration.h"
#include "guard/filter.h"
#include "guard/roles.h"
#include "os/child.h"
#include "os/lines.h"

#define JOURNAL	     "journal" /* in place of a log */
#define JOURNAL_DAYS 7	       /* of it, where nothing is said */

static const struct opt options[] = {
	{ "since", 0, "WHEN", N_("what is older does not count: 2d, 12h, 2026-11-20") },
	{ "config", 'c', "DIR", N_("the folder, in place of /etc/fail2ban, or built-in") },
	{ "format", 0, "text|json", N_("how to print it") },
};

/* --- in ----------------------------------------------------------------------------------------------------- */

/* "2026-11-20", "2026-11-20 18:00", "2026-11-20 18:00:30", as this host has the time. */
static bool parse_date(const char *text, double *ret)
{
	struct tm tm = { .tm_isdst = -1 };
	const char *end = strptime(text, "%Y-%m-%d", &tm);

	if (end && (*end == ' ' || *end == 'T'))
		end = strptime(end + 1, "%H:%M", &tm);
	if (end && *end == ':')
		end = strptime(end + 1, "%S", &tm);
	if (!end || *end)
		return false;
	*ret = (double)mktime(&tm);
	return *ret >= 0;
}

static int parse_since(const char *text, double now, double *ret, struct err *e)
{
	struct err none = { 0 };
	double ago;

	if (parse_date(text, ret))
		return 0;
	if (duration_parse(text, &ago, &none) < 0 || !(ago > 0) || ago > now)
		return err_set(e, ERR_USAGE,
			       _("--since %s is not possible; allowed: 2d, 12h, 2026-11-20, "
				 "\"2026-11-20 18:00\""),
			       text);
	*ret = now - ago;
	return 0;
}

static int read_log(struct backtest *b, const char *log, struct err *e)
{
	CLEANUP_LINES struct lines *lines = NULL;
	struct line_read line;
	int r = lines_open(log, FILTER_LINE_MAX, &lines, e);

	if (r > 0)
		return err_set(e, ERR_USAGE, _("%s: no such file"), log);
	while (r == 0) {
		r = lines_next(lines, &line, e);
		if (r == 0)
			backtest_line(b, line.text, line.too_long ? FILTER_LINE_MAX + 1 : line.len);
	}
	return r < 0 ? -1 : 0;
}

static void on_entry(void *arg, const struct journal_entry *entry)
{
	backtest_entry(arg, entry);
}

static int take_journal(struct backtest *b, int fd, struct err *e)
{
	struct journal *j = journal_new();
	char buf[65536];
	ssize_t n;

	while ((n = read(fd, buf, sizeof(buf))) != 0) {
		if (n > 0)
			journal_take(j, buf, (size_t)n, on_entry, b);
		else if (errno != EINTR)
			break;
	}
	journal_free(j);
	return n < 0 ? err_sys(e, errno, "%s", GUARD_JOURNALCTL) : 0;
}

/* What the jails want, and who logged in by SSH. */
static void add_words(const struct orders *o, struct strv *argv)
{
	CLEANUP_STRV struct strv wanted = { 0 }, sshd = { 0 };

	orders_journal_words(o, &wanted);
	if (wanted.count == 0)
		return;
	strv_add(&sshd, "_COMM=sshd");
	for (size_t i = 0; i < wanted.count; i++)
		strv_add(argv, wanted.item[i]);
	strv_add(argv, "+");
	journal_words(&sshd, argv);
}

static int read_journal(struct backtest *b, const struct orders *o, double since, struct err *e)
{
	CLEANUP_STRV struct strv argv = { 0 };
	CLEANUP_FD int fd = -1;
	pid_t pid;
	int r, status;

	strv_add(&argv, GUARD_JOURNALCTL);
	strv_add(&argv, "--output=export");
	strv_add(&argv, "--quiet");
	strv_add(&argv, "--no-pager");
	strv_addf(&argv, "--since=@%.0f", since);
	add_words(o, &argv);
	if (child_start_other((const char *const *)argv.item, &fd, &pid, e) < 0)
		return -1;
	r = take_journal(b, fd, e);
	status = child_wait(pid);
	if (r == 0 && status != 0)
		return err_set(e, ERR_FAILED, _("journalctl failed: status %d"), status);
	return r;
}

/* --- out: words ------------------------------------------------------------------------------------------------ */

static void add_time(struct str *s, double time)
{
	time_t when = (time_t)time;
	struct tm tm;
	char text[32];

	localtime_r(&when, &tm);
	strftime(text, sizeof(text), "%Y-%m-%d %H:%M:%S", &tm);
	str_add(s, text);
}

static void add_lines(struct str *s, const char *lines)
{
	CLEANUP_STRV struct strv each = { 0 };

	strv_split(&each, lines, "\n");
	for (size_t i = 0; i < each.count; i++)
		str_addf(s, "    %s\n", each.item[i]);
}

static void add_own(struct str *s, const struct backtest_ban *ban)
{
	if (ban->user) {
		CLEANUP_STR struct str when = { 0 };

		add_time(&when, ban->login);
		str_addf(s, _("    one of your own: %s logged in from there at %s\n"), ban->user,
			 when.text);
	}
	if (ban->never)
		str_addf(s, _("    not banned, as things are now: %s\n"), _(ban->never));
}

static void print_ban(const struct orders *o, const struct backtest_ban *ban)
{
	CLEANUP_STR struct str s = { 0 };
	char who[WHO_TEXT];

	add_time(&s, ban->time);
	str_add(&s, "  ");
	str_add_padded(&s, who_text(&ban->who, who), 26);
	str_addf(&s, _("%s: %u failures"), o->item[ban->order].name, ban->attempts);
	if (!ban->never && ban->seconds)
		str_addf(&s, _(", banned for %llu s"), (unsigned long long)ban->seconds);
	else if (!ban->never)
		str_add(&s, _(", banned for ever"));
	if (ban->kept_out)
		str_addf(&s, _(", %lu more kept out"), ban->kept_out);
	str_add(&s, "\n");
	add_lines(&s, ban->lines);
	add_own(&s, ban);
	fputs(s.text, stdout);
}

static void print_text(struct backtest *b, const struct orders *o)
{
	struct backtest_sum sum = backtest_sum(b);
	CLEANUP_STR struct str s = { 0 }, from = { 0 }, to = { 0 };
	size_t count;
	const struct backtest_ban *ban = backtest_bans(b, &count);

	for (size_t i = 0; i < count; i++)
		print_ban(o, &ban[i]);
	str_addf(&s, _("%lu lines: %lu failures, %lu bans, %lu failures kept out by them\n"),
		 sum.lines, sum.failures, sum.bans, sum.kept_out);
	if (sum.from > 0) {
		add_time(&from, sum.from);
		add_time(&to, sum.to);
		str_addf(&s, _("from %s to %s\n"), from.text, to.text);
	}
	if (sum.own)
		str_addf(&s, _("%lu of the bans are of sources of your own\n"), sum.own);
	if (sum.too_long)
		str_addf(&s, _("%lu of them were too long to be looked at\n"), sum.too_long);
	if (sum.gave_up)
		str_addf(&s, _("%lu of them came to an expression's limit\n"), sum.gave_up);
	if (sum.not_told)
		str_addf(&s, _("%lu bans more are not shown\n"), sum.not_told);
	fputs(s.text, stdout);
}

/* --- out: JSON -------------------------------------------------------------------------------------------------- */

static json_t *time_json(double time)
{
	return time > 0 ? json_integer((json_int_t)time) : json_null();
}

static json_t *count_json(unsigned long n)
{
	return json_integer((json_int_t)n);
}

static json_t *ban_json(const struct orders *o, const struct backtest_ban *ban)
{
	json_t *one = json_object(), *lines = json_array();
	CLEANUP_STRV struct strv each = { 0 };
	char who[WHO_TEXT];

	strv_split(&each, ban->lines, "\n");
	for (size_t i = 0; i < each.count; i++)
		json_array_append_new(lines, json_text(each.item[i]));
	json_object_set_new(one, "address", json_text(who_text(&ban->who, who)));
	json_object_set_new(one, "jail", json_text(o->item[ban->order].name));
	json_object_set_new(one, "time", time_json(ban->time));
	json_object_set_new(one, "seconds",
			    ban->seconds ? json_integer((json_int_t)ban->seconds) : json_null());
	json_object_set_new(one, "attempts", count_json(ban->attempts));
	json_object_set_new(one, "kept_out", count_json(ban->kept_out));
	json_object_set_new(one, "lines", lines);
	json_object_set_new(one, "own", json_boolean(backtest_is_own(ban)));
	json_object_set_new(one, "login", time_json(ban->login));
	json_object_set_new(one, "user", json_text(ban->user));
	json_object_set_new(one, "never", json_text(ban->never));
	return one;
}

static void print_json(struct backtest *b, const struct orders *o)
{
	struct backtest_sum sum = backtest_sum(b);
	json_t *all = json_object(), *bans = json_array();
	CLEANUP_FREE char *text = NULL;
	size_t count;
	const struct backtest_ban *ban = backtest_bans(b, &count);

	for (size_t i = 0; i < count; i++)
		json_array_append_new(bans, ban_json(o, &ban[i]));
	json_object_set_new(all, "lines", count_json(sum.lines));
	json_object_set_new(all, "failures", count_json(sum.failures));
	json_object_set_new(all, "kept_out", count_json(sum.kept_out));
	json_object_set_new(all, "too_long", count_json(sum.too_long));
	json_object_set_new(all, "gave_up", count_json(sum.gave_up));
	json_object_set_new(all, "own", count_json(sum.own));
	json_object_set_new(all, "not_told", count_json(sum.not_told));
	json_object_set_new(all, "from", time_json(sum.from));
	json_object_set_new(all, "to", time_json(sum.to));
	json_object_set_new(all, "bans", bans);
	text = json_take_text(all);
	fputs(text, stdout);
}

/* --- the command ------------------------------------------------------------------------------------------------ */

struct wanted {
	const char *log; /* JOURNAL: the journal */
	struct strv jails;
	struct backtest_times times;
	bool json;
};

static int take_words(struct guard_call *c, struct wanted *w, struct err *e)
{
	const char *format = opts_get(&c->opts, "format"), *since = opts_get(&c->opts, "since");

	w->json = str_eq(format, "json");
	if (format && !w->json && !str_eq(format, "text"))
		return err_set(e, ERR_USAGE, _("--format %s is not possible; allowed: text, json"),
			       format);
	w->log = c->opts.words.count ? c->opts.words.item[0] : JOURNAL;
	for (size_t i = 1; i < c->opts.words.count; i++)
		strv_add(&w->jails, c->opts.words.item[i]);
	w->times.now = (double)os_now(c->os, OS_REALTIME) / 1e9;
	if (since)
		return parse_since(since, w->times.now, &w->times.since, e);
	if (str_eq(w->log, JOURNAL))
		w->times.since = w->times.now - JOURNAL_DAYS * 86400;
	return 0;
}

/* Some jail must be able to see the lines; one that was named must be good. */
static int check_orders(const struct orders *o, const struct wanted *w, struct err *e)
{
	bool journal = str_eq(w->log, JOURNAL), any = false;

	for (size_t i = 0; i < o->jails.count; i++)
		if (o->jails.item[i].wrong || o->jails.item[i].unusable)
			fprintf(stderr, _("[%s] is left out; kannuki-guard config says why\n"),
				o->jails.item[i].name);
	for (size_t i = 0; i < o->count; i++)
		any = any || !journal || o->item[i].journal;
	if (any)
		return 0;
	if (journal && o->count > 0)
		return err_set(e, ERR_USAGE, "%s",
			       _("none of the jails reads the journal: name a log"));
	return err_set(e, ERR_USAGE, "%s", _("no jail is enabled: name some behind the log"));
}

static int test(struct guard_call *c, const struct wanted *w, struct orders *o, struct err *e)
{
	const struct orders_query q = { .names = w->jails.count ? &w->jails : NULL,
					.file = !str_eq(w->log, JOURNAL) };
	CLEANUP_BACKTEST struct backtest *b = NULL;
	int r;

	if (orders_ask(c->os, conf_choose(c->os, opts_get(&c->opts, "config")), &q, o, e) < 0 ||
	    backtest_new(c->os, o, w->times, &b, e) < 0 || check_orders(o, w, e) < 0)
		return -1;
	r = q.file ? read_log(b, w->log, e) : read_journal(b, o, w->times.since, e);
	if (r < 0)
		return -1;
	if (w->json)
		print_json(b, o);
	else
		print_text(b, o);
	return backtest_sum(b).own ? EXIT_FOUND : EXIT_DONE;
}

static int run(struct guard_call *c, struct err *e)
{
	CLEANUP_ORDERS struct orders orders = { 0 };
	struct wanted w = { 0 };
	int r = take_words(c, &w, e);

	if (r == 0)
		r = test(c, &w, &orders, e);
	strv_done(&w.jails);
	return r;
}

const struct guard_command guard_command_backtest = {
	.name = "backtest",
	.words = "[LOG|journal [JAIL...]]",
	.words_max = 1000,
	.summary = N_("who would have been banned by a log, or by the journal"),
	.opt = options,
	.opt_count = COUNT(options),
	.run = run,
};
