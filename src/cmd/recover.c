// SPDX-License-Identifier: MIT
/* recover.c - what the units of a transaction run: apply-run (L0), sentinel (L1), recover (L2, L3). */
#include "core/recover.h"

#include <signal.h>
#include <stdio.h>
#include <string.h>

#include "base/i18n.h"
#include "cmd/cmd.h"
#include "os/secret.h"

#define APPLY_SECONDS  300
#define SECRET_WAIT_MS 10000
#define FAILED_WAIT_MS 3000
#define SETTLE_SECONDS 240 /* its unit is given 300 */

/* PID 1 ends us when the dead-man is taken away, which we may be doing ourselves just now. */
static void hold_term(bool hold)
{
	sigset_t set;

	sigemptyset(&set);
	sigaddset(&set, SIGTERM);
	sigprocmask(hold ? SIG_BLOCK : SIG_UNBLOCK, &set, NULL);
}

static void say(const char *said)
{
	if (said)
		printf("%s\n", said);
	fflush(stdout);
}

/* PID 1 knows no language: what is written into the journal is for whoever made the plan. */
static void use_language_of_plan(struct os *os, const char *id)
{
	CLEANUP_TXN struct txn t = { 0 };
	struct err ignored = { 0 };

	if (txn_open(os, id, &t, &ignored) == 0)
		i18n_set(t.plan.language);
}

/* For PID 1 a remark on an undo that was whole is no failure of the unit: it stands in the history too. */
static int tell_remark(int r, const struct recovered *done, struct err *e)
{
	if (r != 2 || !done->all_back)
		return r;
	fprintf(stderr, "kannuki: %s\n", e->msg);
	*e = (struct err){ 0 };
	return 0;
}

/* Until nothing is left to do for this id. Between two looks the process may be ended. */
static int watch(struct os *os, const char *id, struct err *e)
{
	use_language_of_plan(os, id);
	for (;;) {
		CLEANUP_RECOVERED struct recovered done = { 0 };
		int r;

		*e = (struct err){ 0 };
		hold_term(true);
		r = recover_run(os, id, RECOVER_DUE, &done, e);
		say(done.said);
		r = tell_remark(r, &done, e);
		hold_term(false);
		if (r == 0 || r == 2)
			return r;
		if (r < 0)
			fprintf(stderr, "kannuki: %s\n", e->msg);
		os_sleep(os, r < 0 ? FAILED_WAIT_MS : done.wait_ms);
	}
}

static int apply_run(struct call *c, struct err *e)
{
	const char *id = c->opts.words.item[0];
	CLEANUP_TXN struct txn t = { 0 };
	CLEANUP_FREE char *secret = NULL;
	struct txn_limits limits = { .apply_seconds = APPLY_SECONDS };
	int r;

	use_language_of_plan(c->os, id);
	hold_term(true);
	if (txn_open(c->os, id, &t, e) < 0 || secret_receive(id, SECRET_WAIT_MS, &secret, e) < 0)
		return -1;
	limits.window_seconds = t.plan.window_seconds;
	r = txn_carry_out(c->os, &t, &limits, secret, e);
	str_wipe(secret);
	hold_term(false);
	if (r < 0)
		fprintf(stderr, "kannuki: %s\n", e->msg);
	/* Nothing was begun: to watch would keep it from being cleared up, since we are alive. */
	if (r < 0 && t.state == TXN_PREPARED)
		return r;
	/* Also after a failure: should its undo have failed too, we are one layer of several. */
	r = watch(c->os, id, e);
	return r < 0 ? r : EXIT_DONE;
}

/* 64 tells PID 1 not to start it again. */
static int sentinel(struct call *c, struct err *e)
{
	int r = watch(c->os, c->opts.words.item[0], e);

	return r < 0 ? r : 64;
}

static const struct opt options[] = {
	{ "id", 0, "ID", N_("of this transaction instead of the one under way") },
	{ "boot", 0, NULL, N_("early in a boot: undo what is not confirmed, files only") },
	{ "settle", 0, NULL, N_("after a boot: services, listeners, and the end") },
};

/* PID 1 starts settle once a boot, and no sentinel is there: what fails for a moment is tried again. */
static int settle(struct os *os, struct recovered *ret, struct err *e)
{
	int64_t end = os_now(os, OS_MONOTONIC) + SETTLE_SECONDS * INT64_C(1000000000);

	for (;;) {
		int r;

		*e = (struct err){ 0 };
		r = recover_run(os, NULL, RECOVER_SETTLE, ret, e);
		if (r >= 0 || ret->for_person || os_now(os, OS_MONOTONIC) >= end)
			return r;
		fprintf(stderr, "kannuki: %s\n", e->msg);
		recovered_done(ret);
		os_sleep(os, FAILED_WAIT_MS);
	}
}

static int recover(struct call *c, struct err *e)
{
	const char *id = opts_get(&c->opts, "id");
	enum recover_mode mode = opts_has(&c->opts, "boot")	? RECOVER_BOOT
				 : opts_has(&c->opts, "settle") ? RECOVER_SETTLE
								: RECOVER_DUE;
	CLEANUP_RECOVERED struct recovered done = { 0 };
	int r;

	/* Started by the timer for one transaction: called early it waits out the rest. */
	if (id && mode == RECOVER_DUE) {
		r = watch(c->os, id, e);
	} else {
		r = mode == RECOVER_SETTLE ? settle(c->os, &done, e)
					   : recover_run(c->os, NULL, mode, &done, e);
		say(done.said);
		if (mode != RECOVER_DUE)
			r = tell_remark(r, &done, e);
	}
	if (r == 1)
		say(_("A transaction is under way and not due yet: kannuki status"));
	if (r == 2)
		fprintf(stderr, "kannuki: %s\n", e->msg);
	return r < 0 ? r : r == 2 ? err_exit_code(e) : EXIT_DONE;
}

const struct command command_recover = {
	.name = "recover",
	.words = "",
	.summary = N_("ends or undoes what was interrupted; also at a console"),
	.opt = options,
	.opt_count = COUNT(options),
	.as_root = true,
	.run = recover,
};

const struct command command_apply_run = {
	.name = "apply-run",
	.words = "ID",
	.summary = N_("carries a prepared transaction out (run by its unit)"),
	.words_min = 1,
	.words_max = 1,
	.hidden = true,
	.as_root = true,
	.run = apply_run,
};

const struct command command_sentinel = {
	.name = "sentinel",
	.words = "ID",
	.summary = N_("watches a transaction (run by its unit)"),
	.words_min = 1,
	.words_max = 1,
	.hidden = true,
	.as_root = true,
	.run = sentinel,
};
