// SPDX-License-Identifier: MIT
/*
 * The packet filter's text and what is compared of it (core/filter.h; traps 25 to 32). Whether the
 * kernel takes it, and what it drops, is asked in the lab.
 */
#include <sys/socket.h>

#include "base/mem.h"
#include "core/filter.h"
#include "core/filter_text.h"
#include "core/policy.h"
#include "lib/fake_os.h"
#include "lib/t.h"

static const uint16_t both[] = { 22, 22022 };
static char name[] = "eth0";
static char *eth0[] = { name, NULL };

/* A spec as a policy gives it; what it points to is p's. */
static struct filter_spec spec_of(struct policy *p, const char *from, const char *open)
{
	struct err e = { 0 };

	policy_init(p);
	if (policy_set(p, "ssh", "allow-from", from, &e) < 0 ||
	    policy_set(p, "firewall", "open", open, &e) < 0)
		printf("# %s\n", e.msg);
	return (struct filter_spec){ .ssh_port = both,
				     .ssh_port_count = 2,
				     .ssh_from = p->allow_from,
				     .ssh_from_count = p->allow_from_count,
				     .open = p->open,
				     .open_count = p->open_count,
				     .ping = true };
}

/* Where the first of these words begins in the text; far behind its end when it is not there. */
static size_t at(const char *text, const char *word)
{
	const char *found = strstr(text, word);

	return found ? (size_t)(found - text) : 1000000;
}

/* The elements of a set: "22, 22022", "" when it has none, "-" when there is no such set. */
static const char *elements(const char *text, const char *set)
{
	static char buf[2000];
	CLEANUP_FREE char *head = xasprintf("\tset %s {\n", set);
	const char *from = strstr(text, head), *end, *list;

	if (!from)
		return "-";
	end = strstr(from, "\n\t}\n");
	list = strstr(from, "elements = { ");
	if (!list || list > end)
		return "";
	snprintf(buf, sizeof(buf), "%s", list + strlen("elements = { "));
	*strstr(buf, " }") = '\0';
	return buf;
}

static int one_batch_that_touches_only_our_table(void)
{
	CLEANUP_POLICY struct policy p = { 0 };
	struct filter_spec spec = spec_of(&p, "", "web");
	CLEANUP_FREE char *text = filter_ruleset(&spec, NULL, 0, false);
	CLEANUP_FREE char *again = filter_ruleset(&spec, NULL, 0, false);
	const char *rest = text;
	int tables = 0;

	T_STR(text, again);
	T_OK(str_starts(text, "table inet kannuki {\n}\ndelete table inet kannuki\n"));
	while ((rest = strstr(rest, "table "))) {
		T_OK(str_starts(rest, "table inet kannuki"));
		rest++;
		tables++;
	}
	T_OK(tables == 3 && !strstr(text, "flush") && !strstr(text, "jump"));
	return 0;
}

static int drops_what_is_not_asked_for(void)
{
	CLEANUP_POLICY struct policy p = { 0 };
	struct filter_spec spec = spec_of(&p, "", "ssh");
	CLEANUP_FREE char *text = filter_ruleset(&spec, NULL, 0, false);
	CLEANUP_FREE char *warm = filter_ruleset(&spec, NULL, 0, true);

	T_OK(strstr(text, "type filter hook input priority filter - 5; policy drop;"));
	T_OK(strstr(text, "type filter hook forward priority filter - 5; policy accept;"));
	T_OK(!strstr(warm, "policy drop"));
	T_STR(elements(text, "ssh_ports"), "22, 22022");
	T_STR(elements(text, "tcp_open"), "");
	T_STR(elements(text, "udp_open"), "");
	T_OK(strstr(text, "tcp dport @ssh_ports ct state new counter accept"));
	return 0;
}

/* Trap 27, in the order in which it has to stand. */
static int what_must_always_get_in(void)
{
	static const char *const before_conntrack[] = {
		"iifname \"lo\" accept",
		"@rescue4 accept",
		"@rescue6 accept",
		"packet-too-big",
		"icmpv6 type { destination-unreachable",
		"icmp type { destination-unreachable",
		("ip6 hoplimit 255 icmpv6 type { nd-router-solicit, nd-router-advert, "
		 "nd-neighbor-solicit, nd-neighbor-advert"),
		"mld-listener-query",
	};
	static const char *const after[] = { "udp sport 67 udp dport 68 accept",
					     "ip6 saddr fe80::/10 udp dport 546 accept",
					     "tcp dport @ssh_ports" };
	CLEANUP_POLICY struct policy p = { 0 };
	struct filter_spec spec = spec_of(&p, "", "web");
	CLEANUP_FREE char *text = filter_ruleset(&spec, NULL, 0, false);
	size_t established = at(text, "ct state established,related accept");
	size_t invalid = at(text, "ct state invalid drop");

	for (size_t i = 0; i < COUNT(before_conntrack); i++)
		T_OK(at(text, before_conntrack[i]) < established);
	T_OK(established < invalid);
	for (size_t i = 0; i < COUNT(after); i++)
		T_OK(at(text, after[i]) > invalid && at(text, after[i]) < strlen(text));
	return 0;
}

static int ping_is_limited_or_off_in_both_families(void)
{
	CLEANUP_POLICY struct policy p = { 0 };
	struct filter_spec spec = spec_of(&p, "", "web");
	CLEANUP_FREE char *on = filter_ruleset(&spec, NULL, 0, false);
	CLEANUP_FREE char *off = NULL;

	T_OK(strstr(on, "\ticmp type echo-request limit rate"));
	T_OK(strstr(on, "\ticmpv6 type echo-request limit rate"));
	spec.ping = false;
	off = filter_ruleset(&spec, NULL, 0, false);
	T_OK(!strstr(off, "echo-request") && strstr(off, "packet-too-big"));
	return 0;
}

static int what_is_open_is_open_in_both_families(void)
{
	CLEANUP_POLICY struct policy p = { 0 };
	struct filter_spec spec =
		spec_of(&p, "", "web, 8000-8010/tcp, 8005-8020/tcp, 8021/tcp, 443/tcp, dns, 1/udp");
	CLEANUP_FREE char *text = filter_ruleset(&spec, NULL, 0, false);

	/* Merged: nft refuses intervals that overlap. */
	T_STR(elements(text, "tcp_open"), "53, 80, 443, 8000-8021");
	T_STR(elements(text, "udp_open"), "1, 53, 443");
	/* Without "ip" or "ip6" in front a rule of an inet table is for both. */
	T_OK(strstr(text, "\t\ttcp dport @tcp_open counter accept"));
	T_OK(strstr(text, "\t\tudp dport @udp_open counter accept"));
	return 0;
}

static int all_ports_are_one_range(void)
{
	CLEANUP_POLICY struct policy p = { 0 };
	struct filter_spec spec = spec_of(&p, "", "1-65535/tcp, 65535/udp");
	CLEANUP_FREE char *text = filter_ruleset(&spec, NULL, 0, false);

	T_STR(elements(text, "tcp_open"), "1-65535");
	T_STR(elements(text, "udp_open"), "65535");
	return 0;
}

static int ssh_from_some_addresses_only(void)
{
	CLEANUP_POLICY struct policy p = { 0 };
	struct filter_spec spec = spec_of(&p, "203.0.113.0/24, 2001:db8::/32, 198.51.100.7", "web");
	CLEANUP_FREE char *text = filter_ruleset(&spec, NULL, 0, false);

	T_STR(elements(text, "ssh_from4"), "203.0.113.0/24, 198.51.100.7");
	T_STR(elements(text, "ssh_from6"), "2001:db8::/32");
	T_OK(strstr(text, "ip saddr @ssh_from4 tcp dport @ssh_ports ct state new counter accept"));
	T_OK(strstr(text, "ip6 saddr @ssh_from6 tcp dport @ssh_ports ct state new counter accept"));
	T_OK(!strstr(text, "\t\ttcp dport @ssh_ports"));
	return 0;
}

/* nft: "conflicting intervals specified" would fail the whole apply. */
static int prefixes_within_others_are_left_out(void)
{
	CLEANUP_POLICY struct policy p = { 0 };
	static const uint16_t twice[] = { 22, 22022, 22 };
	static char *wan[] = { name, name, NULL };
	struct filter_spec spec = spec_of(
		&p, "10.1.0.0/16 10.0.0.0/8 10.0.0.0/8 10.2.3.4 2001:db8:1::/48 2001:db8::/32 ::1",
		"web");
	CLEANUP_FREE char *text = NULL;

	spec.ssh_port = twice;
	spec.ssh_port_count = 3;
	spec.wan = wan;
	spec.wan_count = 2;
	text = filter_ruleset(&spec, NULL, 0, false);
	T_STR(elements(text, "ssh_from4"), "10.0.0.0/8");
	T_STR(elements(text, "ssh_from6"), "2001:db8::/32, ::1");
	T_STR(elements(text, "ssh_ports"), "22, 22022");
	T_STR(elements(text, "wan"), "eth0");
	return 0;
}

static int an_opening_for_one_place(void)
{
	CLEANUP_POLICY struct policy p = { 0 };
	struct filter_spec spec =
		spec_of(&p, "", "8080/tcp from 203.0.113.0/24, 60000-61000/udp from 2001:db8::/32");
	CLEANUP_FREE char *text = filter_ruleset(&spec, NULL, 0, false);

	T_STR(elements(text, "tcp_open"), "");
	T_STR(elements(text, "udp_open"), "");
	T_OK(strstr(text, "ip saddr 203.0.113.0/24 tcp dport 8080 counter accept"));
	T_OK(strstr(text, "ip6 saddr 2001:db8::/32 udp dport 60000-61000 counter accept"));
	return 0;
}

/* Trap 28: what containers publish is open only when the policy says so. */
static int forwarded_ports(void)
{
	CLEANUP_POLICY struct policy p = { 0 };
	struct filter_spec spec = spec_of(&p, "", "web, 8080/tcp from 203.0.113.0/24");
	CLEANUP_FREE char *without = filter_ruleset(&spec, NULL, 0, false);
	CLEANUP_FREE char *text = NULL;
	const char *forward;

	/* Where it is not known what faces outside, all does. */
	T_OK(strstr(without, "\t\tct status dnat ct state new counter drop") &&
	     !strstr(without, "iifname @wan"));
	spec.wan = eth0;
	spec.wan_count = 1;
	text = filter_ruleset(&spec, NULL, 0, false);
	forward = strstr(text, "chain forward");
	T_STR(elements(text, "wan"), "eth0");
	T_OK(strstr(forward, "iifname @wan ct status dnat ct state new counter drop"));
	T_OK(at(forward, "ct original proto-dst @tcp_open accept") <
	     at(forward, "iifname @wan ct status dnat ct state new counter drop"));
	T_OK(at(forward, "ct original proto-dst @udp_open accept") < at(forward, "counter drop"));
	T_OK(at(forward, "ip saddr 203.0.113.0/24 ct status dnat meta l4proto tcp ct original "
			 "proto-dst 8080 accept") < at(forward, "counter drop"));
	/* Only what was redirected, only from outside: everything else passes as before. */
	T_OK(!strstr(forward, "\t\tdrop") && !strstr(forward, "\t\tcounter drop"));
	return 0;
}

static int live_sessions_are_rescued(void)
{
	CLEANUP_POLICY struct policy p = { 0 };
	struct filter_spec spec = spec_of(&p, "", "web");
	struct socket_info s[3] = {
		{ .peer_port = 50001, .local_port = 22 },
		{ .peer_port = 50002, .local_port = 22, .v6 = true },
		{ .peer_port = 50003, .local_port = 22022, .v6 = true },
	};
	CLEANUP_FREE char *text = NULL;
	CLEANUP_FREE char *none = filter_ruleset(&spec, NULL, 0, false);

	addr_parse("192.0.2.10", &s[0].peer);
	addr_parse("::ffff:192.0.2.11", &s[1].peer); /* as ssh.socket has it */
	addr_parse("2001:db8::7", &s[2].peer);
	text = filter_ruleset(&spec, s, 3, false);
	T_STR(elements(text, "rescue4"), "192.0.2.10 . 50001 . 22, 192.0.2.11 . 50002 . 22");
	T_STR(elements(text, "rescue6"), "2001:db8::7 . 50003 . 22022");
	T_STR(elements(none, "rescue4"), "");
	T_STR(elements(none, "rescue6"), "");
	return 0;
}

static int stored_and_read_back(void)
{
	CLEANUP_POLICY struct policy p = { 0 };
	struct filter_spec spec =
		spec_of(&p, "203.0.113.0/24, 2001:db8::/32", "web, 8080/tcp from 203.0.113.0/24");
	struct filter_spec_owned back = { 0 };
	struct err e = { 0 };
	json_t *j;

	spec.ping = false;
	spec.wan = eth0;
	spec.wan_count = 1;
	j = filter_spec_encode(&spec);
	T_OK(filter_spec_decode(j, &back, &e) == 0);
	CLEANUP_FREE char *a = filter_ruleset(&spec, NULL, 0, false);
	CLEANUP_FREE char *b = filter_ruleset(&back.spec, NULL, 0, false);

	T_STR(a, b);
	filter_spec_owned_done(&back);
	json_decref(j);
	return 0;
}

/* A stored filter that would shut everybody out, or half of one, is no filter. */
static int what_is_stored_wrong_is_refused(void)
{
	static const char *const bad[] = {
		"{}",
		"[]",
		"{\"ssh_ports\": [], \"ssh_from\": [], \"open\": [], \"ping\": true, \"wan\": []}",
		"{\"ssh_ports\": [22], \"ssh_from\": [\"x\"], \"open\": [], \"ping\": true, "
		"\"wan\": "
		"[]}",
		"{\"ssh_ports\": [22], \"ssh_from\": [7], \"open\": [], \"ping\": true, \"wan\": "
		"[]}",
		"{\"ssh_ports\": [22], \"ssh_from\": [], \"open\": [\"wbe\"], \"ping\": true, "
		"\"wan\": []}",
		"{\"ssh_ports\": [22], \"ssh_from\": [], \"open\": [], \"wan\": []}",
		"{\"ssh_ports\": [0], \"ssh_from\": [], \"open\": [], \"ping\": true, \"wan\": []}",
		"{\"ssh_ports\": [65558], \"ssh_from\": [], \"open\": [], \"ping\": true, \"wan\": "
		"[]}",
		"{\"ssh_ports\": [\"22\"], \"ssh_from\": [], \"open\": [], \"ping\": true, "
		"\"wan\": []}",
	};

	for (size_t i = 0; i < COUNT(bad); i++) {
		struct filter_spec_owned s = { 0 };
		struct err e = { 0 };
		json_t *j = json_loads(bad[i], 0, NULL);

		if (!j || filter_spec_decode(j, &s, &e) == 0)
			printf("# taken: %s\n", bad[i]);
		T_OK(j && filter_spec_decode(j, &s, &e) < 0 && !s.ssh_port && !s.open);
		T_OK(str_starts(e.msg, "stored filter: ") && strlen(e.msg) > 16);
		json_decref(j);
	}
	return 0;
}

/* --- what the kernel has: an answer in nft's JSON, made from the parts --------------------------- */

static json_t *kernel;
static int nft_status;

static int nft(struct fake *f, const struct run *r, struct run_result *ret, struct err *e)
{
	(void)f;
	(void)r;
	(void)e;
	if (nft_status)
		ret->err = xstrdup(nft_status == 1 ? "Error: No such file or directory\n"
						   : "Error: Operation not permitted\n");
	else
		ret->out = json_dumps(kernel, 0);
	ret->out_len = ret->out ? strlen(ret->out) : 0;
	return nft_status;
}

static json_t *element_json(const char *text)
{
	const char *dash = strchr(text, '-'), *slash = strchr(text, '/');
	uint64_t a;

	if (slash) {
		CLEANUP_FREE char *addr = xstrndup(text, (size_t)(slash - text));

		return json_pack("{s:{s:s, s:i}}", "prefix", "addr", addr, "len",
				 (int)strtol(slash + 1, NULL, 10));
	}
	if (dash)
		return json_pack("{s:[i, i]}", "range", (int)strtol(text, NULL, 10),
				 (int)strtol(dash + 1, NULL, 10));
	return str_to_u64(text, 0, 65535, &a) == 0 ? json_integer((json_int_t)a)
						   : json_string(text);
}

static void kernel_has(const struct filter_spec *spec)
{
	json_t *list = json_pack("[{s:{s:s}}]", "metainfo", "version", "1.0.6");
	struct filter_parts parts;

	filter_parts_make(spec, &parts);
	for (size_t i = 0; i < FILTER_SETS; i++) {
		json_t *elem = json_array();

		for (size_t j = parts.set[i].element.count; j-- > 0;) /* nft has its own order */
			json_array_append_new(elem, element_json(parts.set[i].element.item[j]));
		json_array_append_new(list, json_pack("{s:{s:s, s:o}}", "set", "name",
						      parts.set[i].name, "elem", elem));
	}
	for (size_t i = 0; i < FILTER_CHAINS; i++) {
		const struct filter_chain *c = &parts.chain[i];

		json_array_append_new(list, json_pack("{s:{s:s, s:s, s:s}}", "chain", "name",
						      c->name, "hook", c->hook, "policy",
						      c->drop ? "drop" : "accept"));
		for (size_t j = 0; j < c->rule.count; j++) {
			char comment[12];

			filter_rule_comment(c->rule.item[j], comment);
			json_array_append_new(list, json_pack("{s:{s:s, s:s}}", "rule", "chain",
							      c->name, "comment", comment));
		}
	}
	filter_parts_done(&parts);
	json_decref(kernel);
	kernel = json_pack("{s:o}", "nftables", list);
}

/* The i-th object of this kind in the kernel's list. */
static json_t *object(const char *kind, size_t n)
{
	json_t *one;
	size_t i;

	json_array_foreach (json_object_get(kernel, "nftables"), i, one) {
		json_t *o = json_object_get(one, kind);

		if (o && n-- == 0)
			return o;
	}
	return NULL;
}

static const char *differs(struct fake *f, const struct filter_spec *spec)
{
	static char buf[900];
	CLEANUP_FREE char *how = NULL;
	struct err e = { 0 };
	int r = filter_differs(&f->os, spec, &how, &e);

	snprintf(buf, sizeof(buf), "%d %s", r, r < 0 ? e.msg : how ? how : "");
	return buf;
}

static int differences_are_seen(void)
{
	CLEANUP_POLICY struct policy p = { 0 };
	struct filter_spec spec =
		spec_of(&p, "203.0.113.0/24, 2001:db8::/32", "web, 8000-8010/tcp");
	static const uint16_t one_port[] = { 22022 };
	struct filter_spec other = spec;
	struct fake *f = fake_new();

	spec.wan = eth0;
	spec.wan_count = 1;
	fake_on_run(f, "nft", nft);
	nft_status = 0;
	kernel_has(&spec);
	T_STR(differs(f, &spec), "0 ");
	T_OK(str_starts(differs(f, &other), "1 wan: ")); /* an interface more */
	other = spec;
	other.ssh_port = one_port;
	other.ssh_port_count = 1;
	T_STR(differs(f, &other), "1 ssh_ports: { 22, 22022 } -> { 22022 }");
	other = spec;
	other.ping = false;
	T_OK(str_starts(differs(f, &other), "1 chain input: rule "));
	json_object_set_new(object("chain", 0), "policy", json_string("accept"));
	T_STR(differs(f, &spec), "1 chain input: policy accept");
	kernel_has(&spec);
	json_object_set_new(object("chain", 0), "hook", json_string("output"));
	T_OK(str_starts(differs(f, &spec), "1 chain input"));
	kernel_has(&spec);
	json_object_set_new(object("rule", 3), "comment", json_string("k:00000000"));
	T_STR(differs(f, &spec), "1 chain input: rule 4");
	kernel_has(&spec); /* somebody let everything in, in front */
	json_array_insert_new(json_object_get(kernel, "nftables"), 1,
			      json_pack("{s:{s:s}}", "rule", "chain", "input"));
	T_STR(differs(f, &spec), "1 chain input: rule 1");
	kernel_has(&spec);
	json_array_remove(json_object_get(kernel, "nftables"),
			  json_array_size(json_object_get(kernel, "nftables")) - 1);
	T_OK(str_starts(differs(f, &spec), "1 chain forward: "));
	nft_status = 1;
	T_STR(differs(f, &spec), "2 ");
	nft_status = 2;
	T_OK(str_starts(differs(f, &spec), "-1 nft list") && strstr(differs(f, &spec), "not perm"));
	json_decref(kernel);
	kernel = NULL;
	fake_free(f);
	return 0;
}

static int systemctl_show(struct fake *f, const struct run *r, struct run_result *ret,
			  struct err *e)
{
	(void)f;
	(void)e;
	for (size_t i = 0; r->argv[i]; i++)
		if (str_eq(r->argv[i], "Listen"))
			ret->out = xstrdup("Listen=[::]:2022 (Stream)\n");
	return 0;
}

/* Trap 32: at boot nothing listens yet, and nobody must be locked out by a file that was damaged. */
static int the_minimum_lets_in_where_sshd_will_listen(void)
{
	struct fake *f = fake_new();
	CLEANUP_FREE char *bare = filter_minimum(&f->os);
	CLEANUP_FREE char *named = NULL;
	CLEANUP_FREE char *live = NULL;

	T_STR(elements(bare, "ssh_ports"), "22");
	T_OK(at(bare, "hook input priority filter - 5; policy drop;") < 1000000);
	fake_file(f, "/usr/sbin/sshd", "", 0755);
	fake_file(f, "/etc/ssh/sshd_config",
		  "Include /etc/ssh/sshd_config.d/*.conf\n#Port 1\nListenAddress 0.0.0.0:2200\n",
		  0644);
	fake_file(f, "/etc/ssh/sshd_config.d/00-kannuki.conf", "Port 22022\nport 70000\n", 0600);
	fake_file(f, "/etc/default/ssh", "SSHD_OPTS='-p 2201 -oPort=2202'\n", 0644);
	fake_on_run(f, "systemctl", systemctl_show);
	named = filter_minimum(&f->os);
	T_STR(elements(named, "ssh_ports"), "22, 22022, 2200, 2201, 2202, 2022");
	fake_process_add(f, 700, 1, "/usr/sbin/sshd");
	fake_listen(f, "0.0.0.0", 2203, 700);
	live = filter_minimum(&f->os);
	T_STR(elements(live, "ssh_ports"), "22, 22022, 2200, 2201, 2202, 2022, 2203");
	fake_free(f);
	return 0;
}

int main(void)
{
	static const struct t_case cases[] = {
		T(one_batch_that_touches_only_our_table),
		T(drops_what_is_not_asked_for),
		T(what_must_always_get_in),
		T(ping_is_limited_or_off_in_both_families),
		T(what_is_open_is_open_in_both_families),
		T(all_ports_are_one_range),
		T(ssh_from_some_addresses_only),
		T(prefixes_within_others_are_left_out),
		T(an_opening_for_one_place),
		T(forwarded_ports),
		T(live_sessions_are_rescued),
		T(stored_and_read_back),
		T(what_is_stored_wrong_is_refused),
		T(differences_are_seen),
		T(the_minimum_lets_in_where_sshd_will_listen),
	};

	return t_main(cases, COUNT(cases));
}
