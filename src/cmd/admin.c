// SPDX-License-Identifier: MIT
/* admin.c - kannuki admin revoke: takes sudo away from a user, and keeps at least one who has it. */
#include <stdio.h>

#include "base/i18n.h"
#include "cmd/cmd.h"
#include "controls/revoke.h"
#include "report/plan_report.h"
#include "setup/carry_out.h"

static const struct opt options[] = {
	{ "yes", 'y', NULL, N_("do not ask whether the plan is right; proves nothing") },
};

static int run(struct call *c, struct err *e)
{
	const char *user = c->opts.words.item[1];
	const struct apply_wish wish = { .yes = opts_has(&c->opts, "yes"), .wait = true };
	const struct facts_query query = { .admin = user };
	CLEANUP_POLICY struct policy policy = { 0 };
	CLEANUP_FACTS struct facts f = { 0 };
	CLEANUP_PLAN struct plan p = { 0 };
	CLEANUP_STR struct str s = { 0 };
	struct control_in in = { .os = c->os, .facts = &f, .policy = &policy };
	struct err no_policy = { 0 };

	if (!str_eq(c->opts.words.item[0], "revoke"))
		return err_set(e, ERR_USAGE,
			       _("\"%s\" is not possible; allowed: admin revoke USER"),
			       c->opts.words.item[0]);
	use_language_of_host(c->os);
	/* Without a policy nobody is its admin. */
	if (policy_load(c->os, POLICY_PATH, &policy, NULL, &no_policy) < 0)
		policy_init(&policy);
	if (facts_gather(c->os, &query, &f, e) < 0)
		return err_ctx(e, _("looking at this host"));
	if (controls_revoke(&in, user, &p, e) < 0)
		return -1;
	for (size_t i = 0; i < p.warnings.count; i++)
		printf("! %s\n", p.warnings.item[i]);
	if (p.count == 0) {
		printf(_("%s is in no group of sudo.\n"), user);
		return EXIT_DONE;
	}
	report_plan_steps(&p, &s);
	fputs(s.text, stdout);
	fflush(stdout);
	return apply_plan(c->os, &p, &f, &wish, e);
}

const struct command command_admin = {
	.name = "admin",
	.words = "revoke USER",
	.summary = N_("takes sudo away from a user, never from the last one"),
	.opt = options,
	.opt_count = COUNT(options),
	.words_min = 2,
	.words_max = 2,
	.as_root = true,
	.run = run,
};
