// SPDX-License-Identifier: MIT
/* status.c - kannuki status: doors, filter, what is pending, on one screen. */
#include <stdio.h>

#include "base/i18n.h"
#include "cmd/cmd.h"
#include "cmd/follow.h"
#include "cmd/make_plan.h"
#include "core/filter.h"
#include "core/txn.h"

static int print_pending(struct os *os, const struct facts *f, int *ret_code, struct err *e)
{
	CLEANUP_FREE char *id = NULL;
	CLEANUP_TXN struct txn t = { 0 };
	CLEANUP_FREE char *left = NULL;
	int r = txn_active(os, &id, e);

	if (r != 0)
		return r < 0 ? r : (printf(_("Pending:  nothing\n")), 0);
	if (txn_open(os, id, &t, e) < 0)
		return -1;
	if (t.state != TXN_PENDING) {
		printf(_("Pending:  transaction %s is at work\n"), id);
		return 0;
	}
	left = time_left(os, &t);
	printf(_("Pending:  transaction %s waits for its proof, %s left\n"), id, left);
	print_next_step(os, &t, f);
	*ret_code = EXIT_PENDING;
	return 0;
}

static void print_role(const struct facts *f, const char *who, const char *name)
{
	const struct sshd_view *v = sshd_view_of(&f->sshd, who, 0);

	if (!v)
		return;
	printf("          %-12s %s %s, %s %s", name, _("key"),
	       sshd_value(v, "pubkeyauthentication"), _("password"),
	       sshd_value(v, "passwordauthentication"));
	if (str_eq(who, "root"))
		printf(", PermitRootLogin %s", sshd_value(v, "permitrootlogin"));
	printf("\n");
}

static void print_doors(const struct facts *f, const struct policy *p)
{
	printf(_("SSH:      "));
	for (size_t i = 0; i < f->sshd.port_count; i++)
		printf("%s%u/tcp", i ? ", " : "", f->sshd.port[i]);
	printf("%s\n", f->sshd.port_count ? "" : _("sshd does not listen"));
	print_role(f, "root", "root");
	if (p->admin_user)
		print_role(f, "admin", p->admin_user);
	for (size_t i = 0; i < f->session_count; i++) {
		char peer[ADDR_TEXT];

		printf(_("          a login from %s at port %u\n"),
		       addr_text(&f->session[i].peer, peer), f->session[i].local_port);
	}
}

static int print_filter(struct os *os, const struct policy *p, struct err *e)
{
	const struct run list = { .argv = ARGV("nft", "list", "table", "inet", FILTER_TABLE) };
	CLEANUP_RUN struct run_result r = { 0 };
	CLEANUP_STRV struct strv open = { 0 };
	CLEANUP_FREE char *all = NULL;

	if (os_run(os, &list, &r, e) < 0)
		return -1;
	for (size_t i = 0; i < p->open_count; i++)
		strv_take(&open, opening_text(&p->open[i]));
	all = strv_join(&open, ", ");
	if (r.status == 0)
		printf(_("Filter:   in force, open by policy: %s\n"), all);
	else
		printf(_("Filter:   not in force\n"));
	return 0;
}

static int run(struct call *c, struct err *e)
{
	CLEANUP_POLICY struct policy policy = { 0 };
	CLEANUP_FACTS struct facts f = { 0 };
	struct err no_policy = { 0 };
	struct facts_query q = { .brief = true };
	int code = EXIT_DONE;

	if (policy_load(c->os, POLICY_PATH, &policy, NULL, &no_policy) < 0)
		printf(_("Policy:   none stored; begin with: sudo kannuki setup\n"));
	else
		printf(_("Policy:   %s\n"), POLICY_PATH);
	q.admin = policy.admin_user;
	if (facts_gather(c->os, &q, &f, e) < 0)
		return -1;
	printf(_("Host:     %s, %s\n"), f.hostname, f.distro_name);
	print_doors(&f, &policy);
	if (print_filter(c->os, &policy, e) < 0 || print_pending(c->os, &f, &code, e) < 0)
		return -1;
	return code;
}

const struct command command_status = {
	.name = "status",
	.words = "",
	.summary = N_("doors, packet filter, and what is pending, on one screen"),
	.as_root = true,
	.run = run,
};
