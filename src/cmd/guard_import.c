// SPDX-License-Identifier: MIT
/* guard_import.c - see guard_import.h. */
#include "cmd/guard_import.h"

#include <stdio.h>

#include "base/i18n.h"
#include "controls/guard_import.h"
#include "report/plan_report.h"
#include "setup/carry_out.h"

int guard_import(struct call *c, const char *const *word, size_t words, struct err *e)
{
	struct apply_wish wish = { .wait = true };
	const struct facts_query query = { .bans = true, .brief = true };
	CLEANUP_POLICY struct policy policy = { 0 };
	CLEANUP_FACTS struct facts f = { 0 };
	CLEANUP_PLAN struct plan p = { 0 };
	CLEANUP_STR struct str s = { 0 };
	const struct control_in in = { .os = c->os, .facts = &f, .policy = &policy };

	for (size_t i = 0; i < words; i++) {
		if (!str_eq(word[i], "--yes") && !str_eq(word[i], "-y"))
			return err_set(e, ERR_USAGE,
				       _("\"%s\" is not possible; allowed: guard import [--yes]"),
				       word[i]);
		wish.yes = true;
	}
	if (command_need_root(c, e) < 0)
		return -1;
	policy_init(&policy);
	if (facts_gather(c->os, &query, &f, e) < 0)
		return err_ctx(e, _("looking at this host"));
	if (controls_guard_import(&in, &p, e) < 0)
		return -1;
	if (p.count == 0) {
		printf(_("kannuki-guard has taken fail2ban's place already.\n"));
		return EXIT_DONE;
	}
	if (p.warnings.count > 0)
		printf("%s\n", _("Of fail2ban's files this is not carried out:"));
	for (size_t i = 0; i < p.warnings.count; i++)
		printf("  %s\n", p.warnings.item[i]);
	report_plan_steps(&p, &s);
	fputs(s.text ? s.text : "", stdout);
	fflush(stdout);
	return apply_plan(c->os, &p, &f, &wish, e);
}
