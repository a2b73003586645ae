// SPDX-License-Identifier: MIT
/* iptables.c - see iptables.h. */
#include "core/iptables.h"

#include <string.h>

#define PARTS_MAX 64

void foreign_ports_add(struct foreign_ports *p, const struct port_range *r, const char *by)
{
	for (size_t i = 0; i < p->count; i++)
		if (p->item[i].range.transport == r->transport &&
		    p->item[i].range.from == r->from && p->item[i].range.to == r->to &&
		    str_eq(p->item[i].by, by))
			return;
	p->item = xrealloc(p->item, p->count + 1, sizeof(*p->item));
	p->item[p->count++] = (struct foreign_port){ .range = *r, .by = xstrdup(by) };
}

void foreign_ports_done(struct foreign_ports *p)
{
	for (size_t i = 0; i < p->count; i++)
		free(p->item[i].by);
	free(p->item);
	*p = (struct foreign_ports){ 0 };
}

void iptables_rule_done(struct iptables_rule *r)
{
	strv_done(&r->word);
	*r = (struct iptables_rule){ 0 };
}

int iptables_rule_parse(const char *line, struct iptables_rule *ret)
{
	struct iptables_rule r = { 0 };

	strv_split(&r.word, line, " \t");
	if (r.word.count >= 2 && str_eq(r.word.item[0], "-A"))
		r.chain = r.word.item[1];
	for (size_t i = 2; r.chain && i + 1 < r.word.count; i++) {
		const char *option = r.word.item[i], *value = r.word.item[i + 1];

		/* "! -d 10.0.0.1": anywhere else, so anywhere as far as we ask. */
		if (str_eq(r.word.item[i - 1], "!"))
			continue;
		if (str_eq(option, "-j"))
			r.target = value;
		else if (str_eq(option, "-p"))
			r.proto = value;
		else if (str_eq(option, "--dport") || str_eq(option, "--dports"))
			r.ports = value;
		else if (str_eq(option, "-s"))
			r.from = value;
		else if (str_eq(option, "-d"))
			r.to = value;
	}
	/* (a target later in the line is what its own options have after them) */
	r.bare = r.target && str_eq(r.word.item[2], "-j") && r.target == r.word.item[3];
	*ret = r;
	return r.chain ? 0 : 1;
}

int iptables_list(struct os *os, const char *const *argv, char **ret, struct err *e)
{
	const struct run run = { .argv = argv };
	CLEANUP_RUN struct run_result r = { 0 };

	if (os_run(os, &run, &r, e) < 0)
		return -1;
	if (r.status != 0 || r.timed_out)
		return 1;
	*ret = TAKE(r.out);
	return 0;
}

enum effect {
	EFFECT_NONE,
	EFFECT_DENIES,
	EFFECT_LETS_IN,
};

/* ufw rejects in a chain of its own where it is set to do so; else, and when it is off, that is empty. */
static bool rejects_by(const char *listing, const char *chain)
{
	CLEANUP_FREE char *rule = xasprintf("-A %s -j REJECT", chain);

	return str_starts(chain, "ufw") && strstr(listing, rule);
}

/* Of a rule in INPUT on all that has come so far. */
static enum effect effect_of(const char *listing, const char *line)
{
	CLEANUP_IPTABLES_RULE struct iptables_rule r = { 0 };

	if (iptables_rule_parse(line, &r) != 0 || !str_eq(r.chain, "INPUT") || !r.target)
		return EFFECT_NONE;
	if (r.bare && str_eq(r.target, "ACCEPT"))
		return EFFECT_LETS_IN;
	if (r.bare && (str_eq(r.target, "DROP") || str_eq(r.target, "REJECT")))
		return EFFECT_DENIES;
	return rejects_by(listing, r.target) ? EFFECT_DENIES : EFFECT_NONE;
}

bool iptables_input_denies(const char *listing)
{
	CLEANUP_FREE char *copy = xstrdup(listing);
	bool policy = false;
	char *rest = copy, *line;

	while ((line = str_line(&rest))) {
		enum effect effect = effect_of(listing, line);

		if (str_starts(line, "-P INPUT ") || str_starts(line, ":INPUT "))
			policy = strstr(line, " DROP") != NULL;
		if (effect != EFFECT_NONE)
			return effect == EFFECT_DENIES;
	}
	return policy;
}

int iptables_ports(const char *ports, enum transport t, const char *by, struct foreign_ports *ret)
{
	CLEANUP_STRV struct strv parts = { 0 };
	struct port_range range[PARTS_MAX];

	strv_split(&parts, ports, ",");
	if (parts.count == 0 || parts.count > PARTS_MAX)
		return -1;
	for (size_t i = 0; i < parts.count; i++) {
		char *colon = strchr(parts.item[i], ':');
		uint64_t from, to;

		if (colon)
			*colon++ = '\0';
		if (str_to_u64(parts.item[i], 1, 65535, &from) < 0 ||
		    str_to_u64(colon ? colon : parts.item[i], from, 65535, &to) < 0)
			return -1;
		range[i] = (struct port_range){ t, (uint16_t)from, (uint16_t)to };
	}
	for (size_t i = 0; i < parts.count; i++)
		foreign_ports_add(ret, &range[i], by);
	return 0;
}
