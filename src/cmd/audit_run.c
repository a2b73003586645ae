// SPDX-License-Identifier: MIT
/* audit_run.c - what kannuki-audit.timer runs each day: audits, tells what has changed since, and keeps it. */
#include <stdio.h>

#include "base/i18n.h"
#include "cmd/cmd.h"
#include "setup/audit_now.h"
#include "setup/tell.h"

/* One that cannot be read is replaced by today's: else nothing would be told any more. */
static int former(struct os *os, struct audit_since *ret)
{
	struct err e = { 0 };
	int r = audit_former(os, "last", ret, &e);

	if (r < 0)
		fprintf(stderr, "kannuki: %s\n", e.msg);
	return r == 0;
}

static int run(struct call *c, struct err *e)
{
	CLEANUP_POLICY struct policy policy = { 0 };
	CLEANUP_SINCE struct audit_since since = { 0 };
	CLEANUP_AUDIT struct audit a = { 0 };
	struct audit_view v = { .audit = &a };

	if (audit_now(c->os, NULL, &policy, &a, e) < 0)
		return -1;
	if (former(c->os, &since))
		v.since = &since;
	if (!v.since)
		printf(_("grade %c; kept for tomorrow's comparison\n"), a.grade);
	else if (audit_since_changes(&since, &a) == 0)
		printf(_("grade %c; nothing has changed\n"), a.grade);
	/* Not kept before it is told: who could not be reached hears of it tomorrow. */
	else if (tell_changes(c->os, &policy.audit_tell, &v, e) < 0)
		return -1;
	return audit_keep(c->os, &a, e) < 0 ? -1 : EXIT_DONE;
}

const struct command command_audit_run = {
	.name = "audit-run",
	.words = "",
	.summary = N_("audits, and tells what has changed (run by its timer)"),
	.hidden = true,
	.as_root = true,
	.run = run,
};
