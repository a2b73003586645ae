// SPDX-License-Identifier: MIT
/* sshd_config.c - see sshd_config.h. */
#include "core/sshd_config.h"

#include <fnmatch.h>
#include <string.h>

#include "base/i18n.h"
#include "core/words.h"

#define SSHD_DIR  "/etc/ssh"
#define MAIN_FILE SSHD_DIR "/sshd_config"
#define FILES_MAX 256
#define DEPTH_MAX 16 /* servconf.c: SERVCONF_MAX_DEPTH */

/* The keyword, lower case, and all behind it, as strdelim() of OpenSSH cuts: at blanks or one '='.
 * False for blank lines and comments. */
static bool split_line(char *text, char **ret_keyword, char **ret_rest)
{
	char *p = str_trim(text), *end;

	if (*p == '\0' || *p == '#')
		return false;
	if (*p == '"') {
		end = strchr(++p, '"');
		if (!end)
			return false;
		*ret_rest = end + 1 + strspn(end + 1, " \t");
	} else {
		end = p + strcspn(p, " \t=\"");
		*ret_rest = end + (*end && *end != '=' && *end != '"');
		*ret_rest += strspn(*ret_rest, " \t");
		if (**ret_rest == '=')
			*ret_rest += 1 + strspn(*ret_rest + 1, " \t");
	}
	/* A quote right behind the keyword begins the value; no real file has that. */
	if (*end == '"' && *ret_rest == end)
		return false;
	*end = '\0';
	*ret_keyword = str_lower(p);
	return true;
}

static const struct sshd_file *file_of(const struct sshd *s, const char *path)
{
	for (size_t i = 0; i < s->file_count; i++)
		if (str_eq(s->file[i].path, path))
			return &s->file[i];
	return NULL;
}

/* Adds to ret every path below `base` that the pattern's parts name, as glob(3) does. */
static void expand_below(struct os *os, const char *base, const char *pattern, struct strv *ret)
{
	size_t n = strcspn(pattern, "/");
	CLEANUP_FREE char *part = xstrndup(pattern, n);
	const char *rest = pattern + n + strspn(pattern + n, "/");
	CLEANUP_STRV struct strv names = { 0 };
	struct err unreadable = { 0 };

	if (!strpbrk(part, "*?[\\"))
		strv_add(&names, part);
	else if (os_list(os, base[0] ? base : "/", &names, &unreadable) != 0)
		return;
	for (size_t i = 0; i < names.count; i++) {
		CLEANUP_FREE char *path = xasprintf("%s/%s", base, names.item[i]);

		if (fnmatch(part, names.item[i], FNM_PERIOD) != 0 && !str_eq(part, names.item[i]))
			continue;
		if (*rest)
			expand_below(os, path, rest, ret);
		else
			strv_add(ret, path);
	}
}

void path_expand(struct os *os, const char *pattern, struct strv *ret)
{
	expand_below(os, "", pattern + strspn(pattern, "/"), ret);
}

static char *full_pattern(const char *pattern)
{
	return pattern[0] == '/' ? xstrdup(pattern) : xasprintf(SSHD_DIR "/%s", pattern);
}

static bool is_dropin_pattern(const char *pattern)
{
	CLEANUP_FREE char *full = full_pattern(pattern);

	return str_eq(full, SSHD_DIR "/sshd_config.d/*.conf");
}

struct reader {
	struct os *os;
	struct sshd *s;
	int depth;
	bool any_keyword; /* one was met already */
};

static int read_file(struct reader *r, const char *path, struct err *e);

static int read_include(struct reader *r, const char *patterns, struct err *e)
{
	CLEANUP_STRV struct strv words = { 0 };
	int status = 0;

	words_split(patterns, true, &words);
	if (!r->any_keyword && words.count > 0)
		r->s->include_first = is_dropin_pattern(words.item[0]);
	r->any_keyword = true;
	for (size_t i = 0; status == 0 && i < words.count; i++) {
		CLEANUP_FREE char *full = full_pattern(words.item[i]);
		CLEANUP_STRV struct strv paths = { 0 };

		expand_below(r->os, "", full + strspn(full, "/"), &paths);
		strv_sort(&paths);
		for (size_t j = 0; status == 0 && j < paths.count; j++)
			status = read_file(r, paths.item[j], e);
	}
	return status;
}

static void note_match(struct sshd *s, const char *criteria)
{
	s->asks |= sshd_match_asks(criteria);
	sshd_match_addresses(criteria, s);
}

static int read_lines(struct reader *r, const char *text, struct err *e)
{
	CLEANUP_FREE char *copy = xstrdup(text);
	char *rest = copy, *line, *keyword, *value;
	int status = 0;

	while (status == 0 && (line = str_line(&rest))) {
		if (!split_line(line, &keyword, &value))
			continue;
		if (str_eq(keyword, "include"))
			status = read_include(r, value, e);
		else if (str_eq(keyword, "match"))
			note_match(r->s, value);
		r->any_keyword = true;
	}
	return status;
}

static int read_file(struct reader *r, const char *path, struct err *e)
{
	CLEANUP_NODE struct node n = { 0 };
	struct sshd *s = r->s;
	int status;

	if (r->depth > DEPTH_MAX || s->file_count >= FILES_MAX)
		return err_set(e, ERR_FAILED, _("%s: too many Include"), path);
	if (file_of(s, path))
		return 0;
	if (os_get_followed(r->os, path, &n, e) < 0)
		return os_uid(r->os) == 0 ? -1 : 0;
	if (n.type != NODE_FILE)
		return 0;
	s->file = xrealloc(s->file, s->file_count + 1, sizeof(*s->file));
	s->file[s->file_count] = (struct sshd_file){ .path = xstrdup(path), .node = n };
	n = (struct node){ 0 };
	r->depth++;
	status = read_lines(r, s->file[s->file_count++].node.data, e);
	r->depth--;
	return status;
}

/* -f of the unit's options, or the usual file. */
static const char *main_file(const struct sshd *s)
{
	for (size_t i = 0; i < s->options.count; i++) {
		const char *o = s->options.item[i];

		if (str_starts(o, "-f") && o[2])
			return o + 2;
		if (str_eq(o, "-f") && i + 1 < s->options.count)
			return s->options.item[i + 1];
	}
	return MAIN_FILE;
}

int sshd_config_read(struct os *os, struct sshd *s, struct err *e)
{
	struct reader r = { .os = os, .s = s };

	return read_file(&r, main_file(s), e);
}

struct walk {
	const struct sshd *s;
	const struct sshd_view *v;
	config_fn *fn;
	void *arg;
	const char *under_way[DEPTH_MAX]; /* files, the outermost first */
	size_t depth;
};

static void walk_file(struct walk *w, const char *path, bool in_match, enum holds active);

static void walk_include(struct walk *w, const struct config_line *l)
{
	for (size_t i = 0; i < l->word->count; i++) {
		CLEANUP_FREE char *full = full_pattern(l->word->item[i]);
		CLEANUP_STRV struct strv hits = { 0 };

		for (size_t j = 0; j < w->s->file_count; j++)
			if (fnmatch(full, w->s->file[j].path, FNM_PERIOD | FNM_PATHNAME) == 0)
				strv_add(&hits, w->s->file[j].path);
		strv_sort(&hits);
		for (size_t j = 0; j < hits.count; j++)
			walk_file(w, hits.item[j], l->in_match, l->active);
	}
}

/* Both have to hold; what is not known stays so unless the other one says no. */
static enum holds both(enum holds a, enum holds b)
{
	if (a == HOLDS_NOT || b == HOLDS_NOT)
		return HOLDS_NOT;
	return a == HOLDS && b == HOLDS ? HOLDS : HOLDS_MAYBE;
}

/* The values are on loan to the line while its turn lasts. */
static void take_words(struct walk *w, struct config_line l, const struct strv *words,
		       const char *value)
{
	l.word = words;
	l.value = value;
	if (str_eq(l.keyword, "include"))
		walk_include(w, &l);
	else
		w->fn(w->arg, &l);
}

static void walk_line(struct walk *w, struct config_line *l, enum holds outer)
{
	CLEANUP_STRV struct strv words = { 0 };
	CLEANUP_FREE char *value = NULL;

	if (str_eq(l->keyword, "match")) {
		/* Ends the block before it; inside an included file the outer one still rules. */
		l->in_match = true;
		l->active = both(outer, sshd_match(l->raw, w->v));
		return;
	}
	words_split(l->raw, true, &words);
	value = strv_join(&words, " ");
	take_words(w, *l, &words, value);
}

/* A file that includes itself is refused by sshd, so nothing of it would ever be in force; walked through
 * all the same it would take for ever. */
static bool may_enter(const struct walk *w, const char *path)
{
	for (size_t i = 0; i < w->depth; i++)
		if (str_eq(w->under_way[i], path))
			return false;
	return w->depth < DEPTH_MAX;
}

static void walk_file(struct walk *w, const char *path, bool in_match, enum holds active)
{
	const struct sshd_file *f = may_enter(w, path) ? file_of(w->s, path) : NULL;
	CLEANUP_FREE char *copy = f ? xstrdup(f->node.data) : NULL;
	struct config_line l = { .file = path, .in_match = in_match, .active = active };
	char *rest = copy, *line, *keyword, *value;

	if (!f)
		return;
	w->under_way[w->depth++] = path;
	while ((line = str_line(&rest))) {
		l.line++;
		if (!split_line(line, &keyword, &value))
			continue;
		l.keyword = keyword;
		l.raw = value;
		walk_line(w, &l, active);
	}
	w->depth--;
}

void sshd_config_walk(const struct sshd *s, const struct sshd_view *v, config_fn *fn, void *arg)
{
	struct walk w = { .s = s, .v = v, .fn = fn, .arg = arg };

	if (s->file_count > 0)
		walk_file(&w, s->file[0].path, false, HOLDS);
}
