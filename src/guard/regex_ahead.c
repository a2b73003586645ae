// SPDX-License-Identifier: MIT
/*
 * regex_ahead.c - tells an expression early what it would find out late.
 *
 * sshd's "Failed ... for" of fail2ban takes a name as (?P<cond_user>\S+) and asks at its end, (?(cond_user): |...), for what
 * nearly no line has; PCRE2 then tries each other way to read an address before it takes the name otherwise. Where that question
 * cannot be passed by, what the name needs is looked for when the name begins: "(?P<cond_user>(?=(?:[^:]*+:)+? )\S+)".
 */
#include <string.h>

#include "guard/regex.h"

#define DEPTH_MAX 60
#define NEEDS	  " :;,@=/" /* what may be needed: the same in any case, and no sign of expressions */

struct place {
	const char *at; /* what is in parentheses, as it is behind "(" */
	bool turned;	/* it, or what it is in, looks ahead or behind */
};

struct reader {
	const char *text, *at;
	struct place open[DEPTH_MAX];
	size_t depth;
};

/* "(?P<name>" and the like behind "(": where its text begins; NULL: no group with a name. */
static const char *named(const char *at, const char *name, size_t len)
{
	at += strncmp(at, "?P<", 3) == 0 ? 3 : strncmp(at, "?<", 2) == 0 ? 2 : 0;
	return strncmp(at, name, len) == 0 && at[-1] == '<' && at[len] == '>' ? at + len + 1 : NULL;
}

static bool turns(const char *at)
{
	return strncmp(at, "?=", 2) == 0 || strncmp(at, "?!", 2) == 0 ||
	       strncmp(at, "?<=", 3) == 0 || strncmp(at, "?<!", 3) == 0;
}

/* White space that means none, or a condition that is no group's: not read here. */
static bool is_other(const char *open)
{
	size_t flags = strncmp(open, "(?", 2) == 0 ? strspn(open + 2, "aiLmsux-") : 0;

	return open[1] == '*' || strncmp(open, "(?#", 3) == 0 || strncmp(open, "(?(?", 4) == 0 ||
	       (flags > 0 && memchr(open + 2, 'x', flags));
}

static const char *skip_class(const char *at)
{
	at += at[1] == '^' ? 2 : 1;
	at += *at == ']';
	for (; *at && *at != ']'; at++)
		at += *at == '\\' && at[1];
	return at;
}

/* One step: a character, an escape, a class. False: the end, or what we do not read. */
static bool step(struct reader *r)
{
	bool outer = r->depth > 0 && r->open[r->depth - 1].turned;

	switch (*r->at) {
	case '\0':
		return false;
	case '\\':
		if (!r->at[1] || r->at[1] == 'Q')
			return false;
		r->at++;
		break;
	case '[':
		r->at = skip_class(r->at);
		if (!*r->at)
			return false;
		break;
	case '(':
		if (r->depth == DEPTH_MAX || is_other(r->at))
			return false;
		r->open[r->depth++] = (struct place){ r->at + 1, outer || turns(r->at + 1) };
		/* The "(name)" of a condition is no group. */
		if (strncmp(r->at, "(?(", 3) == 0)
			r->at += 2 + strcspn(r->at + 2, ")");
		break;
	case ')':
		if (r->depth == 0)
			return false;
		r->depth--;
		break;
	}
	r->at += *r->at != '\0';
	return true;
}

struct need {
	const char *name, *text; /* of the condition; what is needed */
	size_t name_len, len;
	const char *end; /* behind its ")" */
};

/* "(?(<name>)text|" or "(?(<name>)text)" */
static bool read_need(const char *at, struct need *ret)
{
	if (strncmp(at, "(?(<", 4) != 0)
		return false;
	ret->name = at + 4;
	ret->name_len = strcspn(ret->name, ">");
	if (ret->name_len == 0 || strncmp(ret->name + ret->name_len, ">)", 2) != 0)
		return false;
	ret->text = ret->name + ret->name_len + 2;
	ret->len = strspn(ret->text, NEEDS);
	return ret->len > 0 && strchr("|)", ret->text[ret->len]) && ret->text[ret->len];
}

/* The condition that no match passes by: not in parentheses, nor one of several ways, nor repeated. */
static bool find_need(const char *text, struct need *ret)
{
	struct reader r = { .text = text, .at = text };
	bool have = false, open = false;
	char last;

	do {
		const char *at = r.at;

		if (r.depth == 0 && *at == '|')
			return false;
		if (open && r.depth == 0) {
			open = false;
			have = !strchr("*+?{", *at) || !*at;
		}
		if (!have && !open && r.depth == 0)
			open = read_need(at, ret);
		last = *at;
	} while (step(&r));
	return have && last == '\0' && r.depth == 0;
}

/* Where the text of the group begins, before `end`; NULL: it is not so simple. */
static const char *find_group(const char *text, const struct need *n)
{
	struct reader r = { .text = text, .at = text };

	while (r.at < n->name) {
		const struct place *p;
		const char *begin;

		if (!step(&r))
			return NULL;
		p = r.depth > 0 ? &r.open[r.depth - 1] : NULL;
		begin = p && p->at == r.at ? named(p->at, n->name, n->name_len) : NULL;
		if (begin)
			return p->turned ? NULL : begin;
	}
	return NULL;
}

bool regex_look_ahead(const char *text, struct str *ret)
{
	struct need n;
	const char *begin = find_need(text, &n) ? find_group(text, &n) : NULL;

	if (!begin)
		return false;
	str_add_bytes(ret, text, (size_t)(begin - text));
	str_addf(ret, "(?=(?:[^%c]*+%c)+?%.*s)", n.text[0], n.text[0], (int)n.len - 1, n.text + 1);
	str_add(ret, begin);
	return true;
}
