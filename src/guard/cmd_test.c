// SPDX-License-Identifier: MIT
/* cmd_test.c - kannuki-guard test: what a filter makes of a log, without counting or banning anything. */
#include <stdio.h>
#include <string.h>
#include <time.h>

#include "base/exit_code.h"
#include "base/i18n.h"
#include "base/json.h"
#include "guard/command.h"
#include "guard/convert.h"
#include "guard/filter.h"
#include "guard/settings.h"
#include "os/lines.h"

static const struct opt options[] = {
	{ "each", 0, NULL, N_("tell of each line what came of it, as JSON") },
	{ "all", 0, NULL, N_("also empty lines and those that begin with #") },
	{ "first", 0, NULL,
	  N_("ask no further expressions once one has matched, as when it runs") },
	{ "plain", 0, NULL, N_("ask every expression of every line, without short cuts") },
	{ "config", 'c', "DIR", N_("the folder, in place of /etc/fail2ban, or built-in") },
	{ "now", 0, "SECONDS", N_("the time it is, since 1970") },
	{ "at", 0, "SECONDS", N_("when the lines were written: no date is looked for in them") },
	{ "format", 0, "text|json", N_("how to print it") },
};

struct test {
	struct filter *filter;
	bool each, all, dated;
	double now, at, clock;
	unsigned long lines, matched, missed, ignored, too_long, gave_up;
};

static json_t *found_json(const struct found *f)
{
	json_t *one = json_object(), *groups = json_object(), *users = json_array();

	json_object_set_new(one, "regex", json_integer((json_int_t)f->regex));
	json_object_set_new(one, "id", json_text(f->id));
	json_object_set_new(one, "is_name", json_boolean(f->is_name));
	json_object_set_new(one, "time", f->has_time ? json_real(f->time) : json_null());
	json_object_set_new(one, "harmless", json_boolean(f->harmless));
	json_object_set_new(one, "attempts", json_integer(f->failure.matches));
	for (size_t i = 0; i < f->failure.users.count; i++)
		json_array_append_new(users, json_text(f->failure.users.item[i]));
	json_object_set_new(one, "users", users);
	for (size_t i = 0; i < f->failure.group.count; i++)
		json_object_set_new(groups, f->failure.group.item[i].key,
				    json_text(f->failure.group.item[i].value));
	json_object_set_new(one, "groups", groups);
	return one;
}

static void tell_line(const struct test *t, const struct filter_result *r)
{
	json_t *one = json_object(), *found = json_array();
	char *text;

	for (size_t i = 0; i < r->count; i++)
		json_array_append_new(found, found_json(&r->found[i]));
	json_object_set_new(one, "line", json_integer((json_int_t)t->lines));
	json_object_set_new(one, "ignored", json_boolean(r->ignored));
	json_object_set_new(one, "gave_up", json_boolean(r->gave_up));
	json_object_set_new(one, "found", found);
	text = json_dumps(one, JSON_COMPACT);
	puts(text);
	free(text);
	json_decref(one);
}

/* As fail2ban-regex counts: a line that is also harmless is ignored, one that failed matched. */
static void count(struct test *t, const struct filter_result *r)
{
	bool harmless = false, failed = false;

	for (size_t i = 0; i < r->count; i++) {
		harmless = harmless || r->found[i].harmless;
		failed = failed || !r->found[i].harmless;
	}
	t->lines++;
	t->too_long += r->too_long;
	t->gave_up += r->gave_up;
	if (harmless || r->ignored)
		t->ignored++;
	else if (failed)
		t->matched++;
	else
		t->missed++;
	t->matched += r->used_up;
	t->missed -= r->used_up;
}

static void one_line(struct test *t, const char *text, size_t len)
{
	struct filter_line line = { text, len, t->dated, t->at, false };
	struct filter_result r;
	struct timespec steady;

	if (!t->all && (len == 0 || text[0] == '#'))
		return;
	/* Seconds are counted, so not each line needs to ask. */
	if (t->lines % 64 == 0) {
		clock_gettime(CLOCK_MONOTONIC, &steady);
		t->clock = (double)steady.tv_sec;
	}
	filter_look(t->filter, &line, t->now, t->clock, &r);
	count(t, &r);
	if (t->each)
		tell_line(t, &r);
}

static int read_log(struct test *t, const char *log, struct err *e)
{
	CLEANUP_LINES struct lines *lines = NULL;
	struct line_read line;
	int r = lines_open(log, FILTER_LINE_MAX, &lines, e);

	if (r > 0) {
		/* No such file: it is the line itself. */
		one_line(t, log, strlen(log));
		return 0;
	}
	while (r == 0) {
		r = lines_next(lines, &line, e);
		if (r == 0)
			one_line(t, line.text, line.len);
	}
	return r < 0 ? -1 : 0;
}

static json_t *rules_json(const struct filter *f, bool ignore)
{
	json_t *list = json_array();

	for (size_t i = 0; i < filter_count(f, ignore); i++) {
		json_t *one = json_object();

		json_object_set_new(one, "hits",
				    json_integer((json_int_t)filter_hits(f, ignore, i)));
		json_object_set_new(one, "regex", json_text(filter_regex(f, ignore, i)));
		json_array_append_new(list, one);
	}
	return list;
}

static void print_json(const struct test *t)
{
	CLEANUP_FREE char *text = NULL;
	json_t *all = json_object();

	json_object_set_new(all, "lines", json_integer((json_int_t)t->lines));
	json_object_set_new(all, "matched", json_integer((json_int_t)t->matched));
	json_object_set_new(all, "missed", json_integer((json_int_t)t->missed));
	json_object_set_new(all, "ignored", json_integer((json_int_t)t->ignored));
	json_object_set_new(all, "too_long", json_integer((json_int_t)t->too_long));
	json_object_set_new(all, "gave_up", json_integer((json_int_t)t->gave_up));
	json_object_set_new(all, "failregex", rules_json(t->filter, false));
	json_object_set_new(all, "ignoreregex", rules_json(t->filter, true));
	text = json_take_text(all);
	fputs(text, stdout);
}

static void print_rules(const struct filter *f, bool ignore)
{
	unsigned long total = 0;

	for (size_t i = 0; i < filter_count(f, ignore); i++)
		total += filter_hits(f, ignore, i);
	printf("%s: %lu\n", ignore ? "ignoreregex" : "failregex", total);
	for (size_t i = 0; i < filter_count(f, ignore); i++)
		if (filter_hits(f, ignore, i))
			printf("  %2zu) [%lu] %s\n", i + 1, filter_hits(f, ignore, i),
			       filter_regex(f, ignore, i));
}

static void print_text(const struct test *t)
{
	print_rules(t->filter, false);
	print_rules(t->filter, true);
	printf(_("%lu lines: %lu matched, %lu missed, %lu ignored\n"), t->lines, t->matched,
	       t->missed, t->ignored);
	if (t->too_long)
		printf(_("%lu of them were too long to be looked at\n"), t->too_long);
	if (t->gave_up)
		printf(_("%lu of them came to an expression's limit\n"), t->gave_up);
}

/* A filter's name or file, or an expression. */
static int find_filter(struct conf_folder *f, const char *what, const char *backend,
		       struct settings *ret, struct err *e)
{
	size_t name =
		strspn(what, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789/_-.");
	struct setting *rule;
	int r = 1;

	if (name > 0 && (what[name] == '\0' || (what[name] == '[' && str_ends(what, "]"))))
		r = filter_read(f, what, backend, ret, e);
	if (r <= 0)
		return r;
	if (!strpbrk(what, "<("))
		return conf_no_filter(f, what, e);
	rule = settings_add(ret, "addfailregex", (struct origin){ 0 });
	strv_add(&rule->value, what);
	return 0;
}

static int number(const struct opts *o, const char *name, double *ret, struct err *e)
{
	const char *text = opts_get(o, name);
	char *end;

	if (!text)
		return 1;
	*ret = strtod(text, &end);
	if (*end || end == text)
		return err_set(e, ERR_USAGE, _("--%s %s is no number of seconds"), name, text);
	return 0;
}

static int make_filter(struct guard_call *c, struct test *t, struct conf_folder *f, struct err *e)
{
	bool first = opts_has(&c->opts, "first");
	struct filter_mode mode = {
		.all = !first,
		.pending = !first,
		.looking_back = true,
		.no_dates = t->dated,
		.brief = !t->each,
		.plain = opts_has(&c->opts, "plain"),
	};
	struct settings s = { 0 };
	int r;

	mode.last_decade = date_last_decade(os_now(c->os, OS_REALTIME));
	r = find_filter(f, c->opts.words.item[1], t->dated ? "systemd" : "auto", &s, e);
	if (r == 0)
		r = filter_new(&s, mode, f, &t->filter, e);
	settings_done(&s);
	return r;
}

static int run(struct guard_call *c, struct err *e)
{
	const char *folder = opts_get(&c->opts, "config"), *format = opts_get(&c->opts, "format");
	CLEANUP_CONF_FOLDER struct conf_folder f = { .os = c->os };
	struct test t = { .each = opts_has(&c->opts, "each"), .all = opts_has(&c->opts, "all") };
	int r;

	if (format && !str_eq(format, "json") && !str_eq(format, "text"))
		return err_set(e, ERR_USAGE, _("--format %s is not possible; allowed: text, json"),
			       format);
	t.now = (double)os_now(c->os, OS_REALTIME) / 1e9;
	if (number(&c->opts, "now", &t.now, e) < 0)
		return -1;
	r = number(&c->opts, "at", &t.at, e);
	if (r < 0)
		return -1;
	t.dated = r == 0;
	f.path = xstrdup(conf_choose(c->os, folder));
	r = make_filter(c, &t, &f, e);
	if (r == 0)
		r = read_log(&t, c->opts.words.item[0], e);
	if (r == 0 && str_eq(format, "json"))
		print_json(&t);
	else if (r == 0 && !t.each)
		print_text(&t);
	filter_free(t.filter);
	return r;
}

const struct guard_command guard_command_test = {
	.name = "test",
	.words = "LOG FILTER",
	.words_min = 2,
	.words_max = 2,
	.summary = N_("shows what a filter makes of a log"),
	.opt = options,
	.opt_count = COUNT(options),
	.run = run,
};
