// SPDX-License-Identifier: MIT
/* ban_rules.c - see ban_rules.h. */
#include "os/ban_rules.h"

#include <arpa/inet.h>
#include <linux/netfilter.h>
#include <linux/netfilter/nf_tables.h>
#include <linux/netfilter/nfnetlink.h>
#include <linux/netlink.h>
#include <string.h>

#define PRIORITY_RAW	(-300) /* NF_IP_PRI_RAW: before conntrack, which is at -200 */
#define TYPE_IPV4_ADDR	7      /* as nft numbers its types: so `nft list` shows addresses */
#define TYPE_IPV6_ADDR	8
#define SOURCE_OFFSET_4 12 /* in the header, RFC 791 */
#define SOURCE_OFFSET_6 8  /* RFC 8200 */
#define COMMENT_OF_RULE 0  /* the type of nft's comment in a rule's userdata */

static const struct {
	const char *name;
	unsigned length; /* of a key */
	uint32_t flags;
} sets[BAN_SETS] = {
	[BAN_SET_4] = { "ban4", 4, NFT_SET_TIMEOUT },
	[BAN_SET_6] = { "ban6", 16, NFT_SET_TIMEOUT },
	[BAN_SET_NET_4] = { "net4", 4, NFT_SET_INTERVAL },
	[BAN_SET_NET_6] = { "net6", 16, NFT_SET_INTERVAL },
	[BAN_SET_TRUST_4] = { "trust4", 4, NFT_SET_INTERVAL },
	[BAN_SET_TRUST_6] = { "trust6", 16, NFT_SET_INTERVAL },
};

const char *ban_rules_set(enum ban_set set)
{
	return sets[set].name;
}

void ban_rules_begin(struct netlink_out *o, unsigned type, unsigned flags)
{
	const struct nfgenmsg head = { .nfgen_family = NFPROTO_INET, .version = NFNETLINK_V0 };

	netlink_out_begin(o, NFNL_SUBSYS_NFTABLES << 8 | type, flags, &head, sizeof(head));
}

void ban_rules_batch(struct netlink_out *o, bool begin)
{
	const struct nfgenmsg head = { .nfgen_family = AF_UNSPEC,
				       .version = NFNETLINK_V0,
				       .res_id = htons(NFNL_SUBSYS_NFTABLES) };

	netlink_out_begin(o, begin ? NFNL_MSG_BATCH_BEGIN : NFNL_MSG_BATCH_END, 0, &head,
			  sizeof(head));
	netlink_out_end(o);
}

/* --- table, chain, sets, counter --------------------------------------------------------------- */

static void table(struct netlink_out *o, unsigned type, unsigned flags)
{
	ban_rules_begin(o, type, flags);
	netlink_out_text(o, NFTA_TABLE_NAME, BAN_TABLE);
	netlink_out_end(o);
}

void ban_rules_delete_table(struct netlink_out *o)
{
	/* To delete what is not there is an error, to add what is there is none. */
	table(o, NFT_MSG_NEWTABLE, NLM_F_CREATE);
	table(o, NFT_MSG_DELTABLE, 0);
}

static void chain(struct netlink_out *o)
{
	size_t hook;

	ban_rules_begin(o, NFT_MSG_NEWCHAIN, NLM_F_CREATE);
	netlink_out_text(o, NFTA_CHAIN_TABLE, BAN_TABLE);
	netlink_out_text(o, NFTA_CHAIN_NAME, BAN_CHAIN);
	hook = netlink_out_open(o, NFTA_CHAIN_HOOK);
	netlink_out_be32(o, NFTA_HOOK_HOOKNUM, NF_INET_PRE_ROUTING);
	netlink_out_be32(o, NFTA_HOOK_PRIORITY, (uint32_t)PRIORITY_RAW);
	netlink_out_close(o, hook);
	netlink_out_be32(o, NFTA_CHAIN_POLICY, NF_ACCEPT);
	netlink_out_text(o, NFTA_CHAIN_TYPE, "filter");
	netlink_out_end(o);
}

static void set(struct netlink_out *o, enum ban_set which)
{
	size_t described;

	ban_rules_begin(o, NFT_MSG_NEWSET, NLM_F_CREATE);
	netlink_out_text(o, NFTA_SET_TABLE, BAN_TABLE);
	netlink_out_text(o, NFTA_SET_NAME, sets[which].name);
	netlink_out_be32(o, NFTA_SET_FLAGS, sets[which].flags);
	netlink_out_be32(o, NFTA_SET_KEY_TYPE,
			 sets[which].length == 4 ? TYPE_IPV4_ADDR : TYPE_IPV6_ADDR);
	netlink_out_be32(o, NFTA_SET_KEY_LEN, sets[which].length);
	netlink_out_be32(o, NFTA_SET_ID, (uint32_t)which + 1);
	described = netlink_out_open(o, NFTA_SET_DESC);
	/* An interval is two elements. */
	netlink_out_be32(o, NFTA_SET_DESC_SIZE,
			 sets[which].flags & NFT_SET_INTERVAL ? 2 * BAN_TABLE_PREFIXES
							      : BAN_TABLE_ROOM);
	netlink_out_close(o, described);
	netlink_out_end(o);
}

static void counter(struct netlink_out *o)
{
	size_t data;

	ban_rules_begin(o, NFT_MSG_NEWOBJ, NLM_F_CREATE);
	netlink_out_text(o, NFTA_OBJ_TABLE, BAN_TABLE);
	netlink_out_text(o, NFTA_OBJ_NAME, BAN_COUNTER);
	netlink_out_be32(o, NFTA_OBJ_TYPE, NFT_OBJECT_COUNTER);
	data = netlink_out_open(o, NFTA_OBJ_DATA);
	netlink_out_be64(o, NFTA_COUNTER_BYTES, 0);
	netlink_out_be64(o, NFTA_COUNTER_PACKETS, 0);
	netlink_out_close(o, data);
	netlink_out_end(o);
}

/* --- rules ------------------------------------------------------------------------------------- */

struct expression {
	size_t element, data;
};

static struct expression open_expression(struct netlink_out *o, const char *name)
{
	struct expression x;

	x.element = netlink_out_open(o, NFTA_LIST_ELEM);
	netlink_out_text(o, NFTA_EXPR_NAME, name);
	x.data = netlink_out_open(o, NFTA_EXPR_DATA);
	return x;
}

static void close_expression(struct netlink_out *o, struct expression x)
{
	netlink_out_close(o, x.data);
	netlink_out_close(o, x.element);
}

static void value(struct netlink_out *o, unsigned type, const void *data, size_t len)
{
	size_t at = netlink_out_open(o, type);

	netlink_out_put(o, NFTA_DATA_VALUE, data, len);
	netlink_out_close(o, at);
}

/* "meta KEY VALUE" */
static void meta_is(struct netlink_out *o, uint32_t key, const void *data, size_t len)
{
	struct expression x = open_expression(o, "meta");

	netlink_out_be32(o, NFTA_META_DREG, NFT_REG_1);
	netlink_out_be32(o, NFTA_META_KEY, key);
	close_expression(o, x);
	x = open_expression(o, "cmp");
	netlink_out_be32(o, NFTA_CMP_SREG, NFT_REG_1);
	netlink_out_be32(o, NFTA_CMP_OP, NFT_CMP_EQ);
	value(o, NFTA_CMP_DATA, data, len);
	close_expression(o, x);
}

/* "ip6 saddr & ffff:ffff:ffff:ffff::" in register 1 */
static void mask_source(struct netlink_out *o)
{
	static const uint8_t none[16];
	struct expression x = open_expression(o, "bitwise");
	uint8_t mask[16] = { 0 };

	memset(mask, 0xff, BAN_TABLE_BITS_6 / 8);
	netlink_out_be32(o, NFTA_BITWISE_SREG, NFT_REG_1);
	netlink_out_be32(o, NFTA_BITWISE_DREG, NFT_REG_1);
	netlink_out_be32(o, NFTA_BITWISE_LEN, sizeof(mask));
	value(o, NFTA_BITWISE_MASK, mask, sizeof(mask));
	value(o, NFTA_BITWISE_XOR, none, sizeof(none));
	close_expression(o, x);
}

/* "ip saddr @SET" */
static void source_in(struct netlink_out *o, enum ban_set which)
{
	bool v4 = sets[which].length == 4;
	uint8_t family = v4 ? NFPROTO_IPV4 : NFPROTO_IPV6;
	struct expression x;

	meta_is(o, NFT_META_NFPROTO, &family, sizeof(family));
	x = open_expression(o, "payload");
	netlink_out_be32(o, NFTA_PAYLOAD_DREG, NFT_REG_1);
	netlink_out_be32(o, NFTA_PAYLOAD_BASE, NFT_PAYLOAD_NETWORK_HEADER);
	netlink_out_be32(o, NFTA_PAYLOAD_OFFSET, v4 ? SOURCE_OFFSET_4 : SOURCE_OFFSET_6);
	netlink_out_be32(o, NFTA_PAYLOAD_LEN, sets[which].length);
	close_expression(o, x);
	if (which == BAN_SET_6)
		mask_source(o);
	x = open_expression(o, "lookup");
	netlink_out_text(o, NFTA_LOOKUP_SET, sets[which].name);
	netlink_out_be32(o, NFTA_LOOKUP_SREG, NFT_REG_1);
	netlink_out_be32(o, NFTA_LOOKUP_SET_ID, (uint32_t)which + 1);
	close_expression(o, x);
}

static void verdict(struct netlink_out *o, uint32_t code)
{
	struct expression x;
	size_t data, inner;

	if (code == NF_DROP) {
		x = open_expression(o, "objref");
		netlink_out_be32(o, NFTA_OBJREF_IMM_TYPE, NFT_OBJECT_COUNTER);
		netlink_out_text(o, NFTA_OBJREF_IMM_NAME, BAN_COUNTER);
		close_expression(o, x);
	}
	x = open_expression(o, "immediate");
	netlink_out_be32(o, NFTA_IMMEDIATE_DREG, NFT_REG_VERDICT);
	data = netlink_out_open(o, NFTA_IMMEDIATE_DATA);
	inner = netlink_out_open(o, NFTA_DATA_VERDICT);
	netlink_out_be32(o, NFTA_VERDICT_CODE, code);
	netlink_out_close(o, inner);
	netlink_out_close(o, data);
	close_expression(o, x);
}

static size_t open_rule(struct netlink_out *o)
{
	ban_rules_begin(o, NFT_MSG_NEWRULE, NLM_F_CREATE | NLM_F_APPEND);
	netlink_out_text(o, NFTA_RULE_TABLE, BAN_TABLE);
	netlink_out_text(o, NFTA_RULE_CHAIN, BAN_CHAIN);
	return netlink_out_open(o, NFTA_RULE_EXPRESSIONS);
}

/* The mark is a comment that nft shows. */
static void close_rule(struct netlink_out *o, size_t expressions)
{
	static const char mark[] = BAN_RULES_MARK;
	char comment[2 + sizeof(mark)] = { COMMENT_OF_RULE, sizeof(mark) };

	netlink_out_close(o, expressions);
	memcpy(comment + 2, mark, sizeof(mark));
	netlink_out_put(o, NFTA_RULE_USERDATA, comment, sizeof(comment));
	netlink_out_end(o);
}

static void rule(struct netlink_out *o, enum ban_set which, uint32_t code)
{
	size_t expressions = open_rule(o);

	source_in(o, which);
	verdict(o, code);
	close_rule(o, expressions);
}

void ban_rules_table(struct netlink_out *o)
{
	static const char loopback[16] = "lo";
	size_t expressions;

	table(o, NFT_MSG_NEWTABLE, NLM_F_CREATE);
	counter(o);
	for (unsigned i = 0; i < BAN_SETS; i++)
		set(o, i);
	chain(o);
	expressions = open_rule(o);
	meta_is(o, NFT_META_IIFNAME, loopback, sizeof(loopback));
	verdict(o, NF_ACCEPT);
	close_rule(o, expressions);
	rule(o, BAN_SET_TRUST_4, NF_ACCEPT);
	rule(o, BAN_SET_TRUST_6, NF_ACCEPT);
	rule(o, BAN_SET_4, NF_DROP);
	rule(o, BAN_SET_6, NF_DROP);
	rule(o, BAN_SET_NET_4, NF_DROP);
	rule(o, BAN_SET_NET_6, NF_DROP);
}

/* --- elements ---------------------------------------------------------------------------------- */

void ban_elements_end(struct ban_elements *l)
{
	if (!l->list)
		return;
	netlink_out_close(l->o, l->list);
	netlink_out_end(l->o);
	l->list = 0;
}

void ban_elements_add(struct ban_elements *l, const struct ban_element *one)
{
	struct netlink_out *o = l->o;
	size_t element;

	if (l->list && o->bytes.len - l->list > NETLINK_OUT_FULL)
		ban_elements_end(l);
	if (!l->list) {
		ban_rules_begin(o, l->type, l->type == NFT_MSG_NEWSETELEM ? NLM_F_CREATE : 0);
		netlink_out_text(o, NFTA_SET_ELEM_LIST_TABLE, BAN_TABLE);
		netlink_out_text(o, NFTA_SET_ELEM_LIST_SET, sets[l->set].name);
		l->list = netlink_out_open(o, NFTA_SET_ELEM_LIST_ELEMENTS);
	}
	element = netlink_out_open(o, NFTA_LIST_ELEM);
	value(o, NFTA_SET_ELEM_KEY, one->key, sets[l->set].length);
	if (one->ms)
		netlink_out_be64(o, NFTA_SET_ELEM_TIMEOUT, one->ms);
	if (one->interval_end)
		netlink_out_be32(o, NFTA_SET_ELEM_FLAGS, NFT_SET_ELEM_INTERVAL_END);
	netlink_out_close(o, element);
}

void ban_rules_flush(struct netlink_out *o, enum ban_set which)
{
	ban_rules_begin(o, NFT_MSG_DELSETELEM, 0);
	netlink_out_text(o, NFTA_SET_ELEM_LIST_TABLE, BAN_TABLE);
	netlink_out_text(o, NFTA_SET_ELEM_LIST_SET, sets[which].name);
	netlink_out_end(o);
}
