// SPDX-License-Identifier: MIT
/*
 * txn.h - a plan being carried out: all of it stays, or all of it goes.
 *
 * Life: prepare (folder, ACTIVE) -> carry_out (BEGIN, ARMED, steps, PENDING or CONFIRM) -> confirm
 * (CONFIRM) -> finish (END confirmed), or undo (END undone). Every function re-reads the journal
 * under the lock before it decides, so that any number of processes may try at once and any of
 * them may die at any instruction. Design "3-transaction".
 */
#pragma once

#include "core/journal.h"
#include "core/plan.h"

#define TXN_ROOT       "/var/lib/kannuki/txn"
#define TXN_ACTIVE     TXN_ROOT "/ACTIVE" /* holds the id of the one that is under way */
#define TXN_ENDED_LIST "/var/lib/kannuki/ended"

/* A step takes up to three records; all of them must find room in the journal, see JOURNAL_KEPT. */
#define TXN_STEPS_MAX 128

enum txn_state {
	TXN_PREPARED,  /* no BEGIN yet: nothing was changed */
	TXN_APPLYING,  /* BEGIN, not yet PENDING */
	TXN_PENDING,   /* waiting for a proof until the deadline */
	TXN_CONFIRMED, /* only forward: finishing */
	TXN_UNDOING,
	TXN_ENDED,
};

/* Nothing but a person's word starts the undo of a transaction that is in doubt. */
enum txn_doubt {
	DOUBT_NONE,
	DOUBT_JOURNAL,	/* no record can be read, but images are there */
	DOUBT_PUT_BACK, /* of an earlier boot, and not armed on this disk: restored from a backup */
};

struct txn {
	char *id; /* YYYYMMDD-HHMMSS, UTC */
	char *dir;
	struct plan plan;
	struct journal journal;
	enum txn_state state;
	enum txn_doubt doubt;
	bool confirmed;	       /* by CONFIRM, or by what only comes after it */
	bool same_boot;	       /* BEGIN was in this boot */
	int64_t apply_limit;   /* boottime ns: by then the next step must be done */
	int64_t pending_since; /* boottime ns, 0 before */
	int64_t deadline;      /* boottime ns, 0 before PENDING */
};

void txn_done(struct txn *t);
#define CLEANUP_TXN CLEANUP(txn_done)

/* Id of the transaction that is under way, also where somebody has removed the file that names it. 1: none. */
int txn_active(struct os *os, char **ret_id, struct err *e);
/* The one that is under way. 1: none. When ACTIVE names none that is there, the error says what to do. */
int txn_open_active(struct os *os, struct txn *ret, struct err *e);
/* ERR_CONFLICT when it is in doubt, with what a person can do. */
int txn_expect_certain(const struct txn *t, struct err *e);
/* Reads a transaction's folder. Refuses a journal of another machine or of a newer format. */
int txn_open(struct os *os, const char *id, struct txn *ret, struct err *e);
/* Reads its journal again and works out the state. */
int txn_refresh(struct os *os, struct txn *t, struct err *e);
/* apply_limit, from the records that are in memory. A slow host is no stuck one: each step that is done gives the
 * next one as much time as BEGIN gave the first. */
int64_t txn_apply_limit(const struct txn *t);
/* Ids of all transactions with a folder, oldest first. */
int txn_list(struct os *os, struct strv *ret, struct err *e);
/* Is it in the list of ended ones? It is kept beside the folders: one that a backup brings back must not run again.
 * 1: yes. */
int txn_has_ended(struct os *os, const char *id, struct err *e);
/* It was confirmed, and is at its end. */
bool txn_is_confirmed(const struct txn *t);
/* What a person has to know of its end: what somebody else had changed and is kept or stays, what a finish
 * fell back on. The next one from *at on, which is 0 at first; NULL: no more. */
const struct record *txn_remark(const struct txn *t, size_t *at);
/* Has another of these, a confirmed one, taken this one back? 1: yes. */
int txn_was_undone(struct os *os, const struct strv *ids, const char *id, struct err *e);

/* /run/kannuki/lock, held per change of state and never across the window. ERR_CONFLICT naming
 * the holder when it is not had within wait_ms. */
int txn_lock(struct os *os, unsigned wait_ms, int *ret_token, struct err *e);
/* The same; with ERR_CONFLICT *ret_holder is the process, 0 when it is not known. */
int txn_lock_or_who(struct os *os, unsigned wait_ms, int *ret_token, pid_t *ret_holder,
		    struct err *e);

/*
 * Makes the folder with everything the dead-man needs, ACTIVE last. `program` holds the bytes of
 * this static binary. ERR_CONFLICT when another transaction is under way. Room for journal, images and
 * undo is reserved on the disk here: a full disk fails before anything is changed. ERR_FAILED for a
 * plan of more than TXN_STEPS_MAX steps.
 */
int txn_prepare(struct os *os, const struct plan *plan, const struct node *program, struct txn *ret,
		struct err *e);
/* Takes a prepared folder away again: nothing was begun. */
int txn_discard(struct os *os, struct txn *t, struct err *e);

struct txn_limits {
	unsigned apply_seconds;	 /* before PENDING: so long without a step being done is too long */
	unsigned window_seconds; /* from PENDING to the deadline */
};

/*
 * From BEGIN to PENDING (1), or, for a plan that closes no door, to END (0). On any failure all is
 * undone and the error says why; if the undo failed too, that is said and the layers go on. With < 0 and
 * t->state still TXN_PREPARED nothing was begun, and nothing is armed.
 */
int txn_carry_out(struct os *os, struct txn *t, const struct txn_limits *limits, const char *secret,
		  struct err *e);

/* The commit point; the caller holds the lock, has refreshed t and checked the proof. */
int txn_confirm(struct os *os, struct txn *t, const char *witness, struct err *e);
/* New deadline = now + seconds, at most 60 minutes after PENDING began. Takes the lock. */
int txn_extend(struct os *os, struct txn *t, unsigned seconds, struct err *e);
/* After CONFIRM: the steps that remain, END. The caller holds the lock. 1: finished, but a step fell
 * back to its proven pending form; *e says which and why. */
int txn_finish(struct os *os, struct txn *t, struct err *e);

enum undo_mode {
	UNDO_LIVE,
	UNDO_BOOT,   /* L3: files only, no job of any unit; END is left to settle */
	UNDO_SETTLE, /* after that boot: what L3 has put back is started, stopped and checked */
};

/* Takes everything back in reverse order, going on past failures, then END; but what only adds (the new
 * door) stays until all that closes is back. The caller holds the lock. 1: done, but a third party's change
 * was met; *e says what. < 0: something is not back; no END is written, so that the layers try again. */
int txn_undo(struct os *os, struct txn *t, enum undo_mode mode, const char *reason, struct err *e);

/* Finishes what END leaves (ACTIVE, the layers' units, the reserve). Idempotent. */
int txn_clear(struct os *os, struct txn *t, bool boot, struct err *e);

/* What was left of the folders of all transactions, where they were never there. */
int txn_tidy_roots(struct os *os, struct err *e);
/* id: a name in TXN_ROOT that is not under way. Has its folder all that it shall have, and no more? 1: yes. */
int txn_is_tidy(struct os *os, const char *id, struct err *e);
/* Makes it so: of one that has ended what clear was killed over; of one that was killed before ACTIVE
 * all. One that is not ours to judge stays. The caller holds the lock; nothing is under way. */
int txn_tidy(struct os *os, const char *id, struct err *e);

/* 1: there is one; then the step was begun, or was just about to be. */
int txn_has_pre_image(struct os *os, const struct txn *t, size_t step, struct err *e);
/* Image of a step, before and after it. 1: there is none. */
int txn_pre_image(struct os *os, const struct txn *t, size_t step, struct image *ret,
		  struct err *e);
int txn_post_image(struct os *os, const struct txn *t, size_t step, struct image *ret,
		   struct err *e);
