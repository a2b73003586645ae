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

static int recover(struct fake *f, const char *id, struct err *e)
{
	CLEANUP_RECOVERED struct recovered done = { 0 };

	return recover_run(&f->os, id, RECOVER_DUE, &done, e);
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

int main(void)
{
	static const struct t_case cases[] = {
		T(nothing_is_finished_before_confirm_is_on_the_disk),
	};

	return t_main(cases, COUNT(cases));
}
