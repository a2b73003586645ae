// SPDX-License-Identifier: MIT
/* dump.c - see dump.h. */
#include "guard/dump.h"

#include <string.h>

#include "base/i18n.h"
#include "guard/duration.h"

#define PLACE_COLUMN 60

static char *place(struct origin at)
{
	return conf_is_built_in(at.file) ? xstrdup(_("built in"))
					 : xasprintf("%s:%u", at.file, at.line);
}

/* What others wrote is shown with what a terminal would obey taken out. */
static void add_clean(struct str *ret, const char *text)
{
	CLEANUP_FREE char *copy = xstrdup(text);

	str_make_clean(copy);
	for (char *at = copy; *at; at++)
		if (*at == '\n')
			*at = ' ';
	str_add(ret, copy);
}

static void dump_value(struct str *ret, const char *name, const struct strv *value,
		       struct origin from)
{
	CLEANUP_FREE char *where = place(from);
	CLEANUP_STR struct str line = { 0 };

	str_addf(&line, "  %s", name);
	if (value->count == 1) {
		str_add(&line, " = ");
		add_clean(&line, value->item[0]);
	}
	str_add_padded(ret, line.text, PLACE_COLUMN);
	str_addf(ret, "# %s\n", where);
	for (size_t i = 0; value->count > 1 && i < value->count; i++) {
		str_add(ret, "    ");
		add_clean(ret, value->item[i]);
		str_add(ret, "\n");
	}
}

void dump_settings(const struct settings *s, struct str *ret)
{
	for (size_t i = 0; i < s->count; i++)
		dump_value(ret, s->item[i].name, &s->item[i].value, s->item[i].from);
}

void dump_jail(const struct jail *j, struct str *ret)
{
	CLEANUP_FREE char *where = place(j->from);

	str_addf(ret, "[%s] %s  # %s\n", j->name,
		 j->wrong || j->unusable ? _("left out")
		 : j->enabled		 ? _("enabled")
					 : _("not enabled"),
		 where);
	if (j->backend)
		str_addf(ret, "  backend = %s\n", j->backend);
	if (j->filter)
		str_addf(ret, "  filter = %s\n", j->filter);
	dump_settings(&j->setting, ret);
	for (size_t i = 0; i < j->action_count; i++) {
		const struct jail_action *a = &j->action[i];
		CLEANUP_STRV struct strv name = { 0 };

		strv_add(&name, a->name ? a->name : a->file);
		dump_value(ret, "action", &name, a->from);
		for (size_t k = 0; k < a->option.count; k++) {
			str_addf(ret, "    %s = ", a->option.item[k].key);
			add_clean(ret, a->option.item[k].value ? a->option.item[k].value : "");
			str_add(ret, "\n");
		}
	}
	str_add(ret, "\n");
}

static int by_place(const void *a, const void *b)
{
	const struct problem *p = a, *q = b;
	int r = strcmp(p->at.file ? p->at.file : "", q->at.file ? q->at.file : "");

	if (r != 0)
		return r;
	return p->at.line < q->at.line ? -1 : p->at.line > q->at.line;
}

void dump_problems(const struct conf_folder *f, struct str *ret)
{
	struct problem *sorted = xmemdup(f->problem, f->problem_count * sizeof(*sorted));

	if (f->problem_count > 0)
		qsort(sorted, f->problem_count, sizeof(*sorted), by_place);
	for (size_t i = 0; i < f->problem_count; i++) {
		CLEANUP_FREE char *where = place(sorted[i].at);

		str_addf(ret, "%s: ", where);
		add_clean(ret, sorted[i].text);
		str_add(ret, "\n");
	}
	free(sorted);
}

static json_t *strv_json(const struct strv *v)
{
	json_t *list = json_array();

	for (size_t i = 0; i < v->count; i++)
		json_array_append_new(list, json_text(v->item[i]));
	return list;
}

static json_t *place_json(struct origin at)
{
	CLEANUP_FREE char *where = conf_is_built_in(at.file) ? NULL : place(at);

	return json_text(where);
}

/* Does the setting give a time? Then as seconds too. */
static bool seconds_of(const struct setting *s, double *ret)
{
	static const char *const times[] = { "findtime", "bantime", "bantime.maxtime",
					     "bantime.rndtime" };
	struct err e = { 0 };

	for (size_t i = 0; i < COUNT(times); i++)
		if (strcmp(s->name, times[i]) == 0 && s->value.count == 1)
			return duration_parse(s->value.item[0], ret, &e) == 0;
	return false;
}

json_t *dump_settings_json(const struct settings *s)
{
	json_t *list = json_array();

	for (size_t i = 0; i < s->count; i++) {
		json_t *one = json_object();
		double seconds;

		json_object_set_new(one, "name", json_text(s->item[i].name));
		json_object_set_new(one, "value", strv_json(&s->item[i].value));
		if (seconds_of(&s->item[i], &seconds))
			json_object_set_new(one, "seconds", json_real(seconds));
		json_object_set_new(one, "from", place_json(s->item[i].from));
		json_array_append_new(list, one);
	}
	return list;
}

json_t *dump_jail_json(const struct jail *j)
{
	json_t *one = json_object(), *actions = json_array();

	json_object_set_new(one, "name", json_text(j->name));
	json_object_set_new(one, "enabled", json_boolean(j->enabled));
	json_object_set_new(one, "left_out", json_boolean(j->wrong));
	json_object_set_new(one, "unusable", json_boolean(j->unusable));
	json_object_set_new(one, "from", place_json(j->from));
	json_object_set_new(one, "backend", json_text(j->backend));
	json_object_set_new(one, "filter", json_text(j->filter));
	json_object_set_new(one, "settings", dump_settings_json(&j->setting));
	for (size_t i = 0; i < j->action_count; i++) {
		const struct jail_action *a = &j->action[i];
		json_t *action = json_object(), *options = json_object();

		for (size_t k = 0; k < a->option.count; k++)
			json_object_set_new(options, a->option.item[k].key,
					    json_text(a->option.item[k].value));
		json_object_set_new(action, "name", json_text(a->name));
		json_object_set_new(action, "file", json_text(a->file));
		json_object_set_new(action, "options", options);
		json_object_set_new(action, "from", place_json(a->from));
		json_array_append_new(actions, action);
	}
	json_object_set_new(one, "actions", actions);
	return one;
}

json_t *dump_problems_json(const struct conf_folder *f)
{
	json_t *list = json_array();

	for (size_t i = 0; i < f->problem_count; i++) {
		json_t *one = json_object();

		json_object_set_new(one, "at", place_json(f->problem[i].at));
		json_object_set_new(one, "text", json_text(f->problem[i].text));
		json_array_append_new(list, one);
	}
	return list;
}
