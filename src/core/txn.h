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

#define TXN_ROOT "/var/lib/kannuki/txn"

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

struct txn {
	char *id; /* YYYYMMDD-HHMMSS, UTC */
	char *dir;
	struct plan plan;
	struct journal journal;
	enum txn_state state;
	bool same_boot;	       /* BEGIN was in this boot */
	int64_t apply_limit;   /* boottime ns: by then it must be PENDING */
	int64_t pending_since; /* boottime ns, 0 before */
	int64_t deadline;      /* boottime ns, 0 before PENDING */
};

void txn_done(struct txn *t);
#define CLEANUP_TXN CLEANUP(txn_done)

/* Id of the transaction that is under way. 1: none. */
int txn_active(struct os *os, char **ret_id, struct err *e);
/* Reads a transaction's folder. Refuses a journal of another machine or of a newer format. */
int txn_open(struct os *os, const char *id, struct txn *ret, struct err *e);
/* Reads its journal again and works out the state. */
int txn_refresh(struct os *os, struct txn *t, struct err *e);
/* Ids of all transactions with a folder, oldest first. */
int txn_list(struct os *os, struct strv *ret, struct err *e);
/* It was confirmed, and is at its end. */
bool txn_is_confirmed(const struct txn *t);
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
	unsigned apply_seconds;	 /* from BEGIN to PENDING */
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

/* Image of a step, before and after it. 1: there is none. */
int txn_pre_image(struct os *os, const struct txn *t, size_t step, struct image *ret,
		  struct err *e);
int txn_post_image(struct os *os, const struct txn *t, size_t step, struct image *ret,
		   struct err *e);
