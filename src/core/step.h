// SPDX-License-Identifier: MIT
/*
 * step.h - one change of the host with its undo, as data that survives a crash.
 *
 * A step is a row of a plan: which kind (steps/table.c) does it, its arguments as JSON, and why.
 * It holds no pointers into the plan's making, so that a process that knows nothing but the
 * transaction's folder can carry it out or take it back.
 */
#pragma once

#include <jansson.h>
#include <stdbool.h>
#include <stddef.h>

#include "os/os.h"

enum step_phase {
	PHASE_ADD,	/* additive: closes nothing */
	PHASE_RESTRICT, /* subtractive, in force while pending */
	PHASE_FINISH,	/* only after CONFIRM; each has a fallback to the proven pending form */
};

struct step {
	const struct step_kind *kind;
	char *id;    /* of the control that asked for it, e.g. "ssh.password-login" */
	char *title; /* what it changes, one line, in the person's language */
	char *why;   /* one sentence */
	char *undo;  /* what its undo does, one line */
	enum step_phase phase;
	json_t *args; /* owned; contents belong to the kind; never a secret */
};

/* What a step found (pre) or left (post): nodes by path and a few named texts. */
struct image_item {
	char *path;
	struct node node;
};

struct image {
	struct image_item *item;
	size_t count;
	json_t *text; /* object of strings: unit states, a table as nft lists it, … */
};

void image_done(struct image *im);
void image_add(struct image *im, const char *path, const struct node *node); /* copies */
const struct node *image_node(const struct image *im, const char *path);     /* NULL: not in it */
void image_set_text(struct image *im, const char *name, const char *value);
const char *image_text(const struct image *im, const char *name); /* NULL: not in it */
char *image_encode(const struct image *im);			  /* JSON, bytes as base64 */
int image_decode(const char *text, struct image *ret, struct err *e);
#define CLEANUP_IMAGE CLEANUP(image_done)
/* One node as JSON (a new reference) and back, for images and for the args of steps. */
json_t *node_json(const struct node *node);
int node_from_json(json_t *from, struct node *ret, struct err *e);

struct step_ctx {
	struct os *os;
	bool boot;	    /* early boot (L3): files only, no job of any unit may be asked for */
	const char *secret; /* the admin's new password while applying, or NULL */
	const char *txn_dir;
};

struct step_kind {
	const char *name;
	/* Everything undo will need. Runs, and is durable, before apply. */
	int (*capture)(const struct step_ctx *c, const struct step *s, struct image *ret,
		       struct err *e);
	/* Must be idempotent. Fails with ERR_CONFLICT where the host is not as the plan saw it. */
	int (*apply)(const struct step_ctx *c, const struct step *s, struct err *e);
	/*
	 * Back to `pre`. Idempotent, also for a step that never began or stopped midway; post is
	 * what apply left, or NULL when that is not known. Goes on past failures and reports the
	 * first. 1: done, but a third party had changed the target (its version was kept in
	 * c->txn_dir/displaced) - *e says what.
	 */
	int (*undo)(const struct step_ctx *c, const struct step *s, const struct image *pre,
		    const struct image *post, struct err *e);
	/* Of a step of PHASE_FINISH, before CONFIRM: could apply do it now? Changes nothing. NULL: nothing that
	 * somebody else may do stands in its way. */
	int (*ready)(const struct step_ctx *c, const struct step *s, struct err *e);
	/* The live system shows the effect now. NULL where apply itself has asked it. */
	int (*verify)(const struct step_ctx *c, const struct step *s, struct err *e);
	/* Starts, stops and checks what an undo in early boot could only put on the disk. NULL:
	 * nothing of that sort. */
	int (*settle)(const struct step_ctx *c, const struct step *s, const struct image *pre,
		      struct err *e);
};

/* steps/table.c */
extern const struct step_kind *const step_kinds[];
extern const size_t step_kinds_count;
const struct step_kind *step_kind_find(const char *name); /* NULL: none */

void step_done(struct step *s);
