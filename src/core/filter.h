// SPDX-License-Identifier: MIT
/*
 * filter.h - the packet filter as nft text: one own table, `inet kannuki`, both families.
 *
 * The shape is design "4-traps, The filter, as it should read"; traps 25-34.
 */
#pragma once

#include "base/str.h"
#include "core/opening.h"
#include "os/os.h"

#define FILTER_TABLE "kannuki"

struct filter_spec {
	const uint16_t *ssh_port; /* all ports sshd shall be reached on */
	size_t ssh_port_count;
	const struct prefix *ssh_from; /* none: any */
	size_t ssh_from_count;
	const struct opening *open;
	size_t open_count;
	bool ping;
};

/* The whole table as one nft transaction: makes it if absent, replaces it if present, touches
 * nobody else's. `rescue` are established connections to let through whatever happens (pending
 * only; stateless, both directions of the established socket, mapped addresses normalised); 0 of
 * them once confirmed. With `warmup` the chains accept (conntrack sees the flows first). The text
 * is deterministic: the same spec gives the same text. malloc'd. */
char *filter_ruleset(const struct filter_spec *spec, const struct socket_info *rescue,
		     size_t rescue_count, bool warmup);
/* What the kernel has now, in the form of `nft -j list table inet kannuki` reduced to what the
 * spec decides (sets' elements, policy, hooks, rules in order): compares with the spec. 0: same;
 * 1: differs, *ret_how says where (malloc'd, one line); 2: no such table. */
int filter_differs(struct os *os, const struct filter_spec *spec, char **ret_how, struct err *e);
