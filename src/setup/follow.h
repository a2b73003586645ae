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
/* What to do now, and what happens if nothing is done: its short form, all of it, all of it above the live
 * line (whose keys it may name). */
enum card_form { CARD_SHORT, CARD_WHOLE, CARD_LIVE };
void print_card(struct os *os, const struct txn *t, const struct facts *f, enum card_form form);
/* Until the transaction ends; in a terminal with the live line and its keys (more time, undo, leave it
 * running: EXIT_PENDING). A terminal that is closed ends only this. Exit code as follow_apply. */
int follow_window(struct os *os, struct txn *t, struct err *e);
/* How an ended transaction ended, on standard output; its exit code. Before it speaks it waits, 5 seconds at most, until
 * what would have undone it is taken away. */
int print_outcome(struct os *os, const struct txn *t);
/* "9 min 41 s" */
char *time_left(struct os *os, const struct txn *t);
