// SPDX-License-Identifier: MIT
/*
 * test_txn_time.c - what time and neighbours do to a transaction on a host in memory: an undo that fails
 * for hours, windows prolonged without end, a lock that is held too long, clocks set back, targets
 * started again. test_txn.c stops it at every call.
 */
#include <string.h>

#include "base/mem.h"
#include "core/recover.h"
#include "core/txn.h"
#include "lib/t.h"
#include "lib/txn_host.h"
#include "steps/file.h"
#include "steps/journal.h"

static int recover(struct fake *f, enum recover_mode mode, struct err *e)
{
	CLEANUP_RECOVERED struct recovered done = { 0 };

	return recover_run(&f->os, NULL, mode, &done, e);
}

/* The deadline comes, and one of the layers with it. */
static int deadline(struct fake *f, struct err *e)
{
	fake_advance(f, INT64_C(601000000000));
	return recover(f, RECOVER_DUE, e);
}

static bool is_old(struct fake *f)
{
	return str_eq(fake_text(f, "/etc/a"), "old a\n") &&
	       str_eq(fake_text(f, "/etc/c"), "old c\n") && !fake_node(f, TXN_ROOT "/ACTIVE");
}

static size_t records(struct fake *f, struct txn *t)
{
	struct err e = { 0 };

	return txn_refresh(&f->os, t, &e) < 0 ? 0 : t->journal.next;
}

/* The layers try every few seconds for as long as it takes: the journal must not be full by then. */
static int undo_that_fails_for_hours_ends_when_it_can(void)
{
	static const char *const in_the_way[] = { "/etc/a", "/etc/c" };
	struct fake *f = txn_host();
	CLEANUP_FREE char *id = NULL;
	CLEANUP_TXN struct txn t = { 0 };
	struct err e = { 0 };

	T_OK(txn_host_apply(f, true, &e) == 1);
	T_OK(txn_active(&f->os, &id, &e) == 0 && txn_open(&f->os, id, &t, &e) == 0);
	for (int i = 0; i < 2 * JOURNAL_SLOTS; i++) {
		/* Two faults by turns: each has words of its own. */
		fake_remove(f, in_the_way[i % 2]);
		fake_dir(f, in_the_way[i % 2], 0755);
		fake_remove(f, in_the_way[1 - i % 2]);
		T_OK(recover(f, RECOVER_NOW, &e) < 0);
	}
	T_OK(records(f, &t) < JOURNAL_SLOTS - 8);
	fake_remove(f, "/etc/a");
	fake_remove(f, "/etc/c");
	T_OK(deadline(f, &e) == 0 && is_old(f));
	fake_free(f);
	return 0;
}

static int the_same_failure_is_noted_once(void)
{
	struct fake *f = txn_host();
	CLEANUP_FREE char *id = NULL;
	CLEANUP_TXN struct txn t = { 0 };
	struct err e = { 0 };
	size_t after_one;

	T_OK(txn_host_apply(f, true, &e) == 1);
	T_OK(txn_active(&f->os, &id, &e) == 0 && txn_open(&f->os, id, &t, &e) == 0);
	fake_remove(f, "/etc/a");
	fake_dir(f, "/etc/a", 0755);
	T_OK(deadline(f, &e) < 0);
	after_one = records(f, &t);
	T_OK(journal_last(&t.journal, RECORD_NOTE, JOURNAL_NO_STEP) != NULL);
	T_OK(deadline(f, &e) < 0 && records(f, &t) == after_one);
	fake_free(f);
	return 0;
}

/* Minute by minute, by a script: the room for what decides is not used up. */
static int a_window_prolonged_all_the_time_can_be_confirmed(void)
{
	struct fake *f = txn_host();
	CLEANUP_FREE char *id = NULL;
	CLEANUP_TXN struct txn t = { 0 };
	struct err e = { 0 };
	int prolonged = 0;

	T_OK(txn_host_apply(f, true, &e) == 1);
	T_OK(txn_active(&f->os, &id, &e) == 0 && txn_open(&f->os, id, &t, &e) == 0);
	for (int i = 0; i < 2 * JOURNAL_SLOTS; i++) {
		fake_advance(f, INT64_C(1000000000));
		prolonged += txn_extend(&f->os, &t, 600, &e) == 0;
	}
	T_OK(prolonged > 100 && records(f, &t) < JOURNAL_SLOTS - 8);
	T_OK(t.state == TXN_PENDING && txn_confirm(&f->os, &t, "taro", &e) == 0);
	T_OK(recover(f, RECOVER_DUE, &e) == 0);
	T_STR(fake_text(f, "/etc/c"), "new c\n");
	T_OK(!fake_node(f, TXN_ROOT "/ACTIVE"));
	fake_free(f);
	return 0;
}

/* --- a slow host ----------------------------------------------------------------------------------- */

static fake_run_fn *pid1;  /* of txn_host */
static int64_t step_takes; /* ns */
static int64_t
	room_at_least; /* ns that the layers still left to any step when it had worked so long */

/* Steps of the kind "journal" ask for the state of journald, and here that takes its time. */
static int slow_systemctl(struct fake *f, const struct run *r, struct run_result *ret,
			  struct err *e)
{
	CLEANUP_FREE char *id = NULL;
	CLEANUP_TXN struct txn t = { 0 };
	int64_t room;

	if (!r->argv[2] || !r->argv[3] || !str_eq(r->argv[4], "systemd-journald.service"))
		return pid1(f, r, ret, e);
	fake_advance(f, step_takes);
	if (txn_active(&f->os, &id, e) != 0 || txn_open(&f->os, id, &t, e) != 0)
		return -1;
	room = t.apply_limit - os_now(&f->os, OS_BOOTTIME);
	room_at_least = room < room_at_least ? room : room_at_least;
	ret->out = xstrdup("ActiveState=inactive\n");
	ret->err = xstrdup("");
	return 0;
}

static struct fake *slow_host(void)
{
	struct fake *f = txn_host();

	for (size_t i = 0; i < f->program_count; i++)
		if (str_eq(f->program[i].name, "systemctl"))
			pid1 = f->program[i].fn;
	fake_on_run(f, "systemctl", slow_systemctl);
	return f;
}

/* Eight steps, each of which takes so many seconds, with 300 for a step. */
static int carry_out_slowly(struct fake *f, int seconds, struct err *e)
{
	static const struct txn_limits limits = { .apply_seconds = 300, .window_seconds = 600 };
	CLEANUP_PLAN struct plan p = { .needs_proof = true, .window_seconds = 600 };
	CLEANUP_NODE struct node program = { 0 };
	CLEANUP_TXN struct txn t = { 0 };

	for (int i = 0; i < 8; i++) {
		CLEANUP_FREE char *path = xasprintf("/etc/slow%d", i);
		const struct change change = {
			.path = path, .type = NODE_FILE, .text = "new\n", .mode = 0644
		};

		step_words(
			plan_add(&p, &step_journal, PHASE_ADD, path, step_journal_args(&change, 1)),
			path, "why", "undo");
	}
	plan_add_door(&p, "taro", 22022, "publickey");
	node_file(&program, "program", 0755);
	step_takes = seconds * INT64_C(1000000000);
	room_at_least = INT64_MAX;
	if (txn_prepare(&f->os, &p, &program, &t, e) < 0)
		return -2;
	return txn_carry_out(&f->os, &t, &limits, NULL, e);
}

/* The limit is for a step that hangs, not for the sum of those that work. */
static int a_slow_host_has_time_for_each_step(void)
{
	struct fake *f = slow_host();
	struct err e = { 0 };

	T_OK(carry_out_slowly(f, 290, &e) == 1);
	T_STR(fake_text(f, "/etc/slow7"), "new\n");
	/* In the eyes of the other layers too, and it is no time without end. */
	T_OK(room_at_least >= INT64_C(9000000000) && room_at_least < INT64_C(11000000000));
	fake_free(f);
	return 0;
}

static int a_step_that_takes_too_long_ends_it(void)
{
	struct fake *f = slow_host();
	struct err e = { 0 };

	T_OK(carry_out_slowly(f, 301, &e) == -1);
	T_OK(strstr(e.msg, "time limit") && room_at_least < 0);
	T_STR(fake_text(f, "/etc/slow0"), "(none)");
	T_OK(!fake_node(f, TXN_ROOT "/ACTIVE"));
	fake_free(f);
	return 0;
}

static int a_plan_too_long_for_the_journal_is_refused(void)
{
	struct fake *f = txn_host();
	CLEANUP_PLAN struct plan p = { .window_seconds = 600 };
	CLEANUP_NODE struct node program = { 0 };
	CLEANUP_TXN struct txn t = { 0 };
	struct err e = { 0 };

	for (int i = 0; i <= TXN_STEPS_MAX; i++)
		plan_add(&p, &step_file, PHASE_ADD, "x", json_object());
	node_file(&program, "program", 0755);
	T_OK(txn_prepare(&f->os, &p, &program, &t, &e) < 0 && strstr(e.msg, "steps"));
	T_OK(is_old(f));
	fake_free(f);
	return 0;
}

/* The clock is set back, and the folder of that second was tidied away. */
static int an_id_that_ended_is_not_given_again(void)
{
	struct fake *f = txn_host();
	CLEANUP_FREE char *id = NULL;
	CLEANUP_TXN struct txn t = { 0 };
	struct err e = { 0 };

	fake_file(f, "/var/lib/kannuki/ended", "20250101-000000\n20250101-000001\n", 0600);
	f->clock[OS_REALTIME] = INT64_C(1735689600000000000);
	T_OK(txn_host_apply(f, true, &e) == 1);
	T_OK(txn_active(&f->os, &id, &e) == 0 && txn_open(&f->os, id, &t, &e) == 0);
	T_STR(id, "20250101-000002");
	T_OK(t.state == TXN_PENDING);
	fake_free(f);
	return 0;
}

/* `systemctl start multi-user.target` starts what that target wants, in the middle of the window. */
static int settle_in_the_middle_of_a_boot_undoes_nothing(void)
{
	struct txn_host_units none = { .none = true };
	struct fake *f = txn_host();
	struct err e = { 0 };

	T_OK(txn_host_apply(f, true, &e) == 1);
	T_OK(recover(f, RECOVER_SETTLE, &e) == 1);
	T_STR(fake_text(f, "/etc/c"), "waiting c\n");
	/* A soft reboot in which L3 did not come to run. */
	f->arg = &none;
	T_OK(recover(f, RECOVER_SETTLE, &e) == 0);
	T_OK(is_old(f));
	fake_free(f);
	return 0;
}

/* `systemctl isolate` starts early boot's unit as well, which puts files back and no more; then settle is no
 * look after a boot: what runs has read the files before. */
static int settle_after_early_boots_undo_without_a_boot_undoes_all(void)
{
	struct fake *f = txn_host();
	struct err e = { 0 };

	T_OK(txn_host_apply(f, true, &e) == 1);
	T_OK(recover(f, RECOVER_BOOT, &e) == 0);
	T_STR(fake_text(f, "/etc/c"), "old c\n");
	/* It stands for what a running service still has. */
	fake_file(f, "/etc/c", "waiting c\n", 0600);
	T_OK(recover(f, RECOVER_SETTLE, &e) == 0);
	T_OK(is_old(f));
	fake_free(f);
	return 0;
}

/* --- two at the same moment --------------------------------------------------------------- */

/* Between the folder and its first record nothing names a boot: it is no other boot's. */
static int what_another_has_just_prepared_is_left_to_it(void)
{
	struct txn_host_units units = { .applying = true };
	struct fake *f = txn_host();
	CLEANUP_PLAN struct plan p = { .window_seconds = 600 };
	CLEANUP_NODE struct node program = { 0 };
	CLEANUP_TXN struct txn t = { 0 };
	struct err e = { 0 };

	f->arg = &units;
	plan_add(&p, &step_file, PHASE_ADD, "x", json_object());
	node_file(&program, "program", 0755);
	T_OK(txn_prepare(&f->os, &p, &program, &t, &e) == 0);
	T_OK(recover(f, RECOVER_DUE, &e) == 1);
	T_OK(fake_node(f, TXN_ROOT "/ACTIVE") && fake_node(f, t.dir));
	/* PID 1 stops it, and waits for a program of its. */
	units = (struct txn_host_units){ .stopping = true };
	T_OK(recover(f, RECOVER_DUE, &e) == 1 && fake_node(f, t.dir));
	units.stopping = false;
	T_OK(recover(f, RECOVER_DUE, &e) == 0);
	T_OK(!fake_node(f, TXN_ROOT "/ACTIVE") && !fake_node(f, t.dir));
	fake_free(f);
	return 0;
}

/* A layer of the one that ended looks once more: the units are the next one's by now. */
static int what_has_ended_takes_nothing_of_the_next(void)
{
	static const char boot_unit[] = "/etc/systemd/system/kannuki-recover-boot.service";
	struct fake *f = txn_host();
	CLEANUP_RECOVERED struct recovered done = { 0 };
	CLEANUP_FREE char *id = NULL;
	struct err e = { 0 };

	T_OK(txn_host_apply(f, true, &e) == 1 && txn_active(&f->os, &id, &e) == 0);
	T_OK(recover(f, RECOVER_NOW, &e) == 0);
	T_OK(txn_host_apply(f, true, &e) == 1 && fake_node(f, boot_unit));
	T_OK(recover_run(&f->os, id, RECOVER_DUE, &done, &e) == 0);
	T_OK(fake_node(f, boot_unit));
	fake_free(f);
	return 0;
}

/* --- the lock, held too long ------------------------------------------------------------- */

#define HOLDER 777

static void held_by(struct fake *f, const char *exe, bool stopped)
{
	fake_process_add(f, HOLDER, 1, exe)->process.stopped = stopped;
	fake_dir(f, "/run/kannuki", 0700);
	fake_lock_by(f, "/run/kannuki/lock", HOLDER);
}

/* Seconds until the deadline's undo was through, < 0: it was not. */
static int late_by(struct fake *f, struct err *e)
{
	int64_t due = f->clock[OS_MONOTONIC] + INT64_C(601000000000);

	if (deadline(f, e) < 0)
		return -1;
	return (int)((f->clock[OS_MONOTONIC] - due) / INT64_C(1000000000));
}

/* ^Z in confirm, just while it holds the lock. */
static int a_stopped_holder_does_not_hold_up_the_deadline(void)
{
	struct fake *f = txn_host();
	struct err e = { 0 };
	int late;

	T_OK(txn_host_apply(f, true, &e) == 1);
	held_by(f, "/usr/local/sbin/kannuki", true);
	late = late_by(f, &e);
	T_OK(late >= 0 && late < 60);
	T_OK(is_old(f));
	for (size_t i = 0; i < f->ran.count; i++) /* it was not the apply unit's fault */
		T_OK(!str_starts(f->ran.item[i], "systemctl kill"));
	fake_free(f);
	return 0;
}

static int a_holder_at_work_is_given_its_time(void)
{
	struct fake *f = txn_host();
	struct err e = { 0 };
	int late;

	T_OK(txn_host_apply(f, true, &e) == 1);
	held_by(f, "/var/lib/kannuki/txn/x/recover", false);
	late = late_by(f, &e);
	T_OK(late >= 280 && late < 400);
	T_OK(is_old(f));
	fake_free(f);
	return 0;
}

static int a_strangers_process_is_never_killed(void)
{
	struct fake *f = txn_host();
	struct err e = { 0 };

	T_OK(txn_host_apply(f, true, &e) == 1);
	held_by(f, "/usr/bin/flock", true);
	T_OK(late_by(f, &e) < 0 && e.kind == ERR_CONFLICT && strstr(e.msg, "777"));
	T_OK(fake_process_find(f, HOLDER) != NULL);
	fake_free(f);
	return 0;
}

int main(void)
{
	static const struct t_case cases[] = {
		T(undo_that_fails_for_hours_ends_when_it_can),
		T(the_same_failure_is_noted_once),
		T(a_window_prolonged_all_the_time_can_be_confirmed),
		T(a_slow_host_has_time_for_each_step),
		T(a_step_that_takes_too_long_ends_it),
		T(a_plan_too_long_for_the_journal_is_refused),
		T(an_id_that_ended_is_not_given_again),
		T(settle_in_the_middle_of_a_boot_undoes_nothing),
		T(settle_after_early_boots_undo_without_a_boot_undoes_all),
		T(what_another_has_just_prepared_is_left_to_it),
		T(what_has_ended_takes_nothing_of_the_next),
		T(a_stopped_holder_does_not_hold_up_the_deadline),
		T(a_holder_at_work_is_given_its_time),
		T(a_strangers_process_is_never_killed),
	};

	return t_main(cases, COUNT(cases));
}
