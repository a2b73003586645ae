// SPDX-License-Identifier: MIT
/*
 * test_txn_damage.c - a journal that lost something: torn at every length, each slot lost at every moment, unreadable.
 * What was confirmed is never undone, what was not is undone as long as a record can be read, and what is in doubt
 * is a person's to decide.
 */
#include <errno.h>

#include "core/txn.h"
#include "lib/t.h"
#include "lib/txn_host.h"

/* All layers, as after a boot, or in the same one when the window is over. */
static void layers(struct fake *f, bool booted)
{
	struct txn_host_units none = { .none = true };
	struct err e = { 0 };

	if (booted) {
		f->arg = &none;
		fake_power_on(f);
		fake_dir(f, "/run/systemd/system", 0755);
		txn_host_run(f, NULL, RECOVER_BOOT, &e);
		txn_host_run(f, NULL, RECOVER_SETTLE, &e);
	} else {
		fake_restart(f);
		fake_advance(f, INT64_C(601000000000));
		txn_host_run(f, NULL, RECOVER_DUE, &e);
	}
	f->arg = NULL;
}

/* --- hosts in the middle of a transaction ------------------------------------------------------- */

enum phase { APPLY, UNDO, FINISH, PHASES };

/* The phase was killed after n changes. NULL: it comes to its end before. */
static struct fake *host_in(enum phase phase, int n)
{
	struct fake *f = txn_host();
	struct err e = { 0 };
	int r = -1;

	if (phase == APPLY)
		fake_cut_after(f, n, FAKE_CUT_BEFORE);
	r = txn_host_apply(f, true, &e);
	if (phase != APPLY && r == 1) {
		if (phase == FINISH)
			txn_host_commit(f);
		fake_cut_after(f, n, FAKE_CUT_BEFORE);
		r = txn_host_run(f, NULL, phase == UNDO ? RECOVER_NOW : RECOVER_DUE, &e);
	}
	f->budget = -1;
	if (f->off) {
		fake_restart(f);
		return f;
	}
	fake_free(f);
	return NULL;
}

enum loss { ZEROED, RUBBISH, ONE_BIT, REST_ZEROED, LOSSES };

static void lose(struct fake *f, const char *log, size_t slot, enum loss loss)
{
	const struct node *n = fake_node(f, log);
	char *at = n->data + slot * JOURNAL_SLOT;

	if (loss == ZEROED)
		memset(at, 0, JOURNAL_SLOT);
	else if (loss == RUBBISH)
		memset(at + JOURNAL_SLOT / 2, 0xa5, JOURNAL_SLOT / 2);
	else if (loss == ONE_BIT)
		at[slot * 37 % JOURNAL_SLOT] ^= (char)(1 << slot % 8);
	else
		memset(at, 0, n->len - slot * JOURNAL_SLOT);
}

static bool has_image(struct fake *f, const char *log, const char *step)
{
	CLEANUP_FREE char *path = xasprintf("%.*s/pre/%s", (int)strlen(log) - 4, log, step);

	return fake_node(f, path) != NULL;
}

/* What the host must be once the layers have run. */
struct wanted {
	bool confirmed;	 /* CONFIRM was written */
	bool known;	 /* ... and it, or what comes after it, can still be read */
	bool any_record; /* some record can still be read, or no step was begun */
};

static bool is_right(struct fake *f, const struct wanted *w)
{
	struct err e = { 0 };

	/* In doubt, where the list of ended ones does not know it: a person's word takes it back. */
	if (!w->any_record && fake_node(f, TXN_ACTIVE) &&
	    txn_host_run(f, NULL, RECOVER_NOW, &e) != 0)
		return false;
	/* A CONFIRM without any trace is none: as if the power had gone before it. */
	return (w->confirmed && w->known ? txn_host_is_new(f) : txn_host_is_old(f)) &&
	       txn_host_is_over(f);
}

/* 0: so many slots there are; else -1 */
static int lose_each_slot(enum phase phase, int n, enum loss loss, bool booted, long *ret_rounds)
{
	size_t slots = 1;

	for (size_t slot = 0; slot < slots; slot++) {
		struct fake *f = host_in(phase, n);
		CLEANUP_FREE char *log = txn_host_log(f, &slots);
		struct wanted w = { .confirmed = phase == FINISH };
		bool right;

		if (!log || !fake_node(f, TXN_ACTIVE)) {
			fake_free(f);
			return 0;
		}
		/* begin, four layers, two records for each of three steps, PENDING: then CONFIRM is the 13th. */
		w.known = loss == ONE_BIT || has_image(f, log, "0003") ||
			  (loss == REST_ZEROED ? slot > 12 : slot != 12);
		w.any_record =
			loss != REST_ZEROED || slot > 0 || w.known || !has_image(f, log, "0000");
		lose(f, log, slot, loss);
		layers(f, booted);
		right = is_right(f, &w);
		if (!right)
			printf("# phase %d killed at %d, slot %zu of %zu lost by %d, booted %d\n",
			       (int)phase, n, slot, slots, (int)loss, (int)booted);
		fake_free(f);
		if (!right)
			return -1;
		++*ret_rounds;
	}
	return 0;
}

static int each_slot_lost_at_every_moment(void)
{
	long rounds = 0;

	for (int phase = APPLY; phase < PHASES; phase++)
		for (int n = 0;; n++) {
			struct fake *f = host_in((enum phase)phase, n);

			if (!f)
				break;
			fake_free(f);
			for (int way = 0; way < 2 * LOSSES; way++)
				T_OK(lose_each_slot((enum phase)phase, n, (enum loss)(way / 2),
						    way % 2, &rounds) == 0);
		}
	printf("# %ld rounds\n", rounds);
	T_OK(rounds > 4000);
	return 0;
}

/* The record that the undo began is lost while the window is open: it is carried on, and cannot be confirmed. */
static int an_undo_without_its_first_record_is_carried_on(void)
{
	struct fake *f = host_in(UNDO, 5);
	CLEANUP_TXN struct txn t = { 0 };
	CLEANUP_FREE char *log = NULL;
	struct err e = { 0 };
	size_t slots;

	log = txn_host_log(f, &slots);
	T_OK(slots == 14); /* PENDING, UNDO_INTENT, one UNDONE */
	lose(f, log, 12, ZEROED);
	txn_host_open(f, &t);
	T_OK(t.journal.damaged && t.state == TXN_UNDOING);
	T_OK(txn_confirm(&f->os, &t, "taro", &e) < 0);
	T_OK(txn_host_run(f, NULL, RECOVER_DUE, &e) == 0 && txn_host_is_old(f) &&
	     txn_host_is_over(f));
	fake_free(f);
	return 0;
}

/* --- torn at every length -------------------------------------------------------------------------- */

/* The log's first bytes are on the disk, and zeros or (cut) nothing behind them. */
static void keep_bytes(struct fake *f, const char *log, size_t len, bool cut)
{
	const struct node *n = fake_node(f, log);
	struct node kept = *n;

	memset(n->data + len, 0, n->len - len);
	kept.len = cut ? len : n->len;
	kept.data = xcalloc(kept.len + 1, 1);
	memcpy(kept.data, n->data, kept.len);
	fake_put(f, log, &kept);
	free(kept.data);
}

static bool any_record(struct fake *f)
{
	CLEANUP_TXN struct txn t = { 0 };

	txn_host_open(f, &t);
	return t.journal.count > 0;
}

/* Unconfirmed: old, whatever the length, but in doubt without any whole record. */
static int every_prefix_of_a_log_that_waits(void)
{
	size_t slots = 1;

	for (size_t len = 0; len <= slots * JOURNAL_SLOT; len++) {
		struct fake *f = txn_host_pending();
		CLEANUP_FREE char *log = txn_host_log(f, &slots);
		struct err e = { 0 };
		bool legible;

		keep_bytes(f, log, len, len % 3 == 0);
		legible = any_record(f);
		T_OK(legible ? len >= JOURNAL_SLOT - 4 : len < JOURNAL_SLOT);
		layers(f, len % 2);
		if (!legible) {
			T_OK(txn_host_is_pending(f) && fake_node(f, TXN_ACTIVE));
			T_OK(txn_host_run(f, NULL, RECOVER_DUE, &e) < 0 && e.kind == ERR_CONFLICT);
			T_OK(strstr(e.msg, "kannuki undo") && strstr(e.msg, "rm " TXN_ACTIVE));
			T_OK(txn_host_run(f, NULL, RECOVER_NOW, &e) == 0);
		}
		if (!txn_host_is_old(f) || !txn_host_is_over(f))
			printf("# the first %zu bytes\n", len);
		T_OK(txn_host_is_old(f) && txn_host_is_over(f));
		fake_free(f);
	}
	T_OK(slots == 12);
	return 0;
}

/* Confirmed, and a finish step begun, whose image is no part of the log: forward, whatever the length. */
static int every_prefix_of_a_log_that_is_confirmed(void)
{
	size_t slots = 1;

	for (size_t len = 0; len <= slots * JOURNAL_SLOT; len++) {
		struct fake *f = host_in(FINISH, 5);
		CLEANUP_FREE char *log = txn_host_log(f, &slots);

		T_OK(has_image(f, log, "0003") && !txn_host_is_new(f));
		keep_bytes(f, log, len, len % 3 == 0);
		layers(f, len % 2);
		if (!txn_host_is_new(f) || !txn_host_is_over(f))
			printf("# the first %zu bytes\n", len);
		T_OK(txn_host_is_new(f) && txn_host_is_over(f));
		fake_free(f);
	}
	T_OK(slots >= 13);
	return 0;
}

/* Nothing was begun: no image, no record. It goes, and that is said. */
static int a_blank_log_of_what_never_began_goes(void)
{
	struct fake *f = txn_host();
	CLEANUP_PLAN struct plan p = { .window_seconds = 600 };
	CLEANUP_RECOVERED struct recovered done = { 0 };
	CLEANUP_NODE struct node program = { 0 };
	CLEANUP_TXN struct txn t = { 0 };
	struct err e = { 0 };

	node_file(&program, "program", 0755);
	T_OK(txn_prepare(&f->os, &p, &program, &t, &e) == 0);
	T_OK(recover_run(&f->os, NULL, RECOVER_BOOT, &done, &e) == 0);
	T_OK(strstr(done.said, "had not begun") != NULL);
	T_OK(txn_host_is_over(f) && !fake_node(f, t.dir) && txn_host_is_old(f));
	fake_free(f);
	return 0;
}

/* --- unreadable --------------------------------------------------------------------------------------- */

/* Any read fails once, the log's among them: nothing is done by halves, and the next look does what is due. */
static int what_cannot_be_read_for_a_moment_waits(void)
{
	unsigned failed = 0;

	for (int confirmed = 0; confirmed < 2; confirmed++)
		for (unsigned long n = 1; n < 200; n++) {
			struct fake *f = txn_host_pending();
			struct err e = { 0 };
			int r;

			if (confirmed)
				txn_host_commit(f);
			fake_advance(f, INT64_C(601000000000));
			fake_fail(f, FAKE_GET, n, EIO);
			r = txn_host_run(f, NULL, RECOVER_DUE, &e);
			failed += r < 0;
			T_OK(r != 0 || (confirmed ? txn_host_is_new(f) : txn_host_is_old(f)));
			f->fail[FAKE_GET].at = 0;
			txn_host_run(f, NULL, RECOVER_DUE, &e);
			T_OK((confirmed ? txn_host_is_new(f) : txn_host_is_old(f)) &&
			     txn_host_is_over(f));
			fake_free(f);
		}
	T_OK(failed > 20);
	return 0;
}

/* The log itself, for good: said each time, and nothing is touched, by whatever layer. */
static int a_log_that_cannot_be_read_at_all_is_said(void)
{
	static const enum recover_mode modes[] = { RECOVER_DUE, RECOVER_BOOT, RECOVER_SETTLE,
						   RECOVER_NOW };

	for (size_t i = 0; i < COUNT(modes); i++) {
		struct fake *f = txn_host_pending();
		CLEANUP_RECOVERED struct recovered done = { 0 };
		struct err e = { 0 };

		fake_advance(f, INT64_C(601000000000));
		fake_fail(f, FAKE_GET, 4, EIO); /* ACTIVE, the folder, the plan, the log */
		T_OK(recover_run(&f->os, NULL, modes[i], &done, &e) < 0 && e.sys == EIO);
		T_OK(strstr(e.msg, "journal") && txn_host_is_pending(f) &&
		     fake_node(f, TXN_ACTIVE));
		T_OK(!done.for_person); /* settle looks again */
		fake_free(f);
	}
	return 0;
}

int main(void)
{
	static const struct t_case cases[] = {
		T(each_slot_lost_at_every_moment),
		T(an_undo_without_its_first_record_is_carried_on),
		T(every_prefix_of_a_log_that_waits),
		T(every_prefix_of_a_log_that_is_confirmed),
		T(a_blank_log_of_what_never_began_goes),
		T(what_cannot_be_read_for_a_moment_waits),
		T(a_log_that_cannot_be_read_at_all_is_said),
	};

	return t_main(cases, COUNT(cases));
}
