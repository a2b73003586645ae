// SPDX-License-Identifier: MIT
/* netlink.c - see netlink.h. */
#include "os/netlink.h"

#include <arpa/inet.h>
#include <errno.h>
#include <linux/inet_diag.h>
#include <linux/netfilter/nf_tables.h>
#include <linux/netfilter/nfnetlink.h>
#include <linux/netlink.h>
#include <linux/rtnetlink.h>
#include <linux/sock_diag.h>
#include <string.h>

#define TCP_STATE_ESTABLISHED 1 /* enum in the kernel's net/tcp_states.h, not in its uapi */
#define TCP_STATE_LISTEN      10

/* Advances by what netlink aligns to 4; the last padding may be missing. */
static void skip(struct netlink_rest *rest, size_t len)
{
	size_t whole = NLMSG_ALIGN(len);

	if (whole > rest->len)
		whole = rest->len;
	rest->at += whole;
	rest->len -= whole;
}

bool netlink_next(struct netlink_rest *rest, struct netlink_message *ret)
{
	struct nlmsghdr h;

	if (rest->len < sizeof(h))
		return false;
	memcpy(&h, rest->at, sizeof(h));
	if (h.nlmsg_len < sizeof(h) || h.nlmsg_len > rest->len)
		return false;
	*ret = (struct netlink_message){ .type = h.nlmsg_type,
					 .data = rest->at + NLMSG_HDRLEN,
					 .len = h.nlmsg_len - NLMSG_HDRLEN };
	skip(rest, h.nlmsg_len);
	return true;
}

/* What stands behind a message's own head of that size. */
struct netlink_rest netlink_behind(const struct netlink_message *m, size_t head)
{
	struct netlink_rest rest = { m->data, m->len };

	skip(&rest, head);
	return rest;
}

bool netlink_next_attribute(struct netlink_rest *rest, struct netlink_attribute *ret)
{
	struct nlattr a;

	if (rest->len < sizeof(a))
		return false;
	memcpy(&a, rest->at, sizeof(a));
	if (a.nla_len < NLA_HDRLEN || a.nla_len > rest->len)
		return false;
	*ret = (struct netlink_attribute){ .type = a.nla_type & NLA_TYPE_MASK,
					   .data = rest->at + NLA_HDRLEN,
					   .len = (size_t)a.nla_len - NLA_HDRLEN };
	skip(rest, a.nla_len);
	return true;
}

int netlink_take(const void *buf, size_t len, netlink_fn *fn, void *arg, struct err *e)
{
	struct netlink_rest rest = { buf, len };
	struct netlink_message m;
	int error = EPROTO;

	while (netlink_next(&rest, &m)) {
		if (m.type == NLMSG_DONE)
			return 1;
		if (m.type != NLMSG_ERROR) {
			fn(arg, &m);
			continue;
		}
		/* struct nlmsgerr: minus errno, then our own request. */
		if (m.len >= sizeof(error))
			memcpy(&error, m.data, sizeof(error));
		return err_sys(e, error < 0 && error > -4096 ? -error : EPROTO, "netlink");
	}
	return 0;
}

/* --- sockets --------------------------------------------------------------------------------- */

static size_t length_of(int family)
{
	return family == AF_INET ? 4 : family == AF_INET6 ? 16 : 0;
}

static struct addr addr_from(int family, const void *bytes)
{
	struct addr a = { .family = family };

	memcpy(a.bytes, bytes, length_of(family));
	return a;
}

static enum socket_kind kind_of(const struct inet_diag_msg *m)
{
	if (m->idiag_state == TCP_STATE_LISTEN)
		return SOCKET_TCP_LISTEN;
	return m->idiag_state == TCP_STATE_ESTABLISHED ? SOCKET_TCP_ESTABLISHED : SOCKET_UDP_BOUND;
}

bool netlink_socket(const struct netlink_message *message, bool udp, struct socket_info *ret,
		    unsigned *ret_device)
{
	struct netlink_rest rest = netlink_behind(message, sizeof(struct inet_diag_msg));
	struct inet_diag_msg m;
	struct netlink_attribute a;

	if (message->type != SOCK_DIAG_BY_FAMILY || message->len < sizeof(m))
		return false;
	memcpy(&m, message->data, sizeof(m));
	if (!length_of(m.idiag_family) || (udp && m.id.idiag_dport != 0))
		return false;
	*ret = (struct socket_info){
		.kind = udp ? SOCKET_UDP_BOUND : kind_of(&m),
		.v6 = m.idiag_family == AF_INET6,
		.local = addr_from(m.idiag_family, m.id.idiag_src),
		.peer = addr_from(m.idiag_family, m.id.idiag_dst),
		.local_port = ntohs(m.id.idiag_sport),
		.peer_port = ntohs(m.id.idiag_dport),
		.uid = m.idiag_uid,
		.inode = m.idiag_inode,
	};
	*ret_device = m.id.idiag_if;
	while (netlink_next_attribute(&rest, &a))
		if (a.type == INET_DIAG_SKV6ONLY && a.len >= 1)
			ret->v6only = a.data[0] != 0;
	return true;
}

/* --- addresses ------------------------------------------------------------------------------- */

bool netlink_address(const struct netlink_message *message, struct if_addr *ret,
		     unsigned *ret_device)
{
	struct netlink_rest rest = netlink_behind(message, sizeof(struct ifaddrmsg));
	struct if_addr found = { 0 };
	struct ifaddrmsg m;
	struct netlink_attribute a;

	if (message->type != RTM_NEWADDR || message->len < sizeof(m))
		return false;
	memcpy(&m, message->data, sizeof(m));
	if (!length_of(m.ifa_family))
		return false;
	/* On a point-to-point link IFA_ADDRESS is the peer's: IFA_LOCAL is ours. */
	while (netlink_next_attribute(&rest, &a))
		if (a.len == length_of(m.ifa_family) &&
		    (a.type == IFA_LOCAL || (a.type == IFA_ADDRESS && !found.addr.family)))
			found.addr = addr_from(m.ifa_family, a.data);
	if (!found.addr.family)
		return false;
	found.bits = m.ifa_prefixlen;
	*ret = found;
	*ret_device = m.ifa_index;
	return true;
}

/* --- changes of nftables --------------------------------------------------------------------- */

/* The name of the table it is about: attribute 1 in messages of every kind that we look at
 * (NFTA_TABLE_NAME, NFTA_CHAIN_TABLE, NFTA_RULE_TABLE, NFTA_SET_TABLE). */
static bool is_about(const struct netlink_message *m, const char *table)
{
	struct netlink_rest rest = netlink_behind(m, sizeof(struct nfgenmsg));
	struct netlink_attribute a;

	while (netlink_next_attribute(&rest, &a))
		if (a.type == NFTA_TABLE_NAME)
			return a.len == strlen(table) + 1 && memcmp(a.data, table, a.len) == 0;
	return false;
}

bool netlink_tells_removal(const void *buf, size_t len, const char *table)
{
	struct netlink_rest rest = { buf, len };
	struct netlink_message m;

	while (netlink_next(&rest, &m)) {
		unsigned type = m.type & 0xff;

		if (m.type >> 8 == NFNL_SUBSYS_NFTABLES &&
		    (type == NFT_MSG_DELTABLE || type == NFT_MSG_DELCHAIN ||
		     type == NFT_MSG_DELRULE || type == NFT_MSG_DELSET) &&
		    is_about(&m, table))
			return true;
	}
	return false;
}
