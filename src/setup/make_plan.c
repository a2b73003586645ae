// SPDX-License-Identifier: MIT
/* make_plan.c - see make_plan.h. */
#include "setup/make_plan.h"

#include <unistd.h>

#include "base/i18n.h"
#include "controls/control.h"

void made_plan_done(struct made_plan *m)
{
	policy_done(&m->policy);
	free(m->policy_text);
	facts_done(&m->facts);
	plan_done(&m->plan);
}

static int gather_and_plan(struct os *os, const struct policy *policy, const char *text,
			   struct made_plan *ret, struct err *e)
{
	const struct facts_query query = { .admin = policy->admin_user,
					   .extra_port = policy->ssh_port,
					   .updates = true,
					   .upgradable = policy->updates_now,
					   .bans = true,
					   .services = policy->services_stop.count > 0,
					   .service = &policy->services_stop,
					   .brief = true };
	struct control_in in = {
		.os = os, .facts = &ret->facts, .policy = policy, .policy_text = text
	};

	if (facts_gather(os, &query, &ret->facts, e) < 0)
		return err_ctx(e, _("looking at this host"));
	return controls_plan(&in, &ret->plan, e);
}

int make_plan_of(struct os *os, const struct policy *policy, const char *text,
		 struct made_plan *ret, struct err *e)
{
	return gather_and_plan(os, policy, text, ret, e);
}

static void use_language(const struct policy *p)
{
	if (p->language == UI_LANGUAGE_JA)
		i18n_set(LANG_JA);
	else if (p->language == UI_LANGUAGE_EN)
		i18n_set(LANG_EN);
}

void use_language_of_host(struct os *os)
{
	CLEANUP_POLICY struct policy policy = { 0 };
	struct err ignored = { 0 };

	if (policy_load(os, POLICY_PATH, &policy, NULL, &ignored) == 0)
		use_language(&policy);
}

char *absolute_path(const char *path)
{
	CLEANUP_FREE char *here = path[0] == '/' ? NULL : get_current_dir_name();

	return here ? xasprintf("%s/%s", here, path) : xstrdup(path);
}

int make_plan(struct os *os, const char *path, struct made_plan *ret, struct err *e)
{
	CLEANUP_FREE char *from = absolute_path(path ? path : POLICY_PATH);

	if (policy_load(os, from, &ret->policy, &ret->policy_text, e) < 0)
		return -1;
	use_language(&ret->policy);
	if (gather_and_plan(os, &ret->policy, path ? ret->policy_text : NULL, ret, e) == 0)
		return 0;
	policy_locate(&ret->policy, from, e);
	return -1;
}
