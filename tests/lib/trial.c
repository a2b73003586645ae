// SPDX-License-Identifier: MIT
/* trial.c - see trial.h. */
#include "lib/trial.h"

#include <stdio.h>
#include <string.h>

#include "base/mem.h"

static void must(int r, const struct err *e)
{
	if (r >= 0)
		return;
	fprintf(stderr, "trial: %s\n", e->msg);
	abort();
}

void trial_init(struct trial *t, const struct step_kind *kind, json_t *args,
		void (*prepare)(struct pretend *p))
{
	struct err e = { 0 };

	*t = (struct trial){ .tmp = pretend_tmp() };
	t->base = os_linux_new(t->tmp, &e);
	if (!t->base)
		must(-1, &e);
	pretend_init(&t->p, t->base);
	if (prepare)
		prepare(&t->p);
	t->s = (struct step){ .kind = kind, .args = args };
	t->c = (struct step_ctx){ .os = &t->p.os, .secret = "right horse", .txn_dir = TRIAL_TXN };
	t->before = pretend_disk(&t->p);
}

void trial_done(struct trial *t)
{
	json_decref(t->s.args);
	image_done(&t->pre);
	image_done(&t->post);
	free(t->before);
	os_linux_free(t->base);
	pretend_tmp_done(t->tmp);
}

/* As a later process reads it. */
static int capture(struct trial *t, struct image *ret, struct err *e)
{
	struct image now CLEANUP_IMAGE = { 0 };
	CLEANUP_FREE char *text = NULL;

	if (t->s.kind->capture(&t->c, &t->s, &now, e) < 0)
		return -1;
	text = image_encode(&now);
	image_done(ret);
	return image_decode(text, ret, e);
}

int trial_apply(struct trial *t, struct err *e)
{
	if (capture(t, &t->pre, e) < 0 || t->s.kind->apply(&t->c, &t->s, e) < 0 ||
	    (t->s.kind->verify && t->s.kind->verify(&t->c, &t->s, e) < 0))
		return -1;
	return capture(t, &t->post, e);
}

int trial_undo(struct trial *t, bool with_post, struct err *e)
{
	return t->s.kind->undo(&t->c, &t->s, &t->pre, with_post ? &t->post : NULL, e);
}

bool trial_is_back(struct trial *t)
{
	CLEANUP_FREE char *now = pretend_disk(&t->p);
	const char *a = t->before, *b = now;

	if (strcmp(a, b) == 0)
		return true;
	while (*a && *a == *b) {
		a++;
		b++;
	}
	while (a > t->before && a[-1] != '\n') {
		a--;
		b--;
	}
	printf("# before: %.200s\n# now: %.200s\n", a, b);
	return false;
}

enum death { PROCESS_DIES, POWER_DIES };

static const char *const death_names[] = { "process", "power" };

static bool back(struct trial *t, const struct trial_case *c, const char *what, int budget)
{
	if (trial_is_back(t) && (!c->is_back || c->is_back(&t->p)))
		return true;
	printf("# not back after %s, call %d\n", what, budget);
	return false;
}

/* From where it stopped to the old state. */
static int recover(struct trial *t, enum death death, bool with_post, struct err *e)
{
	t->p.budget = PRETEND_PLENTY;
	t->p.late = false;
	if (death == PROCESS_DIES)
		return trial_undo(t, with_post, e);
	t->c.boot = true;
	if (trial_undo(t, with_post, e) < 0)
		return -1;
	t->c.boot = false;
	pretend_boot(&t->p);
	return t->s.kind->settle ? t->s.kind->settle(&t->c, &t->s, &t->pre, e) : 0;
}

/* 1: apply got through. */
static int cut_apply(const struct trial_case *c, enum death death, bool late, int budget)
{
	struct err e = { 0 };
	struct trial t;
	int r, bad = 0;

	trial_init(&t, c->kind, c->args(), c->prepare);
	must(capture(&t, &t.pre, &e), &e);
	t.p.budget = budget;
	t.p.late = late;
	r = t.s.kind->apply(&t.c, &t.s, &e);
	if (recover(&t, death, false, &e) != 0) {
		printf("# undo after call %d: %s\n", budget, e.msg);
		bad = -1;
	} else if (!back(&t, c, death_names[death], budget)) {
		bad = -1;
	}
	trial_done(&t);
	return bad < 0 ? bad : r == 0;
}

static int cut_undo(const struct trial_case *c, bool late, int budget)
{
	struct err e = { 0 };
	struct trial t;
	int r, bad = 0;

	trial_init(&t, c->kind, c->args(), c->prepare);
	t.p.budget = PRETEND_PLENTY;
	must(capture(&t, &t.pre, &e), &e);
	must(t.s.kind->apply(&t.c, &t.s, &e), &e);
	must(capture(&t, &t.post, &e), &e);
	t.p.budget = budget;
	t.p.late = late;
	r = trial_undo(&t, true, &e);
	if (recover(&t, PROCESS_DIES, true, &e) != 0) {
		printf("# second undo, first cut at call %d: %s\n", budget, e.msg);
		bad = -1;
	} else if (!back(&t, c, "a cut undo", budget)) {
		bad = -1;
	}
	trial_done(&t);
	return bad < 0 ? bad : r == 0;
}

/* One call of undo fails, or of the apply before it, and all others do their work. */
static int fail_once(const struct trial_case *c, bool in_undo, int number)
{
	const char *what = in_undo ? "a failure in undo" : "a failure in apply";
	struct err e = { 0 };
	struct trial t;
	bool met;
	int r, bad = 0;

	trial_init(&t, c->kind, c->args(), c->prepare);
	must(capture(&t, &t.pre, &e), &e);
	if (in_undo) {
		must(t.s.kind->apply(&t.c, &t.s, &e), &e);
		must(capture(&t, &t.post, &e), &e);
	}
	t.p.budget = number;
	t.p.once = true;
	r = in_undo ? trial_undo(&t, true, &e) : t.s.kind->apply(&t.c, &t.s, &e);
	met = !t.p.once;
	t.p.once = false;
	t.p.budget = PRETEND_PLENTY;
	/* Who says that it is done has to have done it. */
	if (in_undo && r >= 0 && !back(&t, c, "an undo that said so", number))
		bad = -1;
	if (trial_undo(&t, in_undo, &e) != 0) {
		printf("# undo after %s, call %d: %s\n", what, number, e.msg);
		bad = -1;
	} else if (!back(&t, c, what, number)) {
		bad = -1;
	}
	trial_done(&t);
	return bad < 0 ? bad : !met;
}

int trial_cut_everywhere(const struct trial_case *c)
{
	int cuts = 0;

	for (int late = 0; late < 2; late++) {
		for (int death = 0; death < 2; death++) {
			for (int n = 0, r = 0; r == 0; n++, cuts++)
				if ((r = cut_apply(c, (enum death)death, late, n)) < 0)
					return -1;
		}
		for (int n = 0, r = 0; r == 0; n++, cuts++)
			if ((r = cut_undo(c, late, n)) < 0)
				return -1;
	}
	for (int in_undo = 0; in_undo < 2; in_undo++)
		for (int n = 0, r = 0; r == 0; n++, cuts++)
			if ((r = fail_once(c, in_undo, n)) < 0)
				return -1;
	return cuts;
}
