// SPDX-License-Identifier: MIT
/* filter.c - the ruleset's parts and its text; see filter.h. filter_state.c asks the kernel. */
#include "core/filter.h"

#include <stdio.h>
#include <string.h>
#include <sys/socket.h>

#include "base/crc32c.h"
#include "core/filter_text.h"

enum { SSH_PORTS, TCP_OPEN, UDP_OPEN, SSH_FROM4, SSH_FROM6, WAN };

void filter_parts_done(struct filter_parts *p)
{
	for (size_t i = 0; i < FILTER_SETS; i++)
		strv_done(&p->set[i].element);
	for (size_t i = 0; i < FILTER_CHAINS; i++)
		strv_done(&p->chain[i].rule);
}

void filter_rule_comment(const char *rule, char buf[12])
{
	snprintf(buf, 12, "k:%08x", crc32c(rule, strlen(rule)));
}

/* All ranges of one transport that are open to everybody, merged: nft refuses overlaps. */
static size_t merged(const struct filter_spec *spec, enum transport t, struct port_range *ret)
{
	bool open[65537] = { false };
	size_t n = 0;

	for (size_t i = 0; i < spec->open_count; i++)
		for (uint32_t port = 1; !spec->open[i].has_source && port <= 65535; port++)
			open[port] = open[port] || opening_holds(&spec->open[i], t, (uint16_t)port);
	for (uint32_t port = 1; port <= 65535; port++) {
		if (!open[port])
			continue;
		ret[n] = (struct port_range){ t, (uint16_t)port, (uint16_t)port };
		while (port < 65535 && open[port + 1])
			ret[n].to = (uint16_t)++port;
		n++;
	}
	return n;
}

static void add_range(struct strv *v, const struct port_range *r)
{
	if (r->from == r->to)
		strv_addf(v, "%u", r->from);
	else
		strv_addf(v, "%u-%u", r->from, r->to);
}

static void add_prefix(struct strv *v, const struct prefix *p)
{
	char text[ADDR_TEXT];

	addr_text(&p->addr, text);
	if (p->bits == (p->addr.family == AF_INET ? 32U : 128U))
		strv_add(v, text);
	else
		strv_addf(v, "%s/%u", text, p->bits);
}

/* A set of intervals takes no address twice: what another prefix of the list holds is left out. */
static bool held_by_another(const struct filter_spec *spec, size_t i)
{
	const struct prefix *one = &spec->ssh_from[i];

	for (size_t j = 0; j < spec->ssh_from_count; j++) {
		const struct prefix *other = &spec->ssh_from[j];

		if (other->addr.family == one->addr.family &&
		    (other->bits < one->bits || (other->bits == one->bits && j < i)) &&
		    prefix_holds(other, &one->addr))
			return true;
	}
	return false;
}

static void add_once(struct strv *v, char *text)
{
	if (strv_has(v, text))
		free(text);
	else
		strv_take(v, text);
}

static void make_sets(const struct filter_spec *spec, struct filter_parts *p)
{
	static const struct filter_set empty[FILTER_SETS] = {
		[SSH_PORTS] = { .name = "ssh_ports", .type = "inet_service" },
		[TCP_OPEN] = { .name = "tcp_open", .type = "inet_service", .interval = true },
		[UDP_OPEN] = { .name = "udp_open", .type = "inet_service", .interval = true },
		[SSH_FROM4] = { .name = "ssh_from4", .type = "ipv4_addr", .interval = true },
		[SSH_FROM6] = { .name = "ssh_from6", .type = "ipv6_addr", .interval = true },
		[WAN] = { .name = "wan", .type = "ifname" },
	};
	struct port_range *range = xcalloc(65536, sizeof(*range));

	memcpy(p->set, empty, sizeof(empty));
	for (size_t i = 0; i < spec->ssh_port_count; i++)
		add_once(&p->set[SSH_PORTS].element, xasprintf("%u", spec->ssh_port[i]));
	for (int t = TRANSPORT_TCP; t <= TRANSPORT_UDP; t++) {
		size_t n = merged(spec, (enum transport)t, range);

		for (size_t i = 0; i < n; i++)
			add_range(&p->set[t == TRANSPORT_TCP ? TCP_OPEN : UDP_OPEN].element,
				  &range[i]);
	}
	free(range);
	for (size_t i = 0; i < spec->ssh_from_count; i++) {
		const struct prefix *from = &spec->ssh_from[i];

		if (!held_by_another(spec, i))
			add_prefix(&p->set[from->addr.family == AF_INET ? SSH_FROM4 : SSH_FROM6]
					    .element,
				   from);
	}
	for (size_t i = 0; i < spec->wan_count; i++)
		add_once(&p->set[WAN].element, xstrdup(spec->wan[i]));
}

static void add_ssh_rules(const struct filter_spec *spec, struct strv *r)
{
	if (spec->ssh_from_count == 0) {
		strv_add(r, "tcp dport @ssh_ports ct state new counter accept");
		return;
	}
	strv_add(r, "ip saddr @ssh_from4 tcp dport @ssh_ports ct state new counter accept");
	strv_add(r, "ip6 saddr @ssh_from6 tcp dport @ssh_ports ct state new counter accept");
}

/* The rest of a rule for one port range from one place. */
static void add_source_rule(struct strv *r, const struct prefix *from,
			    const struct port_range *range, bool forward)
{
	char addr[ADDR_TEXT], ports[16];
	const char *proto = range->transport == TRANSPORT_TCP ? "tcp" : "udp";

	if (range->from == range->to)
		snprintf(ports, sizeof(ports), "%u", range->from);
	else
		snprintf(ports, sizeof(ports), "%u-%u", range->from, range->to);
	addr_text(&from->addr, addr);
	if (forward)
		strv_addf(r,
			  "%s saddr %s/%u ct status dnat meta l4proto %s ct original proto-dst %s "
			  "accept",
			  from->addr.family == AF_INET ? "ip" : "ip6", addr, from->bits, proto,
			  ports);
	else
		strv_addf(r, "%s saddr %s/%u %s dport %s counter accept",
			  from->addr.family == AF_INET ? "ip" : "ip6", addr, from->bits, proto,
			  ports);
}

static void add_source_rules(const struct filter_spec *spec, bool forward, struct strv *r)
{
	for (size_t i = 0; i < spec->open_count; i++) {
		const struct opening *o = &spec->open[i];
		const struct port_range *range = o->tpl ? o->tpl->range : &o->range;
		size_t count = o->tpl ? o->tpl->count : 1;

		for (size_t j = 0; o->has_source && j < count; j++)
			add_source_rule(r, &o->source, &range[j], forward);
	}
}

/* The order is that of design "The filter, as it should read": what must always get in comes before
 * conntrack is asked. */
static void make_input(const struct filter_spec *spec, struct filter_chain *c)
{
	static const char *const first[] = {
		"iifname \"lo\" accept",
		"ip saddr . tcp sport . tcp dport @rescue4 accept",
		"ip6 saddr . tcp sport . tcp dport @rescue6 accept",
		"icmpv6 type { destination-unreachable, packet-too-big, time-exceeded, "
		"parameter-problem } accept",
		"ip6 hoplimit 255 icmpv6 type { nd-router-solicit, nd-router-advert, "
		"nd-neighbor-solicit, nd-neighbor-advert, nd-redirect } accept",
		"icmpv6 type { mld-listener-query, mld-listener-report, mld-listener-done, "
		"mld2-listener-report } accept",
		"icmp type { destination-unreachable, time-exceeded, parameter-problem } accept",
	};
	static const char *const then[] = {
		"ct state established,related accept",
		"ct state invalid drop",
		"meta nfproto ipv4 udp sport 67 udp dport 68 accept",
		"ip6 saddr fe80::/10 udp dport 546 accept",
	};

	*c = (struct filter_chain){ .name = "input", .hook = "input", .drop = true };
	for (size_t i = 0; i < COUNT(first); i++)
		strv_add(&c->rule, first[i]);
	if (spec->ping) {
		strv_add(&c->rule,
			 "icmp type echo-request limit rate 20/second burst 40 packets accept");
		strv_add(&c->rule,
			 "icmpv6 type echo-request limit rate 20/second burst 40 packets accept");
	}
	for (size_t i = 0; i < COUNT(then); i++)
		strv_add(&c->rule, then[i]);
	add_ssh_rules(spec, &c->rule);
	strv_add(&c->rule, "tcp dport @tcp_open counter accept");
	strv_add(&c->rule, "udp dport @udp_open counter accept");
	add_source_rules(spec, false, &c->rule);
	strv_add(&c->rule, "counter");
}

/* Only restricts: what containers publish by DNAT is open only when the policy says so (trap 28). */
static void make_forward(const struct filter_spec *spec, struct filter_chain *c)
{
	*c = (struct filter_chain){ .name = "forward", .hook = "forward" };
	strv_add(&c->rule,
		 "ct status dnat meta l4proto tcp ct original proto-dst @tcp_open accept");
	strv_add(&c->rule,
		 "ct status dnat meta l4proto udp ct original proto-dst @udp_open accept");
	add_source_rules(spec, true, &c->rule);
	/* Where it is not known which interfaces face outside, all of them count as such. */
	strv_add(&c->rule, spec->wan_count > 0
				   ? "iifname @wan ct status dnat ct state new counter drop"
				   : "ct status dnat ct state new counter drop");
}

void filter_parts_make(const struct filter_spec *spec, struct filter_parts *ret)
{
	memset(ret, 0, sizeof(*ret));
	make_sets(spec, ret);
	make_input(spec, &ret->chain[0]);
	make_forward(spec, &ret->chain[1]);
}

static void write_set(struct str *s, const struct filter_set *set)
{
	CLEANUP_FREE char *elements = strv_join(&set->element, ", ");

	if (!set->name)
		return;
	str_addf(s, "\tset %s {\n\t\ttype %s\n%s", set->name, set->type,
		 set->interval ? "\t\tflags interval\n" : "");
	if (set->element.count > 0)
		str_addf(s, "\t\telements = { %s }\n", elements);
	str_add(s, "\t}\n");
}

static void write_chain(struct str *s, const struct filter_chain *c, bool warmup)
{
	str_addf(s, "\tchain %s {\n\t\ttype filter hook %s priority filter - 5; policy %s;\n",
		 c->name, c->hook, c->drop && !warmup ? "drop" : "accept");
	for (size_t i = 0; i < c->rule.count; i++) {
		char comment[12];

		filter_rule_comment(c->rule.item[i], comment);
		str_addf(s, "\t\t%s comment \"%s\"\n", c->rule.item[i], comment);
	}
	str_add(s, "\t}\n");
}

static void write_rescue(struct str *s, const char *name, int family,
			 const struct socket_info *rescue, size_t count)
{
	bool any = false;

	str_addf(s, "\tset %s {\n\t\ttype %s . inet_service . inet_service\n", name,
		 family == AF_INET ? "ipv4_addr" : "ipv6_addr");
	for (size_t i = 0; i < count; i++) {
		struct addr peer = addr_unmap(&rescue[i].peer);
		char text[ADDR_TEXT];

		if (peer.family != family)
			continue;
		str_addf(s, "%s%s . %u . %u", any ? ", " : "\t\telements = { ",
			 addr_text(&peer, text), rescue[i].peer_port, rescue[i].local_port);
		any = true;
	}
	str_addf(s, "%s\t}\n", any ? " }\n" : "");
}

char *filter_ruleset(const struct filter_spec *spec, const struct socket_info *rescue,
		     size_t rescue_count, bool warmup)
{
	struct filter_parts parts;
	CLEANUP_STR struct str s = { 0 };

	filter_parts_make(spec, &parts);
	/* The first line makes it, so that the second has something to delete: one transaction. */
	str_add(&s, "table inet " FILTER_TABLE " {\n}\ndelete table inet " FILTER_TABLE
		    "\ntable inet " FILTER_TABLE " {\n");
	for (size_t i = 0; i < FILTER_SETS; i++)
		write_set(&s, &parts.set[i]);
	write_rescue(&s, "rescue4", AF_INET, rescue, rescue_count);
	write_rescue(&s, "rescue6", AF_INET6, rescue, rescue_count);
	for (size_t i = 0; i < FILTER_CHAINS; i++)
		write_chain(&s, &parts.chain[i], warmup);
	str_add(&s, "}\n");
	filter_parts_done(&parts);
	return str_take(&s);
}
