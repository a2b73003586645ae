// SPDX-License-Identifier: MIT
/*
 * sshd_match.c - which connections a Match line of sshd_config(5) means; see sshd_config.h.
 *
 * Pattern lists and addresses as match.c and addrmatch.c of OpenSSH have them: a negated pattern
 * that fits ends the search.
 */
#include <string.h>

#include "core/sshd_config.h"
#include "core/words.h"

/* '*' and '?' only: OpenSSH knows no classes. */
static bool pattern_fits(const char *text, const char *pattern)
{
	for (; *pattern; pattern++, text++) {
		if (*pattern == '*') {
			pattern += strspn(pattern, "*");
			for (; *text; text++)
				if (pattern_fits(text, pattern))
					return true;
			return *pattern == '\0';
		}
		if (*text == '\0' || (*pattern != '?' && *pattern != *text))
			return false;
	}
	return *text == '\0';
}

typedef bool fits_fn(const void *subject, const char *pattern);

/* 1: one fits, 0: none, -1: a negated one fits. */
static int list_fits(const char *list, fits_fn *fits, const void *subject)
{
	CLEANUP_STRV struct strv items = { 0 };
	int found = 0;

	strv_split(&items, list, ",");
	for (size_t i = 0; i < items.count; i++) {
		bool negated = items.item[i][0] == '!';

		if (!fits(subject, items.item[i] + negated))
			continue;
		if (negated)
			return -1;
		found = 1;
	}
	return found;
}

static bool text_fits(const void *subject, const char *pattern)
{
	return pattern_fits(subject, pattern);
}

static bool host_fits(const void *subject, const char *pattern)
{
	CLEANUP_FREE char *lower = str_lower(xstrdup(pattern));

	return pattern_fits(subject, lower);
}

static bool addr_fits(const void *subject, const char *pattern)
{
	const struct addr *a = subject;
	struct err no_prefix = { 0 };
	struct prefix prefix;
	char text[ADDR_TEXT];

	if (prefix_parse(pattern, &prefix, &no_prefix) == 0)
		return prefix_holds(&prefix, a);
	return pattern_fits(addr_text(a, text), pattern);
}

/* Any of the groups fits and none is meant by a negated pattern. */
static bool group_fits(const struct sshd_view *v, const char *list)
{
	bool found = false;

	for (size_t i = 0; i < v->group.count; i++) {
		int r = list_fits(list, text_fits, v->group.item[i]);

		if (r < 0)
			return false;
		found = found || r > 0;
	}
	return found;
}

static enum holds criterion(const char *name, const char *list, const struct sshd_view *v)
{
	char text[ADDR_TEXT];
	uint64_t port;
	bool fits;

	if (str_case_eq(name, "user"))
		fits = list_fits(list, text_fits, v->user) > 0;
	else if (str_case_eq(name, "group"))
		fits = group_fits(v, list);
	else if (str_case_eq(name, "host")) /* asked with the address as its name */
		fits = list_fits(list, host_fits, addr_text(&v->addr, text)) > 0;
	else if (str_case_eq(name, "address"))
		fits = list_fits(list, addr_fits, &v->addr) > 0;
	else if (str_case_eq(name, "localaddress"))
		fits = list_fits(list, addr_fits, &v->local) > 0;
	else if (str_case_eq(name, "localport"))
		fits = str_to_u64(list, 1, 65535, &port) == 0 && port == v->port;
	else if (str_case_eq(name, "rdomain"))
		fits = false; /* asked without one */
	else
		return HOLDS_MAYBE;
	return fits ? HOLDS : HOLDS_NOT;
}

/* Names and lists in turns; "name=list" is one word on the line. */
static void split_criteria(const char *criteria, struct strv *ret)
{
	CLEANUP_STRV struct strv words = { 0 };

	words_split(criteria, true, &words);
	for (size_t i = 0; i < words.count; i++) {
		char *equals = ret->count % 2 == 0 ? strchr(words.item[i], '=') : NULL;

		if (!equals) {
			strv_add(ret, words.item[i]);
			continue;
		}
		*equals = '\0';
		strv_add(ret, words.item[i]);
		strv_add(ret, equals + 1);
	}
}

enum holds sshd_match(const char *criteria, const struct sshd_view *v)
{
	CLEANUP_STRV struct strv w = { 0 };
	enum holds all = HOLDS;

	if (!v)
		return HOLDS_NOT;
	split_criteria(criteria, &w);
	if (w.count == 1 && str_case_eq(w.item[0], "all"))
		return HOLDS;
	/* A criterion without a list (Invalid-User) is none that is known here. */
	if (w.count == 0 || w.count % 2 != 0)
		return HOLDS_MAYBE;
	for (size_t i = 0; i < w.count; i += 2) {
		enum holds one = criterion(w.item[i], w.item[i + 1], v);

		if (one == HOLDS_NOT)
			return HOLDS_NOT;
		if (one == HOLDS_MAYBE)
			all = HOLDS_MAYBE;
	}
	return all;
}

unsigned sshd_match_asks(const char *criteria)
{
	static const struct {
		const char *name;
		unsigned asks;
	} known[] = {
		{ "user", ASKS_USER },
		{ "group", ASKS_USER | ASKS_GROUP },
		{ "host", ASKS_ADDR },
		{ "address", ASKS_ADDR },
		{ "localaddress", ASKS_LOCAL_ADDR },
		{ "localport", ASKS_LOCAL_PORT },
	};
	CLEANUP_STRV struct strv w = { 0 };
	unsigned asks = 0;

	split_criteria(criteria, &w);
	if (w.count == 1 && str_case_eq(w.item[0], "all"))
		return 0;
	for (size_t i = 0; i < w.count; i += 2) {
		unsigned one = ASKS_OTHER;

		for (size_t k = 0; k < COUNT(known); k++)
			if (str_case_eq(w.item[i], known[k].name))
				one = known[k].asks;
		asks |= one;
	}
	return asks;
}

static void take_address(const char *pattern, struct sshd *s)
{
	CLEANUP_FREE char *address = xstrndup(pattern, strcspn(pattern, "/"));
	struct addr a;

	if (s->match_addr_count == SSHD_MATCH_MAX || addr_parse(address, &a) < 0)
		return; /* a negated or a wildcard pattern names none */
	for (size_t i = 0; i < s->match_addr_count; i++)
		if (addr_eq(&s->match_addr[i], &a))
			return;
	s->match_addr[s->match_addr_count++] = a;
}

void sshd_match_addresses(const char *criteria, struct sshd *s)
{
	CLEANUP_STRV struct strv w = { 0 };

	split_criteria(criteria, &w);
	for (size_t i = 0; i + 1 < w.count; i += 2) {
		CLEANUP_STRV struct strv patterns = { 0 };

		if (!str_case_eq(w.item[i], "address"))
			continue;
		strv_split(&patterns, w.item[i + 1], ",");
		for (size_t k = 0; k < patterns.count; k++)
			take_address(patterns.item[k], s);
	}
}
