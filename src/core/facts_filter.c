// SPDX-License-Identifier: MIT
/* facts_filter.c - see facts_filter.h; trap 26. */
#include "core/facts_filter.h"

#include <string.h>

#include "base/i18n.h"
#include "base/json.h"
#include "core/filter.h"
#include "core/iptables.h"
#include "core/sshd_config.h"

bool filter_owner_denies(const struct filter_owner *o)
{
	return o->denies && (o->active || o->at_boot);
}

static struct filter_owner *add_owner(struct facts *f, const char *name, const char *evidence)
{
	struct filter_owner *o;

	f->filter = xrealloc(f->filter, f->filter_count + 1, sizeof(*f->filter));
	o = &f->filter[f->filter_count++];
	*o = (struct filter_owner){ .name = xstrdup(name), .evidence = xstrdup(evidence) };
	return o;
}

static bool is_enabled(const struct unit_fact *u)
{
	return u && (str_eq(u->enabled, "enabled") || str_eq(u->enabled, "enabled-runtime"));
}

/* Our drop-in takes the denial out whenever the unit has loaded its rules: then it is no owner. */
static bool is_replaced(struct os *os, const char *unit)
{
	CLEANUP_FREE char *path = xasprintf("/etc/systemd/system/%s.d/" FOREIGN_DROPIN, unit);
	CLEANUP_NODE struct node n = { 0 };
	struct err ignored = { 0 };

	return os_get(os, path, &n, &ignored) == 0 && n.type == NODE_FILE;
}

static bool at_boot(struct os *os, struct facts *f, const char *unit)
{
	return is_enabled(facts_unit(f, unit)) && !is_replaced(os, unit);
}

/* What iptables has in the kernel, both families; "" where it cannot be asked. */
struct iptables_now {
	char *listing[2];
	bool known, denies, ufw;
};

static void iptables_now_done(struct iptables_now *n)
{
	free(n->listing[0]);
	free(n->listing[1]);
}

/* Rules of iptables in files, and who loads them: iptables-persistent of Debian, iptables-services of RHEL. */
static const struct rules_file {
	const char *path, *name, *unit;
} rules_files[] = {
	{ "/etc/iptables/rules.v4", "iptables-persistent", "netfilter-persistent.service" },
	{ "/etc/iptables/rules.v6", "iptables-persistent", "netfilter-persistent.service" },
	{ "/etc/sysconfig/iptables", "iptables.service", "iptables.service" },
	{ "/etc/sysconfig/ip6tables", "ip6tables.service", "ip6tables.service" },
};

static bool is_file(struct os *os, const char *path)
{
	CLEANUP_NODE struct node n = { 0 };
	struct err ignored = { 0 };

	return os_get(os, path, &n, &ignored) == 0 && n.type == NODE_FILE;
}

static bool anybody_uses_iptables(struct os *os)
{
	for (size_t i = 0; i < COUNT(rules_files); i++)
		if (is_file(os, rules_files[i].path))
			return true;
	return is_file(os, "/etc/ufw/ufw.conf");
}

/* Only where somebody uses it: a mere question makes its legacy form load modules. */
static int look_at_iptables(struct os *os, struct iptables_now *n, struct err *e)
{
	static const char *const programs[] = { "iptables", "ip6tables" };

	if (!anybody_uses_iptables(os))
		return 0;
	for (size_t i = 0; i < COUNT(programs); i++) {
		int r = iptables_list(os, ARGV(programs[i], "-S"), &n->listing[i], e);

		if (r < 0)
			return r;
		if (r != 0)
			continue;
		n->known = true;
		n->denies = n->denies || iptables_input_denies(n->listing[i]);
		n->ufw = n->ufw || strstr(n->listing[i], "-A INPUT -j ufw-");
	}
	return 0;
}

static bool lets_in(const struct iptables_rule *r)
{
	if (!str_eq(r->chain, "INPUT") && !str_eq(r->chain, "ufw-user-input") &&
	    !str_eq(r->chain, "ufw6-user-input"))
		return false;
	return str_eq(r->target, "ACCEPT") || str_eq(r->target, "ufw-user-limit-accept");
}

/* Which ports these rules let in, whoever may use them. */
static void take_allowed(struct facts *f, const struct iptables_now *n, const char *by)
{
	for (size_t i = 0; i < COUNT(n->listing); i++) {
		CLEANUP_FREE char *copy = xstrdup(n->listing[i] ? n->listing[i] : "");
		char *rest = copy, *line;

		while ((line = str_line(&rest))) {
			CLEANUP_IPTABLES_RULE struct iptables_rule r = { 0 };
			bool udp;

			if (iptables_rule_parse(line, &r) != 0 || !lets_in(&r))
				continue;
			if (!r.ports && r.from)
				strv_addf(&f->allowed_other, _("all that comes from %s (%s)"),
					  r.from, by);
			if (!r.ports)
				continue;
			udp = str_eq(r.proto, "udp");
			iptables_ports(r.ports, udp ? TRANSPORT_UDP : TRANSPORT_TCP, by,
				       &f->allowed);
		}
	}
}

/* ufw's unit is enabled on every Ubuntu, also where ufw itself is off: its own file tells. */
static int look_at_ufw(struct os *os, struct facts *f, const struct iptables_now *n, struct err *e)
{
	CLEANUP_FREE char *text = NULL;
	int r = os_read(os, "/etc/ufw/ufw.conf", &text, e);
	struct filter_owner *o;
	bool on;

	if (r != 0)
		return r < 0 ? r : 0;
	on = strstr(text, "\nENABLED=yes") || str_starts(text, "ENABLED=yes");
	o = add_owner(f, "ufw", "/etc/ufw/ufw.conf");
	o->unit = xstrdup("ufw.service");
	o->iptables = true;
	o->at_boot = on && at_boot(os, f, o->unit);
	/* `ufw reload` may set the policy alone, and `ufw disable` leaves its chains, which let all in. */
	o->active = n->known ? (n->ufw && (on || n->denies)) || (on && n->denies) : o->at_boot;
	o->denies = o->at_boot || o->active;
	if (o->active)
		take_allowed(f, n, o->name);
	return 0;
}

static void look_at_unit(struct facts *f, const char *unit, const char *name, bool denies)
{
	const struct unit_fact *u = facts_unit(f, unit);
	struct filter_owner *o;

	if (!u)
		return;
	o = add_owner(f, name, unit);
	o->unit = xstrdup(unit);
	o->active = str_eq(u->active, "active");
	o->at_boot = is_enabled(u);
	o->denies = denies && (o->active || o->at_boot);
}

static bool is_active(const struct facts *f, const char *name)
{
	for (size_t i = 0; i < f->filter_count; i++)
		if (f->filter[i].active && f->filter[i].denies && str_eq(f->filter[i].name, name))
			return true;
	return false;
}

static int look_at_rules_files(struct os *os, struct facts *f, const struct iptables_now *n,
			       struct err *e)
{
	bool by_ufw = is_active(f, "ufw");

	for (size_t i = 0; i < COUNT(rules_files); i++) {
		const struct rules_file *row = &rules_files[i];
		CLEANUP_FREE char *text = NULL;
		struct filter_owner *o;
		int r = os_read(os, row->path, &text, e);

		if (r < 0)
			return r;
		if (r != 0)
			continue;
		/* The files of iptables-services come with their package, used or not. */
		if (str_eq(row->name, row->unit) && !facts_unit(f, row->unit))
			continue;
		o = add_owner(f, row->name, row->path);
		o->unit = xstrdup(row->unit);
		o->iptables = true;
		o->denies = iptables_input_denies(text);
		o->at_boot = at_boot(os, f, o->unit);
		o->active = n->known ? n->denies && !by_ufw : o->at_boot;
		if (str_eq(row->name, row->unit))
			o->active = o->active && str_eq(facts_unit(f, row->unit)->active, "active");
		if (o->active && o->denies)
			take_allowed(f, n, o->name);
	}
	return 0;
}

/* --- nftables.service ------------------------------------------------------------------------ */

static int read_nft(struct os *os, const char *path, int depth, struct str *ret, struct err *e);

/* include "PATTERN", below /etc where it is no whole path. */
static int read_included(struct os *os, const char *line, int depth, struct str *ret, struct err *e)
{
	CLEANUP_STRV struct strv words = { 0 };
	CLEANUP_STRV struct strv paths = { 0 };
	CLEANUP_FREE char *full = NULL;

	strv_split(&words, line, " \t\"';");
	if (words.count < 2 || !str_eq(words.item[0], "include"))
		return 1;
	full = xasprintf("%s%s", words.item[1][0] == '/' ? "" : "/etc/", words.item[1]);
	path_expand(os, full, &paths);
	for (size_t i = 0; i < paths.count; i++)
		if (read_nft(os, paths.item[i], depth + 1, ret, e) < 0)
			return -1;
	return 0;
}

/* The file with what it includes in place, without comments. */
static int read_nft(struct os *os, const char *path, int depth, struct str *ret, struct err *e)
{
	CLEANUP_FREE char *text = NULL;
	char *rest, *line;
	int r = depth > 16 ? 1 : os_read(os, path, &text, e);

	if (r != 0)
		return r < 0 && os_uid(os) == 0 ? r : 0;
	rest = text;
	while ((line = str_line(&rest))) {
		line[strcspn(line, "#")] = '\0';
		r = read_included(os, line, depth, ret, e);
		if (r < 0)
			return r;
		if (r == 1)
			str_addf(ret, "%s\n", line);
	}
	return 0;
}

/* A line that denies whatever has come so far, as nft's own examples end their chains. */
static bool has_last_denial(const char *text)
{
	CLEANUP_FREE char *copy = xstrdup(text);
	char *rest = copy, *line;

	while ((line = str_line(&rest))) {
		CLEANUP_STRV struct strv words = { 0 };
		size_t i = 0;

		strv_split(&words, line, " \t;}");
		while (i < words.count &&
		       (str_eq(words.item[i], "counter") || str_eq(words.item[i], "log")))
			i++;
		if (i < words.count &&
		    (str_eq(words.item[i], "drop") || str_eq(words.item[i], "reject")))
			return true;
	}
	return false;
}

static int look_at_nftables(struct os *os, struct facts *f, char **ret_text, struct err *e)
{
	static const char rhel[] = "/etc/sysconfig/nftables.conf";
	const struct unit_fact *u = facts_unit(f, "nftables.service");
	const char *conf = is_file(os, rhel) ? rhel : "/etc/nftables.conf";
	CLEANUP_STR struct str text = { 0 };
	struct filter_owner *o;
	bool denies;

	if (!u)
		return 0;
	if (read_nft(os, conf, 0, &text, e) < 0)
		return -1;
	o = add_owner(f, "nftables.service", conf);
	o->unit = xstrdup("nftables.service");
	o->active = str_eq(u->active, "active");
	o->at_boot = is_enabled(u);
	/* RHEL's unit does so itself, when it is reloaded or stopped. */
	o->flushes = conf == rhel || (text.text && strstr(text.text, "flush ruleset"));
	denies = text.text && strstr(text.text, "hook input") &&
		 (strstr(text.text, "policy drop") || has_last_denial(text.text));
	/* What the kernel has of it is added by look_at_kernel(). */
	o->denies = denies && o->at_boot && !is_replaced(os, o->unit);
	*ret_text = str_take(&text);
	return 0;
}

/* Is there a "table FAMILY NAME" in these rules? Without a family it is ip. */
static bool names_table(const char *text, const char *family, const char *table)
{
	CLEANUP_STRV struct strv words = { 0 };

	strv_split(&words, text, " \t\n{};");
	for (size_t i = 0; i + 1 < words.count; i++) {
		if (!str_eq(words.item[i], "table"))
			continue;
		if (str_eq(words.item[i + 1], table) && str_eq(family, "ip"))
			return true;
		if (i + 2 < words.count && str_eq(words.item[i + 1], family) &&
		    str_eq(words.item[i + 2], table))
			return true;
	}
	return false;
}

/* --- the kernel ------------------------------------------------------------------------------ */

/* What a rule without any condition does with all that has come so far: "accept", "drop" (or rejects), NULL. */
static const char *verdict_on_the_rest(json_t *rule)
{
	json_t *parts = json_object_get(rule, "expr"), *part;
	const char *verdict = NULL;
	size_t i;

	json_array_foreach (parts, i, part) {
		if (json_object_get(part, "drop") || json_object_get(part, "reject"))
			verdict = "drop";
		else if (json_object_get(part, "accept"))
			verdict = "accept";
		else if (!json_object_get(part, "counter") && !json_object_get(part, "log"))
			return NULL;
	}
	return verdict;
}

/* Does a chain end in denying all? *ret is what its policy does. One chain is asked at a time: the whole
 * ruleset may hold sets of any size. */
static int asks_for_denial(struct os *os, json_t *chain, bool *ret, struct err *e)
{
	const char *family = json_string_value(json_object_get(chain, "family"));
	const char *table = json_string_value(json_object_get(chain, "table"));
	const char *name = json_string_value(json_object_get(chain, "name"));
	const struct run run = { .argv = ARGV("nft", "-j", "list", "chain", family, table, name) };
	CLEANUP_RUN struct run_result r = { 0 };
	json_t *all, *one;
	size_t i;

	if (os_run(os, &run, &r, e) < 0)
		return -1;
	all = r.status == 0 ? json_said(r.out) : NULL;
	json_array_foreach (json_object_get(all, "nftables"), i, one) {
		const char *verdict = verdict_on_the_rest(json_object_get(one, "rule"));

		if (verdict)
			*ret = str_eq(verdict, "drop");
		if (verdict)
			break;
	}
	json_decref(all);
	return 0;
}

static struct filter_owner *owner_named(struct facts *f, const char *name)
{
	for (size_t i = 0; i < f->filter_count; i++)
		if (str_eq(f->filter[i].name, name))
			return &f->filter[i];
	return NULL;
}

/* Who of the owners above has made this table; NULL: none of them. */
static struct filter_owner *owner_of(struct facts *f, const char *family, const char *table,
				     const char *nft_text)
{
	bool ip = str_eq(family, "ip") || str_eq(family, "ip6");
	struct filter_owner *nft = owner_named(f, "nftables.service");

	if (ip && str_eq(table, "filter") && is_active(f, "ufw"))
		return owner_named(f, "ufw");
	for (size_t i = 0; ip && str_eq(table, "filter") && i < COUNT(rules_files); i++)
		if (is_active(f, rules_files[i].name))
			return owner_named(f, rules_files[i].name);
	if (is_active(f, "firewalld") && (str_eq(table, "firewalld") || ip))
		return owner_named(f, "firewalld");
	if (nft && nft->active && nft_text && names_table(nft_text, family, table))
		return nft;
	return NULL;
}

/* A base chain on input that denies by default. */
static int look_at_chain(struct os *os, struct facts *f, json_t *chain, const char *nft_text,
			 struct err *e)
{
	const char *family = json_string_value(json_object_get(chain, "family"));
	const char *table = json_string_value(json_object_get(chain, "table"));
	const char *hook = json_string_value(json_object_get(chain, "hook"));
	bool denies = str_eq(json_string_value(json_object_get(chain, "policy")), "drop");
	CLEANUP_FREE char *name = NULL;
	struct filter_owner *o;

	if (!family || !table || !str_eq(hook, "input") || str_eq(table, FILTER_TABLE) ||
	    str_eq(table, "kannuki_guard"))
		return 0;
	if (asks_for_denial(os, chain, &denies, e) < 0)
		return -1;
	if (!denies)
		return 0;
	o = owner_of(f, family, table, nft_text);
	if (!o) {
		name = xasprintf("table %s %s", family, table);
		o = add_owner(f, name, "nft list ruleset");
		o->active = true;
	}
	o->denies = true;
	strv_addf(&o->chain, "%s %s %s", family, table,
		  json_string_value(json_object_get(chain, "name")));
	return 0;
}

static int look_at_kernel(struct os *os, struct facts *f, const char *nft_text, struct err *e)
{
	const struct run run = { .argv = ARGV("nft", "-j", "list", "chains") };
	CLEANUP_RUN struct run_result r = { 0 };
	json_t *all, *one;
	char *rest, *line;
	int status = 0;
	size_t i;

	if (os_run(os, &run, &r, e) < 0)
		return -1;
	f->nft_works = r.status == 0;
	if (!f->nft_works) {
		rest = r.err;
		line = str_line(&rest);
		strv_addf(&f->not_measured, _("packet filter: %s"),
			  !f->as_root	    ? _("only root may list it")
			  : r.status == 127 ? _("nft is not installed")
			  : line	    ? str_trim(line)
					    : "nft");
		return 0;
	}
	all = json_said(r.out);
	json_array_foreach (json_object_get(all, "nftables"), i, one) {
		json_t *chain = json_object_get(one, "chain");

		if (chain && status == 0)
			status = look_at_chain(os, f, chain, nft_text, e);
	}
	json_decref(all);
	return status;
}

int facts_gather_filter(struct os *os, struct facts *f, struct err *e)
{
	CLEANUP(iptables_now_done) struct iptables_now now = { 0 };
	CLEANUP_FREE char *nft_text = NULL;

	if (f->as_root && look_at_iptables(os, &now, e) < 0)
		return -1;
	look_at_unit(f, "firewalld.service", "firewalld", true);
	if (look_at_ufw(os, f, &now, e) < 0 || look_at_rules_files(os, f, &now, e) < 0 ||
	    look_at_nftables(os, f, &nft_text, e) < 0)
		return -1;
	return look_at_kernel(os, f, nft_text, e);
}
