// SPDX-License-Identifier: MIT
/*
 * ban_table.h - the guard's own table in the kernel, inet kannuki_guard: whom it drops, and whom it never does.
 *
 * One chain at prerouting, priority raw: before connections are tracked, so that a ban also ends what is
 * under way and costs next to nothing. Single sources (IPv4, and IPv6 as /64) are in hash sets with a timeout each,
 * which the kernel watches; longer prefixes, few, and those that are never dropped in interval sets.
 * Only nf_tables' netlink of the kernel's headers is used. Everything between begin and commit is one
 * transaction: all of it or nothing.
 */
#pragma once

#include "os/addr.h"

#define BAN_TABLE	    "kannuki_guard"
#define BAN_TABLE_ROOM	    (1u << 20) /* single sources of a family; the kernel refuses more (ENFILE) */
#define BAN_TABLE_PREFIXES  1024       /* of each of the interval sets */
#define BAN_TABLE_BITS_6    64	       /* what of an IPv6 address is one source */
#define BAN_TABLE_FOR_EVER  0
#define BAN_TABLE_MOST_SECS ((uint64_t)10 * 365 * 86400) /* longer timeouts are for ever */

struct ban_table;

/* Needs CAP_NET_ADMIN. Changes nothing yet. */
int ban_table_open(struct ban_table **ret, struct err *e);
void ban_table_free(struct ban_table *t);

/* Readable when somebody changed nftables; ban_table_heard then tells whether ours was concerned (1) or
 * something may have been missed, which counts as that. */
int ban_table_events(const struct ban_table *t);
int ban_table_heard(struct ban_table *t, struct err *e);

/* Is the table there as this program makes it, chain, rules and sets? 1 or 0. */
int ban_table_is_whole(struct ban_table *t, struct err *e);

void ban_table_begin(struct ban_table *t);
/* Makes all of it anew, whatever was there; in the transaction before anything else. */
void ban_table_make(struct ban_table *t);
struct ban {
	struct addr addr; /* IPv4, or IPv6: then only the first BAN_TABLE_BITS_6 bits count */
	uint64_t seconds; /* from now, or BAN_TABLE_FOR_EVER */
};
/* One that may be there already gets the new time. fresh: it is known not to be, and costs a third. */
void ban_table_add(struct ban_table *t, const struct ban *ban, bool fresh);
/* It need not be there. */
void ban_table_remove(struct ban_table *t, const struct addr *addr);
enum ban_table_list { BAN_TABLE_NETS, BAN_TABLE_TRUST };
/* Replaces a list by these prefixes of both families, at most BAN_TABLE_PREFIXES of each; overlapping ones are merged. */
void ban_table_list(struct ban_table *t, enum ban_table_list list, const struct prefix *prefix,
		    size_t count);
int ban_table_commit(struct ban_table *t, struct err *e);

struct ban_counts {
	uint64_t packets, bytes;
};
/* What was dropped since the table was made. */
int ban_table_dropped(struct ban_table *t, struct ban_counts *ret, struct err *e);
/* The single source as it is in the kernel's set: 1 and its remaining milliseconds (0: for ever), 0: not there. */
int ban_table_has(struct ban_table *t, const struct addr *addr, uint64_t *ret_ms, struct err *e);

/* Ends the TCP connections of these sources at once (SOCK_DESTROY); bits as in struct prefix. Returns how many. */
int ban_table_cut(const struct prefix *from, size_t count, struct err *e);
