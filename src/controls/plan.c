// SPDX-License-Identifier: MIT
/* plan.c - every control looks, the draft collects, and the steps come in their order. */
#include <string.h>

#include "base/i18n.h"
#include "controls/bans.h"
#include "controls/control.h"
#include "controls/harden.h"
#include "core/package_manager.h"

const char *door_user(const struct policy *p)
{
	return p->admin_user ? p->admin_user : "root";
}

static bool has_door_key(const struct control_in *in)
{
	const struct account *a = facts_account(in->facts, door_user(in->policy));

	if (in->policy->admin_user && in->policy->admin_key_count > 0)
		return true;
	for (size_t i = 0; a && i < a->key_count; i++)
		if (a->key[i].options[0] == '\0')
			return true;
	return false;
}

/* A policy that leaves no door that can be proved is refused before anything is drafted. */
static int find_door(const struct control_in *in, struct plan *p, struct err *e)
{
	const struct policy *w = in->policy;
	bool key = has_door_key(in);
	bool root_closed = w->root_login == ROOT_LOGIN_NO;

	if (!w->admin_user && root_closed)
		return err_set(
			e, ERR_USAGE,
			_("[ssh] root-login = no needs an admin user who can log in instead; set "
			  "[admin] user and [admin] key"));
	if (!key && !w->password_login)
		return err_set(
			e, ERR_USAGE,
			_("[ssh] password-login = no needs a public key of %s; set [admin] key, or "
			  "password-login = yes"),
			door_user(w));
	if (!w->admin_user && !key && w->root_login == ROOT_LOGIN_KEY)
		return err_set(
			e, ERR_USAGE,
			_("[ssh] root-login = key needs a public key of root; set [admin] user, or "
			  "put a key into /root/.ssh/authorized_keys first"));
	plan_add_door(p, door_user(w), ssh_port_wanted(in), key ? "publickey" : "password");
	return 0;
}

static int root_can_be_had(const struct control_in *in, struct err *e)
{
	CLEANUP_NODE struct node sudo = { 0 };

	if (!in->policy->admin_user)
		return 0;
	if (os_get(in->os, "/usr/bin/sudo", &sudo, e) < 0)
		return -1;
	if (sudo.type == NODE_ABSENT)
		return err_set(
			e, ERR_CONFLICT,
			_("sudo is not installed, so %s could never become root; first: %s sudo"),
			in->policy->admin_user, package_installs(in->facts));
	return 0;
}

static int ask_control(const struct control_in *in, const struct control *c, struct draft *d,
		       struct err *e)
{
	struct finding f = { 0 };

	if (!c->propose)
		return 0;
	d->asks = c;
	return c->probe(in, c, &f, e) < 0 ? -1 : c->propose(in, &f, d, e);
}

static int ask_controls(const struct control_in *in, struct draft *d, struct err *e)
{
	for (size_t i = 0; i < control_families_count; i++)
		for (const struct control *c = control_families[i]; c->id; c++)
			if (ask_control(in, c, d, e) < 0)
				return -1;
	return 0;
}

int controls_plan(const struct control_in *in, struct plan *ret, struct err *e)
{
	CLEANUP_PLAN struct plan p = { 0 };
	CLEANUP_DRAFT struct draft d = { .plan = &p };

	if (!in->facts->sshd.program)
		return err_set(e, ERR_CONFLICT,
			       _("sshd is not installed here; there is no door to keep open"));
	if (find_door(in, &p, e) < 0 || root_can_be_had(in, e) < 0 ||
	    policy_check(in->policy, &p.warnings, e) < 0 || harden_check(in->policy, e) < 0 ||
	    ask_controls(in, &d, e) < 0 || draft_kernel_steps(in, &d, e) < 0 ||
	    draft_module_steps(in, &d, e) < 0 || draft_ssh_steps(in, &d, e) < 0 ||
	    draft_filter_steps(in, &d, e) < 0 || draft_owner_steps(in, &d, e) < 0 ||
	    draft_filter_finish_steps(in, &d, e) < 0 || draft_owner_finish_steps(in, &d, e) < 0 ||
	    draft_ssh_finish_steps(in, &d, e) < 0)
		return -1;
	bans_pause(in->facts, &p);
	ssh_warn_of_exceptions(in, &p);
	plan_sort(&p);
	p.policy_text = in->policy_text ? xstrdup(in->policy_text) : policy_write(in->policy);
	*ret = p;
	p = (struct plan){ 0 };
	return 0;
}
