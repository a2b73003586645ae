// SPDX-License-Identifier: MIT
/*
 * trial.h - one step on a pretend Debian, with the promise every kind has to keep: cut anywhere, it
 * comes back.
 */
#pragma once

#include "core/step.h"
#include "lib/pretend.h"

struct trial {
	char *tmp;
	struct os *base;
	struct pretend p;
	struct step s;
	struct step_ctx c;
	struct image pre, post;
	char *before; /* pretend_disk() at the start */
};

#define TRIAL_TXN "/var/lib/kannuki/txn/1"

/* args is taken. `prepare` may change the host first, or be NULL. */
void trial_init(struct trial *t, const struct step_kind *kind, json_t *args,
		void (*prepare)(struct pretend *p));
void trial_done(struct trial *t);
/* capture, apply, verify where asked for, capture; images go through their durable form. */
int trial_apply(struct trial *t, struct err *e);
int trial_undo(struct trial *t, bool with_post, struct err *e);
/* Is the disk as it was at the start? Says what is not. */
bool trial_is_back(struct trial *t);

struct trial_case {
	const struct step_kind *kind;
	json_t *(*args)(void);
	void (*prepare)(struct pretend *p);
	/* Beyond the disk: units, listeners, the table. NULL: nothing. */
	bool (*is_back)(struct pretend *p);
};

/* The power, or only the process, dies at every call of apply; then undo. And: undo dies at every
 * call; then undo again. And: every single call of either fails once; an undo that says nothing of it has done
 * all the same. Returns how many cuts were tried, or -1 after saying which went wrong. */
int trial_cut_everywhere(const struct trial_case *c);
