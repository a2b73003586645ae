// SPDX-License-Identifier: MIT
/* netlink_out.c - see netlink_out.h. */
#include "os/netlink_out.h"

#include <endian.h>
#include <linux/netlink.h>
#include <string.h>

void netlink_out_done(struct netlink_out *o)
{
	str_done(&o->bytes);
	*o = (struct netlink_out){ 0 };
}

static void align(struct netlink_out *o)
{
	static const char zero[NLMSG_ALIGNTO];

	str_add_bytes(&o->bytes, zero, NLMSG_ALIGN(o->bytes.len) - o->bytes.len);
}

void netlink_out_begin(struct netlink_out *o, unsigned type, unsigned flags, const void *head,
		       size_t head_len)
{
	struct nlmsghdr h = { .nlmsg_type = (uint16_t)type,
			      .nlmsg_flags = (uint16_t)(NLM_F_REQUEST | flags),
			      .nlmsg_seq = ++o->sequence };

	o->message = o->bytes.len;
	str_add_bytes(&o->bytes, &h, sizeof(h));
	str_add_bytes(&o->bytes, head, head_len);
	align(o);
}

void netlink_out_end(struct netlink_out *o)
{
	uint32_t len = (uint32_t)(o->bytes.len - o->message);

	memcpy(o->bytes.text + o->message + offsetof(struct nlmsghdr, nlmsg_len), &len,
	       sizeof(len));
}

void netlink_out_ask(struct netlink_out *o)
{
	char *at = o->bytes.text + o->message + offsetof(struct nlmsghdr, nlmsg_flags);
	uint16_t flags;

	memcpy(&flags, at, sizeof(flags));
	flags |= NLM_F_ACK;
	memcpy(at, &flags, sizeof(flags));
}

static size_t begin_attribute(struct netlink_out *o, unsigned type)
{
	struct nlattr a = { .nla_type = (uint16_t)type };
	size_t at = o->bytes.len;

	str_add_bytes(&o->bytes, &a, sizeof(a));
	return at;
}

/* The padding behind an attribute does not count as its length. */
static void end_attribute(struct netlink_out *o, size_t at)
{
	uint16_t len = (uint16_t)(o->bytes.len - at);

	memcpy(o->bytes.text + at + offsetof(struct nlattr, nla_len), &len, sizeof(len));
	align(o);
}

void netlink_out_put(struct netlink_out *o, unsigned type, const void *data, size_t len)
{
	size_t at = begin_attribute(o, type);

	str_add_bytes(&o->bytes, data, len);
	end_attribute(o, at);
}

void netlink_out_text(struct netlink_out *o, unsigned type, const char *text)
{
	netlink_out_put(o, type, text, strlen(text) + 1);
}

void netlink_out_be32(struct netlink_out *o, unsigned type, uint32_t value)
{
	value = htobe32(value);
	netlink_out_put(o, type, &value, sizeof(value));
}

void netlink_out_be64(struct netlink_out *o, unsigned type, uint64_t value)
{
	value = htobe64(value);
	netlink_out_put(o, type, &value, sizeof(value));
}

size_t netlink_out_open(struct netlink_out *o, unsigned type)
{
	return begin_attribute(o, type | NLA_F_NESTED);
}

void netlink_out_close(struct netlink_out *o, size_t opened)
{
	end_attribute(o, opened);
}
