// SPDX-License-Identifier: MIT
/* recover.c - see recover.h. */
#include "core/recover.h"

#include <string.h>

#include "base/i18n.h"
#include "base/mem.h"
#include "core/deadman.h"

#define LOCK_WAIT_MS 15000
#define HOLD_MAX_MS  300000 /* every undo or finish ends by then: all it runs has limits */
#define MS	     1000000LL
#define RUN_DIR	     "/run/kannuki"

/* One run: for whom it looks, and what it has to tell. */
struct recovery {
	struct os *os;
	enum recover_mode mode;
	struct recovered *ret;
};

void recovered_done(struct recovered *r)
{
	free(r->said);
	*r = (struct recovered){ 0 };
}

static int not_due(const struct recovery *c, int64_t until)
{
	int64_t left = (until - os_now(c->os, OS_BOOTTIME)) / MS;

	c->ret->wait_ms = left < 1 ? 1 : left > 1000 ? 1000 : (unsigned)left;
	return 1;
}

/* Targets are started again in the middle of a boot too (`systemctl start multi-user.target`), and
 * pull settle in: then the sentinel is still there. boot_id alone does not tell: a soft reboot keeps
 * it. */
static int no_boot_since(const struct recovery *c, const struct txn *t, struct err *e)
{
	if (c->mode != RECOVER_SETTLE || !t->same_boot || t->state == TXN_UNDOING)
		return 0;
	return deadman_watched(c->os, t->id, e);
}

/* What is due for a transaction in this state: NULL nothing yet, else why it is undone, as the
 * journal keeps it: in English. */
static int why_undo(const struct recovery *c, const struct txn *t, const char **ret, struct err *e)
{
	enum recover_mode mode = c->mode;
	struct os *os = c->os;
	int alive = no_boot_since(c, t, e);

	*ret = NULL;
	if (alive != 0)
		return alive < 0 ? -1 : not_due(c, t->deadline);
	if (mode == RECOVER_NOW)
		*ret = N_("asked for by a person");
	else if (mode == RECOVER_BOOT || mode == RECOVER_SETTLE ||
		 (t->state != TXN_PREPARED && !t->same_boot)) /* prepared: no boot is named yet */
		*ret = N_("the host was restarted before the confirmation");
	else if (t->state == TXN_UNDOING)
		*ret = N_("the undo is carried on");
	else if (t->state == TXN_PENDING && os_now(os, OS_BOOTTIME) >= t->deadline)
		*ret = N_("nobody confirmed in time");
	if (*ret)
		return 0;
	if (t->state == TXN_PENDING)
		return not_due(c, t->deadline);
	/* Before PENDING a dead apply unit means undo at once; a stuck one, at its limit. */
	alive = deadman_apply_alive(os, t->id, e);
	if (alive < 0)
		return -1;
	if (alive && (t->state == TXN_PREPARED || os_now(os, OS_BOOTTIME) < t->apply_limit))
		return not_due(c, os_now(os, OS_BOOTTIME) + 1000 * MS);
	*ret = alive ? N_("applying took longer than its limit") : N_("applying was interrupted");
	return 0;
}

/* Under the lock, with nothing under way any more: what a terminal that was killed left for its apply to
 * read the password from. It is empty: the password only ever passes through. */
static int remove_secrets(struct os *os, struct err *e)
{
	CLEANUP_STRV struct strv names = { 0 };
	int r = os_list(os, RUN_DIR, &names, e);

	for (size_t i = 0; r == 0 && i < names.count; i++) {
		CLEANUP_FREE char *path = xasprintf(RUN_DIR "/%s", names.item[i]);

		if (str_ends(path, ".secret"))
			r = os_remove(os, path, e);
	}
	return r < 0 ? -1 : 0;
}

/* A layer that looks once more after the end clears nothing twice: what it would take away may be the
 * next transaction's by now. 1: it is. */
static int is_others(const struct recovery *c, const struct txn *t, struct err *e)
{
	CLEANUP_FREE char *active = NULL;
	int r = txn_active(c->os, &active, e);

	if (r < 0)
		return r;
	return r == 0 && !str_eq(active, t->id);
}

/* ACTIVE that names nothing real takes a layer nothing of what it was armed for. */
static int expect_no_other(const struct recovery *c, const struct txn *t, struct err *e)
{
	CLEANUP_TXN struct txn other = { 0 };
	struct err none = { 0 };

	if (txn_open_active(c->os, &other, &none) != 0 || str_eq(other.id, t->id))
		return 0;
	return err_set(e, ERR_CONFLICT,
		       _("transaction %s is not the one that is under way, which is %s; it is not "
			 "touched"),
		       t->id, other.id);
}

static int undo(const struct recovery *c, struct txn *t, const char *why, struct err *e)
{
	/* `systemctl isolate` starts the units of early boot in a system that has been up for long: its services hold
	 * what they have read before, so all is undone for them too. (After a soft reboot that costs a reload.) */
	bool booted = c->mode == RECOVER_SETTLE && !t->same_boot;
	enum undo_mode how = c->mode == RECOVER_BOOT ? UNDO_BOOT : booted ? UNDO_SETTLE : UNDO_LIVE;
	int r;

	/* Nothing was begun: its folder is all there is. In early boot its units go with settle. */
	if (t->state == TXN_PREPARED) {
		r = is_others(c, t, e);
		if (r != 0)
			return r < 0 ? r : txn_discard(c->os, t, e);
		if (deadman_disarm(c->os, t->id, c->mode == RECOVER_BOOT, e) < 0 ||
		    txn_discard(c->os, t, e) < 0 || remove_secrets(c->os, e) < 0)
			return -1;
		c->ret->said = xasprintf(_("transaction %s had not begun; it is gone"), t->id);
		return 0;
	}
	r = txn_undo(c->os, t, how, why, e);
	c->ret->all_back = r >= 0;
	if (r >= 0)
		c->ret->said = xasprintf(_("transaction %s was undone: %s"), t->id, _(why));
	return r > 0 ? 2 : r;
}

static int finish(const struct recovery *c, struct txn *t, struct err *e)
{
	int r;

	/* The proven pending form is on the disk; what remains needs a running system. */
	if (c->mode == RECOVER_BOOT)
		return 0;
	r = txn_finish(c->os, t, e);
	if (r >= 0)
		c->ret->said = xasprintf(_("transaction %s is confirmed"), t->id);
	return r > 0 ? 2 : r;
}

static int clear(const struct recovery *c, struct txn *t, struct err *e)
{
	int r = is_others(c, t, e);

	if (r != 0)
		return r < 0 ? r : 0;
	if (!journal_last(&t->journal, RECORD_END, JOURNAL_NO_STEP))
		c->ret->said =
			xasprintf(_("transaction %s had ended already; what is left of it is "
				    "cleared up, nothing else is touched"),
				  t->id);
	return txn_clear(c->os, t, c->mode == RECOVER_BOOT, e);
}

static int act(const struct recovery *c, struct txn *t, struct err *e)
{
	const char *why;
	int r;

	if (txn_refresh(c->os, t, e) < 0)
		return -1;
	if (t->state == TXN_ENDED)
		return clear(c, t, e);
	if (t->state == TXN_CONFIRMED) {
		if (c->mode == RECOVER_NOW)
			return err_set(e, ERR_FAILED, _("transaction %s is confirmed already"),
				       t->id);
		return finish(c, t, e);
	}
	r = why_undo(c, t, &why, e);
	return r != 0 ? r : undo(c, t, why, e);
}

/* Whoever holds it: is it one of us, and stopped by a signal? A person who types ^Z into confirm or
 * undo would hold up the dead-man with it. */
static bool is_ours(struct os *os, pid_t pid, bool *ret_stopped)
{
	CLEANUP_PROCESS struct process p = { 0 };
	struct err gone = { 0 };

	*ret_stopped = false;
	if (pid <= 1 || os_process(os, pid, &p, &gone) != 0)
		return false;
	*ret_stopped = p.stopped;
	return str_ends(p.exe, "/recover") || str_ends(p.exe, "/kannuki");
}

/* Waits as long as the holder may need, then kills it; one that is stopped, at once. */
static int outwait(const struct recovery *c, pid_t holder, int *ret_token, struct err *e)
{
	struct os *os = c->os;
	int r = -1;

	for (unsigned waited = LOCK_WAIT_MS; r < 0; waited += LOCK_WAIT_MS) {
		pid_t now = holder;
		bool stopped, ours = is_ours(os, holder, &stopped);

		if (ours && (stopped || waited >= HOLD_MAX_MS) && os_kill(os, holder, e) < 0)
			return -1;
		if (!ours && waited >= HOLD_MAX_MS)
			return -1;
		*e = (struct err){ 0 };
		r = txn_lock_or_who(os, LOCK_WAIT_MS, ret_token, &now, e);
		if (r < 0 && (e->kind != ERR_CONFLICT || now != holder))
			return -1;
	}
	return 0;
}

/* A holder that is stuck past the limit of what it does is killed with all it started. */
static int lock_or_break(const struct recovery *c, const struct txn *t, int *ret_token,
			 struct err *e)
{
	enum recover_mode mode = c->mode;
	struct os *os = c->os;
	pid_t holder;
	int r = txn_lock_or_who(os, mode == RECOVER_BOOT ? 1000 : LOCK_WAIT_MS, ret_token, &holder,
				e);

	if (r == 0 || e->kind != ERR_CONFLICT || mode == RECOVER_BOOT)
		return r;
	if (t->state >= TXN_PENDING)
		return mode == RECOVER_NOW ? r : outwait(c, holder, ret_token, e);
	if (mode != RECOVER_NOW && t->state == TXN_APPLYING &&
	    os_now(os, OS_BOOTTIME) < t->apply_limit)
		return r;
	if (deadman_kill_apply(os, t->id, e) < 0)
		return -1;
	/* Or it is an undo that was stopped before its first record. */
	if (mode != RECOVER_NOW)
		return outwait(c, holder, ret_token, e);
	*e = (struct err){ 0 };
	return txn_lock(os, LOCK_WAIT_MS, ret_token, e);
}

/* The transaction that is meant, if it may be run. 1: there is none. */
static int find(const struct recovery *c, const char *id, struct txn *ret, struct err *e)
{
	int r = id ? txn_open(c->os, id, ret, e) : txn_open_active(c->os, ret, e);

	if (r == 0 && c->mode != RECOVER_NOW)
		r = txn_expect_certain(ret, e);
	if (r == 0 && id && ret->state != TXN_PREPARED && ret->state != TXN_ENDED)
		r = expect_no_other(c, ret, e);
	/* Unlike a disk that cannot be read for a moment. */
	c->ret->for_person = r < 0 && !e->sys;
	return r;
}

static int tidy_locked(const struct recovery *c, struct err *e)
{
	CLEANUP_FREE char *active = NULL;
	CLEANUP_STRV struct strv all = { 0 };
	int r = txn_active(c->os, &active, e);

	if (r != 1)
		return r;
	if (deadman_disarm(c->os, NULL, false, e) < 0 || txn_tidy_roots(c->os, e) < 0 ||
	    os_list(c->os, TXN_ROOT, &all, e) < 0)
		return -1;
	for (size_t i = 0; i < all.count; i++) {
		r = txn_is_tidy(c->os, all.item[i], e);
		if (r < 0 || (r == 0 && txn_tidy(c->os, all.item[i], e) < 0))
			return -1;
	}
	return remove_secrets(c->os, e);
}

/* Nothing is under way. A run that was killed between END and the end may have left units and images,
 * one that was killed before ACTIVE a folder. Under the lock: another one may just begin, and its units
 * and folder are none of those. In early boot all that waits for settle, whose unit is among it. */
static int tidy(const struct recovery *c, struct err *e)
{
	int token, r;

	if (c->mode == RECOVER_BOOT)
		return 0;
	if (txn_lock(c->os, LOCK_WAIT_MS, &token, e) < 0)
		return -1;
	r = tidy_locked(c, e);
	os_unlock(c->os, token);
	return r;
}

int recover_run(struct os *os, const char *id, enum recover_mode mode, struct recovered *ret,
		struct err *e)
{
	const struct recovery c = { os, mode, ret };
	CLEANUP_TXN struct txn t = { 0 };
	int token, r;

	*ret = (struct recovered){ 0 };
	r = find(&c, id, &t, e);
	if (r == 1)
		return tidy(&c, e);
	if (r < 0)
		return r;
	/* Not due and not ours to touch: the lock is only taken where something will change. */
	if (t.state != TXN_ENDED && t.state != TXN_CONFIRMED) {
		const char *why;

		r = why_undo(&c, &t, &why, e);
		if (r != 0)
			return r;
	}
	if (lock_or_break(&c, &t, &token, e) < 0)
		return -1;
	r = act(&c, &t, e);
	os_unlock(os, token);
	return r;
}
