// SPDX-License-Identifier: MIT
/* follow.c - see follow.h. */
#include "setup/follow.h"

#include <stdio.h>
#include <string.h>

#include "base/exit_code.h"
#include "base/i18n.h"
#include "base/layout.h"
#include "base/term.h"
#include "core/deadman.h"
#include "core/recover.h"
#include "report/record_report.h"
#include "setup/card.h"
#include "setup/live.h"
#include "setup/watch_look.h"

#define POLL_MS 100
#define LOOK_MS 800 /* between two looks at the new door */

int print_outcome(const struct txn *t)
{
	const struct record *end = journal_last(&t->journal, RECORD_END, JOURNAL_NO_STEP);
	const struct record *undo = journal_last(&t->journal, RECORD_UNDO_INTENT, JOURNAL_NO_STEP);
	bool confirmed = journal_last(&t->journal, RECORD_CONFIRM, JOURNAL_NO_STEP);

	if (!confirmed) {
		CLEANUP_FREE char *why = undo ? record_words(undo) : xstrdup("");

		printf(_("Undone: %s\nThis host is as it was before.\n"), why);
		return EXIT_FAILED;
	}
	if (end && !str_eq(end->text, "confirmed")) {
		const struct record *note = journal_last(&t->journal, RECORD_NOTE, JOURNAL_NO_STEP);

		printf(_("Confirmed, but not finished: %s\nWhat you proved stays in force. "
			 "When the cause is gone, run again: sudo kannuki apply\n"),
		       note ? note->text : "");
		return EXIT_FAILED;
	}
	if (t->plan.undoes)
		printf(_("Confirmed: transaction %s is taken back.\n"), t->plan.undoes);
	else
		printf(_("Confirmed: this host is as the policy says.\n"));
	return EXIT_DONE;
}

/* Steps that come after the proof are counted for themselves. */
static bool is_finish(const struct txn *t, size_t i)
{
	return t->plan.needs_proof && t->plan.step[i].phase == PHASE_FINISH;
}

static void print_done(const struct txn *t, size_t step, size_t n)
{
	CLEANUP_STR struct str line = { 0 };
	CLEANUP_FREE char *first = NULL;
	size_t all = 0;

	for (size_t i = 0; i < t->plan.count; i++)
		all += is_finish(t, i) == is_finish(t, step);
	first = xasprintf("  ok  [%zu/%zu] ", n, all);
	layout_item(&line, first, t->plan.step[step].title);
	fputs(line.text, stdout);
}

static void print_record(const struct txn *t, const struct record *r, size_t n)
{
	CLEANUP_STR struct str line = { 0 };

	if (r->type == RECORD_BEGIN)
		layout_textf(
			&line,
			_("Transaction %s. First, what undoes it all if anything goes wrong:\n"),
			t->id);
	if (r->type == RECORD_ARMED && str_eq(r->text, "settle"))
		printf("  ok  %s\n",
		       _("it undoes itself at the deadline, after a crash, at a reboot"));
	if (r->type == RECORD_DONE && r->step < t->plan.count)
		print_done(t, r->step, n);
	if (r->type == RECORD_UNDO_INTENT) {
		CLEANUP_FREE char *why = record_words(r);

		printf(_("Undoing: %s\n"), why);
	}
	fputs(line.text ? line.text : "", stdout);
}

/* Prints what has come into the journal since `from`. */
static size_t print_news(const struct txn *t, size_t from)
{
	size_t n[2] = { 0 };

	for (size_t i = 0; i < t->journal.count; i++) {
		const struct record *r = &t->journal.record[i];
		bool finish = r->step < t->plan.count && is_finish(t, r->step);

		n[finish] += r->type == RECORD_DONE;
		if (i >= from)
			print_record(t, r, n[finish]);
	}
	fflush(stdout);
	return t->journal.count;
}

static int outcome_by_id(struct os *os, struct txn *t, struct err *e)
{
	CLEANUP_NODE struct node dir = { 0 };

	/* Nothing was begun: its folder is gone. */
	if (os_get(os, t->dir, &dir, e) < 0)
		return -1;
	if (dir.type == NODE_ABSENT)
		return err_set(e, ERR_FAILED, _("nothing was changed: applying did not begin"));
	return 0;
}

int follow_apply(struct os *os, struct txn *t, struct err *e)
{
	size_t seen = 0;
	unsigned idle = 0;

	for (;;) {
		if (outcome_by_id(os, t, e) < 0 || txn_refresh(os, t, e) < 0)
			return -1;
		if (t->journal.count > seen)
			idle = 0;
		seen = print_news(t, seen);
		if (t->state == TXN_PENDING)
			return EXIT_PENDING;
		if (t->state == TXN_ENDED)
			return print_outcome(t);
		/* The unit died before BEGIN: no layer is armed yet, so it is on us to clear up. */
		if (t->state == TXN_PREPARED && ++idle % 50 == 0) {
			CLEANUP_RECOVERED struct recovered done = { 0 };

			if (recover_run(os, t->id, RECOVER_DUE, &done, e) < 0)
				return -1;
		}
		os_sleep(os, POLL_MS);
	}
}

char *time_left(struct os *os, const struct txn *t)
{
	int64_t s = (t->deadline - os_now(os, OS_BOOTTIME)) / 1000000000;

	if (s < 0)
		s = 0;
	return s >= 60 ? xasprintf(_("%d min %02d s"), (int)(s / 60), (int)(s % 60))
		       : xasprintf(_("%d s"), (int)s);
}

void print_card(struct os *os, const struct txn *t, const struct facts *f, bool whole)
{
	CLEANUP_HOSTKEYS struct hostkeys keys = { 0 };
	CLEANUP_FREE char *left = time_left(os, t);
	CLEANUP_STR struct str s = { 0 };
	struct err ignored = { 0 };
	const struct card card = { .plan = &t->plan, .facts = f, .hostkeys = &keys, .left = left };

	/* Without them the card is still worth much. */
	if (whole && hostkeys_gather(os, &keys, &ignored) < 0)
		keys = (struct hostkeys){ 0 };
	if (whole)
		card_next_step(&card, &s);
	else
		card_short(&card, &s);
	fputs(s.text, stdout);
	fflush(stdout);
}

/* Nobody is there to press a key. */
static int follow_silently(struct os *os, struct txn *t, struct err *e)
{
	size_t seen = t->journal.count;

	for (;;) {
		if (txn_refresh(os, t, e) < 0)
			return -1;
		seen = print_news(t, seen);
		if (t->state == TXN_ENDED)
			return print_outcome(t);
		os_sleep(os, 200);
	}
}

static void more_time(struct os *os, struct txn *t, struct live *l)
{
	int64_t left = (t->deadline - os_now(os, OS_BOOTTIME)) / 1000000000;
	struct err why = { 0 };

	if (left < 0 || txn_extend(os, t, (unsigned)left + WINDOW_DEFAULT, &why) < 0)
		live_note(l, left < 0 ? NULL : why.msg);
	else
		live_note(l, _("You have more time now."));
}

static void undo_now(struct os *os, const struct txn *t, struct live *l)
{
	CLEANUP_RECOVERED struct recovered done = { 0 };
	struct err why = { 0 };
	int yes;

	live_clear(l);
	term_raw(false);
	yes = term_yes(_("Undo all changes now?"), &why);
	term_raw(true);
	live_note(l, NULL);
	if (yes == 1 && recover_run(os, t->id, RECOVER_NOW, &done, &why) != 0)
		live_note(l, why.msg);
}

/* 1: the person leaves. */
static int take_key(struct os *os, struct txn *t, struct live *l, int key)
{
	if (key == 'e' || key == 'E')
		more_time(os, t, l);
	else if (key == 'u' || key == 'U')
		undo_now(os, t, l);
	return key == 'q' || key == 'Q' || key == TERM_STOP || key == 4;
}

static int leave(const struct txn *t)
{
	CLEANUP_STR struct str s = { 0 };

	layout_textf(
		&s,
		_("Transaction %s goes on waiting. Its state: sudo kannuki status. This screen "
		  "again: sudo kannuki setup"),
		t->id);
	fputs(s.text, stdout);
	return EXIT_PENDING;
}

/* A terminal that is closed ends only this: PID 1 goes on. */
static int follow_live(struct os *os, struct txn *t, struct live *l, struct err *e)
{
	CLEANUP_WATCH struct watch w;
	CLEANUP_LOOK struct look look;
	size_t seen = t->journal.count;

	watch_init(&w, &t->plan);
	look_init(&look, os, t);
	for (;;) {
		if (txn_refresh(os, t, e) < 0)
			return -1;
		if (t->state != TXN_PENDING)
			live_clear(l);
		seen = print_news(t, seen);
		if (t->state == TXN_ENDED)
			return print_outcome(t);
		if (t->state != TXN_PENDING) {
			os_sleep(os, 200);
			continue;
		}
		look_at_door(os, &look, &w);
		live_draw(l, os, t, &w);
		if (take_key(os, t, l, term_key(LOOK_MS))) {
			live_clear(l);
			return leave(t);
		}
	}
}

int follow_window(struct os *os, struct txn *t, struct err *e)
{
	CLEANUP_LIVE struct live l = { .redraws = term_redraws() };
	int r;

	if (!term_is_interactive() || !term_is_foreground())
		return follow_silently(os, t, e);
	term_catch_stop(true);
	term_raw(true);
	r = follow_live(os, t, &l, e);
	term_raw(false);
	term_catch_stop(false);
	return r;
}
