// SPDX-License-Identifier: MIT
/* run.c - see run.h. */
#include "setup/run.h"

#include <stdio.h>
#include <string.h>

#include "base/exit_code.h"
#include "base/i18n.h"
#include "base/layout.h"
#include "base/sha256.h"
#include "base/term.h"
#include "controls/guard.h"
#include "core/package_manager.h"
#include "core/quiet.h"
#include "core/recover.h"
#include "report/plan_report.h"
#include "setup/card.h"
#include "setup/carry_out.h"
#include "setup/dialog.h"
#include "setup/end.h"
#include "setup/grade.h"
#include "setup/language.h"
#include "setup/packages_first.h"
#include "setup/suggest.h"

/* All that the questions are about. */
struct setup {
	struct os *os;
	const struct setup_wish *wish;
	struct facts facts;
	struct hostkeys hostkeys;
	struct audit audit; /* before; no rows: not known */
	struct view before;
	char *passwd, *group;
	char *policy_text;
	struct made_plan made;
	struct err refused;
	bool packages_done;
	bool guard_at_hand;
};

static void setup_done(struct setup *s)
{
	facts_done(&s->facts);
	hostkeys_done(&s->hostkeys);
	audit_done(&s->audit);
	view_done(&s->before);
	free(s->passwd);
	free(s->group);
	free(s->policy_text);
	made_plan_done(&s->made);
}

static void say(const char *text)
{
	printf("%s\n", text);
	fflush(stdout);
}

/* --- before the questions ------------------------------------------------------------------------ */

static int load_policy(struct setup *s, const char *path, struct policy *ret, struct err *e)
{
	CLEANUP_FREE char *from = absolute_path(path ? path : POLICY_PATH);
	CLEANUP_NODE struct node there = { 0 };

	if (os_get(s->os, from, &there, e) < 0)
		return -1;
	if (!path && there.type == NODE_ABSENT) {
		policy_init(ret);
		return 0;
	}
	return policy_load(s->os, from, ret, &s->policy_text, e);
}

/* The one downloaded file, to be compared with what is published; sent from a workstation it is the one there. */
static int say_arrival(struct setup *s, struct err *e)
{
	CLEANUP_NODE struct node me = { 0 };
	CLEANUP_FREE char *sum = NULL;

	if (s->wish->tells)
		return 0;
	if (os_program(s->os, &me, e) < 0)
		return -1;
	sum = sha256_text(me.data, me.len);
	printf(_("Kannuki %s. SHA-256 of this file, to compare with the one published:\n"),
	       KANNUKI_VERSION);
	printf("  %s\n", sum);
	return 0;
}

/* Said before the questions: the answers would be lost. */
static int check_programs(struct setup *s, struct err *e)
{
	static const struct {
		const char *file, *package;
	} needed[] = { { "/usr/bin/sudo", "sudo" }, { "/usr/sbin/nft", "nftables" } };
	CLEANUP_STRV struct strv missing = { 0 };
	CLEANUP_FREE char *all = NULL;

	for (size_t i = 0; i < COUNT(needed); i++) {
		CLEANUP_NODE struct node n = { 0 };

		if (os_get(s->os, needed[i].file, &n, e) < 0)
			return -1;
		if (n.type == NODE_ABSENT)
			strv_add(&missing, needed[i].package);
	}
	all = strv_join(&missing, " ");
	if (missing.count == 0)
		return 0;
	return err_set(e, ERR_CONFLICT,
		       _("nothing was changed. First install what is missing here, then run this "
			 "once more: %s %s"),
		       package_installs(&s->facts), all);
}

static int look(struct setup *s, const struct policy *p, struct err *e)
{
	const struct facts_query q = {
		.admin = p->admin_user, .extra_port = p->ssh_port, .updates = true, .services = true
	};
	struct err ignored = { 0 };

	if (quiet_wait(s->os, say, e) < 0)
		return -1;
	say(_("Looking at this server ..."));
	if (facts_gather(s->os, &q, &s->facts, e) < 0 ||
	    os_read(s->os, "/etc/passwd", &s->passwd, e) < 0 ||
	    os_read(s->os, "/etc/group", &s->group, e) < 0)
		return err_ctx(e, _("looking at this host"));
	s->guard_at_hand = guard_is_offered(s->os, &ignored) > 0;
	if (!s->facts.sshd.program)
		return err_set(e, ERR_CONFLICT,
			       _("sshd is not installed here; there is no door to keep open"));
	if (!s->wish->yes && check_programs(s, e) < 0)
		return -1;
	/* Without them there is nothing to compare, and all else can be asked. */
	if (hostkeys_gather(s->os, &s->hostkeys, &ignored) < 0)
		s->hostkeys = (struct hostkeys){ 0 };
	if (grade_host(s->os, p, s->policy_text, &s->audit, &ignored) < 0)
		s->audit = (struct audit){ 0 };
	view_take(&s->facts, p, s->audit.count ? &s->audit : NULL, &s->before);
	return 0;
}

/* --- questions ----------------------------------------------------------------------------------- */

/* 1: the person has left (end of input, ^C). */
static int read_answer(const struct dialog *d, char **ret, struct err *e)
{
	if (dialog_is_secret(d))
		return term_secret("", ret, e);
	return dialog_takes_lines(d) ? term_paste("", ret, e) : term_line("", ret, e);
}

/* What the answers come to, or why they cannot be carried out. */
static void plan_of(struct setup *s, struct dialog *d)
{
	CLEANUP_FREE char *text = policy_write(&d->policy);
	bool stored = d->policy.updates_now;

	made_plan_done(&s->made);
	s->made = (struct made_plan){ 0 };
	s->refused = (struct err){ 0 };
	d->plan = NULL;
	d->refused = NULL;
	d->policy.updates_now = d->update_now;
	if (make_plan_of(s->os, &d->policy, text, &s->made, &s->refused) < 0)
		d->refused = s->refused.msg;
	else
		d->plan = &s->made.plan;
	d->policy.updates_now = stored;
}

/* A screen at a time: the console has no way back. */
static int show_pages(char *text, struct err *e)
{
	unsigned room = term_rows() - 2, used = 0;
	char *rest = text, *line;

	while ((line = str_line(&rest))) {
		CLEANUP_FREE char *answer = NULL;
		unsigned rows = layout_rows(line, term_columns());

		/* One of a file may take more rows than there are: then it stands alone. */
		if (used > 0 && used + rows > room) {
			if (term_line(_("-- Enter: more, b: back to the plan -- "), &answer, e) !=
				    0 ||
			    answer[0])
				return 0;
			used = 0;
		}
		printf("%s\n", line);
		used += rows;
	}
	return 0;
}

static int show_diff(struct setup *s, struct err *e)
{
	CLEANUP_STR struct str text = { 0 };

	if (report_plan_text(s->os, &s->made.plan, term_text_columns(), &text, e) < 0)
		return -1;
	return show_pages(text.text, e);
}

static enum dialog_next ask(struct dialog *d, struct err *e)
{
	CLEANUP_STR struct str screen = { 0 };
	enum dialog_next next;
	char *answer = NULL;

	dialog_show(d, &screen);
	printf("%s", screen.text);
	fflush(stdout);
	if (read_answer(d, &answer, e) != 0) {
		printf("\n");
		return DIALOG_QUIT;
	}
	next = dialog_answer(d, answer);
	str_wipe(answer);
	free(answer);
	return next;
}

/* DIALOG_APPLY or DIALOG_QUIT. */
static enum dialog_next ask_all(struct setup *s, struct dialog *d, struct err *e)
{
	enum dialog_next next = DIALOG_ASK;
	bool welcomed = false;

	for (;;) {
		CLEANUP_STR struct str welcome = { 0 };

		/* Once more in the language that is chosen there. */
		if (d->screen == SCREEN_LANGUAGE)
			welcomed = false;
		else if (!welcomed) {
			dialog_welcome(d, &welcome);
			printf("\n%s", welcome.text);
			welcomed = true;
		}
		next = ask(d, e);
		if (next == DIALOG_PLAN)
			plan_of(s, d);
		if (next == DIALOG_DIFF && show_diff(s, e) < 0)
			return DIALOG_QUIT;
		if (next == DIALOG_APPLY || next == DIALOG_QUIT)
			return next;
	}
}

/* --- after them ---------------------------------------------------------------------------------- */

static void show_end(const struct setup *s, const struct plan *plan)
{
	const struct end end = { .plan = plan,
				 .before = &s->facts,
				 .view = s->before.ports ? &s->before : NULL,
				 .offers_restart = !s->wish->tells && !s->wish->non_interactive };

	end_show(s->os, &end);
}

/* A mirror that does not answer is no reason to leave the doors open; where nobody is asked the policy is
 * carried out as it is written, or not at all. */
static int go_on_without(const struct setup *setup, struct dialog *d, struct err *e)
{
	CLEANUP_STR struct str s = { 0 };

	if (e->kind != ERR_FAILED || setup->wish->yes)
		return -1;
	policy_give(&d->policy, "updates", "automatic", false);
	layout_textf(&s,
		     _("The update did not work: %s. The rest goes on without it. Later: sudo "
		       "kannuki update"),
		     e->msg);
	fputs(s.text, stdout);
	*e = (struct err){ 0 };
	return 0;
}

/* The plan that was agreed to, made anew after the packages. */
static int packages(struct setup *s, struct dialog *d, struct err *e)
{
	CLEANUP_STR struct str steps = { 0 };

	if (nothing_under_way(s->os, e) < 0)
		return -1;
	s->packages_done = packages_first(s->os, &s->made.plan, true, e) == 0;
	if (!s->packages_done && go_on_without(s, d, e) < 0)
		return -1;
	d->update_now = false;
	plan_of(s, d);
	if (!d->plan) {
		*e = s->refused;
		return -1;
	}
	say_restart(&s->made.facts.updates);
	report_plan_steps(&s->made.plan, &steps);
	printf("%s", steps.text ? steps.text : "");
	return 0;
}

static int carry_out(struct setup *s, struct dialog *d, struct err *e)
{
	struct apply_wish wish = { .window_seconds = s->wish->window_seconds,
				   .yes = true,
				   .wait = !s->wish->tells,
				   .tells = s->wish->tells,
				   .secret_on_stdin = s->wish->secret_on_stdin,
				   .secret = d->secret };
	int r;

	if (packages_wanted(&s->made.plan) && packages(s, d, e) < 0)
		return -1;
	wish.packages_done = s->packages_done;
	if (s->made.plan.count == 0) {
		say(_("Nothing to change: this host is as the policy says."));
		return EXIT_DONE;
	}
	r = apply_plan(s->os, &s->made.plan, &s->made.facts, &wish, e);
	if (r == EXIT_DONE && s->made.plan.needs_proof)
		show_end(s, &s->made.plan);
	return r;
}

/* A key that was given counts as pasted. */
static int take_key(struct setup *s, struct policy *p, struct err *e)
{
	return s->wish->key ? policy_set(p, "admin", "key", s->wish->key, e) : 0;
}

/* Agreed to beforehand: the plan is shown, and nobody is asked. */
static enum dialog_next without_questions(struct setup *s, struct dialog *d, struct err *e)
{
	CLEANUP_STR struct str text = { 0 };

	plan_of(s, d);
	if (!d->plan) {
		*e = s->refused;
		return DIALOG_QUIT;
	}
	if (report_plan_text(s->os, d->plan, term_text_columns(), &text, e) < 0)
		return DIALOG_QUIT;
	fputs(text.text ? text.text : "", stdout);
	return DIALOG_APPLY;
}

/* What only the owner can know has to stand in the policy. */
static int check_complete(const struct setup *s, const struct policy *p, struct err *e)
{
	CLEANUP_STRV struct strv missing = { 0 };
	CLEANUP_FREE char *all = NULL;

	if (!p->admin_user)
		strv_add(&missing, "[admin] user");
	if (p->admin_key_count == 0)
		strv_add(&missing, "[admin] key");
	if (!policy_gives(p, "firewall", "open"))
		strv_add(&missing, "[firewall] open");
	if (!s->wish->yes)
		strv_add(&missing, "--yes");
	all = strv_join(&missing, ", ");
	if (missing.count == 0)
		return 0;
	return err_set(e, ERR_USAGE,
		       _("nobody can be asked, and nothing is guessed; missing: %s. See "
			 "kannuki-policy(5)"),
		       all);
}

static int choose_language(const struct setup *s, const struct policy *p, struct language *ret,
			   struct err *e)
{
	if (!s->wish->non_interactive)
		return language_choose(p, ret, e);
	language_resume(p);
	*ret = (struct language){ 0 };
	return 0;
}

static int nothing_changed(void)
{
	say(_("Nothing was changed."));
	return EXIT_FAILED;
}

static int question_and_do(struct setup *s, struct err *e)
{
	CLEANUP_POLICY struct policy policy = { 0 };
	CLEANUP_DIALOG struct dialog d = { 0 };
	struct dialog_start start = { .facts = &s->facts, .hostkeys = &s->hostkeys };
	struct language language;
	enum dialog_next next;
	int r;

	if (load_policy(s, s->wish->policy_path, &policy, e) < 0)
		return -1;
	if (s->wish->non_interactive && check_complete(s, &policy, e) < 0)
		return -1;
	r = choose_language(s, &policy, &language, e);
	if (r != 0)
		return r < 0 ? r : nothing_changed();
	start.language = language.store;
	start.asks_language = language.was_asked;
	if (say_arrival(s, e) < 0 || look(s, &policy, e) < 0)
		return -1;
	start.host_is_known = s->wish->tells;
	start.as_written = s->wish->yes;
	start.passwd = s->passwd;
	start.group = s->group;
	start.audit = s->audit.count ? &s->audit : NULL;
	start.policy_text = s->policy_text;
	start.port = suggest_port(s->os, &s->facts);
	start.guard_at_hand = s->guard_at_hand;
	dialog_init(&d, &start);
	if (take_key(s, &d.policy, e) < 0)
		return -1;
	term_catch_stop(true);
	next = s->wish->yes ? without_questions(s, &d, e) : ask_all(s, &d, e);
	term_catch_stop(false);
	if (next == DIALOG_APPLY)
		return carry_out(s, &d, e);
	return e->kind != ERR_NONE ? -1 : nothing_changed();
}

/* Somebody, perhaps the same person in another window, has begun already. */
static int resume(struct setup *s, const char *id, struct err *e)
{
	const struct facts_query q = { .brief = true };
	CLEANUP_TXN struct txn t = { 0 };
	CLEANUP_POLICY struct policy policy = { 0 };
	int r = EXIT_PENDING;

	if (txn_open(s->os, id, &t, e) < 0)
		return -1;
	if (t.plan.policy_text)
		policy_parse("policy", t.plan.policy_text, &policy, e);
	*e = (struct err){ 0 };
	language_resume(&policy);
	printf(_("Transaction %s is under way.\n"), id);
	if (t.state == TXN_PREPARED || t.state == TXN_APPLYING)
		r = follow_apply(s->os, &t, e);
	if (r != EXIT_PENDING)
		return r;
	if (facts_gather(s->os, &q, &s->facts, e) < 0)
		return -1;
	if (t.state == TXN_PENDING)
		print_card(s->os, &t, &s->facts, CARD_LIVE);
	r = follow_window(s->os, &t, e);
	if (r == EXIT_DONE && t.plan.needs_proof)
		show_end(s, &t.plan);
	return r;
}

int setup_run(struct os *os, const struct setup_wish *wish, struct err *e)
{
	CLEANUP(setup_done) struct setup s = { .os = os, .wish = wish };
	CLEANUP_RECOVERED struct recovered done = { 0 };
	CLEANUP_FREE char *active = NULL;
	int r;

	if (!wish->non_interactive && !term_is_interactive())
		return err_set(e, ERR_USAGE,
			       _("setup asks questions and needs a terminal; without one: kannuki "
				 "apply --policy FILE"));
	r = recover_run(os, NULL, RECOVER_DUE, &done, e);
	if (done.said)
		say(done.said);
	if (r < 0)
		return r;
	r = txn_active(os, &active, e);
	if (r < 0)
		return r;
	if (r == 0 && (wish->tells || wish->non_interactive))
		return err_set(e, ERR_CONFLICT,
			       _("transaction %s is under way; confirm or undo it first: kannuki "
				 "status"),
			       active);
	return r == 0 ? resume(&s, active, e) : question_and_do(&s, e);
}
