// SPDX-License-Identifier: MIT
/*
 * netlink.h - what the kernel answers by netlink(7), taken apart: sockets (sock_diag(7)), addresses
 * (rtnetlink(7)), changes of nftables. Bytes in, values out; every length is looked at before it is used.
 */
#pragma once

#include "os/os.h"

struct netlink_message {
	unsigned type;	  /* nlmsg_type */
	const char *data; /* behind the header, aligned as netlink aligns */
	size_t len;	  /* of it */
};

/* Bytes of one datagram that are not read yet; at is aligned to 4. */
struct netlink_rest {
	const char *at;
	size_t len;
};

/* The next whole message. False: there is none, a cut off one is passed over. */
bool netlink_next(struct netlink_rest *rest, struct netlink_message *ret);

/* What stands behind a message's own head of that size: attributes. */
struct netlink_rest netlink_behind(const struct netlink_message *m, size_t head);

struct netlink_attribute {
	unsigned type; /* without the flags that nftables puts there */
	const char *data;
	size_t len;
};

/* The next whole attribute; those within one are read the same way, from its data. */
bool netlink_next_attribute(struct netlink_rest *rest, struct netlink_attribute *ret);

typedef void netlink_fn(void *arg, const struct netlink_message *m);
/* Hands each message of one datagram of an answer on. 0: more will come; 1: that was the end. */
int netlink_take(const void *buf, size_t len, netlink_fn *fn, void *arg, struct err *e);

/* A socket of a sock_diag answer, all but its name of the device and its owner; *ret_device is the
 * index of that device, or 0. False: not one, or a connected UDP socket, which is no door. */
bool netlink_socket(const struct netlink_message *m, bool udp, struct socket_info *ret,
		    unsigned *ret_device);
/* An address of an RTM_GETADDR answer, all but the interface's name; *ret_device is its index. */
bool netlink_address(const struct netlink_message *m, struct if_addr *ret, unsigned *ret_device);
/* Does a datagram of NFNLGRP_NFTABLES tell of the removal of this table, or of a chain, rule or set
 * of it? */
bool netlink_tells_removal(const void *buf, size_t len, const char *table);
