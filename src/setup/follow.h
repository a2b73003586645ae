// SPDX-License-Identifier: MIT
/* follow.h - what the person sees while a transaction runs under PID 1, and the card after it. */
#pragma once

#include "core/facts.h"
#include "core/txn.h"

#define WINDOW_DEFAULT 600 /* s; WINDOW_MIN and _MAX are what a person may ask for */
#define WINDOW_MIN     30
#define WINDOW_MAX     3600

/* Prints each step as it is done. Until PENDING (returns EXIT_PENDING), or END: EXIT_DONE when it
 * was confirmed, EXIT_FAILED when it was undone. */
int follow_apply(struct os *os, struct txn *t, struct err *e);
/* What to do now, and what happens if nothing is done: the whole card, or its short form. */
void print_card(struct os *os, const struct txn *t, const struct facts *f, bool whole);
/* Until the transaction ends; in a terminal with the live line and its keys (more time, undo, leave it
 * running: EXIT_PENDING). A terminal that is closed ends only this. Exit code as follow_apply. */
int follow_window(struct os *os, struct txn *t, struct err *e);
/* How an ended transaction ended, on standard output; its exit code. */
int print_outcome(const struct txn *t);
/* "9 min 41 s" */
char *time_left(struct os *os, const struct txn *t);
