// SPDX-License-Identifier: MIT
/*
 * test_txn_found.c - what the model of the commit protocol found (tests/model), on the host in memory: the
 * same ways into it, and that they end well now.
 */
#include <errno.h>

#include "core/recover.h"
#include "core/txn.h"
#include "lib/t.h"
#include "lib/txn_host.h"

static const char boot_unit[] = "/etc/systemd/system/kannuki-recover-boot.service";
static const char settle_unit[] = "/etc/systemd/system/kannuki-settle.service";

#define HOLDER 777

static int recover(struct fake *f, const char *id, struct err *e)
{
	CLEANUP_RECOVERED struct recovered done = { 0 };

	return recover_run(&f->os, id, RECOVER_DUE, &done, e);
}

static void held_by_stopped(struct fake *f)
{
	fake_process_add(f, HOLDER, 1, "/usr/local/sbin/kannuki")->process.stopped = true;
	fake_dir(f, "/run/kannuki", 0700);
	fake_lock_by(f, "/run/kannuki/lock", HOLDER);
}

static bool is_old(struct fake *f)
{
	return str_eq(fake_text(f, "/etc/a"), "old a\n") && !fake_node(f, "/etc/b") &&
	       str_eq(fake_text(f, "/etc/c"), "old c\n");
}

static int prepare(struct fake *f, struct txn *ret, struct err *e)
{
	CLEANUP_PLAN struct plan p = { .window_seconds = 600 };
	CLEANUP_NODE struct node program = { 0 };

	node_file(&program, "program", 0755);
	return txn_prepare(&f->os, &p, &program, ret, e);
}

static int carry_out(struct fake *f, struct txn *t, struct err *e)
{
	static const struct txn_limits limits = { .apply_seconds = 300, .window_seconds = 600 };

	return txn_carry_out(&f->os, t, &limits, NULL, e);
}

/* confirm was killed between its write and the fsync: a power cut would take CONFIRM away, so nothing
 * that only comes after it may be done before it is written for good. */
static int nothing_is_finished_before_confirm_is_on_the_disk(void)
{
	struct fake *f = txn_host();
	CLEANUP_FREE char *id = NULL;
	CLEANUP_TXN struct txn t = { 0 };
	struct err e = { 0 };
	unsigned long changes;

	T_OK(txn_host_apply(f, true, &e) == 1);
	T_OK(txn_active(&f->os, &id, &e) == 0 && txn_open(&f->os, id, &t, &e) == 0);
	T_OK(txn_confirm(&f->os, &t, "taro", &e) == 0);
	changes = f->changes;
	fake_fail(f, FAKE_WRITE_AT, 1, EIO);
	T_OK(recover(f, id, &e) < 0 &&
	     f->changes <= changes + 2); /* the lock's folder, the write */
	T_STR(fake_text(f, "/etc/c"), "waiting c\n");
	T_OK(recover(f, id, &e) == 0);
	T_STR(fake_text(f, "/etc/c"), "new c\n");
	T_STR(fake_text(f, "/etc/d"), "new d\n");
	fake_free(f);
	return 0;
}

/* `kannuki undo` came before the first record, took ACTIVE and was killed: the apply unit still waits for
 * its password, or for the lock. */
static int what_was_taken_back_before_it_began_does_not_begin(void)
{
	struct fake *f = txn_host();
	CLEANUP_TXN struct txn t = { 0 };
	struct err e = { 0 };

	T_OK(prepare(f, &t, &e) == 0);
	fake_remove(f, TXN_ROOT "/ACTIVE");
	T_OK(carry_out(f, &t, &e) < 0 && e.kind == ERR_CONFLICT);
	T_OK(t.state == TXN_PREPARED && !fake_node(f, boot_unit));
	T_OK(txn_refresh(&f->os, &t, &e) == 0 && t.journal.count == 0);
	fake_free(f);
	return 0;
}

/* The caller is told that nothing began, so that it does not watch what only its own end lets go. */
static int apply_that_never_had_the_lock_has_not_begun(void)
{
	struct fake *f = txn_host();
	CLEANUP_TXN struct txn t = { 0 };
	struct err e = { 0 };

	T_OK(prepare(f, &t, &e) == 0);
	held_by_stopped(f);
	T_OK(carry_out(f, &t, &e) < 0 && e.kind == ERR_CONFLICT);
	T_OK(t.state == TXN_PREPARED);
	fake_free(f);
	return 0;
}

/* That undo left the folder; another transaction is pending by the time somebody looks after it. */
static int clearing_a_folder_leaves_the_layers_of_the_next(void)
{
	struct fake *f = txn_host();
	CLEANUP_TXN struct txn first = { 0 };
	struct err e = { 0 };

	T_OK(prepare(f, &first, &e) == 0);
	fake_remove(f, TXN_ROOT "/ACTIVE");
	T_OK(txn_host_apply(f, true, &e) == 1 && fake_node(f, boot_unit));
	T_OK(recover(f, first.id, &e) == 0);
	T_OK(!fake_node(f, first.dir));
	T_OK(fake_node(f, boot_unit) && fake_node(f, settle_unit));
	T_OK(fake_node(f, TXN_ROOT "/ACTIVE") != NULL);
	fake_free(f);
	return 0;
}

/* ^Z in `kannuki undo`, when it has killed the apply unit and has not written anything yet. */
static int a_stopped_undo_of_an_apply_is_not_waited_for_for_ever(void)
{
	struct fake *f = txn_host();
	CLEANUP_FREE char *id = NULL;
	CLEANUP_TXN struct txn t = { 0 };
	struct err e = { 0 };

	fake_cut_after(f, 40, FAKE_CUT_BEFORE);
	T_OK(txn_host_apply(f, true, &e) < 0);
	f->budget = -1;
	fake_restart(f);
	T_OK(txn_active(&f->os, &id, &e) == 0 && txn_open(&f->os, id, &t, &e) == 0);
	T_OK(t.state == TXN_APPLYING && !is_old(f));
	held_by_stopped(f);
	T_OK(recover(f, id, &e) < 0);
	fake_advance(f, INT64_C(301000000000));
	T_OK(recover(f, id, &e) == 0 && is_old(f));
	fake_free(f);
	return 0;
}

/* While the old door does not come back, the new one is the only one. */
static int the_new_door_stays_until_the_old_one_is_back(void)
{
	struct fake *f = txn_host();
	struct err e = { 0 };

	T_OK(txn_host_apply(f, true, &e) == 1);
	fake_remove(f, "/etc/c");
	fake_dir(f, "/etc/c", 0755);
	fake_advance(f, INT64_C(601000000000));
	T_OK(recover(f, NULL, &e) < 0);
	T_STR(fake_text(f, "/etc/a"), "new a\n");
	T_STR(fake_text(f, "/etc/b"), "new b\n");
	fake_remove(f, "/etc/c");
	T_OK(recover(f, NULL, &e) >= 0 && is_old(f));
	T_OK(!fake_node(f, TXN_ROOT "/ACTIVE"));
	fake_free(f);
	return 0;
}

/* A careless admin removed the file that names it: nothing may begin beside it, and it is taken back. */
static int one_whose_name_is_lost_is_still_under_way(void)
{
	struct fake *f = txn_host();
	CLEANUP_FREE char *id = NULL;
	CLEANUP_FREE char *again = NULL;
	struct err e = { 0 };

	T_OK(txn_active(&f->os, &id, &e) == 1);
	T_OK(txn_host_apply(f, true, &e) == 1);
	fake_remove(f, TXN_ROOT "/ACTIVE");
	T_OK(txn_active(&f->os, &id, &e) == 0);
	T_OK(txn_host_apply(f, true, &e) < 0 && e.kind == ERR_CONFLICT && strstr(e.msg, id));
	T_OK(recover(f, NULL, &e) == 1 && !is_old(f));
	fake_advance(f, INT64_C(601000000000));
	T_OK(recover(f, NULL, &e) == 0 && is_old(f));
	T_OK(txn_active(&f->os, &again, &e) == 1);
	fake_free(f);
	return 0;
}

int main(void)
{
	static const struct t_case cases[] = {
		T(nothing_is_finished_before_confirm_is_on_the_disk),
		T(what_was_taken_back_before_it_began_does_not_begin),
		T(one_whose_name_is_lost_is_still_under_way),
		T(apply_that_never_had_the_lock_has_not_begun),
		T(clearing_a_folder_leaves_the_layers_of_the_next),
		T(a_stopped_undo_of_an_apply_is_not_waited_for_for_ever),
		T(the_new_door_stays_until_the_old_one_is_back),
	};

	return t_main(cases, COUNT(cases));
}
