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

#define POLL_MS	 100
#define LOOK_MS	 800 /* between two looks at the new door */
#define CLEAR_MS 5000

static int print_undone(const struct txn *t, const struct record *undo)
{
	CLEANUP_FREE char *why = undo ? record_words(undo) : xstrdup("");
	CLEANUP_STR struct str remarks = { 0 };

	report_remarks(t, "  - ", &remarks);
	if (remarks.len == 0)
		printf(_("Undone: %s\nThis host is as it was before.\n"), why);
	else
		printf(_("Undone: %s\nThis host is as it was before. But look at this:\n%s"), why,
		       remarks.text);
	return EXIT_FAILED;
}

/* After END, what would have undone it is taken away: then nothing of it is left on the host. */
static void wait_until_cleared(struct os *os, const struct txn *t)
{
	for (int i = 0; i < CLEAR_MS / POLL_MS; i++) {
		CLEANUP_FREE char *active = NULL;
		struct err ignored = { 0 };

		if (txn_active(os, &active, &ignored) != 0 || !str_eq(active, t->id))
			return;
		os_sleep(os, POLL_MS);
	}
}

int print_outcome(struct os *os, const struct txn *t)
{
	const struct record *end = journal_last(&t->journal, RECORD_END, JOURNAL_NO_STEP);
	const struct record *undo = journal_last(&t->journal, RECORD_UNDO_INTENT, JOURNAL_NO_STEP);

	wait_until_cleared(os, t);
	if (!t->confirmed)
		return print_undone(t, undo);
	if (end && !str_eq(end->text, END_CONFIRMED)) {
		CLEANUP_STR struct str why = { 0 };

		report_remarks(t, "", &why);
		printf(_("Confirmed, but not finished: %s\nWhat you proved stays in force. "
			 "When the cause is gone, run again: sudo kannuki apply\n"),
		       why.text ? str_trim(why.text) : "");
		return EXIT_FAILED;
	}
	if (t->plan.undoes)
		printf(_("Confirmed: transaction %s is taken back.\n"), t->plan.undoes);
	else
		printf(_("Confirmed: this host is as the policy says.\n"));
	return EXIT_DONE;
}

/* Is somebody there to press a key? */
static bool has_keys(void)
{
	return term_is_interactive() && term_is_foreground();
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
			return print_outcome(os, t);
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

void print_card(struct os *os, const struct txn *t, const struct facts *f, enum card_form form)
{
	CLEANUP_HOSTKEYS struct hostkeys keys = { 0 };
	CLEANUP_FREE char *left = time_left(os, t);
	CLEANUP_STR struct str s = { 0 };
	struct err ignored = { 0 };
	const struct card card = { .plan = &t->plan,
				   .facts = f,
				   .hostkeys = &keys,
				   .left = left,
				   .provider = provider_detect(os, f),
				   .asks_provider = form == CARD_LIVE && has_keys() };

	/* Without them the card is still worth much. */
	if (form != CARD_SHORT && hostkeys_gather(os, &keys, &ignored) < 0)
		keys = (struct hostkeys){ 0 };
	if (form == CARD_SHORT)
		card_short(&card, &s);
	else
		card_next_step(&card, &s);
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
			return print_outcome(os, t);
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

/* Who types "sudo kannuki confirm" in this window comes here by its second letter. */
static void undo_now(struct os *os, const struct txn *t, struct live *l)
{
	CLEANUP_FREE char *question = xasprintf("%s [yes/no] ", _("Undo all changes now?"));
	CLEANUP_RECOVERED struct recovered done = { 0 };
	CLEANUP_FREE char *answer = NULL;
	struct err why = { 0 };
	bool yes;

	live_clear(l);
	term_raw(false);
	yes = term_line(question, &answer, &why) == 0 && term_means_yes(str_trim(answer));
	term_raw(true);
	/* What was typed ahead was not echoed, nor its end of line: the question stands there still. */
	printf("%s", l->redraws ? "\r\033[K" : "\n");
	if (yes)
		live_note(l, recover_run(os, t->id, RECOVER_NOW, &done, &why) ? why.msg : NULL);
	else if (answer && strstr(answer, "kannuki"))
		live_note(l, _("Nothing was undone. Type that in the new window, once you have "
			       "logged in there."));
	else
		live_note(l, _("Nothing was undone."));
}

/* The person says where the server was rented: then what to click there is said in its words. */
static void ask_provider(struct txn *t, struct live *l)
{
	CLEANUP_STR struct str question = { 0 }, words = { 0 };
	CLEANUP_FREE char *answer = NULL;
	CLEANUP_FREE char *half = NULL;
	struct card card = { .plan = &t->plan };
	struct err ignored = { 0 };
	uint64_t n;

	live_clear(l);
	term_raw(false);
	card_ask_provider(&question);
	if (term_line(question.text, &answer, &ignored) == 0) {
		half = layout_halfwidth(answer);
		if (str_to_u64(half, 1, providers_count, &n) == 0)
			card.provider = &providers[n - 1];
		card_provider(&card, &words);
		printf("\n%s", words.text);
		if (card.provider)
			printf(_("Its console: %s\n"), _(card.provider->console));
	}
	printf("\n");
	fflush(stdout);
	term_raw(true);
}

/* 1: the person leaves. */
static int take_key(struct os *os, struct txn *t, struct live *l, int key)
{
	if (key == 'e' || key == 'E')
		more_time(os, t, l);
	else if (key == 'u' || key == 'U')
		undo_now(os, t, l);
	else if (key == 'p' || key == 'P')
		ask_provider(t, l);
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

/* Who comes back when all is undone finds here what was in the way, and how it goes on. */
static int undone_or_not(struct os *os, const struct txn *t, const struct live *l)
{
	CLEANUP_STR struct str s = { 0 };
	int r = print_outcome(os, t);

	if (t->confirmed)
		return r;
	if (l->words)
		layout_textf(&s, _("Seen last: %s"), l->words);
	layout_text(&s, _("To try again, run the same command once more."));
	fputs(s.text, stdout);
	return r;
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
			return undone_or_not(os, t, l);
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
	CLEANUP_LIVE struct live l = { .redraws = term_redraws(), .slow = term_is_slow() };
	int r;

	if (!has_keys())
		return follow_silently(os, t, e);
	term_catch_stop(true);
	term_raw(true);
	r = follow_live(os, t, &l, e);
	term_raw(false);
	term_catch_stop(false);
	return r;
}
