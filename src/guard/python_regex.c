// SPDX-License-Identifier: MIT
/* python_regex.c - see python_regex.h. One pass, no recursion. */
#include "guard/python_regex.h"

#include <ctype.h>
#include <string.h>

#include "base/i18n.h"
#include "guard/utf8.h"

struct translation {
	const char *text, *at;
	struct str *out;
	struct python_flags flags;
	bool in_class;
	unsigned groups; /* opened so far */
	struct err *e;
};

static int bad(struct translation *t, const char *what)
{
	return err_set(t->e, ERR_USAGE, _("%s at character %zu"), what,
		       (size_t)(t->at - t->text) + 1);
}

/* \xhh, \uhhhh, \Uhhhhhhhh: exactly so many digits. */
static int hex_escape(struct translation *t, size_t digits)
{
	for (size_t i = 0; i < digits; i++)
		if (!isxdigit((unsigned char)t->at[2 + i]))
			return bad(t, "incomplete escape");
	str_addf(t->out, "\\x{%.*s}", (int)digits, t->at + 2);
	t->at += 2 + digits;
	return 0;
}

static size_t octal_digits(const char *at)
{
	size_t n = 0;

	while (n < 3 && at[n] >= '0' && at[n] <= '7')
		n++;
	return n;
}

/* \0.., \ooo are characters; outside of [...] one or two digits else are what a group matched. */
static int digit_escape(struct translation *t)
{
	const char *digit = t->at + 1;
	size_t octal = octal_digits(digit), n = 1;

	if (t->in_class ? octal > 0 : digit[0] == '0' || octal == 3) {
		str_addf(t->out, "\\o{%.*s}", (int)octal, digit);
		t->at += 1 + octal;
		return 0;
	}
	if (t->in_class)
		return bad(t, "bad escape");
	if (isdigit((unsigned char)digit[1]))
		n = 2;
	if ((unsigned)(digit[0] - '0') * (n == 2 ? 10 : 1) + (n == 2 ? digit[1] - '0' : 0) >
	    t->groups)
		return bad(t, "invalid group reference");
	str_addf(t->out, "\\g{%.*s}", (int)n, digit);
	t->at += 1 + n;
	return 0;
}

static int escape(struct translation *t)
{
	char c = t->at[1];
	const char *same = t->in_class ? "dDsSwWafnrt" : "AbBdDsSwWafnrt";

	if (c == '\0')
		return bad(t, "nothing after \\");
	if (isdigit((unsigned char)c))
		return digit_escape(t);
	if (c == 'x')
		return hex_escape(t, 2);
	if (c == 'u')
		return hex_escape(t, 4);
	if (c == 'U')
		return hex_escape(t, 8);
	if (c == 'v')
		str_add(t->out, "\\x{b}");
	else if (c == 'b' && t->in_class)
		str_add(t->out, "\\x{8}");
	else if (c == 'Z' && !t->in_class)
		str_add(t->out, "\\z");
	else if (isalpha((unsigned char)c) && !strchr(same, c))
		return bad(t, "bad escape");
	else if ((unsigned char)c >= 0x80)
		str_add_bytes(t->out, &c, 1);
	else
		str_add_bytes(t->out, t->at, 2);
	t->at += 2;
	return 0;
}

static int set_flag(struct translation *t, char c, struct str *local)
{
	if (!strchr("aimsux", c))
		return bad(t, "unknown flag");
	if (local) {
		/* Unicode is what we have; ASCII for a part is not to be had. */
		if (c == 'a')
			return bad(t, "the flag a for a part");
		if (c != 'u')
			str_add_bytes(local, &c, 1);
		return 0;
	}
	t->flags.ascii = t->flags.ascii || c == 'a';
	t->flags.ignore_case = t->flags.ignore_case || c == 'i';
	t->flags.multiline = t->flags.multiline || c == 'm';
	t->flags.dot_all = t->flags.dot_all || c == 's';
	t->flags.verbose = t->flags.verbose || c == 'x';
	return 0;
}

/* "(?im)" is for the whole expression, wherever it stands; "(?im-s:" for the group. */
static int flags(struct translation *t)
{
	const char *end = t->at + 2;
	bool local, off = false;
	CLEANUP_STR struct str group = { 0 };

	end += strspn(end, "aimsuxL-");
	local = *end == ':';
	if ((!local && *end != ')') || end == t->at + 2)
		return bad(t, "unknown extension (?");
	for (const char *c = t->at + 2; c < end; c++) {
		if (*c == '-' && local && !off) {
			off = true;
			str_add(&group, "-");
			continue;
		}
		if (set_flag(t, *c, local ? &group : NULL) < 0)
			return -1;
	}
	if (local)
		str_addf(t->out, "(?%s:", group.text ? group.text : "");
	t->at = end + 1;
	return 0;
}

/* "(?P<name>", "(?P=name)" and "(?(name)": the name is checked by PCRE2. */
static int named(struct translation *t)
{
	const char *name = t->at + 3;
	size_t len;

	if (t->at[2] == '(') {
		len = strcspn(name, ")");
		if (len == 0 || name[len] != ')')
			return bad(t, "unknown extension (?");
		str_addf(t->out, isdigit((unsigned char)name[0]) ? "(?(%.*s)" : "(?(<%.*s>)",
			 (int)len, name);
		t->at = name + len + 1;
		return 0;
	}
	if (name[0] != '<' && name[0] != '=')
		return bad(t, "unknown extension (?");
	t->groups += name[0] == '<';
	str_add_bytes(t->out, t->at, 4);
	t->at += 4;
	return 0;
}

static int group(struct translation *t)
{
	const char *c = t->at + 2;
	size_t n = 0;

	if (t->at[1] == '*')
		return bad(t, "nothing to repeat");
	if (t->at[1] != '?') {
		t->groups++;
		n = 1;
	} else if (*c == ':' || *c == '=' || *c == '!' || *c == '>')
		n = 3;
	else if (*c == '<' && (c[1] == '=' || c[1] == '!'))
		n = 4;
	else if (*c == 'P' || *c == '(')
		return named(t);
	else if (*c == '#') {
		c = strchr(c, ')');
		if (!c)
			return bad(t, "a comment is not closed");
		t->at = c + 1;
		return 0;
	}
	if (n == 0)
		return flags(t);
	str_add_bytes(t->out, t->at, n);
	t->at += n;
	return 0;
}

/* "{,5}" is none to five there, and text in PCRE2 before 10.43. */
static void brace(struct translation *t)
{
	const char *at = t->at + 1;

	if (at[0] == ',') {
		at++;
		at += strspn(at, "0123456789");
		if (*at == '}') {
			str_addf(t->out, "{0%.*s", (int)(at + 1 - t->at - 1), t->at + 1);
			t->at = at + 1;
			return;
		}
	}
	str_add(t->out, "{");
	t->at++;
}

static void open_class(struct translation *t)
{
	size_t n = 1;

	if (t->at[n] == '^')
		n++;
	str_add_bytes(t->out, t->at, n);
	t->at += n;
	t->in_class = true;
	/* A ']' that stands first is one of the characters. */
	if (*t->at == ']') {
		str_add(t->out, "\\]");
		t->at++;
	}
}

static int one(struct translation *t)
{
	char c = *t->at;

	if (c == '\\')
		return escape(t);
	if (t->in_class) {
		t->in_class = c != ']';
		/* "[:alpha:]" has no meaning there. */
		if (c == '[')
			str_add(t->out, "\\");
	} else if (c == '[') {
		open_class(t);
		return 0;
	} else if (c == '(') {
		return group(t);
	} else if (c == '{') {
		brace(t);
		return 0;
	} else if (c == '#' && t->flags.verbose) {
		t->at += strcspn(t->at, "\n");
		return 0;
	}
	str_add_bytes(t->out, t->at++, 1);
	return 0;
}

int python_regex(const char *text, struct str *ret, struct python_flags *ret_flags, struct err *e)
{
	struct translation t = { .text = text, .at = text, .out = ret, .e = e };

	str_add(ret, "");
	while (*t.at)
		if (one(&t) < 0)
			return -1;
	*ret_flags = t.flags;
	return 0;
}
