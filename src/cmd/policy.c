// SPDX-License-Identifier: MIT
/* policy.c - kannuki policy: what is wanted, and where each value comes from. */
#include "core/policy.h"

#include <stdio.h>
#include <string.h>

#include "base/i18n.h"
#include "cmd/cmd.h"
#include "setup/make_plan.h"

static const struct opt options[] = {
	{ "check", 0, "FILE", N_("is this file a policy? Shows it, or what is wrong with it") },
};

/* Long values (keys) are cut for the eye: the file has all of it. */
#define VALUE_WIDTH 44

static void print_value(const char *name, const char *value, const char *from)
{
	CLEANUP_STR struct str s = { 0 };

	str_add_padded(&s, name, 16);
	if (text_width(value) < VALUE_WIDTH)
		str_add_padded(&s, value, VALUE_WIDTH);
	else
		str_addf(&s, "%.20s...%s ", value, value + strlen(value) - 20);
	printf("  %s%s\n", s.text, from);
}

static void print_row(const struct policy *p, size_t i)
{
	const struct policy_key *k = &policy_keys[i];
	CLEANUP_FREE char *value = policy_get(p, k);
	CLEANUP_FREE char *line = xasprintf(_("line %u"), p->line[i]);
	const char *from = p->line[i] ? line : _("not given");
	char *rest = value, *one;
	bool any = false;

	while ((one = str_line(&rest))) {
		print_value(any ? "" : k->name, one, any ? "" : from);
		any = true;
	}
	if (!any)
		print_value(k->name, "-", from);
}

/* The host's own may be missing: then the defaults are what is wanted. A named file may not. */
static int load(struct os *os, const char *path, bool named, struct policy *ret, struct err *e)
{
	CLEANUP_NODE struct node there = { 0 };

	if (os_get(os, path, &there, e) < 0)
		return -1;
	if (!named && there.type == NODE_ABSENT) {
		policy_init(ret);
		printf("%s\n", _("No policy is stored yet: these are the defaults."));
		return 0;
	}
	if (policy_load(os, path, ret, NULL, e) < 0)
		return -1;
	printf("%s\n", path);
	return 0;
}

static int run(struct call *c, struct err *e)
{
	const char *file = opts_get(&c->opts, "check");
	CLEANUP_POLICY struct policy p = { 0 };
	CLEANUP_STRV struct strv warnings = { 0 };
	CLEANUP_FREE char *path = absolute_path(file ? file : POLICY_PATH);
	const char *section = "";

	if (load(c->os, path, file != NULL, &p, e) < 0)
		return -1;
	if (policy_check(&p, &warnings, e) < 0) {
		policy_locate(&p, path, e);
		return -1;
	}
	for (size_t i = 0; i < policy_keys_count; i++) {
		if (!str_eq(section, policy_keys[i].section))
			printf("\n[%s]\n", policy_keys[i].section);
		section = policy_keys[i].section;
		print_row(&p, i);
	}
	if (warnings.count)
		printf("\n%s\n", _("Worth a second look:"));
	for (size_t i = 0; i < warnings.count; i++)
		printf("  - %s\n", warnings.item[i]);
	return EXIT_DONE;
}

const struct command command_policy = {
	.name = "policy",
	.words = "",
	.summary = N_("what is wanted, and where each value comes from"),
	.opt = options,
	.opt_count = COUNT(options),
	.run = run,
};
