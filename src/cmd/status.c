// SPDX-License-Identifier: MIT
/* status.c - kannuki status: doors, filter, what is pending, on one screen. */
#include <stdio.h>

#include "base/i18n.h"
#include "cmd/cmd.h"
#include "core/filter.h"
#include "core/txn.h"
#include "report/facts_report.h"
#include "setup/follow.h"
#include "setup/make_plan.h"

/* What is pending, and its line, also where that cannot be said; *ret is open where something is under way. */
static int add_pending(struct os *os, struct str *s, struct txn *ret, struct err *e)
{
	CLEANUP_FREE char *left = NULL;
	const struct record *note;
	int r = txn_open_active(os, ret, e);

	if (r == 0)
		r = txn_expect_certain(ret, e);
	if (r < 0) {
		report_row(s, _("Pending"), "%s", _("not clear:"));
		return -1;
	}
	note = r == 0 ? journal_last(&ret->journal, RECORD_NOTE, JOURNAL_NO_STEP) : NULL;
	if (r == 1) {
		report_row(s, _("Pending"), "%s", _("nothing"));
	} else if (ret->state == TXN_ENDED) {
		report_row(s, _("Pending"),
			   _("nothing; what is left of %s is cleared up by: kannuki recover"),
			   ret->id);
	} else if (ret->state == TXN_UNDOING && note) {
		report_row(s, _("Pending"), _("%s is being taken back, and meets: %s"), ret->id,
			   note->text);
	} else if (ret->state != TXN_PENDING) {
		report_row(s, _("Pending"), _("transaction %s is at work"), ret->id);
	} else {
		left = time_left(os, ret);
		report_row(s, _("Pending"), _("%s waits for its proof, %s left"), ret->id, left);
	}
	return 0;
}

static void add_role(const struct facts *f, const char *who, const char *name, struct str *s)
{
	const struct sshd_view *v = sshd_view_of(&f->sshd, who, 0);
	CLEANUP_STR struct str line = { 0 };
	struct sshd_ways ways;

	if (!v)
		return;
	ways = sshd_ways(v);
	str_add_padded(&line, name, REPORT_NAME_WIDTH);
	report_row(s, "", "%s%s", line.text, report_ways(&ways));
}

static void add_doors(const struct facts *f, const struct policy *p, struct str *s)
{
	CLEANUP_STR struct str ports = { 0 };

	for (size_t i = 0; i < f->sshd.port_count; i++)
		str_addf(&ports, "%s%u/tcp", i ? ", " : "", f->sshd.port[i]);
	report_row(s, _("SSH"), "%s", ports.text ? ports.text : _("sshd does not listen"));
	add_role(f, "root", "root", s);
	if (p->admin_user)
		add_role(f, "admin", p->admin_user, s);
	report_sessions(f, s);
}

static int add_filter(struct os *os, const struct policy *p, struct str *s, struct err *e)
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
		report_row(s, _("Packet filter"), _("in force, open by policy: %s"), all);
	else
		report_row(s, _("Packet filter"), "%s", _("not in force"));
	return 0;
}

static int run(struct call *c, struct err *e)
{
	CLEANUP_POLICY struct policy policy = { 0 };
	CLEANUP_FACTS struct facts f = { 0 };
	CLEANUP_TXN struct txn t = { 0 };
	CLEANUP_STR struct str s = { 0 };
	struct err no_policy = { 0 };
	struct facts_query q = { .brief = true };
	bool known = policy_load(c->os, POLICY_PATH, &policy, NULL, &no_policy) == 0;
	int r;

	q.admin = policy.admin_user;
	if (facts_gather(c->os, &q, &f, e) < 0)
		return -1;
	report_row(&s, _("This server"), "%s, %s", f.hostname, f.distro_name);
	report_row(&s, _("Policy"), "%s",
		   known ? POLICY_PATH : _("none stored; begin with: sudo kannuki setup"));
	add_doors(&f, &policy, &s);
	if (add_filter(c->os, &policy, &s, e) < 0)
		return -1;
	r = add_pending(c->os, &s, &t, e);
	fputs(s.text, stdout);
	fflush(stdout);
	if (r < 0)
		return r;
	if (!t.id || t.state != TXN_PENDING)
		return EXIT_DONE;
	print_card(c->os, &t, &f, CARD_SHORT);
	return EXIT_PENDING;
}

const struct command command_status = {
	.name = "status",
	.words = "",
	.summary = N_("doors, packet filter, what is pending, on one screen"),
	.as_root = true,
	.run = run,
};
