// SPDX-License-Identifier: MIT
/* conf.c - see conf.h: which files there are, and how they become one. */
#include "guard/conf.h"

#include <stdio.h>
#include <string.h>

#include "base/i18n.h"
#include "base/mem.h"
#include "guard/built_in.h"
#include "guard/files.h"
#include "guard/utf8.h"

#define INCLUDE_DEPTH_MAX 16
#define INCLUDE_FILES_MAX 1000
#define PROBLEMS_MAX	  1000

void conf_folder_done(struct conf_folder *f)
{
	free(f->path);
	strv_done(&f->files);
	for (size_t i = 0; i < f->problem_count; i++)
		free(f->problem[i].text);
	free(f->problem);
	*f = (struct conf_folder){ 0 };
}

void conf_problem(struct conf_folder *f, struct origin at, const char *fmt, ...)
{
	CLEANUP_FREE char *text = NULL;
	va_list ap;

	va_start(ap, fmt);
	text = xvasprintf(fmt, ap);
	va_end(ap);
	for (size_t i = 0; i < f->problem_count; i++)
		if (f->problem[i].at.file == at.file && f->problem[i].at.line == at.line &&
		    strcmp(f->problem[i].text, text) == 0)
			return;
	if (f->problem_count == PROBLEMS_MAX)
		return;
	f->problem = xrealloc(f->problem, f->problem_count + 1, sizeof(*f->problem));
	f->problem[f->problem_count++] = (struct problem){ at, TAKE(text) };
}

void conf_done(struct conf *c)
{
	ini_done(&c->all);
	strv_done(&c->read);
}

/* The one copy of this path that origins point to. */
static const char *keep_path(struct conf_folder *f, const char *path)
{
	for (size_t i = 0; i < f->files.count; i++)
		if (strcmp(f->files.item[i], path) == 0)
			return f->files.item[i];
	strv_add(&f->files, path);
	return f->files.item[f->files.count - 1];
}

const char *conf_choose(struct os *os, const char *given)
{
	if (given)
		return given;
	return files_exists(os, CONF_FAIL2BAN) ? CONF_FAIL2BAN : CONF_BUILT_IN;
}

bool conf_is_built_in(const char *file)
{
	return !file || str_starts(file, CONF_BUILT_IN "/");
}

/* Of a path below CONF_BUILT_IN; NULL: there is no such file. */
static const char *built_in_text(const char *path)
{
	for (size_t i = 0; i < built_in_count; i++)
		if (str_eq(built_in_files[i].path, path + strlen(CONF_BUILT_IN "/")))
			return built_in_files[i].text;
	return NULL;
}

static bool is_there(struct conf_folder *f, const char *path)
{
	return conf_is_built_in(path) ? built_in_text(path) != NULL : files_exists(f->os, path);
}

/* 1: not there. */
static int read_one(struct conf_folder *f, const char *path, struct ini *ret, struct err *e)
{
	CLEANUP_NODE struct node n = { 0 };
	int r;

	if (conf_is_built_in(path)) {
		const char *text = built_in_text(path);

		return text ? ini_parse(text, strlen(text), keep_path(f, path), ret, e) : 1;
	}
	r = files_read(f->os, path, &n, e);
	if (r != 0)
		return r;
	return ini_parse(n.data, n.len, keep_path(f, path), ret, e);
}

/* The list of an include is one name a line, beside the file that has it. */
struct includes {
	struct conf_folder *folder;
	struct strv *ret;
	const char *open[INCLUDE_DEPTH_MAX]; /* the files that led here */
	size_t depth;
};

static int add_file(struct includes *in, const char *path, struct err *e);

static char *local_of(const char *path)
{
	const char *slash = strrchr(path, '/'), *dot = strrchr(path, '.');
	size_t len = dot && (!slash || dot > slash + 1) ? (size_t)(dot - path) : strlen(path);

	return xasprintf("%.*s.local", (int)len, path);
}

/* Each file, and after it its own .local where the list does not have it already. */
static int add_files(struct includes *in, const struct strv *paths, struct err *e)
{
	for (size_t i = 0; i < paths->count; i++) {
		CLEANUP_FREE char *local = local_of(paths->item[i]);

		if (add_file(in, paths->item[i], e) < 0)
			return -1;
		if (!strv_has(paths, local) && is_there(in->folder, local) &&
		    add_file(in, local, e) < 0)
			return -1;
	}
	return 0;
}

static int add_included(struct includes *in, const struct conf *c, const char *which,
			const char *path, struct err *e)
{
	CLEANUP_FREE char *names = NULL;
	struct origin from;
	char *rest, *name;
	int r = conf_get(c, &(struct conf_query){ "INCLUDES", which, NULL }, &names, &from, e);

	if (r != CONF_FOUND)
		return r < 0 ? -1 : 0;
	rest = names;
	while ((name = strsep(&rest, "\n"))) {
		CLEANUP_FREE char *at = files_beside(path, name);
		CLEANUP_STRV struct strv one = { 0 };
		bool seen = name[0] == '\0';

		for (size_t i = 0; i + 1 < in->depth; i++)
			seen = seen || strcmp(in->open[i], at) == 0;
		strv_add(&one, at);
		if (!seen && add_files(in, &one, e) < 0)
			return -1;
	}
	return 0;
}

static int add_file(struct includes *in, const char *path, struct err *e)
{
	CLEANUP_CONF struct conf c = { 0 };
	int r;

	if (in->depth == INCLUDE_DEPTH_MAX || in->ret->count >= INCLUDE_FILES_MAX)
		return err_set(e, ERR_USAGE, _("%s: files include each other too often"), path);
	r = read_one(in->folder, path, &c.all, e);
	if (r != 0)
		return r < 0 ? -1 : 0;
	in->open[in->depth++] = path;
	r = add_included(in, &c, "before", path, e);
	strv_add(in->ret, path);
	if (r == 0)
		r = add_included(in, &c, "after", path, e);
	in->depth--;
	return r;
}

/* "Init?family=inet6": the options of section Init under that condition. NULL: no such name. */
static const char *condition_of(const char *section)
{
	const char *at = section;

	while (utf8_word_byte(*at))
		at++;
	return at > section && at[0] == '?' && at[1] ? at : NULL;
}

static void merge_section(struct conf *c, const struct ini_section *from)
{
	const char *condition = condition_of(from->name);
	CLEANUP_FREE char *name = condition ? xstrndup(from->name, (size_t)(condition - from->name))
					    : xstrdup(from->name);
	CLEANUP_FREE char *known_name = xasprintf("KNOWN/%s", name);
	bool there = ini_find(&c->all, name) != NULL;
	struct ini_section *section, *known;

	if (!there)
		ini_add(&c->all, name);
	if (there && !ini_find(&c->all, known_name))
		ini_add(&c->all, known_name);
	section = ini_find(&c->all, name);
	known = ini_find(&c->all, known_name);
	for (size_t i = 0; i < from->option.count; i++) {
		const struct dict_entry *one = &from->option.item[i], *old;
		CLEANUP_FREE char *key = xasprintf("%s%s", one->key, condition ? condition : "");

		old = dict_find(&section->option, key);
		if (old)
			dict_set(&known->option, key, old->value, old->from);
		dict_set(&section->option, key, one->value, one->from);
	}
}

static int merge_files(struct conf_folder *f, const struct strv *paths, struct conf *c,
		       struct err *e)
{
	for (size_t i = 0; i < paths->count; i++) {
		CLEANUP_INI struct ini one = { 0 };
		int r = read_one(f, paths->item[i], &one, e);

		if (r < 0)
			return -1;
		if (r > 0)
			continue;
		strv_add(&c->read, paths->item[i]);
		dict_update(&c->all.defaults, &one.defaults);
		for (size_t j = 0; j < one.count; j++)
			merge_section(c, &one.section[j]);
	}
	return 0;
}

static int read_all(struct conf_folder *f, const struct strv *first, struct conf *ret,
		    struct err *e)
{
	CLEANUP_STRV struct strv paths = { 0 };
	CLEANUP_CONF struct conf c = { 0 };
	struct includes in = { .folder = f, .ret = &paths };

	if (add_files(&in, first, e) < 0 || merge_files(f, &paths, &c, e) < 0)
		return -1;
	if (c.read.count == 0)
		return 1;
	*ret = c;
	c = (struct conf){ 0 };
	return 0;
}

/* Of what is compiled in there is one file, and the host's own is only of jails. */
static int read_built_in(struct conf_folder *f, const char *name, struct conf *ret, struct err *e)
{
	CLEANUP_STRV struct strv first = { 0 };

	strv_addf(&first, CONF_BUILT_IN "/%s.conf", name);
	if (str_eq(name, "jail") && files_exists(f->os, CONF_OVER))
		strv_add(&first, CONF_OVER);
	return read_all(f, &first, ret, e);
}

int conf_read(struct conf_folder *f, const char *name, struct conf *ret, struct err *e)
{
	static const char *const suffixes[] = { ".conf", ".local" };
	CLEANUP_STRV struct strv first = { 0 };
	CLEANUP_FREE char *folder = NULL;

	if (str_eq(f->path, CONF_BUILT_IN))
		return read_built_in(f, name, ret, e);
	folder = xasprintf("%s/%s.d", f->path, name);

	for (size_t i = 0; i < COUNT(suffixes); i++) {
		CLEANUP_FREE char *main_file = xasprintf("%s/%s%s", f->path, name, suffixes[i]);

		if (files_exists(f->os, main_file))
			strv_add(&first, main_file);
		if (files_with_suffix(f->os, folder, suffixes[i], &first, e) < 0)
			return -1;
	}
	return read_all(f, &first, ret, e);
}

int conf_read_file(struct conf_folder *f, const char *path, struct conf *ret, struct err *e)
{
	CLEANUP_STRV struct strv first = { 0 };

	strv_add(&first, path);
	return read_all(f, &first, ret, e);
}

int conf_no_filter(const struct conf_folder *f, const char *name, struct err *e)
{
	CLEANUP_STRV struct strv known = { 0 };
	CLEANUP_FREE char *list = NULL;

	if (!str_eq(f->path, CONF_BUILT_IN))
		return err_set(e, ERR_USAGE, _("there is no filter \"%s\" in %s/filter.d"), name,
			       f->path);
	for (size_t i = 0; i < built_in_count; i++) {
		const char *path = built_in_files[i].path, *slash = strchr(path, '/');

		if (slash)
			strv_take(&known, xstrndup(slash + 1, strlen(slash + 1) - strlen(".conf")));
	}
	list = strv_join(&known, ", ");
	return err_set(e, ERR_USAGE,
		       _("there is no filter \"%s\"; built in are %s; a file's path is possible, "
			 "too"),
		       name, list);
}
