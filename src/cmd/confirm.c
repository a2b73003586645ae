// SPDX-License-Identifier: MIT
/* confirm.c - kannuki confirm: proves the new login, commits, and sees the finish through. */
#include <stdio.h>
#include <string.h>

#include "base/i18n.h"
#include "base/term.h"
#include "cmd/cmd.h"
#include "core/filter.h"
#include "core/policy.h"
#include "core/proof.h"
#include "core/recover.h"
#include "core/txn.h"
#include "report/record_report.h"
#include "setup/end.h"
#include "setup/follow.h"
#include "setup/ready.h"

#define FINISH_SECONDS 120

static const struct opt options[] = {
	{ "console", 0, NULL, N_("confirm at the provider's console, without a login by SSH") },
};

static int no_transaction(struct os *os, struct err *e)
{
	CLEANUP_STRV struct strv ids = { 0 };
	CLEANUP_TXN struct txn t = { 0 };
	CLEANUP_FREE char *why = NULL;
	const struct record *undo;

	if (txn_list(os, &ids, e) < 0)
		return -1;
	if (ids.count == 0 || txn_open(os, ids.item[ids.count - 1], &t, e) < 0)
		return err_set(
			e, ERR_FAILED,
			_("nothing is waiting for confirmation; begin with: sudo kannuki setup"));
	undo = journal_last(&t.journal, RECORD_UNDO_INTENT, JOURNAL_NO_STEP);
	if (undo) {
		why = record_words(undo);
		return err_set(e, ERR_FAILED,
			       _("too late: transaction %s was undone (%s). Begin again as you "
				 "did before, with setup or apply"),
			       t.id, why);
	}
	return err_set(e, ERR_FAILED,
		       _("nothing is waiting for confirmation: %s is confirmed already"), t.id);
}

static int check_proof(struct os *os, const struct txn *t, struct str *witness, struct err *e)
{
	CLEANUP_POLICY struct policy policy = { 0 };
	struct proof proof = { 0 };
	struct proof_query q = {
		.pid = os_self(os),
		.door = t->plan.door,
		.door_count = t->plan.door_count,
		.pending_boottime = t->pending_since,
		.command = "sudo kannuki confirm",
	};
	char peer[ADDR_TEXT];
	int r;

	if (policy_parse("policy", t->plan.policy_text, &policy, e) < 0)
		return -1;
	q.from = policy.allow_from;
	q.from_count = policy.allow_from_count;
	r = proof_check(os, &q, &proof, e);
	if (r != 0)
		return -1;
	str_addf(witness, PROOF_WITNESS, proof.user, addr_text(&proof.peer, peer), proof.method,
		 proof.port);
	return 0;
}

/* From the console nothing can be proved: the person says what they know, and history says so. */
static int console_sentence(struct str *witness, struct err *e)
{
	/* The same in every language: a console knows no input method. */
	const char *sentence = "I can log in again";
	CLEANUP_FREE char *line = NULL;
	int r;

	if (!term_is_interactive())
		return err_set(e, ERR_USAGE, _("--console needs a terminal to type in"));
	printf(_("No login by SSH proves the new door.\n"
		 "If you are wrong, only this console remains.\n"
		 "To confirm all the same, type: %s\n"),
	       sentence);
	r = term_line("> ", &line, e);
	if (r != 0 || !str_eq(str_trim(line), sentence))
		return r < 0 ? r
			     : err_set(e, ERR_FAILED, _("not confirmed: something else was typed"));
	str_add(witness, PROOF_CONSOLE);
	return 0;
}

/* Is this a terminal of the machine itself? There getty(8) has login(1), or sulogin(8), among the
 * ancestors; a tmux, which anybody may have left running, has neither. */
static int on_console(struct os *os, struct err *e)
{
	pid_t pid = os_self(os);

	while (pid > 1) {
		CLEANUP_PROCESS struct process p = { 0 };
		int r = os_process(os, pid, &p, e);

		if (r < 0)
			return r;
		if (r > 0)
			break;
		if (str_starts(p.comm, "sshd"))
			return err_set(e, ERR_FAILED,
				       _("--console is for the provider's console; from here: sudo "
					 "kannuki "
					 "confirm"));
		if (p.euid == 0 && (str_eq(p.comm, "login") || str_eq(p.comm, "sulogin")))
			return 0;
		pid = p.ppid;
	}
	return err_set(e, ERR_FAILED,
		       _("--console is for a login at the provider's console; this is none (tmux, "
			 "screen and the like do not count)"));
}

static void print_witness(const struct txn *t, bool console)
{
	const struct record *confirm = journal_last(&t->journal, RECORD_CONFIRM, JOURNAL_NO_STEP);
	CLEANUP_FREE char *words = confirm ? record_words(confirm) : NULL;

	if (console || !words)
		printf(_("Confirmed without proof: nobody has logged in by the new door.\n"));
	else
		printf(_("Proved: %s.\n"), words);
}

static int commit(struct os *os, struct txn *t, bool console, struct err *e)
{
	CLEANUP_STR struct str witness = { 0 };
	int token, r;

	/* Asked before the lock: a person may think for minutes. */
	if (console && (on_console(os, e) < 0 || console_sentence(&witness, e) < 0))
		return -1;
	if (txn_lock(os, 10000, &token, e) < 0)
		return -1;
	r = txn_refresh(os, t, e);
	/* Another confirm was first: this one sees it through too. */
	if (r == 0 && (t->state == TXN_CONFIRMED || txn_is_confirmed(t))) {
		os_unlock(os, token);
		return 0;
	}
	if (r == 0 &&
	    (t->state != TXN_PENDING || !t->same_boot || os_now(os, OS_BOOTTIME) >= t->deadline))
		r = err_set(e, ERR_FAILED, _("too late: transaction %s is being undone"), t->id);
	if (r == 0 && !console)
		r = check_proof(os, t, &witness, e);
	if (r == 0)
		r = ready_to_confirm(os, t, e);
	if (r == 0)
		r = txn_confirm(os, t, witness.text, e);
	os_unlock(os, token);
	if (r == 0)
		print_witness(t, console);
	return r;
}

/* Under PID 1, so that the end of this login does not cut it short; by ourselves if that fails. */
static int finish(struct os *os, struct txn *t, struct err *e)
{
	CLEANUP_FREE char *unit = xasprintf("kannuki-recover@%s.service", t->id);
	struct err ignored = { 0 };

	os_run_ok(os, ARGV("systemctl", "start", "--no-block", unit), NULL, &ignored);
	for (unsigned i = 0; i < FINISH_SECONDS * 10; i++) {
		if (txn_refresh(os, t, e) < 0)
			return -1;
		if (t->state == TXN_ENDED)
			return print_outcome(os, t);
		/* Ten seconds without an end: perhaps PID 1 did not take the job. */
		if (i > 0 && i % 100 == 0) {
			CLEANUP_RECOVERED struct recovered done = { 0 };

			if (recover_run(os, t->id, RECOVER_DUE, &done, &ignored) < 0)
				printf("%s\n", ignored.msg);
		}
		os_sleep(os, 100);
	}
	return err_set(e, ERR_FAILED, _("confirmed; finishing goes on by itself: kannuki status"));
}

static int run(struct call *c, struct err *e)
{
	CLEANUP_TXN struct txn t = { 0 };
	CLEANUP_FACTS struct facts before = { 0 };
	const struct facts_query q = { .brief = true };
	const struct end end = { .plan = &t.plan, .before = &before };
	struct err ignored = { 0 };
	int r = txn_open_active(c->os, &t, e);

	if (r != 0)
		return r < 0 ? r : no_transaction(c->os, e);
	if (txn_expect_certain(&t, e) < 0)
		return -1;
	if (t.state == TXN_APPLYING || t.state == TXN_PREPARED)
		return err_set(e, ERR_FAILED,
			       _("transaction %s is still being applied; wait a few seconds"),
			       t.id);
	/* Before: what closes is to be seen only now. */
	if (term_is_interactive())
		facts_gather(c->os, &q, &before, &ignored);
	if (t.state != TXN_CONFIRMED && commit(c->os, &t, opts_has(&c->opts, "console"), e) < 0)
		return -1;
	fflush(stdout);
	r = finish(c->os, &t, e);
	if (r == EXIT_DONE && before.sshd.port_count > 0 && t.plan.needs_proof && !t.plan.undoes)
		end_show(c->os, &end);
	return r;
}

const struct command command_confirm = {
	.name = "confirm",
	.words = "",
	.summary = N_("from the new login: proves it, and keeps the changes"),
	.opt = options,
	.opt_count = COUNT(options),
	.as_root = true,
	.run = run,
};
