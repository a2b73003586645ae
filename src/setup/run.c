// SPDX-License-Identifier: MIT
/* run.c - see run.h. */
#include "setup/run.h"

#include <stdio.h>
#include <string.h>

#include "base/exit_code.h"
#include "base/i18n.h"
#include "base/layout.h"
#include "base/term.h"
#include "core/quiet.h"
#include "core/recover.h"
#include "report/plan_report.h"
#include "setup/card.h"
#include "setup/carry_out.h"
#include "setup/dialog.h"
#include "setup/packages_first.h"
#include "setup/suggest.h"

#define PASTE_GAP_MS 300 /* a line of 80 characters takes 85 ms at 9600 bits a second */

/* All that the questions are about. */
struct setup {
	struct os *os;
	struct facts facts;
	struct hostkeys hostkeys;
	char *passwd;
	char *policy_text;
	struct made_plan made;
	struct err refused;
};

static void setup_done(struct setup *s)
{
	facts_done(&s->facts);
	hostkeys_done(&s->hostkeys);
	free(s->passwd);
	free(s->policy_text);
	made_plan_done(&s->made);
}

static void say(const char *text)
{
	printf("%s\n", text);
	fflush(stdout);
}

/* --- which language ----------------------------------------------------------------------------- */

/* True: neither the policy nor the locale decides. */
static bool choose_language(const struct policy *p, enum ui_language *ret_store)
{
	enum lang lang;
	bool asks = i18n_from_locale(&lang) == 1;

	if (p->language != UI_LANGUAGE_LOCALE) {
		lang = p->language == UI_LANGUAGE_JA ? LANG_JA : LANG_EN;
		asks = false;
	}
	*ret_store = lang == LANG_JA ? UI_LANGUAGE_JA : UI_LANGUAGE_EN;
	if (!term_draws_kanji() && (asks || lang == LANG_JA)) {
		/* Nobody chose that: the next terminal may do better. */
		*ret_store = UI_LANGUAGE_LOCALE;
		i18n_set(LANG_EN);
		say(_("In English, because this console (TERM=linux) cannot show Japanese."));
		return false;
	}
	i18n_set(lang);
	return asks;
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

static int look(struct setup *s, const struct policy *p, struct err *e)
{
	const struct facts_query q = { .admin = p->admin_user, .extra_port = p->ssh_port };
	struct err ignored = { 0 };

	if (quiet_wait(s->os, say, e) < 0)
		return -1;
	say(_("Looking at this server ..."));
	if (facts_gather(s->os, &q, &s->facts, e) < 0 ||
	    os_read(s->os, "/etc/passwd", &s->passwd, e) < 0)
		return err_ctx(e, _("looking at this host"));
	if (!s->facts.sshd.program)
		return err_set(e, ERR_CONFLICT,
			       _("sshd is not installed here; there is no door to keep open"));
	/* Without them there is nothing to compare, and all else can be asked. */
	if (hostkeys_gather(s->os, &s->hostkeys, &ignored) < 0)
		s->hostkeys = (struct hostkeys){ 0 };
	return 0;
}

/* --- questions ----------------------------------------------------------------------------------- */

/* 1: the person has left (end of input, ^C). */
static int read_answer(const struct dialog *d, char **ret, struct err *e)
{
	CLEANUP_STR struct str all = { 0 };
	char *line = NULL;
	int r = dialog_is_secret(d) ? term_secret("", &line, e) : term_line("", &line, e);

	if (r != 0)
		return r;
	if (!dialog_takes_lines(d)) {
		*ret = line;
		return 0;
	}
	do {
		str_addf(&all, "%s%s", all.text ? "\n" : "", line);
		str_wipe(line);
		free(line);
		line = NULL;
	} while (term_more(PASTE_GAP_MS) && term_line("", &line, e) == 0);
	*ret = str_take(&all);
	return 0;
}

/* What the answers come to, or why they cannot be carried out. */
static void plan_of(struct setup *s, struct dialog *d)
{
	CLEANUP_FREE char *text = policy_write(&d->policy);

	made_plan_done(&s->made);
	s->made = (struct made_plan){ 0 };
	s->refused = (struct err){ 0 };
	d->plan = NULL;
	d->refused = NULL;
	if (make_plan_of(s->os, &d->policy, text, &s->made, &s->refused) < 0)
		d->refused = s->refused.msg;
	else
		d->plan = &s->made.plan;
}

/* A screen at a time: the console has no way back. */
static int show_pages(char *text, struct err *e)
{
	unsigned rows = term_rows() - 2, shown = 0;
	char *rest = text, *line;

	while ((line = str_line(&rest))) {
		CLEANUP_FREE char *answer = NULL;

		printf("%s\n", line);
		if (++shown % rows != 0 || !rest || !*rest)
			continue;
		if (term_line(_("-- Enter: more, b: back to the plan -- "), &answer, e) != 0 ||
		    answer[0])
			return 0;
	}
	return 0;
}

static int show_diff(struct setup *s, struct err *e)
{
	CLEANUP_STR struct str text = { 0 };

	if (report_plan_text(s->os, &s->made.plan, &text, e) < 0)
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

		if (!welcomed && d->screen != SCREEN_LANGUAGE) {
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

static void print_end(const struct setup *s, const struct plan *plan)
{
	CLEANUP_STR struct str text = { 0 };
	const struct card card = { .plan = plan, .facts = &s->facts, .hostkeys = &s->hostkeys };

	card_end(&card, &text);
	fputs(text.text, stdout);
}

/* The plan that was agreed to, made anew after the packages. */
static int packages(struct setup *s, struct dialog *d, struct err *e)
{
	CLEANUP_STR struct str steps = { 0 };

	if (nothing_under_way(s->os, e) < 0 || packages_first(s->os, &s->made.plan, true, e) < 0)
		return -1;
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
	const struct apply_wish wish = { .yes = true, .wait = true, .secret = d->secret };
	int r;

	if (packages_wanted(&s->made.plan) && packages(s, d, e) < 0)
		return -1;

	if (s->made.plan.count == 0) {
		say(_("Nothing to change: this host is as the policy says."));
		return EXIT_DONE;
	}
	r = apply_plan(s->os, &s->made.plan, &s->made.facts, &wish, e);
	if (r == EXIT_DONE && s->made.plan.needs_proof)
		print_end(s, &s->made.plan);
	return r;
}

static int question_and_do(struct setup *s, const char *policy_path, struct err *e)
{
	CLEANUP_POLICY struct policy policy = { 0 };
	CLEANUP_DIALOG struct dialog d = { 0 };
	struct dialog_start start = { .facts = &s->facts, .hostkeys = &s->hostkeys };
	enum dialog_next next;

	if (load_policy(s, policy_path, &policy, e) < 0)
		return -1;
	start.asks_language = choose_language(&policy, &start.language);
	if (look(s, &policy, e) < 0)
		return -1;
	start.passwd = s->passwd;
	start.policy_text = s->policy_text;
	start.port = suggest_port(s->os, &s->facts);
	dialog_init(&d, &start);
	term_catch_stop(true);
	next = ask_all(s, &d, e);
	term_catch_stop(false);
	if (next == DIALOG_APPLY)
		return carry_out(s, &d, e);
	if (e->kind != ERR_NONE)
		return -1;
	say(_("Nothing was changed."));
	return EXIT_FAILED;
}

/* Somebody, perhaps the same person in another window, has begun already. */
static int resume(struct setup *s, const char *id, struct err *e)
{
	const struct facts_query q = { .brief = true };
	CLEANUP_TXN struct txn t = { 0 };
	CLEANUP_POLICY struct policy policy = { 0 };
	enum ui_language ignored;
	int r = EXIT_PENDING;

	if (txn_open(s->os, id, &t, e) < 0)
		return -1;
	if (t.plan.policy_text)
		policy_parse("policy", t.plan.policy_text, &policy, e);
	*e = (struct err){ 0 };
	choose_language(&policy, &ignored);
	printf(_("Transaction %s is under way.\n"), id);
	if (t.state == TXN_PREPARED || t.state == TXN_APPLYING)
		r = follow_apply(s->os, &t, e);
	if (r != EXIT_PENDING)
		return r;
	if (facts_gather(s->os, &q, &s->facts, e) < 0)
		return -1;
	if (t.state == TXN_PENDING)
		print_card(s->os, &t, &s->facts, true);
	r = follow_window(s->os, &t, e);
	if (r == EXIT_DONE && t.plan.needs_proof)
		print_end(s, &t.plan);
	return r;
}

int setup_run(struct os *os, const char *policy_path, struct err *e)
{
	CLEANUP(setup_done) struct setup s = { .os = os };
	CLEANUP_RECOVERED struct recovered done = { 0 };
	CLEANUP_FREE char *active = NULL;
	int r;

	if (!term_is_interactive())
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
	return r == 0 ? resume(&s, active, e) : question_and_do(&s, policy_path, e);
}
