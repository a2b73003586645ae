// SPDX-License-Identifier: MIT
/* filter_new.c - from settings to a filter; see filter.h. */
#include <string.h>

#include "base/i18n.h"
#include "guard/convert.h"
#include "guard/filter_core.h"

static void rules_done(struct rules *r)
{
	for (size_t i = 0; i < r->count; i++) {
		regex_free(r->item[i].regex);
		group_map_free(r->item[i].groups);
		free(r->item[i].text);
	}
	free(r->item);
}

void filter_free(struct filter *f)
{
	if (!f)
		return;
	regex_free(f->prefix);
	group_map_free(f->prefix_groups);
	rules_done(&f->fail);
	rules_done(&f->ignore);
	free(f->date_patterns);
	dates_free(f->dates);
	group_names_done(&f->names);
	free(f->before);
	free(f->value);
	connections_free(f->connections);
	arena_done(&f->arena);
	free(f->found);
	str_done(&f->cut);
	str_done(&f->content);
	line_buffer_done(&f->buffer);
	line_buffer_done(&f->several);
	free(f->asked);
	free(f->mask);
	scan_free(f->scan);
	line_done(&f->line);
	free(f);
}

static bool tells_source(const struct regex *r)
{
	static const char *const groups[] = { "fid", "ip4", "ip6", "dns", "mlfid" };

	for (size_t i = 0; r && i < COUNT(groups); i++)
		if (regex_has_group(r, groups[i]))
			return true;
	return false;
}

static int add_rule(struct filter *f, const struct setting *s, const char *text, struct err *e)
{
	bool fail = strcmp(s->name, "addfailregex") == 0;
	struct rules *rules = fail ? &f->fail : &f->ignore;
	struct regex_form form = { .multiline = fail && f->max_lines > 1, .no_names = f->no_names };
	struct rule rule = { .text = xstrdup(text) };
	int r = regex_new(text, form, &rule.regex, e);

	if (r == 0 && fail && !tells_source(rule.regex) && !tells_source(f->prefix))
		r = err_set(e, ERR_USAGE, _("it tells not who failed: <HOST>, <F-ID> or the like"));
	f->once = f->once || (r == 0 && fail && regex_has_group(rule.regex, "once"));
	rules->item = xrealloc(rules->item, rules->count + 1, sizeof(*rules->item));
	rules->item[rules->count++] = rule;
	return r < 0 ? err_ctx(e, "%.200s", text) : 0;
}

static int set_max_lines(struct filter *f, const char *value, struct err *e)
{
	int64_t n;

	if (convert_int(value, &n) < 0 || n <= 0 || n > FILTER_LINES_MAX)
		return err_set(e, ERR_USAGE, _("maxlines = %s is not within 1 to %d"), value,
			       FILTER_LINES_MAX);
	f->max_lines = (size_t)n;
	return 0;
}

int filter_make_dates(const struct filter *f, struct dates **ret, struct err *e)
{
	struct dates_form form = { .patterns = f->date_patterns,
				   .last_decade = f->mode.last_decade,
				   .zone = f->has_zone ? &f->zone : NULL,
				   .looking_back = f->mode.looking_back,
				   .plain = f->mode.plain,
				   .none = f->mode.no_dates,
				   .texts = f->max_lines > 1 };

	return dates_new(&form, ret, e);
}

/* The zone may be set only later: what is kept here is that the patterns are good. */
static int set_dates(struct filter *f, const char *patterns, struct err *e)
{
	char *copy = patterns ? xstrdup(patterns) : NULL;

	free(f->date_patterns);
	f->date_patterns = copy;
	dates_free(f->dates);
	f->dates = NULL;
	return filter_make_dates(f, &f->dates, e);
}

/* All expressions of a list are looked at, so that each one that is wrong is named. */
static int apply_rules(struct filter *f, const struct setting *s, struct conf_folder *folder,
		       struct err *e)
{
	int r = 0;

	for (size_t i = 0; i < s->value.count; i++) {
		struct err one = { 0 };

		if (add_rule(f, s, s->value.item[i], &one) == 0)
			continue;
		conf_problem(folder, s->from, "%s: %s", s->name, one.msg);
		err_keep_worst(&r, e, -1, &one);
	}
	return r;
}

static int apply(struct filter *f, const struct setting *s, struct err *e)
{
	const char *value = s->value.count ? s->value.item[0] : "";
	struct regex_form form = { .no_names = f->no_names };

	if (strcmp(s->name, "usedns") == 0) {
		/* What is none of them is fail2ban's "no". */
		f->no_names = !str_case_eq(value, "yes") && !str_case_eq(value, "warn") &&
			      !str_case_eq(value, "raw");
	} else if (strcmp(s->name, "maxlines") == 0) {
		return set_max_lines(f, value, e);
	} else if (strcmp(s->name, "prefregex") == 0) {
		regex_free(f->prefix);
		f->prefix = NULL;
		return value[0] ? regex_new(value, form, &f->prefix, e) : 0;
	} else if (strcmp(s->name, "datepattern") == 0) {
		return f->mode.no_dates ? 0 : set_dates(f, value, e);
	} else if (strcmp(s->name, "logtimezone") == 0) {
		f->has_zone = date_zone(value, &f->zone);
		return f->has_zone ? 0 : err_set(e, ERR_USAGE, _("unknown time zone %s"), value);
	}
	return 0;
}

static int apply_all(struct filter *f, const struct settings *s, struct conf_folder *folder,
		     struct err *e)
{
	int r = 0;

	for (size_t i = 0; i < s->count; i++) {
		const struct setting *one = &s->item[i];
		struct err wrong = { 0 };
		int bad;

		if (str_eq(one->name, "addfailregex") || str_eq(one->name, "addignoreregex")) {
			bad = apply_rules(f, one, folder, &wrong);
		} else {
			bad = apply(f, one, &wrong);
			if (bad < 0)
				conf_problem(folder, one->from, "%s: %s", one->name, wrong.msg);
		}
		if (bad < 0 && one->from.file)
			err_fill_ctx(&wrong, "%s:%u", one->from.file, one->from.line);
		err_keep_worst(&r, e, bad, &wrong);
	}
	return r;
}

/* Gives all groups their places, and what depends on how many there are its size. */
static void map_groups(struct filter *f)
{
	size_t words = filter_questions(f) / 64 + 1;

	if (f->prefix)
		f->prefix_groups = group_map_new(&f->names, f->prefix, true);
	for (size_t i = 0; i < f->fail.count; i++)
		f->fail.item[i].groups = group_map_new(&f->names, f->fail.item[i].regex, false);
	f->before = xcalloc(f->names.name.count, sizeof(*f->before));
	f->value = xcalloc(f->names.name.count, sizeof(*f->value));
	if (f->max_lines == 1)
		return;
	f->asked = xcalloc(filter_questions(f), sizeof(*f->asked));
	f->mask = xcalloc(words, sizeof(*f->mask));
}

int filter_new(const struct settings *s, struct filter_mode mode, struct conf_folder *folder,
	       struct filter **ret, struct err *e)
{
	CLEANUP_FILTER struct filter *f = xcalloc(1, sizeof(*f));

	f->mode = mode;
	f->max_lines = 1;
	group_names_init(&f->names);
	if (apply_all(f, s, folder, e) < 0)
		return -1;
	if (set_dates(f, f->date_patterns, e) < 0)
		return -1;
	map_groups(f);
	*ret = TAKE(f);
	return 0;
}

static void add_question(struct scan *s, size_t owner, size_t question, const struct regex *r)
{
	CLEANUP_STRV struct strv any = { 0 };

	if (r)
		regex_literals(r, &any);
	scan_add(s, owner, question, &any);
}

void filter_add_questions(const struct filter *f, struct scan *s, size_t owner)
{
	for (size_t i = 0; i < f->fail.count; i++)
		add_question(s, owner, i, f->fail.item[i].regex);
	for (size_t i = 0; i < f->ignore.count; i++)
		add_question(s, owner, f->fail.count + i, f->ignore.item[i].regex);
	add_question(s, owner, filter_questions(f) - 1, f->prefix);
}

void filter_warm(struct filter *f)
{
	for (size_t i = 0; i < f->fail.count; i++)
		regex_warm(f->fail.item[i].regex);
	for (size_t i = 0; i < f->ignore.count; i++)
		regex_warm(f->ignore.item[i].regex);
	if (f->prefix)
		regex_warm(f->prefix);
	dates_warm(f->dates);
}

size_t filter_count(const struct filter *f, bool ignore)
{
	return ignore ? f->ignore.count : f->fail.count;
}

const char *filter_regex(const struct filter *f, bool ignore, size_t i)
{
	return ignore ? f->ignore.item[i].text : f->fail.item[i].text;
}

unsigned long filter_hits(const struct filter *f, bool ignore, size_t i)
{
	return ignore ? f->ignore.item[i].hits : f->fail.item[i].hits;
}
