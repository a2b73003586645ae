// SPDX-License-Identifier: MIT
/* txn_run.c - carrying a transaction out, finishing it, taking it back; see txn.h. */
#include <string.h>

#include "base/i18n.h"
#include "base/mem.h"
#include "core/deadman.h"
#include "core/txn.h"

#define SECOND		   1000000000LL
#define EXTEND_MAX_SECONDS 3600
/* Of one finish step; the sum stays far below the time after which a holder of the lock is killed. */
#define FINISH_TRIES	     3
#define FINISH_PAUSE_MS	     500
#define FINISH_RETRY_SECONDS 30

static struct step_ctx context(struct os *os, const struct txn *t, const char *secret, bool boot)
{
	return (struct step_ctx){ .os = os, .boot = boot, .secret = secret, .txn_dir = t->dir };
}

/* How the step's files are now, kept in the transaction's folder: "pre" or "post". */
static int keep_image(const struct step_ctx *c, const struct step *s, const char *which, size_t i,
		      struct err *e)
{
	CLEANUP_FREE char *path = xasprintf("%s/%s/%04zu", c->txn_dir, which, i);
	CLEANUP_FREE char *text = NULL;
	CLEANUP_IMAGE struct image now = { 0 };

	if (s->kind->capture(c, s, &now, e) < 0)
		return -1;
	text = image_encode(&now);
	return os_write(c->os, path, text, 0600, e);
}

static int mark_step(struct os *os, struct txn *t, enum record_type type, size_t i, struct err *e)
{
	const struct journal_entry entry = { .type = type,
					     .step = (uint32_t)i,
					     .text = t->plan.step[i].id };

	return journal_add(os, &t->journal, &entry, e);
}

static struct deadman deadman_of(const struct txn *t, char **ret_program, int64_t deadline)
{
	*ret_program = xasprintf("%s/recover", t->dir);
	return (struct deadman){ .id = t->id, .program = *ret_program, .deadline = deadline };
}

/* A step that was begun before (finish, after a crash) keeps its first pre-image: what stands there
 * now may be half of its own work. */
static int run_step(struct os *os, struct txn *t, size_t i, const char *secret, struct err *e)
{
	const struct step *s = &t->plan.step[i];
	const struct step_ctx c = context(os, t, secret, false);

	if (!journal_last(&t->journal, RECORD_INTENT, (uint32_t)i)) {
		if (keep_image(&c, s, "pre", i, e) < 0 || mark_step(os, t, RECORD_INTENT, i, e) < 0)
			return -1;
	}
	if (s->kind->apply(&c, s, e) < 0 || (s->kind->verify && s->kind->verify(&c, s, e) < 0))
		return -1;
	if (keep_image(&c, s, "post", i, e) < 0)
		return -1;
	return mark_step(os, t, RECORD_DONE, i, e);
}

/* 1: a third party's change was met. */
static int undo_step(struct os *os, struct txn *t, size_t i, enum undo_mode mode, struct err *e)
{
	const struct step *s = &t->plan.step[i];
	const struct step_ctx c = context(os, t, NULL, mode == UNDO_BOOT);
	CLEANUP_IMAGE struct image pre = { 0 };
	CLEANUP_IMAGE struct image post = { 0 };
	int r, has_post;

	r = txn_pre_image(os, t, i, &pre, e);
	/* Without both it was not begun. With an image alone INTENT cannot be read, or was never written: undo works for
	 * what never began. */
	if (r == 1 && !journal_last(&t->journal, RECORD_INTENT, (uint32_t)i) &&
	    !journal_last(&t->journal, RECORD_DONE, (uint32_t)i))
		return 0;
	if (r == 1)
		return err_set(e, ERR_FAILED, _("the image from before it is missing"));
	if (r < 0)
		return r;
	/* Its files were put back early in this boot, and may have been changed by their owner since. */
	if (mode == UNDO_SETTLE && journal_last(&t->journal, RECORD_UNDONE, (uint32_t)i))
		return s->kind->settle ? s->kind->settle(&c, s, &pre, e) : 0;
	has_post = txn_post_image(os, t, i, &post, e);
	if (has_post < 0)
		return -1;
	r = s->kind->undo(&c, s, &pre, has_post == 0 ? &post : NULL, e);
	if (r < 0)
		return r;
	if (!journal_last(&t->journal, RECORD_UNDONE, (uint32_t)i)) {
		struct err journal = { 0 };

		if (mark_step(os, t, RECORD_UNDONE, i, &journal) < 0) {
			*e = journal;
			return -1;
		}
	}
	return r;
}

struct arming {
	struct os *os;
	struct txn *t;
};

static int mark_armed(void *arg, const char *layer, struct err *e)
{
	struct arming *a = arg;

	return journal_mark(a->os, &a->t->journal, RECORD_ARMED, layer, e);
}

static int begin(struct os *os, struct txn *t, unsigned apply_seconds, struct err *e)
{
	CLEANUP_FREE char *boot = NULL;
	CLEANUP_FREE char *machine = NULL;
	CLEANUP_FREE char *ids = NULL;
	CLEANUP_FREE char *program = NULL;
	int64_t limit = os_now(os, OS_BOOTTIME) + apply_seconds * SECOND;
	struct deadman d = deadman_of(t, &program, limit);
	struct arming arg = { os, t };
	struct journal_entry entry = { .type = RECORD_BEGIN,
				       .step = JOURNAL_NO_STEP,
				       .number = limit };

	if (os_read(os, "/proc/sys/kernel/random/boot_id", &boot, e) < 0 ||
	    os_read(os, "/etc/machine-id", &machine, e) < 0)
		return -1;
	ids = xasprintf("%s %s", boot ? str_trim(boot) : "-", machine ? str_trim(machine) : "-");
	entry.text = ids;
	if (journal_add(os, &t->journal, &entry, e) < 0)
		return -1;
	return deadman_arm(os, &d, mark_armed, &arg, e);
}

static int run_phases(struct os *os, struct txn *t, const char *secret, struct err *e)
{
	for (size_t i = 0; i < t->plan.count; i++) {
		const struct step *s = &t->plan.step[i];

		if (s->phase == PHASE_FINISH)
			continue;
		if (os_now(os, OS_BOOTTIME) > t->apply_limit)
			return err_set(e, ERR_FAILED, _("the time limit for applying has passed"));
		if (run_step(os, t, i, secret, e) < 0)
			return err_ctx(e, "%s", s->title);
		/* One that took too long gives no time to others: the layers may be about to undo it all. */
		if (os_now(os, OS_BOOTTIME) <= t->apply_limit)
			t->apply_limit = txn_apply_limit(t);
	}
	return 0;
}

static int begin_window(struct os *os, struct txn *t, unsigned seconds, struct err *e)
{
	CLEANUP_FREE char *program = NULL;
	int64_t deadline = os_now(os, OS_BOOTTIME) + seconds * SECOND;
	struct deadman d = deadman_of(t, &program, deadline);
	const struct journal_entry entry = { .type = RECORD_PENDING,
					     .step = JOURNAL_NO_STEP,
					     .number = deadline };

	if (journal_add(os, &t->journal, &entry, e) < 0)
		return -1;
	return deadman_rearm(os, &d, e);
}

static int carry_out_locked(struct os *os, struct txn *t, const struct txn_limits *limits,
			    const char *secret, struct err *e)
{
	if (txn_refresh(os, t, e) < 0)
		return -1;
	if (t->state != TXN_PREPARED)
		return err_set(e, ERR_CONFLICT, _("transaction %s was begun already"), t->id);
	if (begin(os, t, limits->apply_seconds, e) < 0 || txn_refresh(os, t, e) < 0 ||
	    run_phases(os, t, secret, e) < 0)
		return -1;
	if (t->plan.needs_proof)
		return begin_window(os, t, limits->window_seconds, e) < 0 ? -1 : 1;
	if (journal_mark(os, &t->journal, RECORD_CONFIRM, N_("no door was closed"), e) < 0 ||
	    txn_refresh(os, t, e) < 0)
		return -1;
	return 0;
}

/* An undo before the first record takes ACTIVE first, and may have been killed before the folder went. */
static int expect_active(struct os *os, const struct txn *t, struct err *e)
{
	CLEANUP_FREE char *active = NULL;
	int r = txn_active(os, &active, e);

	if (r < 0 || (r == 0 && str_eq(active, t->id)))
		return r;
	return err_set(e, ERR_CONFLICT, _("transaction %s was taken back before it began"), t->id);
}

int txn_carry_out(struct os *os, struct txn *t, const struct txn_limits *limits, const char *secret,
		  struct err *e)
{
	struct err undo = { 0 };
	int token, r;

	if (txn_lock(os, 10000, &token, e) < 0)
		return -1;
	if (expect_active(os, t, e) < 0) {
		os_unlock(os, token);
		return -1;
	}
	r = carry_out_locked(os, t, limits, secret, e);
	if (r == 0) {
		r = txn_finish(os, t, e);
		/* Forward only: what is left is said by END and by the next plan. */
		r = r > 0 ? 0 : r;
	} else if (r < 0 && txn_refresh(os, t, &undo) == 0 && t->state < TXN_CONFIRMED) {
		if (txn_undo(os, t, UNDO_LIVE, e->msg, &undo) < 0)
			err_ctx(e,
				_("could not be taken back completely (%s); retrying goes on by "
				  "itself; first failure"),
				undo.msg);
	}
	os_unlock(os, token);
	return r;
}

int txn_confirm(struct os *os, struct txn *t, const char *witness, struct err *e)
{
	if (t->state != TXN_PENDING)
		return err_set(e, ERR_FAILED, _("nothing is waiting for confirmation"));
	if (journal_mark(os, &t->journal, RECORD_CONFIRM, witness, e) < 0)
		return -1;
	t->state = TXN_CONFIRMED;
	return 0;
}

/* The same words again and again (an undo that is tried every few seconds) are said once. */
static void note(struct os *os, struct txn *t, const char *text)
{
	const struct record *last = journal_last(&t->journal, RECORD_NOTE, JOURNAL_NO_STEP);
	struct err ignored = { 0 };

	if ((last && record_says(last, text)) || !journal_has_spare(&t->journal))
		return;
	journal_mark(os, &t->journal, RECORD_NOTE, text, &ignored);
}

/* A remark is told whole, and once also where several steps met the same. */
static void remark_on(struct os *os, struct txn *t, size_t step, const char *text)
{
	struct journal_entry entry = { .type = RECORD_NOTE, .step = (uint32_t)step };
	struct err ignored = { 0 };
	const struct record *r;

	for (size_t at = 0; (r = txn_remark(t, &at));)
		if (strncmp(r->text, text, strlen(r->text)) == 0)
			return;
	for (; *text && journal_has_spare(&t->journal); entry.number++) {
		CLEANUP_FREE char *piece = xstrndup(text, str_fit(text, JOURNAL_TEXT_MAX));

		entry.text = piece;
		if (journal_add(os, &t->journal, &entry, &ignored) < 0)
			return;
		text += strlen(piece);
	}
}

static int extend_locked(struct os *os, struct txn *t, unsigned seconds, struct err *e)
{
	int64_t now = os_now(os, OS_BOOTTIME), wanted = now + seconds * SECOND;

	if (txn_refresh(os, t, e) < 0)
		return -1;
	if (t->state != TXN_PENDING || !t->same_boot || now >= t->deadline)
		return err_set(e, ERR_FAILED, _("nothing is waiting for confirmation"));
	if (wanted <= t->deadline)
		return err_set(e, ERR_FAILED,
			       _("more time than that is left already; give a longer one"));
	if (wanted > t->pending_since + EXTEND_MAX_SECONDS * SECOND)
		wanted = t->pending_since + EXTEND_MAX_SECONDS * SECOND;
	if (wanted <= t->deadline)
		return err_set(e, ERR_FAILED,
			       _("the window ends at most 60 minutes after it began"));
	if (!journal_has_spare(&t->journal))
		return err_set(e, ERR_FAILED, _("the window was prolonged too often"));
	return begin_window(os, t, (unsigned)((wanted - now) / SECOND), e);
}

int txn_extend(struct os *os, struct txn *t, unsigned seconds, struct err *e)
{
	int token, r;

	if (txn_lock(os, 10000, &token, e) < 0)
		return -1;
	r = extend_locked(os, t, seconds, e);
	if (r == 0)
		r = txn_refresh(os, t, e);
	os_unlock(os, token);
	return r;
}

static int end(struct os *os, struct txn *t, const char *text, bool boot, struct err *e)
{
	if (journal_mark(os, &t->journal, RECORD_END, text, e) < 0)
		return -1;
	t->state = TXN_ENDED;
	return txn_clear(os, t, boot, e);
}

/* Before the first byte is put back, or finished: room on a disk that filled up meanwhile. */
static void give_reserve_back(struct os *os, const struct txn *t)
{
	CLEANUP_FREE char *path = xasprintf("%s/reserve", t->dir);
	struct err ignored = { 0 };

	os_remove(os, path, &ignored);
}

/* What a finish step could not do falls back to the form that the owner has proved. */
static int fall_back(struct os *os, struct txn *t, size_t i, const struct err *why)
{
	struct err e = { 0 };
	int r = undo_step(os, t, i, UNDO_LIVE, &e);

	remark_on(os, t, i, why->msg);
	return r;
}

/* After CONFIRM it only goes forward: what fails for a moment (a full disk, a lost interrupt) is tried again. */
static int run_finish_step(struct os *os, struct txn *t, size_t i, struct err *e)
{
	int64_t until = os_now(os, OS_BOOTTIME) + FINISH_RETRY_SECONDS * SECOND;

	for (unsigned tries = 1;; tries++) {
		if (run_step(os, t, i, NULL, e) == 0)
			return 0;
		/* Also where a program hung until its own limit, which is as long, one more try. */
		if (tries == FINISH_TRIES || (tries > 1 && os_now(os, OS_BOOTTIME) >= until))
			return -1;
		*e = (struct err){ 0 };
		os_sleep(os, FINISH_PAUSE_MS);
	}
}

int txn_finish(struct os *os, struct txn *t, struct err *e)
{
	struct err why = { 0 };
	bool fell_back = false;

	if (t->state == TXN_ENDED)
		return txn_clear(os, t, false, e);
	/* Whoever wrote CONFIRM may have died before it was on the disk: a power cut would undo all but this. */
	if (journal_settle(os, &t->journal, e) < 0)
		return -1;
	give_reserve_back(os, t);
	for (size_t i = 0; i < t->plan.count && !fell_back; i++) {
		if (t->plan.step[i].phase != PHASE_FINISH ||
		    journal_last(&t->journal, RECORD_DONE, (uint32_t)i))
			continue;
		if (run_finish_step(os, t, i, &why) < 0) {
			err_ctx(&why, "%s", t->plan.step[i].title);
			fall_back(os, t, i, &why);
			fell_back = true;
		}
	}
	if (end(os, t, fell_back ? N_("confirmed, but not finished") : END_CONFIRMED, false, e) < 0)
		return -1;
	if (!fell_back)
		return 0;
	*e = why;
	err_ctx(e, _("confirmed, but not finished"));
	return 1;
}

/* What is open beside the old door goes last, and not while any of what closed that door is not back. */
static int undo_all(struct os *os, struct txn *t, enum undo_mode mode, struct err *first,
		    struct err *remark)
{
	bool closed = false;
	int bad = 0;

	for (size_t i = t->plan.count; i-- > 0;) {
		struct err e = { 0 };
		int r;

		if (closed && t->plan.step[i].phase == PHASE_ADD)
			break;
		r = undo_step(os, t, i, mode, &e);
		if (r > 0)
			remark_on(os, t, i, e.msg);
		if (r != 0)
			err_ctx(&e, "%s", t->plan.step[i].title);
		closed = closed || (r < 0 && t->plan.step[i].phase != PHASE_ADD);
		if (r < 0 && bad++ == 0)
			*first = e;
		if (r > 0 && remark->kind == ERR_NONE)
			*remark = e;
	}
	return bad;
}

int txn_undo(struct os *os, struct txn *t, enum undo_mode mode, const char *reason, struct err *e)
{
	struct err first = { 0 }, remark = { 0 };
	bool boot = mode == UNDO_BOOT, remarked;
	size_t first_remark = 0;

	if (t->state == TXN_CONFIRMED)
		return err_set(e, ERR_FAILED, _("transaction %s is confirmed already"), t->id);
	if (t->state == TXN_ENDED)
		return txn_clear(os, t, boot, e);
	/* The room first: on a full disk the journal's slot is there, but a staged file has none. */
	give_reserve_back(os, t);
	if (t->state != TXN_UNDOING &&
	    journal_mark(os, &t->journal, RECORD_UNDO_INTENT, reason, e) < 0)
		return -1;
	t->state = TXN_UNDOING;
	if (undo_all(os, t, mode, &first, &remark) > 0) {
		note(os, t, first.msg);
		*e = first;
		return err_ctx(e, _("not everything is back yet"));
	}
	/* Early boot may have met what settle does not look at again. */
	remarked = txn_remark(t, &first_remark) != NULL;
	if (!boot && end(os, t, remarked ? N_("undone, with a remark") : "undone", false, e) < 0)
		return -1;
	if (remark.kind == ERR_NONE)
		return 0;
	*e = remark;
	return 1;
}
