// SPDX-License-Identifier: MIT
/* facts_enabled.c - see facts_enabled.h. */
#include "core/facts_enabled.h"

#include <string.h>

#include "base/i18n.h"
#include "core/facts.h"
#include "core/package_manager.h"
#include "core/words.h"

void enabled_fact_done(struct enabled_fact *u)
{
	free(u->unit);
	free(u->description);
	free(u->active);
	free(u->path);
	free(u->package);
	strv_done(&u->starts);
	strv_done(&u->with);
	strv_done(&u->listen);
	strv_done(&u->needed_by);
}

static bool is_template(const char *unit)
{
	return strstr(unit, "@.");
}

/* 1: systemctl does not answer. */
static int list_names(struct os *os, struct strv *ret, struct err *e)
{
	const struct run run = { .argv = ARGV("systemctl", "list-unit-files", "--state=enabled",
					      "--type=service,socket,timer,path", "--plain",
					      "--no-legend", "--no-pager") };
	CLEANUP_RUN struct run_result r = { 0 };
	char *rest, *line;

	if (os_run(os, &run, &r, e) < 0)
		return -1;
	rest = r.status == 0 && !r.timed_out ? r.out : NULL;
	while (rest && (line = str_line(&rest))) {
		line = str_trim(line);
		line[strcspn(line, " \t")] = '\0';
		if (line[0])
			strv_add(ret, line);
	}
	strv_sort(ret);
	return r.status == 0 && !r.timed_out ? 0 : 1;
}

/* Of a template, which systemctl shows nothing of. "": in none of these folders. */
static int find_file(struct os *os, const char *unit, char **ret, struct err *e)
{
	static const char *const folders[] = { "/etc/systemd/system",
					       "/usr/local/lib/systemd/system",
					       "/usr/lib/systemd/system", "/lib/systemd/system" };

	for (size_t i = 0; i < COUNT(folders); i++) {
		CLEANUP_FREE char *path = xasprintf("%s/%s", folders[i], unit);
		CLEANUP_NODE struct node n = { 0 };

		if (os_get(os, path, &n, e) < 0)
			return -1;
		if (n.type != NODE_FILE)
			continue;
		*ret = xstrdup(path);
		return 0;
	}
	*ret = xstrdup("");
	return 0;
}

static struct enabled_fact *add_unit(struct facts *f, const char *unit)
{
	struct enabled_fact *u;

	f->enabled = xrealloc(f->enabled, f->enabled_count + 1, sizeof(*u));
	u = &f->enabled[f->enabled_count++];
	*u = (struct enabled_fact){ .unit = xstrdup(unit), .package = xstrdup("") };
	return u;
}

static void take_words(const char *block, const char *property, struct strv *ret)
{
	CLEANUP_FREE char *value = show_value(block, property);

	strv_split(ret, value, " ");
}

static void take_block(struct facts *f, const char *block)
{
	CLEANUP_FREE char *load = show_value(block, "LoadState");
	CLEANUP_FREE char *id = show_value(block, "Id");
	const struct service_fact *s = facts_service(f, id);
	struct enabled_fact *u;

	if (!str_eq(load, "loaded"))
		return;
	u = add_unit(f, id);
	u->description = show_value(block, "Description");
	u->active = show_value(block, "ActiveState");
	u->path = show_value(block, "FragmentPath");
	take_words(block, "Triggers", &u->starts);
	take_words(block, "TriggeredBy", &u->with);
	service_needed_by(block, &u->with, &u->needed_by);
	show_values(block, "Listen", &u->listen);
	for (size_t i = 0; s && str_eq(s->unit, id) && i < s->listen.count; i++)
		strv_add(&u->listen, s->listen.item[i]);
}

static int add_template(struct os *os, struct facts *f, const char *unit, struct err *e)
{
	CLEANUP_FREE char *path = NULL;
	struct enabled_fact *u;

	if (find_file(os, unit, &path, e) < 0)
		return -1;
	u = add_unit(f, unit);
	u->description = xstrdup("");
	u->active = xstrdup("");
	u->path = TAKE(path);
	return 0;
}

static int show_units(struct os *os, struct facts *f, const struct strv *names, struct err *e)
{
	CLEANUP_STRV struct strv argv = { 0 };
	CLEANUP_RUN struct run_result r = { 0 };
	char *rest, *block;

	strv_split(&argv, "systemctl show -p", " ");
	strv_add(&argv, "Id,LoadState,ActiveState,Description,FragmentPath,RequiredBy,BoundBy,"
			"ConsistsOf,Triggers,TriggeredBy,Listen");
	strv_add(&argv, "--");
	for (size_t i = 0; i < names->count; i++)
		if (is_template(names->item[i])) {
			if (add_template(os, f, names->item[i], e) < 0)
				return -1;
		} else {
			strv_add(&argv, names->item[i]);
		}
	if (str_eq(argv.item[argv.count - 1], "--"))
		return 0;
	if (os_run(os, &(struct run){ .argv = (const char *const *)argv.item }, &r, e) < 0)
		return -1;
	rest = r.out;
	while ((block = show_block(&rest)))
		take_block(f, block);
	return 0;
}

static int name_packages(struct os *os, struct facts *f, struct err *e)
{
	CLEANUP_STRV struct strv paths = { 0 };
	CLEANUP_STRV struct strv owners = { 0 };

	for (size_t i = 0; i < f->enabled_count; i++)
		strv_add(&paths, f->enabled[i].path);
	if (!f->updates.manager || paths.count == 0)
		return 0;
	if (f->updates.manager->owners(os, &paths, &owners, e) < 0)
		return -1;
	f->enabled_owned = true;
	for (size_t i = 0; i < f->enabled_count; i++) {
		free(f->enabled[i].package);
		f->enabled[i].package = xstrdup(owners.item[i]);
	}
	return 0;
}

static int by_unit(const void *a, const void *b)
{
	const struct enabled_fact *x = a, *y = b;

	return strcmp(x->unit, y->unit);
}

int facts_gather_enabled(struct os *os, const struct facts_query *q, struct facts *f, struct err *e)
{
	CLEANUP_STRV struct strv names = { 0 };
	int r;

	if (!q->enabled || !f->systemd)
		return 0;
	r = list_names(os, &names, e);
	if (r > 0)
		strv_add(&f->not_measured, _("what is enabled: systemctl does not answer"));
	if (r != 0)
		return r < 0 ? -1 : 0;
	if (show_units(os, f, &names, e) < 0)
		return -1;
	if (f->enabled_count > 1)
		qsort(f->enabled, f->enabled_count, sizeof(*f->enabled), by_unit);
	return name_packages(os, f, e);
}
