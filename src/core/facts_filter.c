// SPDX-License-Identifier: MIT
/* facts_filter.c - see facts_filter.h; trap 26. */
#include "core/facts_filter.h"

#include <string.h>

#include "base/i18n.h"
#include "core/filter.h"

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

/* ufw's unit is enabled on every Ubuntu, also where ufw itself is off: its own file tells. */
static int look_at_ufw(struct os *os, struct facts *f, struct err *e)
{
	CLEANUP_FREE char *text = NULL;
	int r = os_read(os, "/etc/ufw/ufw.conf", &text, e);
	struct filter_owner *o;

	if (r != 0)
		return r < 0 ? r : 0;
	o = add_owner(f, "ufw", "/etc/ufw/ufw.conf");
	o->at_boot = strstr(text, "\nENABLED=yes") || str_starts(text, "ENABLED=yes");
	o->active = o->at_boot;
	o->denies = o->at_boot;
	return 0;
}

static void look_at_unit(struct facts *f, const char *unit, const char *name, bool denies)
{
	const struct unit_fact *u = facts_unit(f, unit);
	struct filter_owner *o;

	if (!u)
		return;
	o = add_owner(f, name, unit);
	o->active = str_eq(u->active, "active");
	o->at_boot = is_enabled(u);
	o->denies = denies && (o->active || o->at_boot);
}

static int look_at_rules_files(struct os *os, struct facts *f, struct err *e)
{
	static const char *const files[] = { "/etc/iptables/rules.v4", "/etc/iptables/rules.v6" };

	for (size_t i = 0; i < COUNT(files); i++) {
		CLEANUP_FREE char *text = NULL;
		struct filter_owner *o;
		int r = os_read(os, files[i], &text, e);

		if (r < 0)
			return r;
		if (r != 0)
			continue;
		o = add_owner(f, "iptables-persistent", files[i]);
		o->at_boot = is_enabled(facts_unit(f, "netfilter-persistent.service"));
		o->active = o->at_boot;
		o->denies = strstr(text, ":INPUT DROP") || strstr(text, "-A INPUT -j REJECT") ||
			    strstr(text, "-A INPUT -j DROP");
	}
	return 0;
}

static int look_at_nftables(struct os *os, struct facts *f, struct err *e)
{
	const struct unit_fact *u = facts_unit(f, "nftables.service");
	CLEANUP_FREE char *text = NULL;
	struct filter_owner *o;
	int r;

	if (!u)
		return 0;
	r = os_read(os, "/etc/nftables.conf", &text, e);
	if (r < 0)
		return r;
	o = add_owner(f, "nftables.service", "/etc/nftables.conf");
	o->active = str_eq(u->active, "active");
	o->at_boot = is_enabled(u);
	o->flushes = text && strstr(text, "flush ruleset");
	o->denies = text && strstr(text, "hook input") && strstr(text, "policy drop");
	return 0;
}

/* A rule without any condition that ends in drop or reject. */
static bool denies_the_rest(json_t *rule)
{
	json_t *parts = json_object_get(rule, "expr"), *part;
	bool denies = false;
	size_t i;

	json_array_foreach (parts, i, part) {
		if (json_object_get(part, "drop") || json_object_get(part, "reject"))
			denies = true;
		else if (!json_object_get(part, "counter") && !json_object_get(part, "log"))
			return false;
	}
	return denies;
}

/* Does a chain that lets in by default end in denying all? One chain is asked at a time: the whole
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
	all = r.status == 0 ? json_loads(r.out, 0, NULL) : NULL;
	json_array_foreach (json_object_get(all, "nftables"), i, one)
		*ret = *ret || denies_the_rest(json_object_get(one, "rule"));
	json_decref(all);
	return 0;
}

/* A base chain on input that denies by default, in a table that is nobody's of the above. */
static int look_at_chain(struct os *os, struct facts *f, json_t *chain, struct err *e)
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
	for (size_t i = 0; i < f->filter_count; i++)
		if (f->filter[i].active && f->filter[i].denies)
			return 0; /* this is that owner's table */
	if (!denies && asks_for_denial(os, chain, &denies, e) < 0)
		return -1;
	if (!denies)
		return 0;
	name = xasprintf("table %s %s", family, table);
	o = add_owner(f, name, "nft list ruleset");
	o->active = true;
	o->denies = true;
	return 0;
}

static int look_at_kernel(struct os *os, struct facts *f, struct err *e)
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
	all = json_loads(r.out, 0, NULL);
	json_array_foreach (json_object_get(all, "nftables"), i, one) {
		json_t *chain = json_object_get(one, "chain");

		if (chain && status == 0)
			status = look_at_chain(os, f, chain, e);
	}
	json_decref(all);
	return status;
}

int facts_gather_filter(struct os *os, struct facts *f, struct err *e)
{
	if (look_at_ufw(os, f, e) < 0)
		return -1;
	look_at_unit(f, "firewalld.service", "firewalld", true);
	if (look_at_rules_files(os, f, e) < 0 || look_at_nftables(os, f, e) < 0)
		return -1;
	return look_at_kernel(os, f, e);
}
