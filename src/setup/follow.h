// SPDX-License-Identifier: MIT
/* follow.h - what the person sees while a transaction runs under PID 1, and the card after it. */
#pragma once

#include "core/facts.h"
#include "core/txn.h"

/* Prints each step as it is done. Until PENDING (returns EXIT_PENDING), or END: EXIT_DONE when it
 * was confirmed, EXIT_FAILED when it was undone. */
int follow_apply(struct os *os, struct txn *t, struct err *e);
/* What to do now, and what happens if nothing is done. */
void print_next_step(struct os *os, const struct txn *t, const struct facts *f);
/* Counts down until the transaction ends; a terminal that is closed ends only this. Exit code as
 * follow_apply. */
int follow_window(struct os *os, struct txn *t, struct err *e);
/* How an ended transaction ended, on standard output; its exit code. */
int print_outcome(const struct txn *t);
/* "9 min 41 s" */
char *time_left(struct os *os, const struct txn *t);
