// SPDX-License-Identifier: MIT
/*
 * failure.h - what is known of one failure, and what lines of one connection say together.
 *
 * Lines that carry the same <F-MLFID> are of one connection: one may tell the address, another the user,
 * a third that it failed. What was heard is kept until the connection ends, but for not long, of not too many, and
 * not more than some megabytes of it.
 *
 * <F-ONCE> is our own, for our own filters: what is a failure only where its connection has no other. Such a line, and
 * the first one without it, are one failure, whichever comes first; so is any number of such lines.
 */
#pragma once

#include "base/str.h"
#include "guard/dict.h"
#include "guard/groups.h"

/* What others are told. */
struct failure {
	struct dict group;		    /* the named groups that matched */
	struct strv users;		    /* all that were tried on this connection */
	unsigned matches, harmless_matches; /* lines that are part of it; of <F-NOFAIL> alone */
	bool pending;			    /* failed, but from where is not known yet */
};

/* For one that is owned: filter_line(). */
void failure_done(struct failure *f);
void failure_copy(const struct failure *from, struct failure *ret);
/* Has the group a text that is not empty? */
bool failure_has(const struct failure *f, const char *group);

struct text_ref;

/* What was heard of one connection. */
struct connection {
	unsigned matches, harmless_matches; /* as above */
	size_t users;
	bool pending;
	bool same; /* its last line tells a failure that was told before: <F-ONCE> */
	/* The rest is failure.c's. */
	bool once, more; /* it had failures with <F-ONCE>, others */
	uint32_t len, room, user_room;
	uint64_t hash;
	struct connection *next; /* in the bucket */
	struct text_ref *user, *group;
	char *bytes;
	struct connection *newer, *older; /* in the order in which they came */
	double until;
};

struct connections;

/* places: of group_names. one_source: what tells of another address is of another connection, whose id was had by one
 * before: where ids are numbers of processes. */
struct connections *connections_new(size_t places, bool one_source);
void connections_free(struct connections *c);

/*
 * Merges what a line says (`value`, of all places, with a GROUP_MLFID) with what was heard of its connection before.
 * clock: seconds of a steady clock; lines: how many the match spans. Returns the merged one, which is there
 * until the next call and may be marked as pending by the caller.
 */
struct connection *connections_merge(struct connections *c, const struct value *value, double clock,
				     unsigned lines);
/* What is known in that place, with a NUL behind it; text NULL: nothing. */
struct value connection_get(const struct connection *c, size_t place);
const char *connection_user(const struct connection *c, size_t i);
