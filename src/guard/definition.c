// SPDX-License-Identifier: MIT
/* definition.c - see definition.h. */
#include "guard/definition.h"

#include <string.h>

#include "base/i18n.h"
#include "base/mem.h"
#include "guard/convert.h"
#include "guard/tags.h"
#include "guard/utf8.h"

static const char *const filter_options[] = {
	"usedns",   "prefregex",   "ignoreregex",  "failregex",
	"maxlines", "datepattern", "journalmatch",
};
static const char *const action_options[] = {
	"actionstart",	"actionstart_on_demand", "actionstop",	 "actionflush",
	"actionreload", "actioncheck",		 "actionrepair", "actionrepair_on_unban",
	"actionban",	"actionprolong",	 "actionreban",	 "actionunban",
	"norestored",
};

struct option_list {
	const char *const *name;
	size_t count;
};

static const struct option_list lists[] = {
	[DEFINITION_FILTER] = { filter_options, COUNT(filter_options) },
	[DEFINITION_ACTION] = { action_options, COUNT(action_options) },
};

bool definition_knows(enum definition_kind kind, const char *option)
{
	for (size_t i = 0; i < lists[kind].count; i++)
		if (strcmp(lists[kind].name[i], option) == 0)
			return true;
	return false;
}

void definition_done(struct definition *d)
{
	free(d->name);
	conf_done(&d->conf);
	dict_done(&d->given);
	dict_done(&d->vars);
	dict_done(&d->own);
	dict_done(&d->looked);
	*d = (struct definition){ 0 };
}

int definition_read(struct definition *d, struct err *e)
{
	CLEANUP_FREE char *below = NULL;

	if (strchr(d->name, '/') && d->kind == DEFINITION_FILTER)
		return conf_read_file(d->folder, d->name, &d->conf, e);
	below = xasprintf("%s.d/%s", d->kind == DEFINITION_FILTER ? "filter" : "action", d->name);
	return conf_read(d->folder, below, &d->conf, e);
}

void definition_set_backend(struct definition *d, const char *backend)
{
	const char *given = dict_get(&d->given, "logtype");
	const struct ini_section *own = ini_find(&d->conf.all, "Definition");

	if ((given && given[0]) || (own && dict_find(&own->option, "logtype")))
		return;
	dict_set(&d->given, "logtype", str_starts(backend, "systemd") ? "journal" : "file",
		 (struct origin){ 0 });
}

/* [Init] gives what the jail did not, and what it would have given as known/OPTION. */
static int take_init(struct definition *d, struct err *e)
{
	const struct ini_section *init = ini_find(&d->conf.all, "Init");

	for (size_t i = 0; init && i < init->option.count; i++) {
		const char *option = init->option.item[i].key;
		struct conf_query q = { "Init", option, NULL };
		CLEANUP_FREE char *value = NULL, *known = xasprintf("known/%s", option);
		struct origin from;
		int r = conf_get(&d->conf, &q, &value, &from, e);

		if (r < 0)
			return -1;
		if (r != CONF_FOUND)
			continue;
		if (!str_starts(option, "known/"))
			dict_set(&d->given, known, value, from);
		if (!dict_find(&d->given, option))
			dict_set(&d->given, option, value, from);
	}
	return 0;
}

static int take_option(struct definition *d, const char *option, const struct dict *vars,
		       struct err *e)
{
	struct conf_query q = { "Definition", option, vars };
	CLEANUP_FREE char *value = NULL;
	struct origin from;
	int r = conf_get(&d->conf, &q, &value, &from, e);

	if (r == CONF_FOUND)
		dict_take(&d->own, option, TAKE(value), from);
	return r < 0 ? -1 : 0;
}

int definition_options(struct definition *d, const struct dict *jail, bool all, struct err *e)
{
	const struct option_list *known = &lists[d->kind];
	const struct ini_section *own = ini_find(&d->conf.all, "Definition");

	dict_done(&d->vars);
	dict_done(&d->own);
	if (jail)
		dict_update(&d->vars, jail);
	dict_update(&d->vars, &d->given);
	for (size_t i = 0; i < known->count; i++)
		if (!dict_find(&d->vars, known->name[i]) &&
		    take_option(d, known->name[i], &d->vars, e) < 0)
			return -1;
	if (take_init(d, e) < 0)
		return -1;
	for (size_t i = 0; all && own && i < own->option.count; i++)
		if (!dict_find(&d->own, own->option.item[i].key) &&
		    take_option(d, own->option.item[i].key, NULL, e) < 0)
			return -1;
	return 0;
}

/* Where the text has <NAME-<option>>: its "NAME-"; NULL: nowhere. */
static char *choice_of(const char *text, const char *option)
{
	CLEANUP_FREE char *tag = xasprintf("-<%s>>", option);
	const char *at = strstr(text, tag), *begin = at;

	while (begin && begin > text && begin[-1] != '<')
		begin--;
	return begin && begin > text ? xstrndup(begin, (size_t)(at + 1 - begin)) : NULL;
}

static int check_choice(const struct ini_section *own, const char *option, const char *value,
			struct err *e)
{
	CLEANUP_FREE char *name = NULL, *chosen = NULL;
	CLEANUP_STRV struct strv there = { 0 };
	CLEANUP_FREE char *list = NULL;

	for (size_t i = 0; i < own->option.count && !name; i++)
		name = choice_of(own->option.item[i].value ? own->option.item[i].value : "",
				 option);
	if (!name)
		return 0;
	chosen = xasprintf("%s%s", name, value);
	if (dict_find(&own->option, chosen))
		return 0;
	for (size_t i = 0; i < own->option.count; i++)
		if (str_starts(own->option.item[i].key, name))
			strv_add(&there, own->option.item[i].key + strlen(name));
	if (there.count == 0)
		return 0;
	list = strv_join(&there, ", ");
	return err_set(e, ERR_USAGE, _("%s = %.60s: there are %s"), option, value, list);
}

int definition_check_choices(const struct definition *d, const char **ret_option, struct err *e)
{
	const struct ini_section *own = ini_find(&d->conf.all, "Definition");

	for (size_t i = 0; own && i < d->given.count; i++) {
		const struct dict_entry *one = &d->given.item[i];

		if (!one->value || check_choice(own, one->key, one->value, e) == 0)
			continue;
		*ret_option = one->key;
		return -1;
	}
	return 0;
}

/* What a tag is that is no option: asked of the file, and remembered for as long as it is read. */
static int look_up_tag(void *arg, const char *tag, char **ret, struct err *e)
{
	struct definition *d = arg;
	struct conf_query q = { "Definition", tag, &d->vars };
	CLEANUP_FREE char *value = NULL;

	if (!dict_find(&d->looked, tag)) {
		if (conf_get_from(&d->conf, &q, &value, e) < 0)
			return -1;
		dict_take(&d->looked, tag, TAKE(value), (struct origin){ 0 });
	}
	if (!dict_get(&d->looked, tag))
		return 1;
	*ret = xstrdup(dict_get(&d->looked, tag));
	return 0;
}

/* An option with a condition ("addr_type?family=inet6") is only known when an address is: it, and
 * what it replaces, stay as they are. */
static void add_conditional(const struct dict *d, struct strv *ignore)
{
	for (size_t i = 0; i < d->count; i++) {
		const char *key = d->item[i].key, *mark = key;

		while (utf8_word_byte(*mark))
			mark++;
		if (mark > key && *mark == '?' && mark[1])
			strv_take(ignore, xstrndup(key, (size_t)(mark - key)));
	}
}

int definition_combined(struct definition *d, struct dict *ret, struct err *e)
{
	CLEANUP_STRV struct strv ignore = { 0 };
	CLEANUP_DICT struct dict all = { 0 };
	struct tag_source source = { look_up_tag, d, &ignore };
	const struct dict_entry *lines;

	if (d->kind == DEFINITION_ACTION)
		strv_split(&ignore, "matches ipmatches ipjailmatches timeout bantime", " ");
	dict_update(&all, &d->own);
	dict_update(&all, &d->given);
	add_conditional(&all, &ignore);
	if (tags_substitute(&all, &source, e) < 0)
		return err_ctx(e, "%s", d->name);
	lines = d->kind == DEFINITION_FILTER ? dict_find(&all, "maxlines") : NULL;
	if (lines && lines->value && convert_int(lines->value, NULL) != 0) {
		conf_problem(d->folder, lines->from, _("maxlines = %s is no number; left out"),
			     lines->value);
		dict_remove(&all, "maxlines");
	}
	dict_done(ret);
	*ret = all;
	all = (struct dict){ 0 };
	return 0;
}
