// SPDX-License-Identifier: MIT
/* sshd_config.c - see sshd_config.h. */
#include "core/sshd_config.h"

#include <ctype.h>
#include <fnmatch.h>
#include <stdio.h>
#include <string.h>

#define MAIN_FILE "/etc/ssh/sshd_config"
#define FILES_MAX 256
#define DEPTH_MAX 16 /* servconf.c: SERVCONF_MAX_DEPTH */

/* Splits "Keyword value", "Keyword=value", with blanks; false for blank lines and comments. */
static bool split_line(char *text, char **ret_keyword, char **ret_value)
{
	char *p = str_trim(text), *end;

	if (*p == '\0' || *p == '#')
		return false;
	end = p + strcspn(p, " \t=");
	*ret_keyword = p;
	*ret_value = end + strspn(end, " \t");
	if (**ret_value == '=')
		*ret_value += 1 + strspn(*ret_value + 1, " \t");
	*end = '\0';
	for (; *p; p++)
		*p = (char)tolower((unsigned char)*p);
	return true;
}

/* A value of one quoted word loses its quotes; a comment behind a value ends it. */
static char *clean_value(char *value)
{
	size_t n;

	if (value[0] != '"') {
		char *comment = strstr(value, " #");

		if (comment)
			*comment = '\0';
		return str_trim(value);
	}
	n = strcspn(value + 1, "\"");
	if (value[1 + n] == '"' && str_trim(value + 2 + n)[0] == '\0') {
		value[1 + n] = '\0';
		return value + 1;
	}
	return value;
}

static const struct sshd_file *file_of(const struct sshd *s, const char *path)
{
	for (size_t i = 0; i < s->file_count; i++)
		if (str_eq(s->file[i].path, path))
			return &s->file[i];
	return NULL;
}

/* Paths of an Include's patterns: relative ones are below /etc/ssh, wildcards in the last part. */
static void expand(struct os *os, const char *patterns, struct strv *ret)
{
	CLEANUP_STRV struct strv words = { 0 };

	strv_split(&words, patterns, " \t\"");
	for (size_t i = 0; i < words.count; i++) {
		CLEANUP_FREE char *full = words.item[i][0] == '/'
						  ? xstrdup(words.item[i])
						  : xasprintf("/etc/ssh/%s", words.item[i]);
		char *slash = strrchr(full, '/');
		CLEANUP_FREE char *dir = xstrndup(full, (size_t)(slash - full));
		CLEANUP_STRV struct strv names = { 0 };
		struct err ignored = { 0 };

		if (os_list(os, dir, &names, &ignored) != 0)
			continue;
		for (size_t j = 0; j < names.count; j++)
			if (fnmatch(slash + 1, names.item[j], FNM_PERIOD) == 0)
				strv_addf(ret, "%s/%s", dir, names.item[j]);
	}
}

static int read_file(struct os *os, struct sshd *s, const char *path, int depth, struct err *e)
{
	CLEANUP_NODE struct node n = { 0 };
	CLEANUP_FREE char *copy = NULL;
	char *rest, *line, *keyword, *value;
	bool first = true;

	if (depth > DEPTH_MAX || s->file_count >= FILES_MAX)
		return err_set(e, ERR_FAILED, "%s: too many Include", path);
	if (file_of(s, path))
		return 0;
	if (os_get(os, path, &n, e) < 0)
		return -1;
	if (n.type != NODE_FILE)
		return 0;
	copy = xstrdup(n.data);
	s->file = xrealloc(s->file, s->file_count + 1, sizeof(*s->file));
	s->file[s->file_count++] = (struct sshd_file){ .path = xstrdup(path), .node = n };
	n = (struct node){ 0 };
	rest = copy;
	while ((line = str_line(&rest))) {
		CLEANUP_STRV struct strv paths = { 0 };

		if (!split_line(line, &keyword, &value))
			continue;
		if (str_eq(keyword, "include")) {
			s->include_first =
				s->include_first ||
				(depth == 0 && first && strstr(value, "sshd_config.d/*.conf"));
			expand(os, clean_value(value), &paths);
		}
		first = false;
		for (size_t i = 0; i < paths.count; i++)
			if (read_file(os, s, paths.item[i], depth + 1, e) < 0)
				return -1;
	}
	return 0;
}

int sshd_config_read(struct os *os, struct sshd *s, struct err *e)
{
	return read_file(os, s, MAIN_FILE, 0, e);
}

/* A pattern list with negation: 1 matches, 0 not, -1 a negated pattern did. */
static int match_list(const char *value, const char *list, bool address)
{
	CLEANUP_STRV struct strv items = { 0 };
	int found = 0;

	strv_split(&items, list, ",");
	for (size_t i = 0; i < items.count; i++) {
		const char *p = items.item[i];
		bool negated = *p == '!';
		struct err ignored = { 0 };
		struct prefix prefix;
		struct addr a;
		bool hit;

		p += negated;
		if (address && strchr(p, '/') && prefix_parse(p, &prefix, &ignored) == 0)
			hit = addr_parse(value, &a) == 0 && prefix_holds(&prefix, &a);
		else
			hit = fnmatch(p, value, 0) == 0;
		if (hit && negated)
			return -1;
		found = found || hit;
	}
	return found;
}

static bool criterion_holds(const char *name, const char *list, const struct sshd_view *v)
{
	char addr[ADDR_TEXT], port[8];

	addr_text(&v->addr, addr);
	snprintf(port, sizeof(port), "%u", v->port);
	if (str_case_eq(name, "user"))
		return match_list(v->user, list, false) > 0;
	if (str_case_eq(name, "address") || str_case_eq(name, "host"))
		return match_list(addr, list, true) > 0;
	if (str_case_eq(name, "localport"))
		return match_list(port, list, false) > 0;
	/* Group, LocalAddress, RDomain: not known here, so no line of such a block is named. */
	return false;
}

static bool match_holds(const char *criteria, const struct sshd_view *v)
{
	CLEANUP_STRV struct strv w = { 0 };

	strv_split(&w, criteria, " \t=\"");
	if (w.count == 1 && str_case_eq(w.item[0], "all"))
		return true;
	for (size_t i = 0; v && i + 1 < w.count; i += 2)
		if (!criterion_holds(w.item[i], w.item[i + 1], v))
			return false;
	return v && w.count >= 2 && w.count % 2 == 0;
}

struct walk {
	const struct sshd *s;
	const struct sshd_view *v;
	config_fn *fn;
	void *arg;
	int depth;
};

static void walk_file(struct walk *w, const char *path, bool in_match, bool active);

static void walk_include(struct walk *w, const char *patterns, bool in_match, bool active)
{
	CLEANUP_STRV struct strv words = { 0 };

	strv_split(&words, patterns, " \t\"");
	for (size_t i = 0; i < words.count && w->depth < DEPTH_MAX; i++) {
		CLEANUP_FREE char *full = words.item[i][0] == '/'
						  ? xstrdup(words.item[i])
						  : xasprintf("/etc/ssh/%s", words.item[i]);
		CLEANUP_STRV struct strv hits = { 0 };

		for (size_t j = 0; j < w->s->file_count; j++)
			if (fnmatch(full, w->s->file[j].path, FNM_PERIOD | FNM_PATHNAME) == 0)
				strv_add(&hits, w->s->file[j].path);
		strv_sort(&hits);
		for (size_t j = 0; j < hits.count; j++)
			walk_file(w, hits.item[j], in_match, active);
	}
}

static void walk_file(struct walk *w, const char *path, bool in_match, bool active)
{
	const struct sshd_file *f = file_of(w->s, path);
	CLEANUP_FREE char *copy = f ? xstrdup(f->node.data) : NULL;
	struct config_line l = { .file = path, .in_match = in_match, .active = active };
	char *rest = copy, *line, *keyword, *value;

	w->depth++;
	while (copy && (line = str_line(&rest))) {
		l.line++;
		if (!split_line(line, &keyword, &value))
			continue;
		l.keyword = keyword;
		l.value = clean_value(value);
		if (str_eq(keyword, "match")) {
			/* Ends the block before it; inside an included file the outer one still rules. */
			l.in_match = true;
			l.active = active && match_holds(l.value, w->v);
		} else if (str_eq(keyword, "include")) {
			walk_include(w, l.value, l.in_match, l.active);
		} else {
			w->fn(w->arg, &l);
		}
	}
	w->depth--;
}

void sshd_config_walk(const struct sshd *s, const struct sshd_view *v, config_fn *fn, void *arg)
{
	struct walk w = { s, v, fn, arg, 0 };

	walk_file(&w, MAIN_FILE, false, true);
}
