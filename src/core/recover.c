// SPDX-License-Identifier: MIT
/* recover.c - see recover.h. */
#include "core/recover.h"

#include <string.h>

#include "base/i18n.h"
#include "base/mem.h"
#include "core/deadman.h"

#define LOCK_WAIT_MS 15000
#define MS	     1000000LL

static int not_due(unsigned *ret_wait_ms, int64_t until, struct os *os)
{
	int64_t left = (until - os_now(os, OS_BOOTTIME)) / MS;

	*ret_wait_ms = left < 1 ? 1 : left > 1000 ? 1000 : (unsigned)left;
	return 1;
}

/* What is due for a transaction in this state: NULL nothing yet, else why it is undone. */
static int why_undo(struct os *os, const struct txn *t, enum recover_mode mode, const char **ret,
		    unsigned *ret_wait_ms, struct err *e)
{
	int alive;

	*ret = NULL;
	if (mode == RECOVER_NOW)
		*ret = _("asked for by a person");
	else if (mode == RECOVER_BOOT || mode == RECOVER_SETTLE || !t->same_boot)
		*ret = _("the host was restarted before the confirmation");
	else if (t->state == TXN_UNDOING)
		*ret = _("the undo is carried on");
	else if (t->state == TXN_PENDING && os_now(os, OS_BOOTTIME) >= t->deadline)
		*ret = _("nobody confirmed in time");
	if (*ret)
		return 0;
	if (t->state == TXN_PENDING)
		return not_due(ret_wait_ms, t->deadline, os);
	/* Before PENDING a dead apply unit means undo at once; a stuck one, at its limit. */
	alive = deadman_apply_alive(os, t->id, e);
	if (alive < 0)
		return -1;
	if (alive && (t->state == TXN_PREPARED || os_now(os, OS_BOOTTIME) < t->apply_limit))
		return not_due(ret_wait_ms, os_now(os, OS_BOOTTIME) + 1000 * MS, os);
	*ret = alive ? _("applying took longer than its limit") : _("applying was interrupted");
	return 0;
}

static int undo(struct os *os, struct txn *t, enum recover_mode mode, const char *why,
		char **ret_said, struct err *e)
{
	int r;

	/* Nothing was begun: its folder is all there is. In early boot its units go with settle. */
	if (t->state == TXN_PREPARED) {
		if (deadman_disarm(os, t->id, mode == RECOVER_BOOT, e) < 0)
			return -1;
		return txn_discard(os, t, e);
	}
	r = txn_undo(os, t,
		     mode == RECOVER_BOOT     ? UNDO_BOOT
		     : mode == RECOVER_SETTLE ? UNDO_SETTLE
					      : UNDO_LIVE,
		     why, e);
	if (r >= 0)
		*ret_said = xasprintf(_("transaction %s was undone: %s"), t->id, why);
	return r > 0 ? 2 : r;
}

static int finish(struct os *os, struct txn *t, enum recover_mode mode, char **ret_said,
		  struct err *e)
{
	int r;

	/* The proven pending form is on the disk; what remains needs a running system. */
	if (mode == RECOVER_BOOT)
		return 0;
	r = txn_finish(os, t, e);
	if (r >= 0)
		*ret_said = xasprintf(_("transaction %s is confirmed"), t->id);
	return r > 0 ? 2 : r;
}

static int act(struct os *os, struct txn *t, enum recover_mode mode, unsigned *ret_wait_ms,
	       char **ret_said, struct err *e)
{
	const char *why;
	int r;

	if (txn_refresh(os, t, e) < 0)
		return -1;
	if (t->state == TXN_ENDED)
		return txn_clear(os, t, mode == RECOVER_BOOT, e);
	if (t->state == TXN_CONFIRMED) {
		if (mode == RECOVER_NOW)
			return err_set(e, ERR_FAILED, _("transaction %s is confirmed already"),
				       t->id);
		return finish(os, t, mode, ret_said, e);
	}
	r = why_undo(os, t, mode, &why, ret_wait_ms, e);
	return r != 0 ? r : undo(os, t, mode, why, ret_said, e);
}

/* A holder that is stuck past the limit of what it does is killed with all it started. */
static int lock_or_break(struct os *os, const struct txn *t, enum recover_mode mode, int *ret_token,
			 struct err *e)
{
	struct err ignored = { 0 };
	int r = txn_lock(os, mode == RECOVER_BOOT ? 1000 : LOCK_WAIT_MS, ret_token, e);

	if (r == 0 || e->kind != ERR_CONFLICT || mode == RECOVER_BOOT)
		return r;
	if (mode != RECOVER_NOW && t->state == TXN_APPLYING &&
	    os_now(os, OS_BOOTTIME) < t->apply_limit)
		return r;
	if (deadman_kill_apply(os, t->id, e) < 0)
		return -1;
	*e = ignored;
	return txn_lock(os, LOCK_WAIT_MS, ret_token, e);
}

int recover_run(struct os *os, const char *id, enum recover_mode mode, unsigned *ret_wait_ms,
		char **ret_said, struct err *e)
{
	CLEANUP_FREE char *active = NULL;
	CLEANUP_TXN struct txn t = { 0 };
	const char *which = id;
	unsigned wait_ms;
	int token, r;

	*ret_said = NULL;
	if (!which) {
		r = txn_active(os, &active, e);
		if (r < 0)
			return r;
		/* A run that was killed between END and the end may have left its units. */
		if (r == 1)
			return deadman_disarm(os, NULL, mode == RECOVER_BOOT, e);
		which = active;
	}
	if (txn_open(os, which, &t, e) < 0)
		return -1;
	/* Not due and not ours to touch: the lock is only taken where something will change. */
	if (t.state != TXN_ENDED && t.state != TXN_CONFIRMED) {
		const char *why;

		r = why_undo(os, &t, mode, &why, &wait_ms, e);
		if (r != 0) {
			if (r == 1 && ret_wait_ms)
				*ret_wait_ms = wait_ms;
			return r;
		}
	}
	if (lock_or_break(os, &t, mode, &token, e) < 0)
		return -1;
	r = act(os, &t, mode, &wait_ms, ret_said, e);
	os_unlock(os, token);
	if (r == 1 && ret_wait_ms)
		*ret_wait_ms = wait_ms;
	return r;
}
