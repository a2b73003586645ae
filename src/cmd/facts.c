// SPDX-License-Identifier: MIT
/* facts.c - kannuki facts: what is so on this host. */
#include "core/facts.h"

#include <stdio.h>

#include "base/i18n.h"
#include "base/json.h"
#include "cmd/cmd.h"
#include "core/policy.h"
#include "report/facts_report.h"

static const struct opt options[] = {
	{ "format", 0, "text|json", N_("how to print it") },
};

static int run(struct call *c, struct err *e)
{
	const char *format = opts_get(&c->opts, "format");
	CLEANUP_POLICY struct policy policy = { 0 };
	CLEANUP_FACTS struct facts f = { 0 };
	CLEANUP_STR struct str text = { 0 };
	struct facts_query query = {
		.updates = true, .pending = true, .services = true, .enabled = true, .bans = true
	};
	struct err no_policy = { 0 };

	if (format && !str_eq(format, "text") && !str_eq(format, "json"))
		return err_set(e, ERR_USAGE, _("--format %s is not possible; allowed: text, json"),
			       format);
	/* Facts are there without a policy; with one its admin is of interest. */
	if (policy_load(c->os, POLICY_PATH, &policy, NULL, &no_policy) == 0)
		query.admin = policy.admin_user;
	if (facts_gather(c->os, &query, &f, e) < 0)
		return err_ctx(e, _("looking at this host"));
	if (str_eq(format, "json")) {
		CLEANUP_FREE char *json = json_take_text(facts_json(&f));

		fputs(json, stdout);
	} else {
		report_facts_text(&f, &text);
		fputs(text.text, stdout);
	}
	return EXIT_DONE;
}

const struct command command_facts = {
	.name = "facts",
	.words = "",
	.summary = N_("what is so on this server; asks, and changes nothing"),
	.opt = options,
	.opt_count = COUNT(options),
	.run = run,
};
