// SPDX-License-Identifier: MIT
/* apply.c - kannuki apply: plan, agree, start under PID 1, follow. */
#include <stdio.h>

#include "base/i18n.h"
#include "cmd/cmd.h"
#include "core/quiet.h"
#include "report/plan_report.h"
#include "setup/carry_out.h"

static const struct opt options[] = {
	{ "policy", 0, "FILE", N_("apply this policy and store it as /etc/kannuki/policy.conf") },
	{ "window", 0, "TIME", N_("wait so long for the proof (30s to 1h; 10m if not given)") },
	{ "yes", 'y', NULL, N_("do not ask whether the plan is right; proves nothing") },
	{ "no-wait", 0, NULL, N_("return as soon as it waits for the proof (exit code 4)") },
	{ "password-stdin", 0, NULL, N_("read the admin's new password from standard input") },
};

static void say_on_stderr(const char *text)
{
	fprintf(stderr, "%s\n", text);
}

static int run(struct call *c, struct err *e)
{
	CLEANUP_MADE struct made_plan m = { 0 };
	CLEANUP_STR struct str s = { 0 };
	const char *window = opts_get(&c->opts, "window");
	struct apply_wish wish = {
		.yes = opts_has(&c->opts, "yes"),
		.wait = !opts_has(&c->opts, "no-wait"),
		.secret_on_stdin = opts_has(&c->opts, "password-stdin"),
	};

	if (window && window_parse(window, &wish.window_seconds, e) < 0)
		return -1;
	if (quiet_wait(c->os, say_on_stderr, e) < 0 ||
	    make_plan(c->os, opts_get(&c->opts, "policy"), &m, e) < 0 ||
	    report_plan_text(c->os, &m.plan, &s, e) < 0)
		return -1;
	fputs(s.text ? s.text : "", stdout);
	fflush(stdout);
	if (m.plan.count == 0)
		return EXIT_DONE;
	return apply_plan(c->os, &m.plan, &m.facts, &wish, e);
}

const struct command command_apply = {
	.name = "apply",
	.words = "",
	.summary = N_("makes this host as the policy says, or undoes itself"),
	.opt = options,
	.opt_count = COUNT(options),
	.as_root = true,
	.run = run,
};
