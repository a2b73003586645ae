// SPDX-License-Identifier: MIT
/* deb_version.c - which of two versions of a package is the newer one, as deb-version(7) says. */
#include <ctype.h>
#include <string.h>

#include "base/mem.h"
#include "core/facts_updates.h"

/* '~' sorts before the end of a part, letters before all that is no letter. A digit ends a word. */
static int rank(char c)
{
	if (c == '~')
		return -1;
	if (c == '\0' || isdigit((unsigned char)c))
		return 0;
	return isalpha((unsigned char)c) ? c : 1000 + c;
}

/* The word (up to the next digit) at the front of both. */
static int compare_word(const char **a, const char **b)
{
	for (; rank(**a) || rank(**b); (*a)++, (*b)++)
		if (rank(**a) != rank(**b))
			return rank(**a) - rank(**b);
	return 0;
}

/* The number (which may be of no digit: 0) at the front of both. */
static int compare_number(const char **a, const char **b)
{
	size_t na, nb;
	int r;

	*a += strspn(*a, "0");
	*b += strspn(*b, "0");
	na = strspn(*a, "0123456789");
	nb = strspn(*b, "0123456789");
	r = na != nb ? (na < nb ? -1 : 1) : strncmp(*a, *b, na);
	*a += na;
	*b += nb;
	return r;
}

static int compare_part(const char *a, const char *b)
{
	while (*a || *b) {
		int r = compare_word(&a, &b);

		if (r == 0)
			r = compare_number(&a, &b);
		if (r)
			return r;
	}
	return 0;
}

struct deb_version {
	char *text; /* owns the parts */
	const char *epoch, *upstream, *revision;
};

static void version_done(struct deb_version *v)
{
	free(v->text);
}

static void version_parse(const char *text, struct deb_version *ret)
{
	char *colon, *dash;

	ret->text = xstrdup(text);
	colon = strchr(ret->text, ':');
	ret->epoch = colon ? ret->text : "0";
	ret->upstream = colon ? colon + 1 : ret->text;
	if (colon)
		*colon = '\0';
	dash = strrchr(ret->upstream, '-');
	ret->revision = dash ? dash + 1 : "0";
	if (dash)
		*dash = '\0';
}

int deb_version_compare(const char *a, const char *b)
{
	CLEANUP(version_done) struct deb_version va = { 0 };
	CLEANUP(version_done) struct deb_version vb = { 0 };
	int r;

	version_parse(a, &va);
	version_parse(b, &vb);
	r = compare_part(va.epoch, vb.epoch);
	if (r == 0)
		r = compare_part(va.upstream, vb.upstream);
	return r ? r : compare_part(va.revision, vb.revision);
}
