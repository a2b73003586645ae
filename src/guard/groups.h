// SPDX-License-Identifier: MIT
/*
 * groups.h - the named groups of a filter's expressions, each with a place of its own, and what a line has in them.
 *
 * Names are looked up when a filter is made, so that of a line only places are copied.
 */
#pragma once

#include "guard/arena.h"
#include "guard/regex.h"

/* Places that every filter has, whether an expression names them or not. */
enum group {
	GROUP_IP4,
	GROUP_IP6,
	GROUP_DNS,
	GROUP_FID,
	GROUP_CIDR,
	GROUP_IP,
	GROUP_USER,
	GROUP_MLFID,
	GROUP_MLFFORGET,
	GROUP_MLFGAINED,
	GROUP_NOFAIL,
	GROUP_ONCE,
	GROUPS_KNOWN
};

/* The names of all places. */
struct group_names {
	struct strv name;
};

void group_names_init(struct group_names *n);
void group_names_done(struct group_names *n);

/* What a group matched: NULL when it took no part, "" is a value. Not terminated. */
struct value {
	const char *text;
	size_t len;
};

struct group_map;

/* Gives the expression's groups their places. prefix: it is one, and its group "content" has no place. */
struct group_map *group_map_new(struct group_names *n, const struct regex *r, bool prefix);
void group_map_free(struct group_map *m);
/* The groups of the last search of `in`, over what `value` (of all places) has. alt_NAME stands in for NAME, tuple_NAME
 * adds to it: fail2ban's other names for one group. */
void group_map_read(const struct group_map *m, const struct regex *r, const struct span *in,
		    struct arena *arena, struct value *value);
/* Its group "content". False: none, or it took no part. */
bool group_map_content(const struct group_map *m, const struct regex *r, size_t *ret_start,
		       size_t *ret_end);
