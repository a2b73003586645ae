// SPDX-License-Identifier: MIT
/*
 * netlink_out.h - requests by netlink(7) as bytes: messages with attributes in each other, one behind the other.
 *
 * All lengths are filled in when what they measure is ended. An attribute holds at most 65535 bytes; who
 * writes more than NETLINK_OUT_FULL into one begins the next.
 */
#pragma once

#include <stdint.h>

#include "base/str.h"

#define NETLINK_OUT_FULL 32768 /* bytes within one attribute that are safe */

struct netlink_out {
	struct str bytes;
	size_t message; /* where the message that is being written begins */
	uint32_t sequence;
};

void netlink_out_done(struct netlink_out *o);

/* A message and what stands at its head; flags beside NLM_F_REQUEST. */
void netlink_out_begin(struct netlink_out *o, unsigned type, unsigned flags, const void *head,
		       size_t head_len);
void netlink_out_end(struct netlink_out *o);
/* The last message that was ended shall be answered also when it went well. */
void netlink_out_ask(struct netlink_out *o);

void netlink_out_put(struct netlink_out *o, unsigned type, const void *data, size_t len);
void netlink_out_text(struct netlink_out *o, unsigned type, const char *text);
/* In network order, as nftables has its numbers. */
void netlink_out_be32(struct netlink_out *o, unsigned type, uint32_t value);
void netlink_out_be64(struct netlink_out *o, unsigned type, uint64_t value);
/* An attribute that holds others: what open returned ends it. */
size_t netlink_out_open(struct netlink_out *o, unsigned type);
void netlink_out_close(struct netlink_out *o, size_t opened);
