// SPDX-License-Identifier: MIT
/* literals.c - see literals.h: a parser that keeps of each part what is sure of it. */
#include "guard/literals.h"

#include <ctype.h>
#include <string.h>

#define DEPTH_MAX 200 /* nested groups */
#define CROSS_MAX 64  /* words that two parts make together */
#define RARE	  10  /* bytes of a word: longer ones tell no more */
#define CLASS_MAX 4   /* characters of a [...] that are words of their own */

/* What is sure of a part of an expression. */
struct part {
	bool exact; /* it matches the words, and nothing else */
	struct strv
		any; /* exact: all it matches ("" is a word too); else one of these is in it, if there are any */
};

struct parser {
	const char *at;
	int depth;
	bool lost; /* something we do not know: nothing is sure */
};

static void part_done(struct part *p)
{
	strv_done(&p->any);
	p->exact = false;
}

static void move(struct part *to, struct part *from)
{
	part_done(to);
	*to = *from;
	*from = (struct part){ 0 };
}

static void set_empty(struct part *p)
{
	part_done(p);
	p->exact = true;
	strv_add(&p->any, "");
}

static void add_word(struct strv *to, const char *word)
{
	if (!strv_has(to, word))
		strv_add(to, word);
}

/* How much the words tell: the shortest counts, up to a length at which it is rare, and many a little less. < 0:
 * nothing. */
static double worth(const struct strv *words)
{
	size_t shortest = RARE;

	if (words->count == 0 || words->count > LITERALS_MAX)
		return -1;
	for (size_t i = 0; i < words->count; i++)
		if (strlen(words->item[i]) < shortest)
			shortest = strlen(words->item[i]);
	if (shortest == 0)
		return -1;
	return (double)shortest - (words->count > 16 ? 2 : (double)words->count / 16);
}

/* Keeps of two sets of words, one of each of which must be there, the one that tells more; of equal ones that further on:
 * many expressions of a filter begin alike. */
static void keep_better(struct strv *best, const struct strv *other)
{
	if (worth(other) < 0 || worth(other) < worth(best))
		return;
	strv_done(best);
	for (size_t i = 0; i < other->count; i++)
		strv_add(best, other->item[i]);
}

static bool fits(const struct part *a, const struct part *b)
{
	size_t longest_a = 0, longest_b = 0, count = a->any.count * b->any.count;

	if (count > CROSS_MAX && a->any.count > 1 && b->any.count > 1)
		return false;
	for (size_t i = 0; i < a->any.count; i++)
		longest_a = strlen(a->any.item[i]) > longest_a ? strlen(a->any.item[i]) : longest_a;
	for (size_t i = 0; i < b->any.count; i++)
		longest_b = strlen(b->any.item[i]) > longest_b ? strlen(b->any.item[i]) : longest_b;
	return longest_a + longest_b <= LITERAL_LENGTH_MAX;
}

/* Each word of a with each of b behind it. */
static void cross(struct part *a, const struct part *b)
{
	struct part both = { .exact = true };

	for (size_t i = 0; i < a->any.count; i++)
		for (size_t k = 0; k < b->any.count; k++) {
			CLEANUP_FREE char *word = xasprintf("%s%s", a->any.item[i], b->any.item[k]);

			add_word(&both.any, word);
		}
	move(a, &both);
}

/* Parts one behind the other, so far. */
struct sequence {
	struct part run;  /* exact: what the last ones make together */
	struct strv best; /* of what came before them */
	bool broken;	  /* the run is not all of it */
};

static void append(struct sequence *s, struct part *next)
{
	if (next->exact && fits(&s->run, next)) {
		cross(&s->run, next);
		return;
	}
	keep_better(&s->best, &s->run.any);
	s->broken = true;
	if (next->exact) {
		move(&s->run, next);
		return;
	}
	keep_better(&s->best, &next->any);
	set_empty(&s->run);
}

/* One or the other. */
static void unite(struct part *a, const struct part *b)
{
	bool sure = (a->exact || a->any.count > 0) && (b->exact || b->any.count > 0) &&
		    a->any.count + b->any.count <= LITERALS_MAX;

	if (!sure) {
		part_done(a);
		return;
	}
	a->exact = a->exact && b->exact;
	for (size_t i = 0; i < b->any.count; i++)
		add_word(&a->any, b->any.item[i]);
}

static char lower(long c)
{
	return (char)(c >= 'A' && c <= 'Z' ? c + 'a' - 'A' : c);
}

static void set_char(struct part *p, unsigned char c)
{
	const char word[2] = { lower(c), '\0' };

	part_done(p);
	/* Of others we do not know what they are the same as when case does not count. */
	if (c < 0x20 || c > 0x7e)
		return;
	p->exact = true;
	strv_add(&p->any, word);
}

/* "{...}" at text: its number in base, or -1; *at moves behind it. */
static long braced(struct parser *p, int base)
{
	char *end;
	long n = strtol(p->at + 1, &end, base);

	if (*p->at != '{' || *end != '}') {
		p->lost = true;
		return -1;
	}
	p->at = end + 1;
	return n;
}

/* At the letter behind a backslash. *ret_char: what it is, -1 for something that is several. True: it takes no room. */
static bool escape(struct parser *p, long *ret_char)
{
	char c = *p->at;

	*ret_char = -1;
	if (c == '\0') {
		p->lost = true;
		return false;
	}
	p->at++;
	if (c == 'x')
		*ret_char = braced(p, 16);
	else if (c == 'o')
		*ret_char = braced(p, 8);
	else if (c == 'g')
		braced(p, 10);
	else if (strchr("afnrt", c))
		*ret_char = '\n'; /* no word has it */
	else if (strchr("bBAzZ", c))
		return true;
	else if (!isalnum((unsigned char)c))
		*ret_char = (unsigned char)c;
	else if (!strchr("dDsSwW", c))
		p->lost = true;
	return false;
}

/* "[...]": a few characters are words, more are anything. */
static void parse_class(struct parser *p, struct part *ret)
{
	bool few = true, first = true;

	part_done(ret);
	p->at++;
	if (*p->at == '^') {
		few = false;
		p->at++;
	}
	/* A ']' that stands first is one of the characters. */
	for (; *p->at && (first || *p->at != ']'); first = false) {
		long c = (unsigned char)*p->at++;

		if (c == '\\')
			escape(p, &c);
		/* A range, or what is no word. */
		if ((*p->at == '-' && p->at[1] != ']') || c < 0x20 || c > 0x7e) {
			few = false;
			continue;
		}
		if (few && ret->any.count <= CLASS_MAX)
			add_word(&ret->any, (const char[]){ lower(c), '\0' });
	}
	if (*p->at == ']')
		p->at++;
	else
		p->lost = true;
	ret->exact = few && ret->any.count > 0 && ret->any.count <= CLASS_MAX;
	if (!ret->exact)
		part_done(ret);
}

static void parse_either(struct parser *p, struct part *ret);

/* Behind "(": what kind it is, and to its inside. False: it is no group but something that is passed over. */
static bool open_group(struct parser *p, bool *ret_zero, bool *ret_condition)
{
	const char *c = p->at + 1;

	*ret_zero = *ret_condition = false;
	if (*p->at != '?')
		return true;
	if (*c == '=' || *c == '!' || (*c == '<' && (c[1] == '=' || c[1] == '!'))) {
		*ret_zero = true;
		p->at = c + (*c == '<' ? 2 : 1);
	} else if (*c == 'P' && c[1] == '=') {
		p->at = c + strcspn(c, ")");
		return false;
	} else if (*c == 'P') {
		p->at = c + strcspn(c, ">");
		p->at += *p->at == '>';
	} else if (*c == '(') {
		*ret_condition = true;
		p->at = c + strcspn(c, ")");
		p->at += *p->at == ')';
	} else if (*c == '>') {
		p->at = c + 1;
	} else {
		/* "(?:", "(?im-s:"; with x blanks are none. */
		size_t n = strspn(c, "ims-");

		if (c[n] != ':')
			p->lost = true;
		p->at = c + n + 1;
	}
	return true;
}

static void parse_group(struct parser *p, struct part *ret)
{
	bool zero, condition;

	p->at++;
	part_done(ret);
	if (++p->depth > DEPTH_MAX)
		p->lost = true;
	if (!p->lost && open_group(p, &zero, &condition) && !p->lost) {
		const char *inside = p->at;

		parse_either(p, ret);
		/* Where "no" is left out it is nothing; that there is none is not looked for: both are taken for
		 * possible. */
		if (condition && inside < p->at) {
			struct part nothing = { 0 };

			set_empty(&nothing);
			unite(ret, &nothing);
			part_done(&nothing);
		}
		if (zero)
			set_empty(ret);
	}
	p->depth--;
	if (*p->at == ')')
		p->at++;
	else
		p->lost = true;
}

static void parse_atom(struct parser *p, struct part *ret)
{
	long c;

	switch (*p->at) {
	case '(':
		parse_group(p, ret);
		return;
	case '[':
		parse_class(p, ret);
		return;
	case '.':
		p->at++;
		part_done(ret);
		return;
	case '^':
	case '$':
		p->at++;
		set_empty(ret);
		return;
	case '\\':
		p->at++;
		if (escape(p, &c))
			set_empty(ret);
		else
			set_char(ret, c >= 0x20 && c <= 0x7e ? (unsigned char)c : '\n');
		return;
	default:
		set_char(ret, (unsigned char)*p->at++);
	}
}

/* How often: *, +, ?, {n}, {n,}, {n,m} and what may stand behind them. False: none, which is once. */
static bool quantifier(struct parser *p, long *ret_min, long *ret_max)
{
	const char *at = p->at;
	char *end;

	*ret_min = *at == '+';
	*ret_max = *at == '?' ? 1 : -1;
	if (*at == '{' && isdigit((unsigned char)at[1])) {
		*ret_min = *ret_max = strtol(at + 1, &end, 10);
		if (*end == ',') {
			at = end + 1;
			*ret_max = strtol(at, &end, 10);
			*ret_max = end == at ? -1 : *ret_max;
		}
		if (*end != '}')
			return false;
		at = end;
	} else if (*at != '*' && *at != '+' && *at != '?') {
		return false;
	}
	at++;
	p->at = at + (*at == '?' || *at == '+');
	return true;
}

static void repeat(struct part *p, long min, long max)
{
	struct part nothing = { 0 };

	if (min == 1 && max == 1)
		return;
	if (min > 0) {
		/* At least once, and something beside it. */
		p->exact = false;
		if (worth(&p->any) < 0)
			part_done(p);
		return;
	}
	if (max != 1 || !p->exact) {
		part_done(p);
		return;
	}
	set_empty(&nothing);
	unite(p, &nothing);
	part_done(&nothing);
}

static void parse_sequence(struct parser *p, struct part *ret)
{
	struct sequence s = { 0 };
	struct part atom = { 0 };
	long min, max;

	set_empty(&s.run);
	while (!p->lost && *p->at && *p->at != '|' && *p->at != ')') {
		parse_atom(p, &atom);
		if (quantifier(p, &min, &max))
			repeat(&atom, min, max);
		append(&s, &atom);
	}
	part_done(&atom);
	if (s.broken) {
		keep_better(&s.best, &s.run.any);
		part_done(&s.run);
		s.run.any = s.best;
		s.best = (struct strv){ 0 };
	}
	move(ret, &s.run);
	strv_done(&s.best);
}

static void parse_either(struct parser *p, struct part *ret)
{
	parse_sequence(p, ret);
	while (!p->lost && *p->at == '|') {
		struct part other = { 0 };

		p->at++;
		parse_sequence(p, &other);
		unite(ret, &other);
		part_done(&other);
	}
}

void literals_of(const char *regex, struct strv *ret)
{
	struct parser p = { .at = regex };
	struct part all = { 0 };

	parse_either(&p, &all);
	if (!p.lost && *p.at == '\0' && worth(&all.any) > 0) {
		strv_done(ret);
		*ret = all.any;
		all.any = (struct strv){ 0 };
	}
	part_done(&all);
}
