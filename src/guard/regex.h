// SPDX-License-Identifier: MIT
/*
 * regex.h - a compiled expression, searched for under limits.
 *
 * Who writes a log line chooses what is matched: PCRE2 runs without recursion and gives up at a limit,
 * which is an outcome, told apart from "does not match".
 */
#pragma once

#include "base/str.h"
#include "guard/dict.h"

struct regex;

struct regex_form {
	bool multiline; /* ^ and $ also at newlines within */
	bool no_names;	/* <HOST> is an address only (usedns = no) */
	bool no_tags;	/* <HOST> and its like have no meaning (dates) */
};

void regex_free(struct regex *r);
static inline void regex_free_p(struct regex **r)
{
	regex_free(*r);
}
#define CLEANUP_REGEX CLEANUP(regex_free_p)

/* The text is Python's; what follows is about fail2ban's tags in it: regex_tags.c. */
int regex_new(const char *text, struct regex_form form, struct regex **ret, struct err *e);
bool regex_has_group(const struct regex *r, const char *name);

struct span {
	const char *text; /* UTF-8, and a NUL behind it */
	size_t len;
	size_t from; /* the search begins here; what stands before can be looked back at */
	bool ascii;  /* it is known to be: that is faster */
};

enum { REGEX_NONE = 0, REGEX_MATCH = 1, REGEX_GAVE_UP = 2 };

/* What was found stays to be asked until the next search. */
int regex_search(struct regex *r, const struct span *in);
/* Bounds of a group, 0 the whole; false: it took no part. */
bool regex_bounds(const struct regex *r, size_t group, size_t *ret_start, size_t *ret_end);
/* The same of all groups, as pairs; a start of SIZE_MAX: it took no part. */
const size_t *regex_all_bounds(const struct regex *r);
/* All named groups in byte order of their names, those that took no part with value NULL. in: as searched. */
void regex_groups(const struct regex *r, const struct span *in, struct dict *ret);
/* Its named groups, in byte order of their names. */
size_t regex_name_count(const struct regex *r);
const char *regex_name(const struct regex *r, size_t i, unsigned *ret_group);
/* May it match a text of ASCII that begins with `first`, as far as that byte alone tells? */
bool regex_may_begin(struct regex *r, char first);
/* What must be in a text that it matches: literals.h. */
void regex_literals(const struct regex *r, struct strv *ret);
/* Makes its machine code now, for a process that will not be able to; else the first search does. */
void regex_warm(struct regex *r);
/* How often a search gave up so far, over all expressions. */
unsigned long regex_gave_up(void);

/* regex_ahead.c: an expression that matches as `text` does (of PCRE2, without its option for white space), and where it does not finds
 * that sooner. False: there is none. */
bool regex_look_ahead(const char *text, struct str *ret);

/* fail2ban's tags as Python's expressions: regex_tags.c. */
void regex_tags(const char *text, bool no_names, struct str *ret);
/* alt_NAME stands in for NAME, tuple_NAME adds to it: fail2ban's other names for one group. What such a name means:
 * malloc'd, or NULL when it is no such name. */
char *regex_joined_name(const char *group, const char *prefix);
