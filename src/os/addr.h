// SPDX-License-Identifier: MIT
/*
 * addr.h - IP addresses and prefixes as values.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/err.h"

struct addr {
	int family;	   /* AF_INET, AF_INET6, or 0 for none */
	uint8_t bytes[16]; /* network order; IPv4 in the first four */
};

struct prefix {
	struct addr addr;
	unsigned bits; /* 0..32 or 0..128 */
};

struct if_addr {
	char ifname[16];
	bool loopback; /* the interface is one */
	struct addr addr;
	unsigned bits;
};

#define ADDR_TEXT 46 /* room for any address as text */

/* "192.0.2.1" or "2001:db8::1" (no zone, no brackets). 0 or -1. */
int addr_parse(const char *text, struct addr *ret);
const char *addr_text(const struct addr *a, char buf[ADDR_TEXT]);
bool addr_eq(const struct addr *a, const struct addr *b);
bool addr_is_loopback(const struct addr *a); /* 127.0.0.0/8, ::1 and the mapped forms */
bool addr_is_any(const struct addr *a);
bool addr_is_link_local(const struct addr *a); /* fe80::/10 */
/* ::ffff:a.b.c.d becomes a.b.c.d; everything else stays. */
struct addr addr_unmap(const struct addr *a);
/* "198.51.100.0/24", or a bare address (then /32 or /128). Bits set beyond the length are an
 * error. 0, or -1 with a message that says what is allowed (ERR_USAGE). */
int prefix_parse(const char *text, struct prefix *ret, struct err *e);
bool prefix_holds(const struct prefix *p, const struct addr *a); /* a mapped address is unmapped */
