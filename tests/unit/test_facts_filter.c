// SPDX-License-Identifier: MIT
/* Who else filters packets, and what they let in or lead elsewhere (traps 26, 28). */
#include "base/mem.h"
#include "core/facts_filter.h"
#include "core/iptables.h"
#include "lib/fake_os.h"
#include "lib/t.h"

/* --- iptables' words ------------------------------------------------------------------------- */

static int rules_are_read(void)
{
	CLEANUP_IPTABLES_RULE struct iptables_rule r = { 0 };

	T_OK(iptables_rule_parse("-A DOCKER -d 10.0.0.1/32 ! -i docker0 -p tcp -m tcp --dport 8081 "
				 "-j DNAT --to-destination 172.17.0.2:80",
				 &r) == 0);
	T_STR(r.chain, "DOCKER");
	T_STR(r.target, "DNAT");
	T_STR(r.proto, "tcp");
	T_STR(r.ports, "8081");
	T_STR(r.to, "10.0.0.1/32");
	T_OK(!r.bare);
	iptables_rule_done(&r);
	T_OK(iptables_rule_parse("-A DOCKER ! -d 10.0.0.1/32 -j DNAT", &r) == 0 && !r.to);
	iptables_rule_done(&r);
	T_OK(iptables_rule_parse("-A INPUT -j REJECT --reject-with icmp-host-prohibited", &r) == 0);
	T_OK(r.bare);
	iptables_rule_done(&r);
	T_OK(iptables_rule_parse(":INPUT DROP [0:0]", &r) == 1);
	iptables_rule_done(&r);
	T_OK(iptables_rule_parse("-A", &r) == 1);
	return 0;
}

static int denials_are_seen(void)
{
	T_OK(iptables_input_denies("*filter\n:INPUT DROP [0:0]\n"));
	T_OK(iptables_input_denies("-P INPUT DROP\n"));
	T_OK(iptables_input_denies("-P INPUT ACCEPT\n-A INPUT -j REJECT --reject-with x\n"));
	T_OK(!iptables_input_denies("-P INPUT ACCEPT\n-P FORWARD DROP\n-A FORWARD -j DROP\n"));
	T_OK(!iptables_input_denies("-P INPUT DROP\n-A INPUT -j f2b-sshd\n-A INPUT -j ACCEPT\n"
				    "-A INPUT -j DROP\n"));
	T_OK(!iptables_input_denies("-P INPUT ACCEPT\n-A INPUT -s 192.0.2.1/32 -j DROP\n"));
	return 0;
}

static int ports_are_read(void)
{
	struct foreign_ports p = { 0 };

	T_OK(iptables_ports("80,443,8000:8010", TRANSPORT_TCP, "ufw", &p) == 0 && p.count == 3);
	T_OK(p.item[2].range.from == 8000 && p.item[2].range.to == 8010);
	/* Once is enough. */
	T_OK(iptables_ports("80", TRANSPORT_TCP, "ufw", &p) == 0 && p.count == 3);
	T_OK(iptables_ports("80", TRANSPORT_UDP, "ufw", &p) == 0 && p.count == 4);
	T_OK(iptables_ports("80,http", TRANSPORT_TCP, "ufw", &p) < 0 && p.count == 4);
	T_OK(iptables_ports("9:8", TRANSPORT_TCP, "ufw", &p) < 0 && p.count == 4);
	T_OK(iptables_ports("0", TRANSPORT_TCP, "ufw", &p) < 0 && p.count == 4);
	foreign_ports_done(&p);
	return 0;
}

/* --- a host ---------------------------------------------------------------------------------- */

/* What the programs of this host say. */
static const char *chains, *chain, *table, *iptables, *nat;

static int say(const char *text, struct run_result *ret)
{
	ret->out = xstrdup(text ? text : "");
	return text ? 0 : 127;
}

static int nft(struct fake *f, const struct run *r, struct run_result *ret, struct err *e)
{
	const char *what = r->argv[3];

	(void)f;
	(void)e;
	if (str_eq(what, "chains"))
		return say(chains, ret);
	return say(str_eq(what, "chain") ? chain : table, ret);
}

static int list(struct fake *f, const struct run *r, struct run_result *ret, struct err *e)
{
	(void)f;
	(void)r;
	(void)e;
	return say(iptables, ret);
}

static int save(struct fake *f, const struct run *r, struct run_result *ret, struct err *e)
{
	(void)f;
	(void)r;
	(void)e;
	return say(nat, ret);
}

static struct fake *host(void)
{
	struct fake *f = fake_new();

	chains = "{\"nftables\": []}";
	chain = table = "{\"nftables\": []}";
	iptables = nat = NULL;
	fake_on_run(f, "nft", nft);
	fake_on_run(f, "iptables", list);
	fake_on_run(f, "iptables-nft-save", save);
	return f;
}

static void unit(struct facts *f, const char *name, const char *active, const char *enabled)
{
	f->unit = xrealloc(f->unit, f->unit_count + 1, sizeof(*f->unit));
	f->unit[f->unit_count++] = (struct unit_fact){ .name = xstrdup(name),
						       .load = xstrdup("loaded"),
						       .active = xstrdup(active),
						       .enabled = xstrdup(enabled) };
}

static const struct filter_owner *owner(const struct facts *f, const char *name)
{
	for (size_t i = 0; i < f->filter_count; i++)
		if (str_eq(f->filter[i].name, name))
			return &f->filter[i];
	return NULL;
}

static bool denies(const struct filter_owner *o)
{
	return o && o->denies && (o->active || o->at_boot);
}

#define BASE_CHAIN(family, table, name, policy)                                                \
	"{\"chain\": {\"family\": \"" family "\", \"table\": \"" table "\", \"name\": \"" name \
	"\", \"type\": \"filter\", \"hook\": \"input\", \"prio\": 0, \"policy\": \"" policy "\"}}"

#define UFW_RULES                                                                     \
	"-P INPUT DROP\n-A INPUT -j ufw-before-input\n-A INPUT -j ufw-reject-input\n" \
	"-A ufw-before-input -p udp -m udp --sport 67 --dport 68 -j ACCEPT\n"         \
	"-A ufw-user-input -p tcp -m tcp --dport 22 -j ACCEPT\n"                      \
	"-A ufw-user-input -p udp -m multiport --dports 60000:61000 -j ACCEPT\n"      \
	"-A ufw-user-input -p tcp -m tcp --dport 2222 -j ufw-user-limit-accept\n"     \
	"-A ufw-user-input -s 192.0.2.7/32 -j ACCEPT\n"                               \
	"-A ufw-user-forward -p tcp -m tcp --dport 99 -j ACCEPT\n"

static int ufw_is_an_owner_until_it_is_replaced(void)
{
	CLEANUP_FACTS struct facts on = { .as_root = true }, off = { .as_root = true };
	struct err e = { 0 };
	struct fake *f = host();

	fake_file(f, "/etc/ufw/ufw.conf", "# x\nENABLED=yes\n", 0644);
	iptables = UFW_RULES;
	chains = "{\"nftables\": [" BASE_CHAIN("ip", "filter", "INPUT", "drop") "]}";
	unit(&on, "ufw.service", "active", "enabled");
	T_OK(facts_gather_filter(&f->os, &on, &e) == 0);
	T_OK(on.filter_count == 1 && denies(owner(&on, "ufw")) && owner(&on, "ufw")->iptables);
	T_OK(on.allowed.count == 3 && on.allowed.item[1].range.to == 61000);
	T_OK(on.allowed_other.count == 1 && strstr(on.allowed_other.item[0], "192.0.2.7/32"));

	/* As apply and confirm leave it. */
	fake_file(f, "/etc/ufw/ufw.conf", "# x\nENABLED=no\n", 0644);
	iptables =
		"-P INPUT ACCEPT\n-A INPUT -j ufw-before-input\n-A INPUT -j ufw-reject-input\n-A "
		"ufw-user-input -p tcp -m tcp --dport 22 -j ACCEPT\n";
	chains = "{\"nftables\": [" BASE_CHAIN("ip", "filter", "INPUT", "accept") "]}";
	unit(&off, "ufw.service", "active", "enabled");
	T_OK(facts_gather_filter(&f->os, &off, &e) == 0);
	T_OK(!denies(owner(&off, "ufw")) && off.allowed.count == 0);
	fake_free(f);
	return 0;
}

/* Two things deny: taking ufw out would not help. */
static int table_beside_ufw_is_seen(void)
{
	CLEANUP_FACTS struct facts on = { .as_root = true };
	struct err e = { 0 };
	struct fake *f = host();

	fake_file(f, "/etc/ufw/ufw.conf", "ENABLED=yes\n", 0644);
	iptables = UFW_RULES;
	chains = "{\"nftables\": [" BASE_CHAIN("ip", "filter", "INPUT", "drop") ", " BASE_CHAIN(
		"inet", "own", "in", "drop") "]}";
	unit(&on, "ufw.service", "active", "enabled");
	T_OK(facts_gather_filter(&f->os, &on, &e) == 0);
	T_OK(on.filter_count == 2 && denies(owner(&on, "table inet own")));
	T_OK(!owner(&on, "table inet own")->unit);
	fake_free(f);
	return 0;
}

static int nftables_behind_an_include_is_seen(void)
{
	CLEANUP_FACTS struct facts idle = { .as_root = true }, on = { .as_root = true },
				   none = { .as_root = true };
	struct err e = { 0 };
	struct fake *f = host();

	fake_file(f, "/etc/nftables.conf",
		  "flush ruleset\n# type filter hook input priority 0; policy drop;\n# include "
		  "\"/etc/other.nft\"\ninclude \"nftables.d/*.nft\"\n",
		  0755);
	fake_file(f, "/etc/nftables.d/a.nft",
		  "table inet mine {\n chain in {\n type filter hook input priority 0;\n tcp dport "
		  "22 accept\n counter drop\n }\n}\n",
		  0644);
	unit(&idle, "nftables.service", "inactive", "enabled");
	T_OK(facts_gather_filter(&f->os, &idle, &e) == 0);
	T_OK(denies(owner(&idle, "nftables.service")));
	T_OK(owner(&idle, "nftables.service")->chain.count == 0);

	chains = "{\"nftables\": [" BASE_CHAIN("inet", "mine", "in", "accept") "]}";
	chain = "{\"nftables\": [{\"rule\": {\"expr\": [{\"counter\": null}, {\"drop\": null}]}}]}";
	unit(&on, "nftables.service", "active", "enabled");
	T_OK(facts_gather_filter(&f->os, &on, &e) == 0);
	T_OK(on.filter_count == 1 && denies(owner(&on, "nftables.service")));
	T_STR(owner(&on, "nftables.service")->chain.item[0], "inet mine in");

	/* What is included includes itself: no end, and no crash. */
	fake_file(f, "/etc/nftables.d/a.nft", "include \"/etc/nftables.d/*.nft\"\n", 0644);
	chains = "{\"nftables\": []}";
	unit(&none, "nftables.service", "inactive", "enabled");
	T_OK(facts_gather_filter(&f->os, &none, &e) == 0);
	T_OK(!denies(owner(&none, "nftables.service")));
	fake_free(f);
	return 0;
}

/* iptables-services: its files lie there also where its unit is not used. */
static int files_of_rhel_count_where_their_units_are(void)
{
	static const char rules[] = "-P INPUT ACCEPT\n-A INPUT -p tcp -m tcp --dport 22 -j ACCEPT\n"
				    "-A INPUT -j REJECT --reject-with icmp-host-prohibited\n";
	CLEANUP_FACTS struct facts none = { .as_root = true }, on = { .as_root = true },
				   nft = { .as_root = true };
	struct err e = { 0 };
	struct fake *f = host();

	fake_file(f, "/etc/sysconfig/iptables",
		  "*filter\n:INPUT ACCEPT [0:0]\n-A INPUT -p tcp -m tcp --dport 22 -j ACCEPT\n"
		  "-A INPUT -j REJECT --reject-with icmp-host-prohibited\nCOMMIT\n",
		  0600);
	fake_file(f, "/etc/sysconfig/ip6tables", "*filter\n:INPUT ACCEPT [0:0]\nCOMMIT\n", 0600);
	T_OK(facts_gather_filter(&f->os, &none, &e) == 0 && none.filter_count == 0);
	iptables = rules;
	unit(&on, "iptables.service", "active", "enabled");
	T_OK(facts_gather_filter(&f->os, &on, &e) == 0 && on.filter_count == 1);
	T_OK(denies(owner(&on, "iptables.service")) && owner(&on, "iptables.service")->iptables);
	T_STR(owner(&on, "iptables.service")->unit, "iptables.service");
	T_OK(on.allowed.count == 1 && on.allowed.item[0].range.from == 22);

	/* nftables.service has its file there too, and its reload takes all tables away. */
	fake_file(f, "/etc/sysconfig/nftables.conf",
		  "table inet mine {\n chain in {\n type filter hook input priority 0; policy "
		  "drop;\n }\n}\n",
		  0600);
	iptables = "-P INPUT ACCEPT\n";
	unit(&nft, "nftables.service", "inactive", "enabled");
	T_OK(facts_gather_filter(&f->os, &nft, &e) == 0);
	T_OK(denies(owner(&nft, "nftables.service")) && owner(&nft, "nftables.service")->flushes);
	T_STR(owner(&nft, "nftables.service")->evidence, "/etc/sysconfig/nftables.conf");
	fake_free(f);
	return 0;
}

/* --- published ports --------------------------------------------------------------------------- */

#define NAT_CHAIN                                                                                \
	"{\"nftables\": [{\"chain\": {\"family\": \"ip\", \"table\": \"nat\", \"name\": \"P\", " \
	"\"type\": \"nat\", \"hook\": \"prerouting\", \"prio\": -100, \"policy\": \"accept\"}}]}"
#define RULE(expr) "{\"nftables\": [{\"rule\": {\"expr\": [" expr "]}}]}"
#define DPORT(op, right)                                                                    \
	"{\"match\": {\"op\": \"" op "\", \"left\": {\"payload\": {\"protocol\": \"tcp\", " \
	"\"field\": \"dport\"}}, \"right\": " right "}}"
#define DADDR(right)                                                                              \
	"{\"match\": {\"op\": \"==\", \"left\": {\"payload\": {\"protocol\": \"ip\", \"field\": " \
	"\"daddr\"}}, \"right\": \"" right "\"}}"
#define DNAT "{\"dnat\": {\"addr\": \"172.17.0.2\", \"port\": 80}}"

/* "8080-8080 …; unknown: table ip nat" */
static const char *published(const char *rules, const char *saved)
{
	static char buf[1000];
	CLEANUP_FACTS struct facts x = { .as_root = true, .nft_works = true };
	struct err e = { 0 };
	struct fake *f = host();
	size_t n = 0;

	chains = NAT_CHAIN;
	table = rules;
	nat = saved;
	buf[0] = '\0';
	if (facts_gather_published(&f->os, &x, &e) < 0)
		snprintf(buf, sizeof(buf), "failed: %s", e.msg);
	for (size_t i = 0; i < x.published.count; i++)
		n += (size_t)snprintf(buf + n, sizeof(buf) - n, "%u-%u/%d ",
				      x.published.item[i].range.from, x.published.item[i].range.to,
				      x.published.item[i].range.transport);
	for (size_t i = 0; i < x.published_unknown.count; i++)
		n += (size_t)snprintf(buf + n, sizeof(buf) - n, "? %s",
				      x.published_unknown.item[i]);
	fake_free(f);
	return buf;
}

static int published_ports_are_found(void)
{
	T_STR(published(RULE(DPORT("==", "8080") ", " DNAT), NULL), "8080-8080/0 ");
	T_STR(published(RULE(DPORT("==", "{\"range\": [8000, 8010]}") ", " DNAT), NULL),
	      "8000-8010/0 ");
	T_STR(published(RULE(DPORT("==", "{\"set\": [80, {\"range\": [90, 91]}]}") ", " DNAT),
			NULL),
	      "80-80/0 90-91/0 ");
	/* Not DNAT, or not from outside. */
	T_STR(published(RULE(DPORT("==", "8080") ", {\"accept\": null}"), NULL), "");
	T_STR(published(RULE(DADDR("127.0.0.1") ", " DPORT("==", "8080") ", " DNAT), NULL), "");
	/* What cannot be read is said, never guessed. */
	T_STR(published(RULE(DPORT("==", "\"@ports\"") ", " DNAT), NULL), "? table ip nat");
	T_STR(published(RULE(DPORT("!=", "22") ", " DNAT), NULL), "? table ip nat");
	T_STR(published(RULE(DNAT), NULL), "? table ip nat");
	T_STR(published(NULL, NULL), "? table ip nat");
	return 0;
}

static int ports_published_by_iptables_are_found(void)
{
	static const char xt[] = RULE("{\"xt\": {\"type\": \"target\", \"name\": \"DNAT\"}}");
	static const char old[] = RULE("{\"xt\": null}");

	T_STR(published(xt,
			"*nat\n:DOCKER - [0:0]\n-A DOCKER ! -i docker0 -p tcp -m tcp --dport "
			"8081 -j DNAT --to-destination 172.17.0.2:80\n-A DOCKER -d 127.0.0.1/32 "
			"-p tcp --dport 8082 -j DNAT --to-destination 172.17.0.2:80\nCOMMIT\n"),
	      "8081-8081/0 ");
	T_STR(published(old, "-A D -p udp -m udp --dport 53 -j DNAT --to-destination 10.0.0.2\n"),
	      "53-53/1 ");
	T_STR(published(xt, "-A D -p tcp -j DNAT --to-destination 10.0.0.2\n"), "? table ip nat");
	T_STR(published(xt, "-A D -p sctp --dport 5 -j DNAT --to-destination 10.0.0.2\n"),
	      "? table ip nat");
	T_STR(published(xt, NULL), "? table ip nat");
	return 0;
}

int main(void)
{
	static const struct t_case cases[] = {
		T(rules_are_read),
		T(denials_are_seen),
		T(ports_are_read),
		T(ufw_is_an_owner_until_it_is_replaced),
		T(table_beside_ufw_is_seen),
		T(nftables_behind_an_include_is_seen),
		T(files_of_rhel_count_where_their_units_are),
		T(published_ports_are_found),
		T(ports_published_by_iptables_are_found),
	};

	return t_main(cases, COUNT(cases));
}
