// SPDX-License-Identifier: MIT
/*
 * filter.h - the packet filter as nft text: one own table, `inet kannuki`, both families.
 *
 * The shape is design "4-traps, The filter, as it should read"; traps 25-34.
 */
#pragma once

#include <jansson.h>

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
	char *const *wan; /* interfaces that face outside, for forwarded ports (trap 28) */
	size_t wan_count;
};

/* The whole table as one nft transaction: makes it if absent, replaces it if present, touches
 * nobody else's. `rescue` are established connections to let through whatever happens (pending
 * only; stateless, both directions of the established socket, mapped addresses normalised); 0 of
 * them once confirmed. With `warmup` the chains accept (conntrack sees the flows first). The text
 * is deterministic: the same spec gives the same text. malloc'd. */
char *filter_ruleset(const struct filter_spec *spec, const struct socket_info *rescue,
		     size_t rescue_count, bool warmup);
/* For when the stored filter cannot be loaded: answers, ICMP and SSH, never nothing and never drop-all
 * (trap 32). At boot it comes before sshd listens, so every port that sshd's configuration names is
 * let in, and 22, and what sshd listens on now. malloc'd. */
char *filter_minimum(struct os *os);
/* A spec with its own memory. */
struct filter_spec_owned {
	struct filter_spec spec; /* points into the rest */
	uint16_t *ssh_port;
	struct prefix *ssh_from;
	struct opening *open;
	struct strv wan;
};

void filter_spec_owned_done(struct filter_spec_owned *s);
json_t *filter_spec_encode(const struct filter_spec *spec); /* a new reference */
int filter_spec_decode(json_t *from, struct filter_spec_owned *ret, struct err *e);

/* What the kernel has now, by `nft -j list table inet kannuki`: sets' elements, hooks and policies,
 * and the rules in their order (each carries the checksum of its text as comment). The rescue sets'
 * elements do not count. 0: same;
 * 1: differs, *ret_how says where (malloc'd, one line); 2: no such table. */
int filter_differs(struct os *os, const struct filter_spec *spec, char **ret_how, struct err *e);
