// SPDX-License-Identifier: MIT
/*
 * sshd_explain.c - which line of which file decides each value; see sshd_config.h.
 *
 * What sshd says is the truth; the walk may only explain it. Where the two disagree, or a block's
 * criterion is not known here, no line is named.
 */
#include <string.h>

#include "core/sshd_config.h"
#include "core/words.h"

/* What the walk has found for one setting of the view. */
struct candidate {
	const struct sshd_file *file; /* NULL: the command line */
	unsigned line;
	bool found, from_match, agrees, unsure;
};

struct explaining {
	const struct sshd *s;
	struct sshd_view *v;
	struct candidate *of; /* one for each setting */
};

/* Older and other names of one keyword, as sshd's table has them; the first that the view knows. */
static const char *const aliases[][2] = {
	{ "challengeresponseauthentication", "kbdinteractiveauthentication" },
	{ "skeyauthentication", "kbdinteractiveauthentication" },
	{ "skeyauthentication", "challengeresponseauthentication" },
	{ "dsaauthentication", "pubkeyauthentication" },
	{ "pubkeyacceptedkeytypes", "pubkeyacceptedalgorithms" },
	{ "hostbasedacceptedkeytypes", "hostbasedacceptedalgorithms" },
	{ "keepalive", "tcpkeepalive" },
	{ "hostdsakey", "hostkey" },
};

static const struct sshd_setting *setting_named(const struct sshd_view *v, const char *keyword)
{
	const struct sshd_setting *x = sshd_setting(v, keyword);

	for (size_t i = 0; !x && i < COUNT(aliases); i++)
		if (str_eq(aliases[i][0], keyword))
			x = sshd_setting(v, aliases[i][1]);
	return x;
}

static bool line_of(const char *lines, const char *one)
{
	CLEANUP_FREE char *copy = xstrdup(lines);
	char *rest = copy, *line;

	while ((line = str_line(&rest)))
		if (str_eq(line, one))
			return true;
	return false;
}

/* "0.0.0.0" is said as "0.0.0.0:22", "::" as "[::]:22". */
static bool address_of(const char *lines, const char *written)
{
	CLEANUP_FREE char *copy = xstrdup(lines);
	CLEANUP_FREE char *bracketed = xasprintf("[%s]", written);
	char *rest = copy, *line;

	while ((line = str_line(&rest))) {
		char *colon = strrchr(line, ':');

		if (str_eq(line, written))
			return true;
		if (colon)
			*colon = '\0';
		if (str_eq(line, written) || str_eq(line, bracketed))
			return true;
	}
	return false;
}

static bool is_algorithms(const char *keyword)
{
	static const char *const all[] = {
		"ciphers",
		"macs",
		"kexalgorithms",
		"hostkeyalgorithms",
		"casignaturealgorithms",
		"pubkeyacceptedalgorithms",
		"hostbasedacceptedalgorithms",
	};

	for (size_t i = 0; i < COUNT(all); i++)
		if (str_eq(keyword, all[i]))
			return true;
	return false;
}

/* "+a,b" and "^a,b": all of them are in the list that results; "-a,b": none. */
static bool algorithms_agree(const char *written, const char *effective)
{
	CLEANUP_STRV struct strv names = { 0 };
	CLEANUP_STRV struct strv result = { 0 };

	strv_split(&names, written + 1, ",");
	strv_split(&result, effective, ",");
	for (size_t i = 0; i < names.count; i++)
		if (strv_has(&result, names.item[i]) != (written[0] != '-'))
			return false;
	return names.count > 0;
}

/* "1h30m" is said in seconds; "yes" may be written "true"; "100" of MaxStartups is "100:30:100". */
static bool other_spelling(const char *written, const char *effective)
{
	static const char *const pairs[][2] = {
		{ "prohibit-password", "without-password" },
		{ "without-password", "prohibit-password" },
		{ "true", "yes" },
		{ "false", "no" },
	};
	uint64_t seconds, said;
	size_t n = strlen(written);

	for (size_t i = 0; i < COUNT(pairs); i++)
		if (str_case_eq(written, pairs[i][0]) && str_eq(effective, pairs[i][1]))
			return true;
	if (str_to_seconds(written, &seconds) == 0 &&
	    str_to_u64(effective, 0, UINT32_MAX, &said) == 0)
		return seconds == said;
	return strspn(written, "0123456789") == n && str_starts(effective, written) &&
	       effective[n] == ':';
}

static bool appends(const char *keyword)
{
	static const char *const all[] = { "port",	"listenaddress", "allowusers",
					   "denyusers", "allowgroups",	 "denygroups",
					   "acceptenv", "hostkey",	 "hostcertificate",
					   "subsystem" };

	for (size_t i = 0; i < COUNT(all); i++)
		if (str_eq(keyword, all[i]))
			return true;
	return false;
}

static bool words_agree(const struct sshd_setting *x, const struct strv *words)
{
	for (size_t i = 0; i < words->count; i++)
		if (!line_of(x->value, words->item[i]) &&
		    !(str_eq(x->keyword, "listenaddress") && address_of(x->value, words->item[i])))
			return false;
	return words->count > 0;
}

static bool agrees(const struct sshd_setting *x, const struct config_line *l)
{
	if (str_case_eq(l->value, x->value) || str_case_eq(l->raw, x->value))
		return true;
	if (appends(x->keyword))
		return line_of(x->value, l->value) || words_agree(x, l->word);
	if (is_algorithms(x->keyword) && strchr("+-^", l->value[0]))
		return algorithms_agree(l->value, x->value);
	return other_spelling(l->value, x->value);
}

static const struct sshd_file *file_named(const struct sshd *s, const char *path)
{
	for (size_t i = 0; i < s->file_count; i++)
		if (str_eq(s->file[i].path, path))
			return &s->file[i];
	return NULL;
}

/* Of the lines that count the first in a Match wins, else the first of all. */
static void take(void *arg, const struct config_line *l)
{
	struct explaining *x = arg;
	const struct sshd_setting *setting = setting_named(x->v, l->keyword);
	struct candidate *c;

	if (!setting || l->active == HOLDS_NOT)
		return;
	c = &x->of[setting - x->v->setting];
	if (c->found && (c->from_match || !l->in_match))
		return;
	if (l->active == HOLDS_MAYBE) {
		c->unsure = true;
		return;
	}
	*c = (struct candidate){ .file = file_named(x->s, l->file),
				 .line = l->line,
				 .found = true,
				 .from_match = l->in_match,
				 .agrees = agrees(setting, l),
				 .unsure = c->unsure };
}

/* What the command line sets (-o Keyword=value, -p port) stands before every file. */
static void take_options(struct explaining *x)
{
	const struct strv *o = &x->s->options;

	for (size_t i = 0; i < o->count; i++) {
		const char *p = o->item[i];
		CLEANUP_FREE char *keyword = NULL;
		const struct sshd_setting *setting;

		if (str_starts(p, "-p"))
			keyword = xstrdup("port");
		else if (str_starts(p, "-o") && (p[2] || i + 1 < o->count))
			keyword = xstrdup(p[2] ? p + 2 : o->item[i + 1]);
		else
			continue;
		keyword[strcspn(keyword, "= \t")] = '\0';
		for (size_t k = 0; k < x->v->count; k++)
			if (str_case_eq(x->v->setting[k].keyword, keyword))
				x->of[k].found = true;
		setting = setting_named(x->v, keyword);
		if (setting)
			x->of[setting - x->v->setting].found = true;
	}
}

void sshd_explain(const struct sshd *s, struct sshd_view *v)
{
	struct explaining x = { .s = s, .v = v };

	x.of = xcalloc(v->count + 1, sizeof(*x.of));
	take_options(&x);
	sshd_config_walk(s, v, take, &x);
	for (size_t i = 0; i < v->count; i++) {
		const struct candidate *c = &x.of[i];

		if (!c->found || !c->file || !c->agrees || c->unsure)
			continue;
		v->setting[i].file = xstrdup(c->file->path);
		v->setting[i].line = c->line;
	}
	free(x.of);
}
