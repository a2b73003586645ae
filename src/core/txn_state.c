// SPDX-License-Identifier: MIT
/* txn_state.c - what the journal of a transaction comes to, and whether it may be believed here; see txn.h. */
#include <string.h>

#include "base/i18n.h"
#include "base/mem.h"
#include "core/deadman.h"
#include "core/txn.h"

static int read_id(struct os *os, const char *path, char **ret, struct err *e)
{
	CLEANUP_FREE char *text = NULL;
	int r = os_read(os, path, &text, e);

	if (r < 0)
		return r;
	*ret = xstrdup(r == 0 ? str_trim(text) : "");
	return 0;
}

static int this_boot(struct os *os, char **ret, struct err *e)
{
	return read_id(os, "/proc/sys/kernel/random/boot_id", ret, e);
}

static int this_machine(struct os *os, char **ret, struct err *e)
{
	return read_id(os, "/etc/machine-id", ret, e);
}

int txn_has_ended(struct os *os, const char *id, struct err *e)
{
	CLEANUP_FREE char *text = NULL;
	char *rest, *line;
	int r = os_read(os, TXN_ENDED_LIST, &text, e);

	if (r != 0)
		return r < 0 ? r : 0;
	rest = text;
	while ((line = str_line(&rest)))
		if (str_eq(line, id))
			return 1;
	return 0;
}

static bool is_finish(const struct txn *t, uint32_t step)
{
	return step < t->plan.count && t->plan.step[step].phase == PHASE_FINISH;
}

/* How far it had come when this was written, also where an earlier record cannot be read: a finish step comes only
 * after CONFIRM, UNDONE after UNDO_INTENT or, of a finish step that fell back, after CONFIRM. */
static enum txn_state state_by(const struct txn *t, const struct record *r)
{
	switch (r->type) {
	case RECORD_END:
		return TXN_ENDED;
	case RECORD_CONFIRM:
		return TXN_CONFIRMED;
	case RECORD_UNDO_INTENT:
		return TXN_UNDOING;
	case RECORD_UNDONE:
		return is_finish(t, r->step) ? TXN_CONFIRMED : TXN_UNDOING;
	case RECORD_PENDING:
		return TXN_PENDING;
	case RECORD_INTENT:
	case RECORD_DONE:
		return is_finish(t, r->step) ? TXN_CONFIRMED : TXN_APPLYING;
	case RECORD_BEGIN:
	case RECORD_ARMED:
	case RECORD_NOTE:
		return TXN_APPLYING;
	}
	return TXN_PREPARED;
}

static enum txn_state state_of(const struct txn *t)
{
	enum txn_state state = TXN_PREPARED;

	for (size_t i = 0; i < t->journal.count; i++) {
		enum txn_state by = state_by(t, &t->journal.record[i]);

		state = by > state ? by : state;
	}
	return state < TXN_ENDED && t->confirmed ? TXN_CONFIRMED : state;
}

static bool confirmed_by_records(const struct txn *t)
{
	for (size_t i = 0; i < t->journal.count; i++) {
		const struct record *r = &t->journal.record[i];

		if (state_by(t, r) == TXN_CONFIRMED ||
		    (r->type == RECORD_END && str_starts(r->text, END_CONFIRMED)))
			return true;
	}
	return false;
}

/* Images are files of their own: they tell what was begun when the journal's records are lost. 1: one is there, of
 * a finish step or of any. */
static int has_image(struct os *os, const struct txn *t, bool of_finish, struct err *e)
{
	for (size_t i = 0; i < t->plan.count; i++) {
		int r = of_finish && !is_finish(t, (uint32_t)i) ? 0
								: txn_has_pre_image(os, t, i, e);

		if (r != 0)
			return r;
	}
	return 0;
}

/* What the records do not say. */
static int look_at_images(struct os *os, struct txn *t, struct err *e)
{
	int r;

	if (t->state > TXN_PENDING)
		return 0;
	r = has_image(os, t, true, e);
	if (r > 0) {
		t->confirmed = true;
		t->state = TXN_CONFIRMED;
	}
	if (r != 0 || t->state != TXN_PREPARED)
		return r < 0 ? r : 0;
	r = has_image(os, t, false, e);
	if (r > 0) {
		t->state = TXN_APPLYING;
		t->doubt = DOUBT_JOURNAL;
	}
	return r < 0 ? r : 0;
}

/* Since it was armed it has not ended: then what undoes it after a boot is there, or somebody put the folder back. */
static int look_at_layers(struct os *os, struct txn *t, struct err *e)
{
	const struct record *armed = journal_last(&t->journal, RECORD_ARMED, JOURNAL_NO_STEP);
	int r;

	if (t->state == TXN_PREPARED || t->state == TXN_ENDED || t->same_boot || !armed ||
	    !str_eq(armed->text, DEADMAN_LAST_ARMED))
		return 0;
	r = deadman_outlives_boot(os, t->id, e);
	if (r == 0)
		t->doubt = DOUBT_PUT_BACK;
	return r < 0 ? r : 0;
}

int64_t txn_apply_limit(const struct txn *t)
{
	const struct record *begin = journal_last(&t->journal, RECORD_BEGIN, JOURNAL_NO_STEP);
	int64_t limit = begin ? begin->number : 0;

	for (size_t i = 0; begin && i < t->journal.count; i++) {
		const struct record *r = &t->journal.record[i];
		int64_t next = r->boottime + (begin->number - begin->boottime);

		if (r->type == RECORD_DONE && next > limit)
			limit = next;
	}
	return limit;
}

static int look_at_begin(struct os *os, struct txn *t, struct err *e)
{
	const struct record *r = journal_last(&t->journal, RECORD_BEGIN, JOURNAL_NO_STEP);
	CLEANUP_FREE char *boot = NULL;
	CLEANUP_FREE char *machine = NULL;
	CLEANUP_STRV struct strv ids = { 0 };

	if (this_boot(os, &boot, e) < 0 || this_machine(os, &machine, e) < 0)
		return -1;
	if (!r)
		return 0;
	strv_split(&ids, r->text, " ");
	t->apply_limit = txn_apply_limit(t);
	t->same_boot = ids.count > 0 && str_eq(ids.item[0], boot);
	if (ids.count > 1 && !str_eq(ids.item[1], machine))
		return err_set(e, ERR_FAILED,
			       _("transaction %s is of another machine, of which this disk is a "
				 "copy; it is not touched. If this server is as you want it: "
				 "rm %s"),
			       t->id, TXN_ACTIVE);
	return 0;
}

int txn_refresh(struct os *os, struct txn *t, struct err *e)
{
	CLEANUP_FREE char *path = xasprintf("%s/log", t->dir);
	const struct record *r;
	struct journal j;
	int ended;

	if (journal_read(os, path, &j, e) < 0)
		return err_ctx(e, _("transaction %s"), t->id);
	journal_done(&t->journal);
	t->journal = j;
	t->confirmed = confirmed_by_records(t);
	t->state = state_of(t);
	t->doubt = DOUBT_NONE;
	if (look_at_begin(os, t, e) < 0 || look_at_images(os, t, e) < 0)
		return -1;
	r = journal_last(&j, RECORD_PENDING, JOURNAL_NO_STEP);
	t->deadline = r ? r->number : 0;
	t->pending_since = 0;
	for (size_t i = 0; i < j.count && !t->pending_since; i++)
		if (j.record[i].type == RECORD_PENDING)
			t->pending_since = j.record[i].boottime;
	ended = txn_has_ended(os, t->id, e);
	if (ended < 0)
		return -1;
	if (!ended)
		return look_at_layers(os, t, e);
	t->state = TXN_ENDED;
	t->doubt = DOUBT_NONE;
	return 0;
}

int txn_expect_certain(const struct txn *t, struct err *e)
{
	CLEANUP_STR struct str s = { 0 };

	if (t->doubt == DOUBT_NONE)
		return 0;
	if (t->doubt == DOUBT_JOURNAL)
		str_addf(&s,
			 _("the journal of transaction %s is empty, though steps were begun; it is "
			   "not touched."),
			 t->id);
	else
		str_addf(&s,
			 _("transaction %s is no longer watched here, as when a backup was put "
			   "back; it is not touched."),
			 t->id);
	str_add(&s, " ");
	/* What was confirmed nothing takes back without a proof. */
	if (t->state != TXN_CONFIRMED)
		str_addf(&s, "%s ", _("To take it back: kannuki undo."));
	str_addf(&s, _("If this server is as you want it: rm %s"), TXN_ACTIVE);
	return err_set(e, ERR_CONFLICT, "%s", s.text);
}
