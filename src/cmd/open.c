// SPDX-License-Identifier: MIT
/* open.c - kannuki open, kannuki close: one line of the policy, planned and carried out. */
#include <stdio.h>
#include <string.h>

#include "base/i18n.h"
#include "cmd/cmd.h"
#include "report/plan_report.h"
#include "setup/carry_out.h"

static const struct opt options[] = {
	{ "yes", 'y', NULL, N_("do not ask whether the plan is right; proves nothing") },
};

static int add(struct policy *p, const struct opening *o)
{
	for (size_t i = 0; i < p->open_count; i++)
		if (opening_eq(&p->open[i], o))
			return 0;
	p->open = xrealloc(p->open, p->open_count + 1, sizeof(*o));
	p->open[p->open_count++] = *o;
	return 0;
}

static int drop(struct policy *p, const struct opening *o, const char *text, struct err *e)
{
	size_t kept = 0, all = p->open_count;

	if (o->tpl && str_eq(o->tpl->name, "ssh"))
		return err_set(e, ERR_USAGE,
			       _("ssh is never closed: nobody would get in any more. To limit "
				 "where it may "
				 "come from, set [ssh] allow-from"));
	for (size_t i = 0; i < all; i++)
		if (!opening_eq(&p->open[i], o))
			p->open[kept++] = p->open[i];
	p->open_count = kept;
	if (kept == all)
		return err_set(e, ERR_USAGE, _("%s is not open; see: kannuki status"), text);
	return 0;
}

static int run(struct call *c, struct err *e)
{
	bool opening = str_eq(c->command->name, "open");
	const struct apply_wish wish = { .yes = opts_has(&c->opts, "yes"), .wait = true };
	CLEANUP_FREE char *words = strv_join(&c->opts.words, " ");
	CLEANUP_POLICY struct policy policy = { 0 };
	CLEANUP_MADE struct made_plan m = { 0 };
	CLEANUP_FREE char *text = NULL;
	CLEANUP_STR struct str s = { 0 };
	struct opening o;

	if (opening_parse(words, &o, e) < 0 ||
	    policy_load(c->os, POLICY_PATH, &policy, NULL, e) < 0 ||
	    (opening ? add(&policy, &o) : drop(&policy, &o, words, e)) < 0)
		return -1;
	text = policy_write(&policy);
	if (make_plan_of(c->os, &policy, text, &m, e) < 0)
		return -1;
	if (m.plan.packages.count > 0)
		return err_set(e, ERR_CONFLICT,
			       _("the policy needs packages that are not here; first: kannuki "
				 "apply"));
	if (m.plan.count == 0) {
		printf(_("%s is open already.\n"), words);
		return EXIT_DONE;
	}
	printf(opening ? _("This opens %s:\n") : _("This closes %s:\n"), words);
	report_plan_steps(&m.plan, &s);
	fputs(s.text, stdout);
	return apply_plan(c->os, &m.plan, &m.facts, &wish, e);
}

const struct command command_open = {
	.name = "open",
	.words = "WHAT [from CIDR]",
	.summary = N_("lets in web, 8080/tcp, 60000-61000/udp and the like"),
	.opt = options,
	.opt_count = COUNT(options),
	.words_min = 1,
	.words_max = 3,
	.as_root = true,
	.run = run,
};

const struct command command_close = {
	.name = "close",
	.words = "WHAT [from CIDR]",
	.summary = N_("closes what open has opened"),
	.opt = options,
	.opt_count = COUNT(options),
	.words_min = 1,
	.words_max = 3,
	.as_root = true,
	.run = run,
};
