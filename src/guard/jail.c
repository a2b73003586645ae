// SPDX-License-Identifier: MIT
/* jail.c - see jail.h. */
#include "guard/jail.h"

#include <string.h>

#include "base/i18n.h"
#include "base/mem.h"
#include "guard/convert.h"
#include "guard/duration.h"
#include "guard/files.h"
#include "guard/options.h"
#include "guard/settings.h"

enum option_type { OPTION_TEXT, OPTION_BOOL, OPTION_INT };

/* What a jail's section may say, in fail2ban's order; anything else there is a name for use in others. */
static const struct jail_option {
	const char *name;
	const char *value; /* where nothing is said */
	enum option_type type;
	bool set; /* is a setting of the jail under its own name */
} jail_options[] = {
	{ "enabled", "False", OPTION_BOOL, false },
	{ "backend", "auto", OPTION_TEXT, false },
	{ "maxretry", NULL, OPTION_INT, true },
	{ "maxmatches", NULL, OPTION_INT, true },
	{ "findtime", NULL, OPTION_TEXT, true },
	{ "bantime", NULL, OPTION_TEXT, true },
	{ "bantime.increment", NULL, OPTION_BOOL, true },
	{ "bantime.factor", NULL, OPTION_TEXT, true },
	{ "bantime.formula", NULL, OPTION_TEXT, true },
	{ "bantime.multipliers", NULL, OPTION_TEXT, true },
	{ "bantime.maxtime", NULL, OPTION_TEXT, true },
	{ "bantime.rndtime", NULL, OPTION_TEXT, true },
	{ "bantime.overalljails", NULL, OPTION_BOOL, true },
	{ "ignorecommand", NULL, OPTION_TEXT, true },
	{ "ignoreself", NULL, OPTION_BOOL, true },
	{ "ignoreip", NULL, OPTION_TEXT, false },
	{ "ignorecache", NULL, OPTION_TEXT, true },
	{ "filter", "", OPTION_TEXT, false },
	{ "logtimezone", NULL, OPTION_TEXT, true },
	{ "logencoding", NULL, OPTION_TEXT, true },
	{ "logpath", NULL, OPTION_TEXT, false },
	{ "action", "", OPTION_TEXT, false },
	{ "usedns", NULL, OPTION_TEXT, false },
	{ "prefregex", NULL, OPTION_TEXT, false },
	{ "ignoreregex", NULL, OPTION_TEXT, false },
	{ "failregex", NULL, OPTION_TEXT, false },
	{ "maxlines", NULL, OPTION_INT, false },
	{ "datepattern", NULL, OPTION_TEXT, false },
	{ "journalmatch", NULL, OPTION_TEXT, false },
};

/* One jail while it is read. */
struct reading {
	struct conf_folder *folder;
	struct conf *conf; /* of all jails */
	struct jail *jail;
	struct dict opts;
	struct definition filter;
	bool has_filter;
	bool may_journal, journal, file; /* struct jails_query */
	struct origin wrong_at;		 /* of what makes it wrong, where that is known */
};

static void reading_done(struct reading *r)
{
	dict_done(&r->opts);
	definition_done(&r->filter);
}

void jails_done(struct jails *j)
{
	for (size_t i = 0; i < j->count; i++) {
		struct jail *one = &j->item[i];

		for (size_t k = 0; k < one->action_count; k++) {
			free(one->action[k].name);
			free(one->action[k].file);
			dict_done(&one->action[k].option);
		}
		free(one->action);
		free(one->name);
		free(one->backend);
		free(one->filter);
		strv_done(&one->log);
		settings_done(&one->setting);
	}
	free(j->item);
	*j = (struct jails){ 0 };
}

/* A value of the type wanted, as fail2ban shows it to others; NULL: it is none. */
static char *typed(enum option_type type, const char *value)
{
	int64_t n;

	if (type == OPTION_BOOL)
		return xstrdup(convert_bool(value) ? "True" : "False");
	if (type == OPTION_TEXT)
		return xstrdup(value);
	return convert_int(value, &n) == 0 ? xasprintf("%lld", (long long)n) : NULL;
}

static bool is_bool(const char *value)
{
	static const char *const no[] = { "0", "no", "false", "off", "" };

	for (size_t i = 0; i < COUNT(no); i++)
		if (str_case_eq(value, no[i]))
			return true;
	return convert_bool(value);
}

static int take_option(struct reading *r, const struct jail_option *option, struct err *e)
{
	struct conf_query q = { r->jail->name, option->name, NULL };
	CLEANUP_FREE char *value = NULL;
	struct origin from = { 0 };
	char *result;
	int found = conf_get(r->conf, &q, &value, &from, e);

	if (found < 0)
		return -1;
	if (found != CONF_FOUND) {
		if (option->value)
			dict_set(&r->opts, option->name, option->value, (struct origin){ 0 });
		return 0;
	}
	if (option->type == OPTION_BOOL && !is_bool(value))
		conf_problem(r->folder, from, _("[%s] %s = %s: there are %s; taken as no"),
			     r->jail->name, option->name, value,
			     "yes, no, true, false, on, off, 1, 0");
	result = typed(option->type, value);
	if (!result)
		conf_problem(r->folder, from, _("[%s] %s = %s is no number; left out"),
			     r->jail->name, option->name, value);
	dict_take(&r->opts, option->name, result, from);
	return 0;
}

/* Those that decide whether and how the rest is read. */
static bool is_first(const char *name)
{
	return strcmp(name, "enabled") == 0 || strcmp(name, "backend") == 0 ||
	       strcmp(name, "filter") == 0;
}

static int take_options(struct reading *r, bool first, struct err *e)
{
	dict_done(&r->opts);
	for (size_t i = 0; i < COUNT(jail_options); i++)
		if ((!first || is_first(jail_options[i].name)) &&
		    take_option(r, &jail_options[i], e) < 0)
			return -1;
	return 0;
}

/* What the filter says becomes known/OPTION for the jail's own values. */
static int know_filter(struct reading *r, struct err *e)
{
	CLEANUP_DICT struct dict all = { 0 };
	struct ini_section *section = ini_find(&r->conf->all, r->jail->name);

	if (definition_options(&r->filter, &r->opts, true, e) < 0 ||
	    definition_combined(&r->filter, &all, e) < 0)
		return -1;
	for (size_t i = 0; section && i < all.count; i++) {
		CLEANUP_FREE char *known = xasprintf("known/%s", all.item[i].key);

		if (!str_starts(all.item[i].key, "known/"))
			dict_set(&section->option, known, all.item[i].value, all.item[i].from);
	}
	return 0;
}

/* Paths and patterns, each without the " head" or " tail" behind it. */
static void split_paths(const char *value, struct strv *ret)
{
	CLEANUP_STRV struct strv lines = { 0 };

	strv_split(&lines, value, "\n");
	for (size_t i = 0; i < lines.count; i++) {
		char *blank = strrchr(lines.item[i], ' ');

		if (blank)
			*blank = '\0';
		strv_add(ret, lines.item[i]);
	}
}

static bool knows_journal(struct reading *r)
{
	static const char *const sections[] = { "Definition", "Init" };
	struct conf_query q = { r->jail->name, "journalmatch", NULL };
	CLEANUP_FREE char *value = NULL;
	struct origin from;
	struct err e = { 0 };

	for (size_t i = 0; i < COUNT(sections); i++) {
		const struct ini_section *s = ini_find(&r->filter.conf.all, sections[i]);

		if (s && dict_find(&s->option, "journalmatch"))
			return true;
	}
	return conf_get(r->conf, &q, &value, &from, &e) == CONF_FOUND && value[0];
}

static bool has_log(struct reading *r)
{
	struct conf_query q = { r->jail->name, "logpath", NULL };
	CLEANUP_STRV struct strv paths = { 0 }, found = { 0 };
	CLEANUP_FREE char *value = NULL;
	struct origin from;
	struct err e = { 0 };

	if (conf_get(r->conf, &q, &value, &from, &e) != CONF_FOUND)
		return false;
	split_paths(value, &paths);
	for (size_t i = 0; i < paths.count && found.count == 0; i++)
		if (files_glob(r->folder->os, paths.item[i], &found, &e) < 0)
			return false;
	return found.count > 0;
}

/* Where an option of the filter has its value from: the jail's own option of that name, or the line of `filter`. */
static struct origin option_origin(struct reading *r, const char *option)
{
	struct conf_query q = { r->jail->name, option, NULL };
	CLEANUP_FREE char *value = NULL;
	struct origin from = { 0 };
	struct err e = { 0 };

	if (conf_get(r->conf, &q, &value, &from, &e) == CONF_FOUND &&
	    str_eq(value, dict_get(&r->filter.given, option)))
		return from;
	return dict_find(&r->filter.given, option)->from;
}

static int check_choices(struct reading *r, struct err *e)
{
	const char *option;

	if (definition_check_choices(&r->filter, &option, e) == 0)
		return 0;
	r->wrong_at = option_origin(r, option);
	return err_ctx(e, "%s", r->filter.name);
}

static int check_backend(struct reading *r, struct err *e)
{
	static const char *const known[] = { "auto", "systemd", "polling", "pyinotify", "gamin" };
	const struct dict_entry *backend = dict_find(&r->opts, "backend");
	size_t len = strcspn(backend->value, "[");

	for (size_t i = 0; i < COUNT(known); i++)
		if (strlen(known[i]) == len && strncasecmp(known[i], backend->value, len) == 0)
			return 0;
	r->wrong_at = backend->from;
	return err_set(e, ERR_USAGE, _("%s = %.60s: there are %s"), "backend", backend->value,
		       "auto, systemd, polling, pyinotify, gamin");
}

static int read_filter(struct reading *r, struct err *e)
{
	const struct dict_entry *filter = dict_find(&r->opts, "filter");
	int found;

	r->filter.kind = DEFINITION_FILTER;
	r->filter.folder = r->folder;
	if (!filter->value[0]) {
		conf_problem(r->folder, r->jail->from, _("[%s] has no filter"), r->jail->name);
		return 0;
	}
	if (options_parse(filter->value, filter->from, &r->filter.name, &r->filter.given, e) < 0)
		return err_ctx(e, "filter");
	found = definition_read(&r->filter, e);
	if (found > 0)
		return conf_no_filter(r->folder, r->filter.name, e);
	if (found < 0)
		return -1;
	r->has_filter = true;
	r->jail->filter = xstrdup(filter->value);
	if (check_choices(r, e) < 0)
		return -1;
	r->journal = r->may_journal && !r->file && str_eq(dict_get(&r->opts, "backend"), "auto") &&
		     !has_log(r) && knows_journal(r);
	definition_set_backend(&r->filter, r->journal ? "systemd"
					   : r->file  ? "auto"
						      : dict_get(&r->opts, "backend"));
	return know_filter(r, e);
}

/* The name under which an action's bans are told: the same action may come twice in a jail. */
static void name_action(const char *jail, const char *file, struct dict *option)
{
	const char *name = dict_get(option, "name");
	CLEANUP_FREE char *unique = NULL;

	if (!name)
		dict_set(option, "name", jail, (struct origin){ 0 });
	name = dict_get(option, "name");
	if (dict_find(option, "actname"))
		return;
	if (strcmp(name, jail) == 0)
		unique = xstrdup(file);
	else if (str_starts(name, jail))
		unique = xasprintf("%s%s", file, name + strlen(jail));
	else
		unique = xasprintf("%s-%s", file, name);
	dict_set(option, "actname", unique, (struct origin){ 0 });
}

static bool is_truth(const char *name)
{
	return strcmp(name, "norestored") == 0 || strcmp(name, "actionstart_on_demand") == 0 ||
	       strcmp(name, "actionrepair_on_unban") == 0;
}

/* What fail2ban is told of an action: its own options, then what only the jail or [Init] names. */
static int finish_action(struct definition *d, struct jail_action *ret, struct err *e)
{
	CLEANUP_DICT struct dict all = { 0 };

	if (definition_combined(d, &all, e) < 0)
		return -1;
	for (size_t i = 0; i < all.count; i++) {
		const struct dict_entry *one = &all.item[i];
		const char *value = one->value;

		if (value && is_truth(one->key))
			value = convert_bool(value) ? "true" : "false";
		if (definition_knows(d->kind, one->key))
			dict_set(&ret->option, one->key, value, one->from);
	}
	for (size_t i = 0; i < d->given.count; i++) {
		const struct dict_entry *one = &d->given.item[i];

		if (!definition_knows(d->kind, one->key) && !str_starts(one->key, "known/"))
			dict_set(&ret->option, one->key, one->value, one->from);
	}
	ret->name = xstrdup(dict_get(&d->given, "actname"));
	return 0;
}

static int read_action(struct reading *r, const char *text, struct origin from, struct err *e)
{
	CLEANUP_DEFINITION struct definition d = { .kind = DEFINITION_ACTION, .folder = r->folder };
	struct jail *jail = r->jail;
	struct jail_action *ret;
	int found;

	if (options_parse(text, from, &d.name, &d.given, e) < 0)
		return err_ctx(e, "action");
	jail->action = xrealloc(jail->action, jail->action_count + 1, sizeof(*jail->action));
	ret = &jail->action[jail->action_count++];
	*ret = (struct jail_action){ .file = xstrdup(d.name), .from = from };
	if (str_ends(d.name, ".py")) {
		const char *name = dict_get(&d.given, "actname");

		ret->name = name ? xstrdup(name) : xstrndup(d.name, strlen(d.name) - 3);
		dict_remove(&d.given, "actname");
		dict_update(&ret->option, &d.given);
		conf_problem(r->folder, from,
			     _("[%s] action %s is a Python program: not supported"), jail->name,
			     d.name);
		return 0;
	}
	name_action(jail->name, d.name, &d.given);
	found = definition_read(&d, e);
	if (found > 0)
		return err_set(e, ERR_USAGE, _("there is no action \"%s\" in %s/action.d"), d.name,
			       r->folder->path);
	if (found < 0 || definition_options(&d, &r->opts, false, e) < 0)
		return -1;
	return finish_action(&d, ret, e);
}

static int read_actions(struct reading *r, struct err *e)
{
	const struct dict_entry *actions = dict_find(&r->opts, "action");
	CLEANUP_STRV struct strv list = { 0 };

	options_split(actions->value, &list);
	for (size_t i = 0; i < list.count; i++)
		if (read_action(r, list.item[i], actions->from, e) < 0)
			return -1;
	return 0;
}

/* "PATH [head|tail]" a line; a path may be a pattern. */
static int add_log_paths(struct reading *r, const struct dict_entry *paths, struct err *e)
{
	CLEANUP_STRV struct strv lines = { 0 };
	size_t found = 0;

	strv_split(&lines, paths->value, "\n");
	for (size_t i = 0; i < lines.count; i++) {
		CLEANUP_STRV struct strv match = { 0 };
		char *blank = strrchr(lines.item[i], ' ');
		const char *from_where = blank ? blank + 1 : "head";

		if (blank)
			*blank = '\0';
		if (files_glob(r->folder->os, lines.item[i], &match, e) < 0)
			return -1;
		for (size_t j = 0; j < match.count; j++) {
			struct setting *s =
				settings_add(&r->jail->setting, "addlogpath", paths->from);

			strv_add(&s->value, match.item[j]);
			strv_add(&s->value, from_where);
		}
		found += match.count;
	}
	if (found == 0)
		conf_problem(r->folder, paths->from, _("[%s] logpath: no such file now"),
			     r->jail->name);
	return 0;
}

static void add_plain(struct reading *r, const struct jail_option *option)
{
	const struct dict_entry *one = dict_find(&r->opts, option->name);
	struct setting *s;

	if (!one || (!one->value && option->type != OPTION_INT))
		return;
	s = settings_add(&r->jail->setting, option->name, one->from);
	if (!one->value)
		return;
	if (option->type == OPTION_BOOL)
		strv_add(&s->value, one->value[0] == 'T' ? "true" : "false");
	else
		strv_add(&s->value, one->value);
}

/* The settings of the filter, then those of the jail, then where its lines come from. */
static int make_settings(struct reading *r, struct err *e)
{
	const struct dict_entry *paths = dict_find(&r->opts, "logpath");

	r->jail->backend = xstrdup(r->journal ? "systemd" : dict_get(&r->opts, "backend"));
	if (r->has_filter) {
		CLEANUP_DICT struct dict all = { 0 };

		if (definition_combined(&r->filter, &all, e) < 0)
			return -1;
		settings_fill(&r->jail->setting, &all, r->folder);
	}
	settings_fill(&r->jail->setting, &r->opts, r->folder);
	for (size_t i = 0; i < COUNT(jail_options); i++) {
		const struct dict_entry *one = dict_find(&r->opts, jail_options[i].name);

		if (jail_options[i].set)
			add_plain(r, &jail_options[i]);
		else if (one && strcmp(one->key, "ignoreip") == 0)
			strv_split(
				&settings_add(&r->jail->setting, "addignoreip", one->from)->value,
				one->value, " ,\n");
	}
	if (paths)
		split_paths(paths->value, &r->jail->log);
	if (paths && !str_starts(r->jail->backend, "systemd"))
		return add_log_paths(r, paths, e);
	return 0;
}

static bool is_utf8(const char *encoding)
{
	static const char *const same[] = { "", "auto", "utf-8", "utf8", "ascii", "us-ascii" };

	for (size_t i = 0; i < COUNT(same); i++)
		if (str_case_eq(encoding, same[i]))
			return true;
	return false;
}

static bool is_use_dns(const char *value)
{
	return str_case_eq(value, "yes") || str_case_eq(value, "warn") ||
	       str_case_eq(value, "no") || str_case_eq(value, "raw");
}

/* What stands in the files and will not do here what it does there. */
static void name_unsupported(struct reading *r)
{
	static const char *const times[] = { "findtime", "bantime", "bantime.maxtime",
					     "bantime.rndtime" };
	const struct dict_entry *command = dict_find(&r->opts, "ignorecommand");
	const struct dict_entry *encoding = dict_find(&r->opts, "logencoding");
	const struct dict_entry *names = dict_find(&r->opts, "usedns");

	for (size_t i = 0; i < COUNT(times); i++) {
		const struct dict_entry *time = dict_find(&r->opts, times[i]);
		struct err e = { 0 };
		double seconds;

		if (time && time->value[0] && duration_parse(time->value, &seconds, &e) < 0)
			conf_problem(r->folder, time->from, "[%s] %s: %s", r->jail->name, times[i],
				     e.msg);
	}
	if (encoding && !is_utf8(encoding->value))
		conf_problem(r->folder, encoding->from,
			     _("[%s] logencoding = %s: logs are read as UTF-8"), r->jail->name,
			     encoding->value);

	if (names && names->value && !is_use_dns(names->value))
		conf_problem(r->folder, names->from, _("[%s] %s = %s: there are %s; taken as no"),
			     r->jail->name, "usedns", names->value, "yes, warn, no, raw");
	if (command && command->value[0])
		conf_problem(r->folder, command->from, _("[%s] ignorecommand: not supported yet"),
			     r->jail->name);
}

static int read_rest(struct reading *r, struct err *e)
{
	if (check_backend(r, e) < 0 || read_filter(r, e) < 0 || take_options(r, false, e) < 0)
		return -1;
	if (r->has_filter && definition_options(&r->filter, &r->opts, false, e) < 0)
		return -1;
	if (read_actions(r, e) < 0 || make_settings(r, e) < 0)
		return -1;
	name_unsupported(r);
	return 0;
}

static void read_jail(struct reading *r, const struct jails_query *q)
{
	const struct dict_entry *enabled;
	struct err e = { 0 };
	int bad = take_options(r, true, &e);

	enabled = bad == 0 ? dict_find(&r->opts, "enabled") : NULL;
	if (enabled) {
		r->jail->enabled = enabled->value[0] == 'T';
		if (enabled->from.file)
			r->jail->from = enabled->from;
	}
	if (bad == 0 && (r->jail->enabled || q->all))
		bad = read_rest(r, &e);
	if (bad < 0) {
		r->jail->wrong = true;
		conf_problem(r->folder, r->wrong_at.file ? r->wrong_at : r->jail->from,
			     _("[%s] is left out: %s"), r->jail->name, e.msg);
	}
}

static struct origin section_origin(const struct ini_section *s)
{
	return s->option.count ? s->option.item[0].from : (struct origin){ 0 };
}

int jails_read(struct conf_folder *f, const struct jails_query *q, struct jails *ret, struct err *e)
{
	CLEANUP_CONF struct conf conf = { 0 };
	CLEANUP_STRV struct strv names = { 0 };
	int r = conf_read(f, "jail", &conf, e);

	if (r > 0)
		return err_set(e, ERR_USAGE, _("there is no jail.conf or jail.local in %s"),
			       f->path);
	if (r < 0)
		return -1;
	dict_set(&conf.all.defaults, "fail2ban_version", FAIL2BAN_VERSION, (struct origin){ 0 });
	dict_set(&conf.all.defaults, "fail2ban_confpath", f->path, (struct origin){ 0 });
	for (size_t i = 0; i < conf.all.count; i++)
		strv_add(&names, conf.all.section[i].name);
	for (size_t i = 0; i < names.count; i++) {
		CLEANUP(reading_done)
		struct reading one = {
			.folder = f, .conf = &conf, .may_journal = q->journal, .file = q->file
		};

		if (str_starts(names.item[i], "KNOWN/") || strcmp(names.item[i], "INCLUDES") == 0 ||
		    (q->only && !strv_has(q->only, names.item[i])))
			continue;
		ret->item = xrealloc(ret->item, ret->count + 1, sizeof(*ret->item));
		one.jail = &ret->item[ret->count++];
		*one.jail = (struct jail){
			.name = xstrdup(names.item[i]),
			.from = section_origin(ini_find(&conf.all, names.item[i])),
		};
		read_jail(&one, q);
	}
	return 0;
}
