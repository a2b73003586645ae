// SPDX-License-Identifier: MIT
/*
 * recover.h - what every layer of the dead-man runs: look at the journal, do what is due.
 */
#pragma once

#include "core/txn.h"

enum recover_mode {
	RECOVER_DUE,	/* L0, L1, L2 and `kannuki recover`: undo only what is due */
	RECOVER_BOOT,	/* L3: undo whatever is not confirmed, files only */
	RECOVER_SETTLE, /* after a boot: services, listeners, END; not while the sentinel watches */
	RECOVER_NOW,	/* a person asked: undo the pending transaction at once */
};

struct recovered {
	char *said;	  /* what was done, or NULL */
	unsigned wait_ms; /* not due yet: until it should be asked again */
	bool for_person;  /* failed, and no time mends it */
	bool all_back;	  /* undone whole; the remark is of what others had done meanwhile */
};

void recovered_done(struct recovered *r);
#define CLEANUP_RECOVERED CLEANUP(recovered_done)

/*
 * id NULL: the active one. 0: nothing is left to do; 1: not due yet; 2: done with a remark in *e.
 * *ret is filled in any case. Never runs the journal of another machine, of an ended transaction,
 * of a newer format, or beside another transaction that is under way; one in doubt (txn.h) only when asked to.
 */
int recover_run(struct os *os, const char *id, enum recover_mode mode, struct recovered *ret,
		struct err *e);
