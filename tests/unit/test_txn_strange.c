// SPDX-License-Identifier: MIT
/*
 * test_txn_strange.c - a journal that is not of this host and moment: of another machine, of a newer kannuki, put back
 * from a backup, not the one that ACTIVE names. No layer touches anything; each says why, and what a person can do.
 */
#include "base/crc32c.h"
#include "core/txn.h"
#include "lib/t.h"
#include "lib/txn_host.h"

static const enum recover_mode by_itself[] = { RECOVER_DUE, RECOVER_BOOT, RECOVER_SETTLE };

/* No layer touches anything, and each says this. */
static bool is_left_alone(struct fake *f, const char *said)
{
	for (size_t i = 0; i < COUNT(by_itself); i++) {
		CLEANUP_RECOVERED struct recovered done = { 0 };
		CLEANUP_FREE char *before =
			fake_dump(f, true, (const char *const[]){ "/run", NULL });
		CLEANUP_FREE char *after = NULL;
		struct err e = { 0 };
		int r = recover_run(&f->os, NULL, by_itself[i], &done, &e);

		after = fake_dump(f, true, (const char *const[]){ "/run", NULL });
		if (r < 0 && strstr(e.msg, said) && done.for_person && str_eq(before, after))
			continue;
		return false;
	}
	return true;
}

static int of_another_machine(void)
{
	struct fake *f = txn_host_pending();
	struct err e = { 0 };

	fake_file(f, "/etc/machine-id", "ffffffffffffffffffffffffffffffff\n", 0444);
	fake_advance(f, INT64_C(601000000000));
	T_OK(is_left_alone(f, "another machine") && is_left_alone(f, "rm " TXN_ACTIVE));
	T_OK(txn_host_run(f, NULL, RECOVER_NOW, &e) < 0 && txn_host_is_pending(f));
	fake_remove(f, TXN_ACTIVE);
	/* Early boot leaves the clearing up to settle. */
	T_OK(txn_host_run(f, NULL, RECOVER_BOOT, &e) == 0 &&
	     txn_host_run(f, NULL, RECOVER_SETTLE, &e) == 0 && txn_host_is_over(f) &&
	     txn_host_is_pending(f));
	fake_free(f);
	return 0;
}

/* Whole slots of a format that is not known yet. */
static int of_a_newer_kannuki(void)
{
	struct fake *f = txn_host_pending();
	size_t slots;
	CLEANUP_FREE char *log = txn_host_log(f, &slots);
	char *at = fake_node(f, log)->data;
	uint32_t crc;

	at[3] = '2';
	crc = crc32c(at, JOURNAL_SLOT - 4);
	for (int i = 0; i < 4; i++)
		at[JOURNAL_SLOT - 4 + i] = (char)(crc >> (8 * i));
	fake_advance(f, INT64_C(601000000000));
	T_OK(is_left_alone(f, "newer kannuki"));
	fake_free(f);
	return 0;
}

static void copy_tree(struct fake *to, struct fake *from, const char *below)
{
	for (size_t i = 0; i < from->entry_count; i++)
		if (str_starts(from->entry[i].path, below))
			fake_put(to, from->entry[i].path, &from->entry[i].node);
}

/* A host on which it is confirmed and over; the clock goes on to another day and boot. */
static struct fake *confirmed_host(void)
{
	struct fake *f = txn_host_pending();
	struct err e = { 0 };

	txn_host_commit(f);
	if (txn_host_run(f, NULL, RECOVER_DUE, &e) != 0 || !txn_host_is_new(f) ||
	    !txn_host_is_over(f))
		abort();
	fake_power_on(f);
	fake_dir(f, "/run/systemd/system", 0755);
	return f;
}

/* The folder as it was while it waited is put back after the end. */
static int put_back_what_is_in_the_list_of_ended_ones(void)
{
	struct fake *backup = txn_host_pending(), *f = confirmed_host();
	CLEANUP_RECOVERED struct recovered done = { 0 };
	struct err e = { 0 };

	copy_tree(f, backup, TXN_ROOT);
	T_OK(recover_run(&f->os, NULL, RECOVER_BOOT, &done, &e) == 0);
	T_OK(strstr(done.said, "ended already") && txn_host_is_new(f) && txn_host_is_over(f));
	fake_free(f);
	fake_free(backup);
	return 0;
}

/* The list of that day too. A person's word takes it back. */
static int put_back_with_all_that_is_ours(void)
{
	struct fake *backup = txn_host_pending(), *f = confirmed_host();
	struct err e = { 0 };

	fake_remove(f, "/var/lib/kannuki");
	copy_tree(f, backup, "/var/lib/kannuki");
	T_OK(is_left_alone(f, "backup") && is_left_alone(f, "rm " TXN_ACTIVE));
	T_OK(is_left_alone(f, "kannuki undo") && txn_host_is_new(f));
	T_OK(txn_host_run(f, NULL, RECOVER_NOW, &e) >= 0 && txn_host_is_over(f));
	T_STR(fake_text(f, "/etc/c"), "old c\n");
	fake_free(f);
	fake_free(backup);
	return 0;
}

/* Over what is there: the images tell that it was confirmed, and that no word takes back. */
static int put_back_over_what_was_confirmed(void)
{
	struct fake *backup = txn_host_pending(), *f = confirmed_host();
	struct err e = { 0 };

	fake_remove(f, TXN_ENDED_LIST);
	copy_tree(f, backup, TXN_ROOT);
	T_OK(is_left_alone(f, "backup") && is_left_alone(f, "rm " TXN_ACTIVE));
	T_OK(!is_left_alone(f, "kannuki undo"));
	T_OK(txn_host_run(f, NULL, RECOVER_NOW, &e) < 0 && txn_host_is_new(f));
	fake_remove(f, TXN_ACTIVE);
	T_OK(txn_host_apply(f, true, &e) == 1);
	fake_free(f);
	fake_free(backup);
	return 0;
}

/* Either of those that come after a boot is enough to be sure of it. */
static int one_layer_on_the_disk_is_enough(void)
{
	static const char *const layer[] = { "recover-boot", "settle" };

	for (size_t i = 0; i < COUNT(layer); i++) {
		struct fake *f = txn_host_pending();
		CLEANUP_FREE char *path =
			xasprintf("/etc/systemd/system/kannuki-%s.service", layer[i]);
		struct err e = { 0 };

		fake_remove(f, path);
		fake_power_on(f);
		fake_dir(f, "/run/systemd/system", 0755);
		txn_host_run(f, NULL, RECOVER_BOOT, &e);
		txn_host_run(f, NULL, RECOVER_SETTLE, &e);
		T_OK(txn_host_is_old(f) && txn_host_is_over(f));
		fake_free(f);
	}
	return 0;
}

static int an_active_that_names_nothing(void)
{
	static const struct {
		const char *text, *said;
	} damaged[] = {
		{ "", "damaged" },
		{ "\x1b[2J\xff\xfe", "damaged" },
		{ "20250101-000000\n20250101-000001\n", "damaged" },
		{ "../../etc", "damaged" },
		{ "20991231-235959\n", "20991231-235959 is under way" },
	};

	for (size_t i = 0; i < COUNT(damaged); i++) {
		struct fake *f = txn_host_pending();
		CLEANUP_TXN struct txn t = { 0 };
		struct err e = { 0 };

		txn_host_open(f, &t);
		fake_file(f, TXN_ACTIVE, damaged[i].text, 0600);
		T_OK(is_left_alone(f, damaged[i].said) && is_left_alone(f, "rm " TXN_ACTIVE));
		/* What was armed for one transaction knows its name. */
		fake_advance(f, INT64_C(601000000000));
		T_OK(txn_host_run(f, t.id, RECOVER_DUE, &e) == 0 && txn_host_is_old(f));
		/* ACTIVE is still a person's to look at; another apply is told so. */
		T_OK(is_left_alone(f, damaged[i].said) && txn_host_apply(f, true, &e) < 0);
		fake_remove(f, TXN_ACTIVE);
		T_OK(txn_host_apply(f, true, &e) == 1);
		fake_free(f);
	}
	return 0;
}

/* Two that have not ended: the one that ACTIVE names runs, the other one is left alone even by its own layers. */
static int two_at_once(void)
{
	struct fake *f = txn_host_pending(), *kept = txn_host_pending();
	CLEANUP_TXN struct txn first = { 0 };
	CLEANUP_FREE char *second = NULL;
	struct err e = { 0 };

	txn_host_open(f, &first);
	copy_tree(kept, f, first.dir);
	fake_remove(f, TXN_ACTIVE);
	fake_remove(f, first.dir);
	fake_advance(f, INT64_C(2000000000)); /* another name */
	T_OK(txn_host_apply(f, true, &e) == 1 && txn_active(&f->os, &second, &e) == 0);
	copy_tree(f, kept, first.dir);
	T_OK(!str_eq(first.id, second));
	fake_advance(f, INT64_C(601000000000));
	T_OK(txn_host_run(f, first.id, RECOVER_DUE, &e) < 0 && e.kind == ERR_CONFLICT);
	T_OK(strstr(e.msg, second) && strstr(e.msg, "not touched") && txn_host_is_pending(f));
	T_OK(txn_host_run(f, NULL, RECOVER_DUE, &e) == 0);
	T_OK(!fake_node(f, TXN_ACTIVE) && txn_refresh(&f->os, &first, &e) == 0);
	T_OK(first.state == TXN_PENDING);
	fake_free(f);
	fake_free(kept);
	return 0;
}

int main(void)
{
	static const struct t_case cases[] = {
		T(of_another_machine),
		T(of_a_newer_kannuki),
		T(put_back_what_is_in_the_list_of_ended_ones),
		T(put_back_with_all_that_is_ours),
		T(put_back_over_what_was_confirmed),
		T(one_layer_on_the_disk_is_enough),
		T(an_active_that_names_nothing),
		T(two_at_once),
	};

	return t_main(cases, COUNT(cases));
}
