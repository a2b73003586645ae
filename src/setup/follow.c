// SPDX-License-Identifier: MIT
/* follow.c - see follow.h. */
#include "setup/follow.h"

#include <stdio.h>
#include <string.h>

#include "base/exit_code.h"
#include "base/i18n.h"
#include "base/term.h"
#include "core/deadman.h"
#include "core/recover.h"
#include "report/record_report.h"

#define POLL_MS 100

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

static size_t count_done(const struct txn *t, size_t *ret_all)
{
	size_t done = 0;

	*ret_all = 0;
	for (size_t i = 0; i < t->plan.count; i++) {
		if (t->plan.step[i].phase == PHASE_FINISH && t->plan.needs_proof)
			continue;
		++*ret_all;
		done += journal_last(&t->journal, RECORD_DONE, (uint32_t)i) != NULL;
	}
	return done;
}

/* Prints what has come into the journal since `from`. */
static size_t print_news(const struct txn *t, size_t from)
{
	size_t all, n = 0;

	count_done(t, &all);
	for (size_t i = 0; i < t->journal.count; i++) {
		const struct record *r = &t->journal.record[i];

		if (r->type == RECORD_DONE)
			n++;
		if (i < from)
			continue;
		if (r->type == RECORD_BEGIN)
			printf(_("Transaction %s. First, what undoes it all if anything goes "
				 "wrong:\n"),
			       t->id);
		if (r->type == RECORD_ARMED && str_eq(r->text, "settle"))
			printf("  ok  %s\n",
			       _("it undoes itself at the deadline, after a crash, at a reboot"));
		if (r->type == RECORD_DONE && r->step < t->plan.count)
			printf("  ok  [%zu/%zu] %s\n", n, all, t->plan.step[r->step].title);
		if (r->type == RECORD_UNDO_INTENT) {
			CLEANUP_FREE char *why = record_words(r);

			printf(_("Undoing: %s\n"), why);
		}
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

/* The address by which the person is here now; else the first that is not local to a link. */
static void own_address(const struct facts *f, char buf[ADDR_TEXT])
{
	snprintf(buf, ADDR_TEXT, "%s", _("HOST"));
	if (f->session_count > 0) {
		struct addr a = addr_unmap(&f->session[0].local);

		addr_text(&a, buf);
		return;
	}
	for (size_t i = 0; i < f->address_count; i++) {
		const struct addr *a = &f->address[i].addr;

		if (f->address[i].loopback || addr_is_link_local(a))
			continue;
		addr_text(a, buf);
		return;
	}
}

void print_next_step(struct os *os, const struct txn *t, const struct facts *f)
{
	CLEANUP_FREE char *left = time_left(os, t);
	char host[ADDR_TEXT];

	own_address(f, host);
	printf(_("\nThe changes are not confirmed yet. Log in by a new connection within %s:\n\n"),
	       left);
	for (size_t i = 0; i < t->plan.door_count; i++) {
		const struct door *d = &t->plan.door[i];

		if (door_is_new(t->plan.door, i))
			printf("    ssh -p %u %s@%s\n", d->port, d->user, host);
	}
	printf("    sudo kannuki confirm\n\n");
	printf(_("If your client warns of an unknown host key, compare: sudo kannuki "
		 "fingerprint\n"));
	printf(_("If it does not connect, open port %u/tcp in your provider's packet filter.\n"),
	       t->plan.door_count ? t->plan.door[0].port : 22);
	printf(_("If you do nothing, all goes back to how it was. A reboot undoes it too.\n"
		 "You may close this window.\n"
		 "More time: sudo kannuki extend. Undo now: sudo kannuki undo\n\n"));
	fflush(stdout);
}

int follow_window(struct os *os, struct txn *t, struct err *e)
{
	bool tty = term_is_interactive();
	size_t seen = t->journal.count;

	for (;;) {
		if (txn_refresh(os, t, e) < 0)
			return -1;
		if (t->state != TXN_PENDING && tty)
			printf("\r\033[K");
		seen = print_news(t, seen);
		if (t->state == TXN_ENDED)
			return print_outcome(t);
		if (tty && t->state == TXN_PENDING) {
			CLEANUP_FREE char *left = time_left(os, t);

			printf("\r\033[K");
			printf(_("waiting for sudo kannuki confirm from the new login: %s left"),
			       left);
			fflush(stdout);
		}
		os_sleep(os, tty ? 500 : 200);
	}
}
