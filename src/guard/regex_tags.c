// SPDX-License-Identifier: MIT
/*
 * regex_tags.c - <HOST>, <F-USER>...</F-USER> and the other tags of jail.conf(5), as groups.
 *
 * The groups' names are the interface: ip4, ip6, dns, cidr, fid (who failed), and the name of an
 * <F-NAME> in lower case.
 */
#include <ctype.h>
#include <stdio.h>
#include <string.h>

#include "guard/regex.h"
#include "guard/utf8.h"

#define IP4  "(?:::f{4,6}:)?(?P<ip4>(?:\\d{1,3}\\.){3}\\d{1,3})"
#define HEX  "[0-9a-fA-F]{1,4}"
#define IP6  "(?P<ip6>(?:" HEX "::?|::){1,7}(?:" HEX "|(?<=:):))"
#define DNS  "(?P<dns>[\\w\\-.^_]*\\w)"
#define CIDR "(?P<cidr>\\d+)"
#define ADDR "\\[?(?:" IP4 "|" IP6 ")\\]?"

static const struct tag {
	const char *name, *regex;
} tags[] = {
	{ "IP4", IP4 },
	{ "F-IP4/", IP4 },
	{ "IP6", IP6 },
	{ "F-IP6/", IP6 },
	{ "ADDR", ADDR },
	{ "F-ADDR/", ADDR },
	{ "CIDR", CIDR },
	{ "F-CIDR/", CIDR },
	{ "SUBNET", "\\[?(?:" IP4 "|" IP6 ")(?:/" CIDR ")?\\]?" },
	{ "F-SUBNET/", "\\[?(?:" IP4 "|" IP6 ")(?:/" CIDR ")?\\]?" },
	{ "DNS", DNS },
	{ "F-DNS/", DNS },
	{ "F-ID/", "(?P<fid>\\S+)" },
	{ "F-PORT/", "(?P<fport>\\w+)" },
};

/* The group that an <F-NAME> opens. */
static void add_group_name(struct str *ret, const char *name)
{
	CLEANUP_FREE char *lower = str_lower(xstrdup(name));

	if (strcmp(lower, "id") == 0)
		str_add(ret, "fid");
	else if (strcmp(lower, "port") == 0)
		str_add(ret, "fport");
	else
		str_add(ret, lower);
}

static bool is_custom_name(const char *name)
{
	const char *at = name;

	while (isupper((unsigned char)*at) || isdigit((unsigned char)*at) || *at == '_' ||
	       *at == '-')
		at++;
	return at > name && !*at;
}

struct tagging {
	struct str *out;
	struct strv open; /* the F-names that were opened */
	unsigned skips;
	bool no_names;
};

/* What the tag of that name (without its <>) is; false: nothing, it stays. */
static bool add_tag(struct tagging *t, const char *name)
{
	bool close = name[0] == '/';
	const char *custom = name + close;

	if (strcmp(name, "HOST") == 0) {
		str_add(t->out, t->no_names ? ADDR : "(?:" ADDR "|" DNS ")");
		return true;
	}
	if (strcmp(name, "SKIPLINES") == 0) {
		str_addf(t->out, "\\n(?P<skiplines%u>(?:(?:.*\\n)*?))", t->skips++);
		return true;
	}
	for (size_t i = 0; i < COUNT(tags); i++) {
		if (strcmp(tags[i].name, name) == 0) {
			str_add(t->out, tags[i].regex);
			return true;
		}
	}
	if (!str_starts(custom, "F-") || !is_custom_name(custom + 2))
		return false;
	if (close) {
		if (strv_has(&t->open, custom))
			str_add(t->out, ")");
		return strv_has(&t->open, custom);
	}
	strv_add(&t->open, custom);
	str_add(t->out, "(?P<");
	add_group_name(t->out, custom + 2);
	str_add(t->out, ">");
	return true;
}

/* "<name>", "</name>" or "<name/>" at text: its length, or 0. */
static size_t tag_length(const char *text)
{
	const char *at = text + 1, *name;

	at += *at == '/';
	for (name = at; utf8_word_byte(*at) || *at == '-'; at++)
		;
	if (at == name)
		return 0;
	at += *at == '/';
	return *at == '>' ? (size_t)(at + 1 - text) : 0;
}

void regex_tags(const char *text, bool no_names, struct str *ret)
{
	struct tagging t = { .out = ret, .no_names = no_names };
	size_t n;

	str_add(ret, "");
	for (const char *at = text; *at; at += n) {
		CLEANUP_FREE char *name = NULL;

		n = *at == '<' ? tag_length(at) : 0;
		name = n ? xstrndup(at + 1, n - 2) : NULL;
		if (name && add_tag(&t, name))
			continue;
		n = n ? n : 1;
		str_add_bytes(ret, at, n);
	}
	strv_done(&t.open);
}

/* "alt_user_1" is for "user": without its prefix and its number. */
char *regex_joined_name(const char *group, const char *prefix)
{
	CLEANUP_STR struct str name = { 0 };
	CLEANUP_FREE char *base = NULL;
	size_t len, digits;

	if (!str_starts(group, prefix))
		return NULL;
	base = xstrdup(group + strlen(prefix));
	len = strlen(base);
	for (digits = 0; digits < len && isdigit((unsigned char)base[len - digits - 1]); digits++)
		;
	if (digits > 0 && digits < len && base[len - digits - 1] == '_')
		base[len - digits - 1] = '\0';
	add_group_name(&name, base);
	return str_take(&name);
}
