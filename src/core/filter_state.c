// SPDX-License-Identifier: MIT
/* filter_state.c - a filter as JSON (a step's arguments, the stored form), and what the kernel has. */
#include <stdio.h>
#include <string.h>

#include "base/i18n.h"
#include "base/json.h"
#include "core/filter.h"
#include "core/filter_text.h"

void filter_spec_owned_done(struct filter_spec_owned *s)
{
	free(s->ssh_port);
	free(s->ssh_from);
	free(s->open);
	strv_done(&s->wan);
	*s = (struct filter_spec_owned){ 0 };
}

json_t *filter_spec_encode(const struct filter_spec *spec)
{
	json_t *ports = json_array(), *from = json_array(), *open = json_array(),
	       *wan = json_array();

	for (size_t i = 0; i < spec->ssh_port_count; i++)
		json_array_append_new(ports, json_integer(spec->ssh_port[i]));
	for (size_t i = 0; i < spec->ssh_from_count; i++) {
		char text[ADDR_TEXT];
		CLEANUP_FREE char *one = xasprintf(
			"%s/%u", addr_text(&spec->ssh_from[i].addr, text), spec->ssh_from[i].bits);

		json_array_append_new(from, json_string(one));
	}
	for (size_t i = 0; i < spec->open_count; i++) {
		CLEANUP_FREE char *one = opening_text(&spec->open[i]);

		json_array_append_new(open, json_string(one));
	}
	for (size_t i = 0; i < spec->wan_count; i++)
		json_array_append_new(wan, json_string(spec->wan[i]));
	return json_pack("{s:o, s:o, s:o, s:b, s:o}", "ssh_ports", ports, "ssh_from", from, "open",
			 open, "ping", spec->ping, "wan", wan);
}

static int decode_ports(json_t *ports, struct filter_spec_owned *s, struct err *e)
{
	json_t *one;
	size_t i;

	json_array_foreach (ports, i, one) {
		json_int_t port = json_integer_value(one);

		if (port < 1 || port > 65535)
			return err_set(e, ERR_FAILED, _("SSH port %zu is none"), i + 1);
		s->ssh_port = xrealloc(s->ssh_port, i + 1, sizeof(*s->ssh_port));
		s->ssh_port[i] = (uint16_t)port;
		s->spec.ssh_port_count = i + 1;
	}
	return i > 0 ? 0 : err_set(e, ERR_FAILED, _("it has no SSH port"));
}

static int decode_lists(json_t *from, json_t *open, struct filter_spec_owned *s, struct err *e)
{
	json_t *one;
	size_t i;

	json_array_foreach (from, i, one) {
		s->ssh_from = xrealloc(s->ssh_from, i + 1, sizeof(*s->ssh_from));
		if (!json_is_string(one))
			return err_set(e, ERR_FAILED, _("ssh_from: not a text"));
		if (prefix_parse(json_string_value(one), &s->ssh_from[i], e) < 0)
			return -1;
		s->spec.ssh_from_count = i + 1;
	}
	json_array_foreach (open, i, one) {
		s->open = xrealloc(s->open, i + 1, sizeof(*s->open));
		if (!json_is_string(one))
			return err_set(e, ERR_FAILED, _("open: not a text"));
		if (opening_parse(json_string_value(one), &s->open[i], e) < 0)
			return -1;
		s->spec.open_count = i + 1;
	}
	return 0;
}

int filter_spec_decode(json_t *from, struct filter_spec_owned *ret, struct err *e)
{
	struct filter_spec_owned s = { 0 };
	json_t *ports, *sources, *open, *wan, *one;
	int ping;
	size_t i;

	if (json_unpack(from, "{s:o, s:o, s:o, s:b, s:o}", "ssh_ports", &ports, "ssh_from",
			&sources, "open", &open, "ping", &ping, "wan", &wan) < 0)
		return err_set(e, ERR_FAILED, _("stored filter: not complete"));
	s.spec.ping = ping;
	json_array_foreach (wan, i, one)
		strv_add(&s.wan, json_string_value(one) ? json_string_value(one) : "");
	if (decode_ports(ports, &s, e) < 0 || decode_lists(sources, open, &s, e) < 0) {
		filter_spec_owned_done(&s);
		return err_ctx(e, _("stored filter"));
	}
	s.spec.ssh_port = s.ssh_port;
	s.spec.ssh_from = s.ssh_from;
	s.spec.open = s.open;
	s.spec.wan = s.wan.item;
	s.spec.wan_count = s.wan.count;
	*ret = s;
	return 0;
}

/* An element of a set as nft's text form has it. */
static void element_text(json_t *e, struct strv *ret)
{
	json_t *range = json_object_get(e, "range"), *prefix = json_object_get(e, "prefix");
	json_t *wrapped = json_object_get(e, "elem");

	if (wrapped) {
		element_text(json_object_get(wrapped, "val"), ret);
	} else if (json_is_integer(e)) {
		strv_addf(ret, "%lld", (long long)json_integer_value(e));
	} else if (json_is_string(e)) {
		strv_add(ret, json_string_value(e));
	} else if (range && json_is_integer(json_array_get(range, 0))) {
		strv_addf(ret, "%lld-%lld", (long long)json_integer_value(json_array_get(range, 0)),
			  (long long)json_integer_value(json_array_get(range, 1)));
	} else if (prefix) {
		const char *addr = json_string_value(json_object_get(prefix, "addr"));

		strv_addf(ret, "%s/%lld", addr ? addr : "?",
			  (long long)json_integer_value(json_object_get(prefix, "len")));
	} else {
		strv_add(ret, "?");
	}
}

/* The object of this kind and name among nft's list, or NULL. */
static json_t *find(json_t *list, const char *kind, const char *name)
{
	json_t *one;
	size_t i;

	json_array_foreach (list, i, one) {
		json_t *o = json_object_get(one, kind);

		if (o && str_eq(json_string_value(json_object_get(o, "name")), name))
			return o;
	}
	return NULL;
}

static bool set_differs(json_t *list, const struct filter_set *want, char **ret_how)
{
	json_t *now = find(list, "set", want->name), *one;
	CLEANUP_STRV struct strv have = { 0 }, wanted = { 0 };
	CLEANUP_FREE char *a = NULL;
	CLEANUP_FREE char *b = NULL;
	size_t i;

	json_array_foreach (json_object_get(now, "elem"), i, one)
		element_text(one, &have);
	for (i = 0; i < want->element.count; i++)
		strv_add(&wanted, want->element.item[i]);
	strv_sort(&have);
	strv_sort(&wanted);
	a = strv_join(&have, ", ");
	b = strv_join(&wanted, ", ");
	if (now && str_eq(a, b))
		return false;
	*ret_how = xasprintf("%s: { %s } -> { %s }", want->name, a, b);
	return true;
}

static bool chain_differs(json_t *list, const struct filter_chain *want, char **ret_how)
{
	json_t *now = find(list, "chain", want->name), *one;
	const char *policy = json_string_value(json_object_get(now, "policy"));
	const char *hook = json_string_value(json_object_get(now, "hook"));
	size_t i, n = 0;

	if (!str_eq(policy, want->drop ? "drop" : "accept") || !str_eq(hook, want->hook)) {
		*ret_how = xasprintf("chain %s: policy %s", want->name, policy ? policy : "-");
		return true;
	}
	json_array_foreach (list, i, one) {
		json_t *rule = json_object_get(one, "rule");
		const char *comment = json_string_value(json_object_get(rule, "comment"));
		char expected[12] = "";

		if (!rule || !str_eq(json_string_value(json_object_get(rule, "chain")), want->name))
			continue;
		if (n < want->rule.count)
			filter_rule_comment(want->rule.item[n], expected);
		if (!str_eq(comment, expected)) {
			*ret_how = xasprintf("chain %s: rule %zu", want->name, n + 1);
			return true;
		}
		n++;
	}
	if (n == want->rule.count)
		return false;
	*ret_how = xasprintf("chain %s: %zu of %zu rules", want->name, n, want->rule.count);
	return true;
}

static bool table_differs(json_t *list, const struct filter_spec *spec, char **ret_how)
{
	struct filter_parts parts;
	bool differs = false;

	filter_parts_make(spec, &parts);
	for (size_t i = 0; i < FILTER_SETS && !differs; i++)
		differs = parts.set[i].name && set_differs(list, &parts.set[i], ret_how);
	for (size_t i = 0; i < FILTER_CHAINS && !differs; i++)
		differs = chain_differs(list, &parts.chain[i], ret_how);
	filter_parts_done(&parts);
	return differs;
}

int filter_differs(struct os *os, const struct filter_spec *spec, char **ret_how, struct err *e)
{
	const struct run list = { .argv = ARGV("nft", "-j", "list", "table", "inet",
					       FILTER_TABLE) };
	CLEANUP_RUN struct run_result r = { 0 };
	json_t *all;
	bool differs;

	if (os_run(os, &list, &r, e) < 0)
		return -1;
	if (r.status == 127)
		return err_set(e, ERR_FAILED, _("nft: no such program"));
	if (r.status != 0)
		return strstr(r.err, "No such file or directory")
			       ? 2
			       : err_set(e, ERR_FAILED, "nft list table inet %s: %s", FILTER_TABLE,
					 str_trim(r.err));
	all = json_said(r.out);
	if (!all)
		return err_set(e, ERR_FAILED, _("nft -j: its answer is no JSON"));
	differs = table_differs(json_object_get(all, "nftables"), spec, ret_how);
	json_decref(all);
	return differs ? 1 : 0;
}
