// SPDX-License-Identifier: MIT
/*
 * facts_published.c - ports that others lead elsewhere by DNAT, as containers publish theirs (trap 28).
 *
 * nft shows its own rules; those that iptables made are read from iptables, because nft does not show
 * what its extensions compare with.
 */
#include <string.h>
#include <sys/socket.h>

#include "base/i18n.h"
#include "base/json.h"
#include "core/facts_filter.h"
#include "core/filter.h"
#include "core/iptables.h"

/* One family of iptables: where its DNAT rules are, and who writes them as text. */
struct iptables_family {
	const char *table; /* as nft names it */
	const char *save[2];
	const char *legacy, *legacy_names; /* /proc file that names the tables of the legacy form */
};

static const struct iptables_family families[] = {
	{ "table ip nat",
	  { "iptables-nft-save", "iptables-save" },
	  "iptables-legacy-save",
	  "/proc/net/ip_tables_names" },
	{ "table ip6 nat",
	  { "ip6tables-nft-save", "ip6tables-save" },
	  "ip6tables-legacy-save",
	  "/proc/net/ip6_tables_names" },
};

static void unknown(struct facts *f, const char *by)
{
	if (!strv_has(&f->published_unknown, by))
		strv_add(&f->published_unknown, by);
}

/* An address of our own inside: nobody outside gets there. */
static bool is_inside(const char *to)
{
	return to && (str_starts(to, "127.") || str_starts(to, "::1"));
}

static bool transport_of(const char *proto, enum transport *ret)
{
	*ret = str_eq(proto, "udp") ? TRANSPORT_UDP : TRANSPORT_TCP;
	return str_eq(proto, "udp") || str_eq(proto, "tcp");
}

/* --- iptables ------------------------------------------------------------------------------ */

static void take_saved(struct facts *f, char *text, const char *by)
{
	char *rest = text, *line;

	while ((line = str_line(&rest))) {
		CLEANUP_IPTABLES_RULE struct iptables_rule r = { 0 };
		enum transport t;

		if (iptables_rule_parse(line, &r) != 0 || !str_eq(r.target, "DNAT") ||
		    str_eq(r.chain, "OUTPUT") || is_inside(r.to))
			continue;
		if (!transport_of(r.proto, &t) || !r.ports ||
		    iptables_ports(r.ports, t, by, &f->published) < 0)
			unknown(f, by);
	}
}

static int read_saved(struct os *os, struct facts *f, const struct iptables_family *family,
		      struct err *e)
{
	for (size_t i = 0; i < COUNT(family->save); i++) {
		CLEANUP_FREE char *text = NULL;
		int r = iptables_list(os, ARGV(family->save[i], "-t", "nat"), &text, e);

		if (r < 0)
			return r;
		if (r != 0)
			continue;
		take_saved(f, text, family->table);
		return 0;
	}
	unknown(f, family->table);
	return 0;
}

/* nft does not show what the legacy form has in the kernel. */
static int read_legacy(struct os *os, struct facts *f, const struct iptables_family *family,
		       struct err *e)
{
	CLEANUP_FREE char *names = NULL;
	CLEANUP_FREE char *text = NULL;
	CLEANUP_STRV struct strv tables = { 0 };
	int r = os_read(os, family->legacy_names, &names, e);

	if (r != 0)
		return r < 0 && f->as_root ? r : 0;
	strv_split(&tables, names, "\n");
	if (!strv_has(&tables, "nat"))
		return 0;
	r = iptables_list(os, ARGV(family->legacy, "-t", "nat"), &text, e);
	if (r < 0)
		return r;
	if (r == 0)
		take_saved(f, text, "iptables-legacy nat");
	else
		unknown(f, "iptables-legacy nat");
	return 0;
}

/* --- nft ----------------------------------------------------------------------------------- */

/* 80, {"range": [80, 90]}, {"set": [80, …]}. -1: something else (a named set, a map). */
static int take_value(json_t *value, enum transport t, const char *by, struct foreign_ports *ret)
{
	json_t *range = json_object_get(value, "range"), *set = json_object_get(value, "set"), *one;
	json_int_t from =
		json_integer_value(json_is_array(range) ? json_array_get(range, 0) : value);
	json_int_t to = json_integer_value(json_is_array(range) ? json_array_get(range, 1) : value);
	struct port_range found = { t, (uint16_t)from, (uint16_t)to };
	int worst = 0;
	size_t i;

	if (json_is_array(set)) {
		json_array_foreach (set, i, one)
			worst = take_value(one, t, by, ret) < 0 ? -1 : worst;
		return worst;
	}
	if (from < 1 || to > 65535 || from > to)
		return -1;
	foreign_ports_add(ret, &found, by);
	return 0;
}

/* What one match says: a port is added, an address of our own inside is seen. 1: it is about ports. */
static int take_match(json_t *match, const char *by, bool *inside, struct foreign_ports *ret)
{
	json_t *payload = json_object_get(json_object_get(match, "left"), "payload");
	const char *proto = json_string_value(json_object_get(payload, "protocol"));
	const char *field = json_string_value(json_object_get(payload, "field"));
	json_t *right = json_object_get(match, "right");
	enum transport t;

	if (!str_eq(json_string_value(json_object_get(match, "op")), "=="))
		return 0;
	if (str_eq(field, "daddr"))
		*inside = *inside || is_inside(json_string_value(right));
	if (!str_eq(field, "dport"))
		return 0;
	return transport_of(proto, &t) && take_value(right, t, by, ret) == 0 ? 1 : -1;
}

/* A rule of nft's own that ends in DNAT. `xt`: it is one that iptables made. */
static void take_rule(struct facts *f, json_t *rule, const char *by, bool *xt)
{
	struct foreign_ports ports = { 0 };
	json_t *expr = json_object_get(rule, "expr"), *one;
	bool dnat = false, inside = false;
	int named = 0;
	size_t i;

	json_array_foreach (expr, i, one) {
		json_t *match = json_object_get(one, "match");

		*xt = *xt || json_object_get(one, "xt");
		dnat = dnat || json_object_get(one, "dnat");
		if (match && named >= 0) {
			int r = take_match(match, by, &inside, &ports);

			named = r != 0 ? r : named;
		}
	}
	if (dnat && !inside && named == 1)
		for (i = 0; i < ports.count; i++)
			foreign_ports_add(&f->published, &ports.item[i].range, by);
	else if (dnat && !inside)
		unknown(f, by);
	foreign_ports_done(&ports);
}

static int read_table(struct os *os, struct facts *f, json_t *chain, struct err *e)
{
	const char *family = json_string_value(json_object_get(chain, "family"));
	const char *table = json_string_value(json_object_get(chain, "table"));
	const struct run run = { .argv = ARGV("nft", "-j", "-t", "list", "table", family, table) };
	CLEANUP_FREE char *by = xasprintf("table %s %s", family, table);
	CLEANUP_RUN struct run_result r = { 0 };
	json_t *all, *one;
	bool xt = false;
	size_t i;

	if (os_run(os, &run, &r, e) < 0)
		return -1;
	all = r.status == 0 ? json_said(r.out) : NULL;
	if (!all)
		unknown(f, by);
	json_array_foreach (json_object_get(all, "nftables"), i, one)
		take_rule(f, json_object_get(one, "rule"), by, &xt);
	json_decref(all);
	for (i = 0; xt && i < COUNT(families); i++)
		if (str_eq(families[i].table, by))
			return read_saved(os, f, &families[i], e);
	if (xt)
		unknown(f, by);
	return 0;
}

int facts_gather_published(struct os *os, struct facts *f, struct err *e)
{
	const struct run run = { .argv = ARGV("nft", "-j", "list", "chains") };
	CLEANUP_RUN struct run_result r = { 0 };
	json_t *all, *one;
	int status = 0;
	size_t i;

	for (i = 0; f->as_root && i < COUNT(families); i++)
		if (read_legacy(os, f, &families[i], e) < 0)
			return -1;
	if (!f->nft_works)
		return 0;
	if (os_run(os, &run, &r, e) < 0)
		return -1;
	all = json_said(r.out);
	json_array_foreach (json_object_get(all, "nftables"), i, one) {
		json_t *chain = json_object_get(one, "chain");
		const char *type = json_string_value(json_object_get(chain, "type"));
		const char *hook = json_string_value(json_object_get(chain, "hook"));

		if (status == 0 && str_eq(type, "nat") && str_eq(hook, "prerouting"))
			status = read_table(os, f, chain, e);
	}
	json_decref(all);
	return status;
}
