// SPDX-License-Identifier: MIT
/* apply.c - kannuki apply: plan, agree, start under PID 1, follow. */
#include <stdio.h>

#include "base/i18n.h"
#include "base/term.h"
#include "cmd/cmd.h"
#include "core/quiet.h"
#include "report/plan_report.h"
#include "setup/carry_out.h"
#include "setup/packages_first.h"

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

static int plan_and_show(struct call *c, struct made_plan *m, struct err *e)
{
	CLEANUP_STR struct str s = { 0 };

	if (make_plan(c->os, opts_get(&c->opts, "policy"), m, e) < 0 ||
	    report_plan_text(c->os, &m->plan, term_text_columns(), &s, e) < 0)
		return -1;
	fputs(s.text ? s.text : "", stdout);
	fflush(stdout);
	return 0;
}

/* Packages come with files of their own, sshd's among them: the plan is made of what is there then.
 * 1: the person said no. */
static int packages(struct call *c, struct made_plan *m, bool yes, struct err *e)
{
	int r = nothing_under_way(c->os, e);

	if (r == 0)
		r = packages_first(c->os, &m->plan, yes, e);
	if (r != 0)
		return r;
	made_plan_done(m);
	*m = (struct made_plan){ 0 };
	printf("\n%s\n\n", _("The packages are as wanted. The plan, made anew:"));
	if (plan_and_show(c, m, e) < 0)
		return -1;
	say_restart(&m->facts.updates);
	return 0;
}

static int run(struct call *c, struct err *e)
{
	CLEANUP_MADE struct made_plan m = { 0 };
	const char *window = opts_get(&c->opts, "window");
	struct apply_wish wish = {
		.yes = opts_has(&c->opts, "yes"),
		.wait = !opts_has(&c->opts, "no-wait"),
		.secret_on_stdin = opts_has(&c->opts, "password-stdin"),
	};
	int r;

	if (window && window_parse(window, &wish.window_seconds, e) < 0)
		return -1;
	if (quiet_wait(c->os, say_on_stderr, e) < 0 || plan_and_show(c, &m, e) < 0)
		return -1;
	if (packages_wanted(&m.plan)) {
		r = packages(c, &m, wish.yes, e);
		if (r != 0)
			return r < 0 ? r : EXIT_FAILED;
		wish.packages_done = true;
	}
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
