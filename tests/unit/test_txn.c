// SPDX-License-Identifier: MIT
/*
 * test_txn.c - the promise of the product on a host in memory: stop it at any call that changes
 * something, and after recover the host is as it was, or as confirmed.
 */
#include <errno.h>

#include "core/deadman.h"
#include "core/recover.h"
#include "core/txn.h"
#include "lib/t.h"
#include "lib/txn_host.h"

/* Our own history, and what only lives until the next boot. */
static const char *const except[] = { "/var/lib/kannuki", "/run", "/proc", NULL };

/* What `kannuki confirm` does once the proof is there, and the finish. */
static int confirm(struct fake *f, struct err *e)
{
	CLEANUP_FREE char *id = NULL;
	CLEANUP_RECOVERED struct recovered done = { 0 };
	CLEANUP_TXN struct txn t = { 0 };

	if (txn_active(&f->os, &id, e) != 0 || txn_open(&f->os, id, &t, e) < 0 ||
	    txn_confirm(&f->os, &t, "taro", e) < 0)
		return -1;
	return recover_run(&f->os, id, RECOVER_DUE, &done, e);
}

static bool is_new(struct fake *f)
{
	return str_eq(fake_text(f, "/etc/a"), "new a\n") &&
	       str_eq(fake_text(f, "/etc/b"), "new b\n") &&
	       str_eq(fake_text(f, "/etc/c"), "new c\n") &&
	       str_eq(fake_text(f, "/etc/d"), "new d\n");
}

/* What the layers do after the cut: by a boot, or in the same boot by the sentinel. */
static int dead_man(struct fake *f, bool booted, struct err *e)
{
	CLEANUP_RECOVERED struct recovered done = { 0 };
	CLEANUP_RECOVERED struct recovered again = { 0 };

	if (booted) {
		fake_power_on(f);
		fake_dir(f, "/run/systemd/system", 0755);
		return recover_run(&f->os, NULL, RECOVER_BOOT, &done, e) < 0 ||
				       recover_run(&f->os, NULL, RECOVER_SETTLE, &again, e) < 0
			       ? -1
			       : 0;
	}
	fake_restart(f);
	if (recover_run(&f->os, NULL, RECOVER_DUE, &done, e) < 0)
		return -1;
	/* Pending and in time: nobody confirms. */
	fake_advance(f, INT64_C(601000000000));
	return recover_run(&f->os, NULL, RECOVER_DUE, &again, e) < 0 ? -1 : 0;
}

/* Of a transaction that is over: its plan, its journal, and images only where it was confirmed. */
static bool is_tidy(struct fake *f)
{
	CLEANUP_STRV struct strv names = { 0 };
	struct err e = { 0 };

	if (os_list(&f->os, TXN_ROOT, &names, &e) < 0)
		return false;
	for (size_t i = 0; i < names.count; i++) {
		CLEANUP_FREE char *log = xasprintf(TXN_ROOT "/%s/log", names.item[i]);
		CLEANUP_FREE char *pre = xasprintf(TXN_ROOT "/%s/pre", names.item[i]);
		CLEANUP_FREE char *reserve = xasprintf(TXN_ROOT "/%s/reserve", names.item[i]);
		CLEANUP_FREE char *recover = xasprintf(TXN_ROOT "/%s/recover", names.item[i]);

		if (fake_node(f, reserve) || fake_node(f, recover) || !fake_node(f, log) ||
		    (fake_node(f, pre) && !is_new(f))) {
			printf("# left of %s: %s%s%s\n", names.item[i],
			       fake_node(f, pre) ? "images " : "",
			       fake_node(f, reserve) ? "reserve " : "",
			       fake_node(f, recover) ? "recover" : "");
			return false;
		}
	}
	return true;
}

static bool no_traces(struct fake *f, const char *old)
{
	CLEANUP_FREE char *now = fake_dump(f, false, except);

	if (!str_eq(now, old))
		printf("# now:\n%s\n# old:\n%s\n", now, old);
	return str_eq(now, old) && !fake_node(f, TXN_ROOT "/ACTIVE") && is_tidy(f);
}

/* Returns the number of cuts, or -1. */
static int cut_apply_everywhere(enum fake_cut cut, bool booted)
{
	for (int n = 0;; n++) {
		struct fake *f = txn_host();
		CLEANUP_FREE char *old = fake_dump(f, false, except);
		struct err e = { 0 };
		int r;

		fake_cut_after(f, n, cut);
		r = txn_host_apply(f, true, &e);
		f->budget = -1;
		if (r == 1) {
			fake_free(f);
			return n;
		}
		if (dead_man(f, booted, &e) < 0 || !no_traces(f, old)) {
			printf("# cut %d: %s\n", n, e.msg);
			return -1;
		}
		fake_free(f);
	}
}

static int power_cut_at_every_change_of_apply_leaves_no_trace(void)
{
	T_OK(cut_apply_everywhere(FAKE_CUT_BEFORE, true) > 40);
	T_OK(cut_apply_everywhere(FAKE_CUT_AFTER, true) > 40);
	T_OK(cut_apply_everywhere(FAKE_CUT_TORN, true) > 40);
	return 0;
}

static int kill_at_every_change_of_apply_leaves_no_trace(void)
{
	T_OK(cut_apply_everywhere(FAKE_CUT_BEFORE, false) > 40);
	T_OK(cut_apply_everywhere(FAKE_CUT_AFTER, false) > 40);
	return 0;
}

/* Old, or confirmed with all that belongs to it: nothing between. */
static int cut_confirm_everywhere(enum fake_cut cut, bool booted, int *ret_confirmed)
{
	*ret_confirmed = 0;
	for (int n = 0;; n++) {
		struct fake *f = txn_host();
		CLEANUP_FREE char *old = fake_dump(f, false, except);
		struct err e = { 0 };
		int r = txn_host_apply(f, true, &e);

		if (r != 1)
			return -1;
		fake_cut_after(f, n, cut);
		r = confirm(f, &e);
		f->budget = -1;
		if (r == 0 && !f->off) {
			r = is_new(f) && !fake_node(f, TXN_ROOT "/ACTIVE") ? n : -1;
			fake_free(f);
			return r;
		}
		if (dead_man(f, booted, &e) < 0 || !(is_new(f) ? is_tidy(f) : no_traces(f, old))) {
			printf("# cut %d: %s\n", n, e.msg);
			return -1;
		}
		*ret_confirmed += is_new(f);
		fake_free(f);
	}
}

static int cut_at_every_change_of_confirm_is_old_or_confirmed(void)
{
	int confirmed, cuts;

	for (int booted = 0; booted < 2; booted++)
		for (int cut = FAKE_CUT_BEFORE; cut <= FAKE_CUT_TORN; cut++) {
			cuts = cut_confirm_everywhere((enum fake_cut)cut, booted, &confirmed);
			T_OK(cuts > 10);
			/* Only the cut before the commit point ends in the old state. */
			T_OK(confirmed == cuts - (cut == FAKE_CUT_AFTER ? 0 : 1));
		}
	return 0;
}

/* recover is cut too, and then runs once more. */
static int cut_at_every_change_of_recover_leaves_no_trace(void)
{
	for (int n = 0;; n++) {
		struct fake *f = txn_host();
		CLEANUP_FREE char *old = fake_dump(f, false, except);
		CLEANUP_RECOVERED struct recovered done = { 0 };
		struct err e = { 0 };
		int r;

		T_OK(txn_host_apply(f, true, &e) == 1);
		fake_cut_after(f, n, n % 2 ? FAKE_CUT_AFTER : FAKE_CUT_BEFORE);
		r = recover_run(&f->os, NULL, RECOVER_NOW, &done, &e);
		f->budget = -1;
		if (r == 0 && !f->off) {
			T_OK(n > 10 && no_traces(f, old));
			fake_free(f);
			return 0;
		}
		if (dead_man(f, n % 3 == 0, &e) < 0 || !no_traces(f, old)) {
			printf("# cut %d: %s\n", n, e.msg);
			return 1;
		}
		fake_free(f);
	}
}

static int every_failing_call_of_apply_undoes_all_and_says_why(void)
{
	static const enum fake_op ops[] = { FAKE_GET, FAKE_PUT, FAKE_WRITE_AT, FAKE_RUN };
	int failures = 0;

	for (size_t o = 0; o < COUNT(ops); o++)
		for (unsigned long n = 1;; n++) {
			struct fake *f = txn_host();
			CLEANUP_FREE char *old = fake_dump(f, false, except);
			struct err e = { 0 };
			int r;

			fake_fail(f, ops[o], n, ENOSPC);
			r = txn_host_apply(f, true, &e);
			if (f->fail[ops[o]].at == 0 && r == 1) {
				/* A failure that is no obstacle: the call was not needed. */
				fake_free(f);
				if (f->count[ops[o]] < n)
					break;
				continue;
			}
			if (r == 1) {
				fake_free(f);
				break;
			}
			failures++;
			T_OK(r < 0 && e.msg[0]);
			T_OK(dead_man(f, false, &e) == 0 && no_traces(f, old));
			fake_free(f);
		}
	T_OK(failures > 60);
	return 0;
}

static int nobody_confirms_and_the_old_state_is_back(void)
{
	struct fake *f = txn_host();
	CLEANUP_FREE char *old = fake_dump(f, false, except);
	CLEANUP_RECOVERED struct recovered done = { 0 };
	struct err e = { 0 };

	T_OK(txn_host_apply(f, true, &e) == 1);
	T_STR(fake_text(f, "/etc/c"), "waiting c\n");
	T_OK(recover_run(&f->os, NULL, RECOVER_DUE, &done, &e) == 1 && done.wait_ms > 0);
	T_STR(fake_text(f, "/etc/c"), "waiting c\n");
	fake_advance(f, INT64_C(600000000000));
	T_OK(recover_run(&f->os, NULL, RECOVER_DUE, &done, &e) == 0);
	T_OK(strstr(done.said, "nobody confirmed in time") != NULL);
	T_OK(no_traces(f, old));
	fake_free(f);
	return 0;
}

/* SIGKILL between a staged unit and its move, which no cut of whole calls shows. */
static int staged_units_of_a_killed_run_go(void)
{
	struct fake *f = txn_host();
	CLEANUP_FREE char *old = fake_dump(f, false, except);
	struct err e = { 0 };

	T_OK(txn_host_apply(f, true, &e) == 1);
	fake_remove(f, "/etc/systemd/system/kannuki-settle.service");
	fake_remove(f, "/etc/systemd/system/sysinit.target.wants/kannuki-recover-boot.service");
	fake_file(f, "/etc/systemd/system/.kannuki-settle.service.kannuki~", "[Un", 0600);
	fake_link(f,
		  "/etc/systemd/system/sysinit.target.wants/.kannuki-recover-boot.service.kannuki~",
		  "x");
	fake_file(f, "/etc/systemd/system/.somebody-else.service.kannuki~", "", 0600);
	T_OK(dead_man(f, false, &e) == 0);
	T_OK(fake_node(f, "/etc/systemd/system/.somebody-else.service.kannuki~"));
	fake_remove(f, "/etc/systemd/system/.somebody-else.service.kannuki~");
	T_OK(no_traces(f, old));
	fake_free(f);
	return 0;
}

/* An administrator's drop-ins for our units are a folder of theirs: it stays, and is in nobody's way. */
static int drop_in_folders_for_our_units_stay(void)
{
	static const char *const files[] = {
		"/run/systemd/system/kannuki-apply@.service.d/own.conf",
		"/run/systemd/system/kannuki-deadline@.timer.d/own.conf",
		"/etc/systemd/system/kannuki-settle.service.d/own.conf",
	};
	struct fake *f = txn_host();
	struct err e = { 0 };

	for (size_t i = 0; i < COUNT(files); i++) {
		CLEANUP_FREE char *dir = xstrdup(files[i]);

		*strrchr(dir, '/') = '\0';
		fake_dir(f, dir, 0755);
		fake_file(f, files[i], "[Unit]\n", 0644);
	}
	T_OK(dead_man(f, false, &e) == 0);
	T_OK(txn_host_apply(f, true, &e) == 1);
	T_OK(dead_man(f, false, &e) == 0);
	for (size_t i = 0; i < COUNT(files); i++)
		T_STR(fake_text(f, files[i]), "[Unit]\n");
	fake_free(f);
	return 0;
}

/* A year forwards or backwards on the wall clock decides nothing. */
static int steps_of_the_wall_clock_do_not_matter(void)
{
	static const int64_t year = INT64_C(31536000000000000);

	for (int i = -1; i <= 1; i += 2) {
		struct fake *f = txn_host();
		CLEANUP_RECOVERED struct recovered done = { 0 };
		struct err e = { 0 };

		T_OK(txn_host_apply(f, true, &e) == 1);
		f->clock[OS_REALTIME] += i * year;
		T_OK(recover_run(&f->os, NULL, RECOVER_DUE, &done, &e) == 1);
		T_OK(confirm(f, &e) == 0 && is_new(f));
		fake_free(f);
	}
	return 0;
}

static int reboot_while_pending_undoes_whatever_the_deadline(void)
{
	struct fake *f = txn_host();
	CLEANUP_FREE char *old = fake_dump(f, false, except);
	struct err e = { 0 };

	T_OK(txn_host_apply(f, true, &e) == 1);
	T_OK(dead_man(f, true, &e) == 0 && no_traces(f, old));
	fake_free(f);
	return 0;
}

static int reboot_after_confirm_finishes_and_undoes_nothing(void)
{
	struct fake *f = txn_host();
	CLEANUP_FREE char *id = NULL;
	CLEANUP_TXN struct txn t = { 0 };
	struct err e = { 0 };

	T_OK(txn_host_apply(f, true, &e) == 1);
	T_OK(txn_active(&f->os, &id, &e) == 0 && txn_open(&f->os, id, &t, &e) == 0);
	T_OK(txn_confirm(&f->os, &t, "taro", &e) == 0);
	T_OK(dead_man(f, true, &e) == 0 && is_new(f));
	fake_free(f);
	return 0;
}

/* Confirmed on a host where the N-th call of this kind that comes then fails, after so many ns: 1, or 0 when
 * fewer came. */
static int finish_with_a_failure(enum fake_op op, unsigned long n, int64_t takes, struct err *e)
{
	struct fake *f = txn_host();
	CLEANUP_FREE char *id = NULL;
	CLEANUP_TXN struct txn t = { 0 };
	CLEANUP_RECOVERED struct recovered done = { 0 };
	int r = -1;

	if (txn_host_apply(f, true, e) == 1 && txn_active(&f->os, &id, e) == 0 &&
	    txn_open(&f->os, id, &t, e) == 0 && txn_confirm(&f->os, &t, "taro", e) == 0) {
		f->fail[op].at = f->count[op] + n;
		f->fail[op].errnum = ENOSPC;
		f->fail[op].takes = takes;
		if (recover_run(&f->os, id, RECOVER_DUE, &done, e) <
		    0) /* the journal itself: next time */
			recover_run(&f->os, id, RECOVER_DUE, &done, e);
		r = is_new(f) ? f->count[op] >= f->fail[op].at : -1;
	}
	fake_free(f);
	return r;
}

static int finish_that_fails_for_a_moment_goes_on(void)
{
	static const enum fake_op ops[] = { FAKE_PUT, FAKE_WRITE_AT, FAKE_RUN };

	for (size_t i = 0; i < COUNT(ops); i++) {
		unsigned long n = 1;
		int r = 1;

		for (; r > 0 && n < 100; n++) {
			struct err e = { 0 };

			r = finish_with_a_failure(ops[i], n, 0, &e);
			if (r < 0)
				printf("# call %lu of kind %d: %s\n", n, (int)ops[i], e.msg);
		}
		T_OK(r == 0 && n > 2 && n < 100);
	}
	return 0;
}

/* For as long as all tries together may take. */
static int finish_that_hangs_for_a_moment_goes_on(void)
{
	unsigned long n = 1;
	int r = 1;

	for (; r > 0 && n < 100; n++) {
		struct err e = { 0 };

		r = finish_with_a_failure(FAKE_PUT, n, INT64_C(31000000000), &e);
		if (r < 0)
			printf("# put %lu: %s\n", n, e.msg);
	}
	T_OK(r == 0 && n > 2 && n < 100);
	return 0;
}

static int finish_that_fails_for_good_keeps_what_was_proved_and_says_so(void)
{
	struct fake *f = txn_host();
	struct err e = { 0 };
	int64_t begin;

	T_OK(txn_host_apply(f, true, &e) == 1);
	fake_dir(f, "/etc/d", 0755);
	begin = f->clock[OS_BOOTTIME];
	T_OK(confirm(f, &e) == 2);
	T_OK(strstr(e.msg, "confirmed, but not finished") && strstr(e.msg, "/etc/d"));
	T_STR(fake_text(f, "/etc/b"), "new b\n");
	T_OK(!fake_node(f, TXN_ROOT "/ACTIVE"));
	T_OK(f->clock[OS_BOOTTIME] - begin < INT64_C(5000000000));
	fake_free(f);
	return 0;
}

static int plan_that_closes_no_door_is_in_force_at_once(void)
{
	struct fake *f = txn_host();
	struct err e = { 0 };

	T_OK(txn_host_apply(f, false, &e) == 0 && is_new(f));
	T_OK(!fake_node(f, TXN_ROOT "/ACTIVE"));
	fake_free(f);
	return 0;
}

static int second_apply_meets_a_conflict(void)
{
	struct fake *f = txn_host();
	struct err e = { 0 };

	T_OK(txn_host_apply(f, true, &e) == 1);
	T_OK(txn_host_apply(f, true, &e) < 0 && e.kind == ERR_CONFLICT);
	T_STR(fake_text(f, "/etc/c"), "waiting c\n");
	fake_free(f);
	return 0;
}

static int third_party_change_is_kept_aside(void)
{
	struct fake *f = txn_host();
	CLEANUP_FREE char *id = NULL;
	CLEANUP_RECOVERED struct recovered done = { 0 };
	CLEANUP_FREE char *path = NULL;
	struct err e = { 0 };

	T_OK(txn_host_apply(f, true, &e) == 1 && txn_active(&f->os, &id, &e) == 0);
	fake_file(f, "/etc/c", "an admin's own\n", 0600);
	T_OK(recover_run(&f->os, NULL, RECOVER_NOW, &done, &e) == 2);
	T_STR(fake_text(f, "/etc/c"), "old c\n");
	path = xasprintf(TXN_ROOT "/%s/displaced/etc%%c", id);
	T_STR(fake_text(f, path), "an admin's own\n");
	fake_free(f);
	return 0;
}

/* What nobody was there to read is in the journal when all has ended: whole, once, and also what early boot met and
 * settle does not look at again. */
static int third_party_change_is_said_in_the_end(void)
{
	const enum recover_mode ways[] = { RECOVER_NOW, RECOVER_BOOT };

	for (size_t i = 0; i < COUNT(ways); i++) {
		struct fake *f = txn_host();
		CLEANUP_FREE char *id = NULL;
		CLEANUP_STR struct str said = { 0 };
		CLEANUP_RECOVERED struct recovered done = { 0 }, settled = { 0 };
		CLEANUP_TXN struct txn t = { 0 };
		const struct record *r;
		struct err e = { 0 };
		size_t at = 0, lines = 0;

		T_OK(txn_host_apply(f, true, &e) == 1 && txn_active(&f->os, &id, &e) == 0);
		fake_file(f, "/etc/c", "an admin's own\n", 0600);
		T_OK(recover_run(&f->os, NULL, ways[i], &done, &e) == 2 && done.all_back);
		T_OK(ways[i] == RECOVER_NOW ||
		     recover_run(&f->os, NULL, RECOVER_SETTLE, &settled, &e) >= 0);
		T_OK(txn_open(&f->os, id, &t, &e) == 0 && t.state == TXN_ENDED);
		while ((r = txn_remark(&t, &at))) {
			lines += r->number == 0;
			str_add(&said, r->text);
		}
		T_OK(lines == 1 &&
		     str_starts(said.text, "/etc/c had been changed by someone else"));
		T_OK(str_ends(said.text, "/displaced/etc%c"));
		r = journal_last(&t.journal, RECORD_END, JOURNAL_NO_STEP);
		T_STR(r->text, "undone, with a remark");
		fake_free(f);
	}
	return 0;
}

static int journal_of_another_machine_is_never_run(void)
{
	struct fake *f = txn_host();
	CLEANUP_RECOVERED struct recovered done = { 0 };
	struct err e = { 0 };

	T_OK(txn_host_apply(f, true, &e) == 1);
	fake_file(f, "/etc/machine-id", "ffffffffffffffffffffffffffffffff\n", 0444);
	T_OK(recover_run(&f->os, NULL, RECOVER_BOOT, &done, &e) < 0);
	T_STR(fake_text(f, "/etc/c"), "waiting c\n");
	fake_free(f);
	return 0;
}

static int window_can_be_prolonged_up_to_an_hour(void)
{
	struct fake *f = txn_host();
	CLEANUP_FREE char *id = NULL;
	CLEANUP_TXN struct txn t = { 0 };
	struct err e = { 0 };

	T_OK(txn_host_apply(f, true, &e) == 1);
	T_OK(txn_active(&f->os, &id, &e) == 0 && txn_open(&f->os, id, &t, &e) == 0);
	T_OK(txn_extend(&f->os, &t, 1800, &e) == 0);
	T_OK(t.deadline - f->clock[OS_BOOTTIME] > INT64_C(1790000000000));
	T_OK(txn_extend(&f->os, &t, 7200, &e) == 0);
	T_OK(t.deadline <= t.pending_since + INT64_C(3601000000000));
	T_OK(txn_extend(&f->os, &t, 60, &e) < 0);
	T_OK(strstr(e.msg, "more time than that is left"));
	T_OK(txn_extend(&f->os, &t, 7200, &e) < 0);
	T_OK(strstr(e.msg, "at most 60 minutes"));
	fake_free(f);
	return 0;
}

int main(void)
{
	static const struct t_case cases[] = {
		T(power_cut_at_every_change_of_apply_leaves_no_trace),
		T(kill_at_every_change_of_apply_leaves_no_trace),
		T(cut_at_every_change_of_confirm_is_old_or_confirmed),
		T(cut_at_every_change_of_recover_leaves_no_trace),
		T(every_failing_call_of_apply_undoes_all_and_says_why),
		T(nobody_confirms_and_the_old_state_is_back),
		T(staged_units_of_a_killed_run_go),
		T(drop_in_folders_for_our_units_stay),
		T(steps_of_the_wall_clock_do_not_matter),
		T(reboot_while_pending_undoes_whatever_the_deadline),
		T(reboot_after_confirm_finishes_and_undoes_nothing),
		T(finish_that_fails_for_a_moment_goes_on),
		T(finish_that_hangs_for_a_moment_goes_on),
		T(finish_that_fails_for_good_keeps_what_was_proved_and_says_so),
		T(plan_that_closes_no_door_is_in_force_at_once),
		T(second_apply_meets_a_conflict),
		T(third_party_change_is_kept_aside),
		T(third_party_change_is_said_in_the_end),
		T(journal_of_another_machine_is_never_run),
		T(window_can_be_prolonged_up_to_an_hour),
	};

	return t_main(cases, COUNT(cases));
}
