// SPDX-License-Identifier: MIT
/* grade.c - see grade.h. */
#include "setup/grade.h"

#include "base/i18n.h"

int grade_host(struct os *os, const struct policy *policy, const char *policy_text,
	       struct audit *ret, struct err *e)
{
	const struct facts_query query = { .admin = policy->admin_user,
					   .extra_port = policy->ssh_port,
					   .audit = true,
					   .updates = true,
					   .pending = true,
					   .bans = true };
	CLEANUP_FACTS struct facts facts = { 0 };
	const struct control_in in = {
		.os = os, .facts = &facts, .policy = policy, .policy_text = policy_text
	};

	if (facts_gather(os, &query, &facts, e) < 0)
		return err_ctx(e, _("looking at this host"));
	return controls_audit(&in, ret, e);
}

char *grade_words(const struct audit *a)
{
	return a->grade == '-' ? xstrdup(_(a->reason))
			       : xasprintf(_("%c (%s)"), a->grade, _(a->reason));
}
