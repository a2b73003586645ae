// SPDX-License-Identifier: MIT
/*
 * ban_rules.h - the table of ban_table.h as netlink messages: what it is made of, and its elements.
 */
#pragma once

#include "os/ban_table.h"
#include "os/netlink_out.h"

/* Bumped when a rule or set changes: a table of another make is made anew. */
#define BAN_RULES_MARK "kannuki-guard 1"
#define BAN_RULES      7 /* rules in the chain */
#define BAN_SETS       6
#define BAN_CHAIN      "early"
#define BAN_COUNTER    "dropped"

/* Messages of a batch (NFNL_MSG_BATCH_BEGIN to END) of the table. */
void ban_rules_batch(struct netlink_out *o, bool begin);
void ban_rules_delete_table(struct netlink_out *o);
void ban_rules_table(
	struct netlink_out *o); /* all of it; an empty table of the name may be there */

enum ban_set {
	BAN_SET_4,
	BAN_SET_6,
	BAN_SET_NET_4,
	BAN_SET_NET_6,
	BAN_SET_TRUST_4,
	BAN_SET_TRUST_6
};
const char *ban_rules_set(enum ban_set set);

/* Begins a message of nf_tables, of NFT_MSG_type, which the caller ends. */
void ban_rules_begin(struct netlink_out *o, unsigned type, unsigned flags);

/* Elements of one set as one or several messages: begin, each, end. NFT_MSG_NEWSETELEM or DEL. */
struct ban_elements {
	struct netlink_out *o;
	unsigned type;
	enum ban_set set;
	size_t list; /* opened attribute, 0: no message is begun */
};

struct ban_element {
	const uint8_t *key; /* 4 or 16 bytes */
	uint64_t ms;	    /* timeout; 0: none */
	bool interval_end;  /* the first address behind an interval */
};

void ban_elements_add(struct ban_elements *l, const struct ban_element *one);
void ban_elements_end(struct ban_elements *l);
/* All elements of a set go. */
void ban_rules_flush(struct netlink_out *o, enum ban_set set);
