// SPDX-License-Identifier: MIT
/* audit_now.c - see audit_now.h. */
#include "setup/audit_now.h"

#include "base/i18n.h"
#include "report/audit_report.h"
#include "setup/grade.h"
#include "setup/make_plan.h"

static int load_policy(struct os *os, const char *path, struct policy *ret, char **ret_text,
		       struct err *e)
{
	CLEANUP_NODE struct node there = { 0 };
	struct err hidden = { 0 };

	if (path)
		return policy_load(os, path, ret, ret_text, e);
	if (os_get(os, POLICY_PATH, &there, &hidden) < 0 || there.type == NODE_ABSENT) {
		policy_init(ret);
		return 0;
	}
	return policy_load(os, POLICY_PATH, ret, ret_text, e);
}

int audit_now(struct os *os, const char *path, struct policy *ret_policy, struct audit *ret,
	      struct err *e)
{
	CLEANUP_POLICY struct policy policy = { 0 };
	CLEANUP_FREE char *text = NULL;

	if (load_policy(os, path, &policy, &text, e) < 0)
		return -1;
	if (grade_host(os, &policy, text, ret, e) < 0) {
		policy_locate(&policy, path ? path : POLICY_PATH, e);
		return -1;
	}
	if (ret_policy) {
		*ret_policy = policy;
		policy = (struct policy){ 0 };
	}
	return 0;
}

int audit_keep(struct os *os, const struct audit *a, struct err *e)
{
	const struct audit_view all = { .audit = a };
	CLEANUP_STR struct str s = { 0 };

	report_audit_json(&all, &s);
	if (os_mkdir(os, "/var/lib/kannuki", 0755, e) < 0 ||
	    os_mkdir(os, "/var/lib/kannuki/audit", 0700, e) < 0 ||
	    os_write(os, AUDIT_KEPT, s.text, 0600, e) < 0)
		return err_ctx(e, _("keeping this audit"));
	return 0;
}

int audit_former(struct os *os, const char *path, struct audit_since *ret, struct err *e)
{
	bool last = str_eq(path, "last");
	CLEANUP_FREE char *from = last ? xstrdup(AUDIT_KEPT) : absolute_path(path);
	CLEANUP_FREE char *text = NULL;
	int r = os_read(os, from, &text, e);

	if (r < 0)
		return err_ctx(e, "%s", from);
	if (r == 1 && last) {
		err_set(e, ERR_USAGE,
			_("no audit was kept here yet. kannuki audit --keep keeps one, and so does "
			  "the daily one ([audit] daily in the policy)"));
		return 1;
	}
	if (r == 1)
		return err_set(e, ERR_USAGE, _("%s is not there, or is no file"), from);
	return audit_since_read(from, text, ret, e);
}
