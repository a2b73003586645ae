// SPDX-License-Identifier: MIT
/* plan.c - kannuki plan: what apply would change, in words and as differences. */
#include <stdio.h>

#include "base/i18n.h"
#include "base/term.h"
#include "cmd/cmd.h"
#include "report/plan_report.h"
#include "setup/make_plan.h"
#include "setup/packages_first.h"

static const struct opt options[] = {
	{ "policy", 0, "FILE", N_("plan for this policy instead of /etc/kannuki/policy.conf") },
	{ "format", 0, "text|json", N_("how to print it") },
};

static int run(struct call *c, struct err *e)
{
	const char *format = opts_get(&c->opts, "format");
	CLEANUP_MADE struct made_plan m = { 0 };
	CLEANUP_STR struct str s = { 0 };

	if (format && !str_eq(format, "text") && !str_eq(format, "json"))
		return err_set(e, ERR_USAGE, _("--format %s is not possible; allowed: text, json"),
			       format);
	if (make_plan(c->os, opts_get(&c->opts, "policy"), &m, e) < 0)
		return -1;
	if (str_eq(format, "json")) {
		report_plan_json(&m.plan, &s);
	} else if (report_plan_text(c->os, &m.plan, term_text_columns(), &s, e) < 0) {
		return -1;
	}
	fputs(s.text ? s.text : "", stdout);
	return m.plan.count > 0 || packages_wanted(&m.plan) ? EXIT_FOUND : EXIT_DONE;
}

const struct command command_plan = {
	.name = "plan",
	.words = "",
	.summary = N_("shows what apply would change, and changes nothing"),
	.opt = options,
	.opt_count = COUNT(options),
	.run = run,
};
