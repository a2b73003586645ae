// SPDX-License-Identifier: MIT
/* cmd_config.c - kannuki-guard config: what fail2ban's files say, and what of it is wrong or not supported. */
#include <stdio.h>

#include "base/exit_code.h"
#include "base/i18n.h"
#include "guard/command.h"
#include "guard/dump.h"
#include "guard/filter.h"

static const struct opt options[] = {
	{ "dump", 0, NULL, N_("show the effective jails and where each value came from") },
	{ "all", 0, NULL, N_("also jails that are not enabled") },
	{ "filter", 0, "FILTER", N_("this filter instead of the jails: sshd[mode=aggressive]") },
	{ "config", 'c', "DIR", N_("the folder, in place of /etc/fail2ban, or built-in") },
	{ "format", 0, "text|json", N_("how to print it") },
};

static int show_filter(struct conf_folder *f, const char *filter, bool json, struct err *e)
{
	struct settings s = { 0 };
	CLEANUP_STR struct str text = { 0 };
	int r = filter_read(f, filter, NULL, &s, e);

	if (r > 0)
		r = conf_no_filter(f, filter, e);
	if (r == 0 && json) {
		CLEANUP_FREE char *all = NULL;
		json_t *one = json_object();

		json_object_set_new(one, "filter", json_text(filter));
		json_object_set_new(one, "settings", dump_settings_json(&s));
		json_object_set_new(one, "problems", dump_problems_json(f));
		all = json_take_text(one);
		fputs(all, stdout);
	} else if (r == 0) {
		dump_settings(&s, &text);
		fputs(text.text ? text.text : "", stdout);
	}
	settings_done(&s);
	return r;
}

static void show_jails(const struct conf_folder *f, const struct jails *jails, bool json)
{
	CLEANUP_STR struct str text = { 0 };
	json_t *all = json ? json_object() : NULL, *list = json ? json_array() : NULL;

	for (size_t i = 0; i < jails->count; i++) {
		const struct jail *one = &jails->item[i];

		/* Of those that are not enabled only what was read. */
		if (!one->enabled && !one->wrong && !one->backend)
			continue;
		if (json)
			json_array_append_new(list, dump_jail_json(one));
		else
			dump_jail(one, &text);
	}
	if (json) {
		CLEANUP_FREE char *out = NULL;

		json_object_set_new(all, "jails", list);
		json_object_set_new(all, "problems", dump_problems_json(f));
		out = json_take_text(all);
		fputs(out, stdout);
		return;
	}
	fputs(text.text ? text.text : "", stdout);
}

/* Are the expressions and dates of each jail such as can be used? What is not becomes a problem. */
static void try_filters(struct os *os, struct conf_folder *f, struct jails *jails)
{
	struct filter_mode mode = { .last_decade = date_last_decade(os_now(os, OS_REALTIME)) };

	for (size_t i = 0; i < jails->count; i++) {
		struct jail *one = &jails->item[i];
		CLEANUP_FILTER struct filter *filter = NULL;
		struct err e = { 0 };

		one->unusable = one->backend && !one->wrong &&
				filter_new(&one->setting, mode, f, &filter, &e) < 0;
	}
}

static int run(struct guard_call *c, struct err *e)
{
	const char *folder = opts_get(&c->opts, "config"), *format = opts_get(&c->opts, "format");
	const char *filter = opts_get(&c->opts, "filter");
	CLEANUP_CONF_FOLDER struct conf_folder f = { .os = c->os };
	CLEANUP_JAILS struct jails jails = { 0 };
	CLEANUP_STR struct str problems = { 0 };
	struct jails_query q = { .all = opts_has(&c->opts, "all") };
	bool json = str_eq(format, "json");

	if (format && !json && !str_eq(format, "text"))
		return err_set(e, ERR_USAGE, _("--format %s is not possible; allowed: text, json"),
			       format);
	f.path = xstrdup(conf_choose(c->os, folder));
	if (c->opts.words.count > 0)
		q.only = &c->opts.words;
	if (filter ? show_filter(&f, filter, json, e) < 0 : jails_read(&f, &q, &jails, e) < 0)
		return -1;
	try_filters(c->os, &f, &jails);
	if (!filter && (json || opts_has(&c->opts, "dump")))
		show_jails(&f, &jails, json);
	dump_problems(&f, &problems);
	if (!json)
		fputs(problems.text ? problems.text : "", stderr);
	return f.problem_count ? EXIT_FOUND : EXIT_DONE;
}

const struct guard_command guard_command_config = {
	.name = "config",
	.words = "[JAIL...]",
	.words_max = 1000,
	.summary = N_("reads fail2ban's files and names what is wrong with them"),
	.opt = options,
	.opt_count = COUNT(options),
	.run = run,
};
