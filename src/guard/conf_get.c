// SPDX-License-Identifier: MIT
/* conf_get.c - a value of a configuration with all that it refers to; see conf.h. */
#include <stdio.h>
#include <string.h>

#include "base/i18n.h"
#include "base/mem.h"
#include "guard/conf.h"
#include "guard/utf8.h"

#define DEPTH_MAX 10 /* as ConfigParser's */
#define VALUE_MAX ((size_t)1 << 20)

/* Where a name is looked up: what was named as section/option, then the caller's, the section's, [DEFAULT]. */
struct scope {
	const struct conf *conf;
	const struct conf_query *query;
	const struct dict *section; /* NULL: [DEFAULT] itself was asked */
	struct str *out;
};

/* Values named with their section, per depth: a name stays known in what it leads to. */
struct named {
	const struct named *above;
	struct dict value;
	int depth; /* 1 for the value that was asked */
};

/* Names given by others may have capitals. */
static const struct dict_entry *find_lower(const struct dict *d, const char *name)
{
	for (size_t i = d ? d->count : 0; i > 0; i--)
		if (str_case_eq(d->item[i - 1].key, name))
			return &d->item[i - 1];
	return NULL;
}

static const struct dict_entry *look_up(const struct scope *s, const struct named *named,
					const char *name)
{
	const struct dict_entry *found = NULL;

	for (; named && !found; named = named->above)
		found = dict_find(&named->value, name);
	if (!found)
		found = find_lower(s->query->vars, name);
	if (!found && s->section)
		found = dict_find(s->section, name);
	return found ? found : dict_find(&s->conf->all.defaults, name);
}

/* The raw value of OPTION in the section that is named in front of it. */
static const struct dict_entry *in_named_section(const struct scope *s, const char *section,
						 const char *option)
{
	const struct dict_entry *found = NULL;

	if (str_case_eq(section, "known")) {
		CLEANUP_FREE char *known = xasprintf("KNOWN/%s", s->query->section);
		const struct ini_section *at = ini_find(&s->conf->all, known);

		found = at ? dict_find(&at->option, option) : NULL;
	} else if (!str_case_eq(section, "default")) {
		const struct ini_section *at = ini_find(&s->conf->all, section);

		if (!at)
			return NULL;
		found = dict_find(&at->option, option);
	}
	return found ? found : dict_find(&s->conf->all.defaults, option);
}

/* Finds every %(section/option)s of the text. */
static void name_sections(const struct scope *s, const char *text, struct named *ret)
{
	const char *at = text;

	while ((at = strstr(at, "%("))) {
		const char *slash = at += 2, *close;
		CLEANUP_FREE char *section = NULL, *option = NULL, *whole = NULL;
		const struct dict_entry *found;

		while (utf8_word_byte(*slash) || *slash == '-')
			slash++;
		close = strchr(slash, ')');
		if (slash == at || *slash != '/' || !close || close == slash + 1 || close[1] != 's')
			continue;
		section = xstrndup(at, (size_t)(slash - at));
		option = xstrndup(slash + 1, (size_t)(close - slash - 1));
		whole = xstrndup(at, (size_t)(close - at));
		found = look_up(s, ret, whole) ? NULL : in_named_section(s, section, option);
		if (found)
			dict_set(&ret->value, whole, found->value, found->from);
	}
}

static int expand(const struct scope *s, const struct named *above, const char *text,
		  struct err *e);

/* The length of the "%(name)s" at text. */
static int name_length(const char *text, size_t *ret_len, struct err *e)
{
	const char *close = strchr(text, ')');

	if (!close || close == text + 2 || close[1] != 's')
		return err_set(e, ERR_USAGE, _("\"%.40s\" is not of the form %%(name)s"), text);
	*ret_len = (size_t)(close + 2 - text);
	return 0;
}

static int expand_here(const struct scope *s, const struct named *named, const char *text,
		       struct err *e)
{
	struct str *out = s->out;
	const char *at;

	for (; (at = strchr(text, '%')); text = at) {
		CLEANUP_FREE char *name = NULL;
		const struct dict_entry *found;
		size_t len;

		str_add_bytes(out, text, (size_t)(at - text));
		if (at[1] == '%') {
			str_add(out, "%");
			at += 2;
			continue;
		}
		if (at[1] != '(')
			return err_set(e, ERR_USAGE,
				       _("a %% stands alone: %%%% is a percent sign, %%(name)s a "
					 "value; found: %.40s"),
				       at);
		if (name_length(at, &len, e) < 0)
			return -1;
		name = str_lower(xstrndup(at + 2, len - 4));
		at += len;
		if (strcmp(name, "__name__") == 0) {
			str_add(out, s->query->section);
			continue;
		}
		found = look_up(s, named, name);
		if (!found)
			return err_set(e, ERR_USAGE, _("%%(%s)s has no value here"), name);
		if (found->value && expand(s, named, found->value, e) < 0)
			return -1;
	}
	str_add(out, text);
	if (out->len > VALUE_MAX)
		return err_set(e, ERR_USAGE, _("the value becomes longer than 1 MiB"));
	return 0;
}

static int expand(const struct scope *s, const struct named *above, const char *text, struct err *e)
{
	struct named here = { .above = above, .depth = above ? above->depth + 1 : 1 };
	int r;

	if (!strchr(text, '%') && above) {
		str_add(s->out, text);
		return s->out->len > VALUE_MAX
			       ? err_set(e, ERR_USAGE, _("the value becomes longer than 1 MiB"))
			       : 0;
	}
	if (here.depth > DEPTH_MAX)
		return err_set(e, ERR_USAGE, _("values refer to each other more than %d times"),
			       DEPTH_MAX);
	name_sections(s, text, &here);
	r = expand_here(s, &here, text, e);
	dict_done(&here.value);
	return r;
}

int conf_get(const struct conf *c, const struct conf_query *q, char **ret, struct origin *ret_from,
	     struct err *e)
{
	CLEANUP_FREE char *name = str_lower(xstrdup(q->option));
	CLEANUP_STR struct str out = { 0 };
	const struct ini_section *section = ini_find(&c->all, q->section);
	struct scope s = { c, q, section ? &section->option : NULL, &out };
	const struct dict_entry *found;

	if (!section && strcmp(q->section, "DEFAULT") != 0)
		return CONF_NO_SECTION;
	found = look_up(&s, NULL, name);
	if (!found || !found->value)
		return CONF_NO_OPTION;
	if (expand(&s, NULL, found->value, e) < 0) {
		err_ctx(e, "%s", q->option);
		return found->from.file ? err_ctx(e, "%s:%u", found->from.file, found->from.line)
					: -1;
	}
	*ret = str_take(&out);
	*ret_from = found->from;
	return CONF_FOUND;
}

int conf_get_from(const struct conf *c, const struct conf_query *q, char **ret, struct err *e)
{
	const char *slash = q->option;
	CLEANUP_FREE char *section = NULL, *known = NULL;
	struct conf_query there = { .option = slash };
	struct origin from;
	int r = CONF_NO_SECTION;

	while (utf8_word_byte(*slash) || *slash == '-')
		slash++;
	if (slash == q->option || *slash != '/' || !slash[1])
		return conf_get(c, q, ret, &from, e);
	section = xstrndup(q->option, (size_t)(slash - q->option));
	there.option = slash + 1;
	if (str_case_eq(section, "known")) {
		known = xasprintf("KNOWN/%s", q->section);
		there.section = known;
		r = conf_get(c, &there, ret, &from, e);
		there.section = q->section;
	} else {
		there.section = str_case_eq(section, "default") ? "DEFAULT" : section;
	}
	if (r == CONF_NO_SECTION || r == CONF_NO_OPTION)
		r = conf_get(c, &there, ret, &from, e);
	return r == CONF_NO_SECTION || r == CONF_NO_OPTION ? conf_get(c, q, ret, &from, e) : r;
}
