// SPDX-License-Identifier: MIT
/* reverse.c - see reverse.h. */
#include "steps/reverse.h"

#include "base/i18n.h"
#include "base/mem.h"
#include "core/txn.h"

struct earlier {
	struct txn txn;
	const struct step *step; /* in txn.plan */
	struct image pre, post;
	size_t index;
};

static void earlier_done(struct earlier *x)
{
	image_done(&x->pre);
	image_done(&x->post);
	txn_done(&x->txn);
}
#define CLEANUP_EARLIER CLEANUP(earlier_done)

json_t *step_reverse_args(const char *txn, size_t step)
{
	return json_pack("{s:s, s:i}", "txn", txn, "step", (int)step);
}

static int load(const struct step_ctx *c, const struct step *s, struct earlier *ret, struct err *e)
{
	const char *id = json_string_value(json_object_get(s->args, "txn"));
	int r;

	ret->index = (size_t)json_integer_value(json_object_get(s->args, "step"));
	if (!id || txn_open(c->os, id, &ret->txn, e) < 0)
		return -1;
	if (ret->index >= ret->txn.plan.count)
		return err_set(e, ERR_FAILED, _("transaction %s has no step %zu"), id,
			       ret->index + 1);
	ret->step = &ret->txn.plan.step[ret->index];
	r = txn_pre_image(c->os, &ret->txn, ret->index, &ret->pre, e);
	if (r == 0)
		r = txn_post_image(c->os, &ret->txn, ret->index, &ret->post, e);
	if (r == 1)
		return err_set(e, ERR_FAILED, _("transaction %s: an image of step %zu is missing"),
			       id, ret->index + 1);
	return r;
}

static int capture(const struct step_ctx *c, const struct step *s, struct image *ret, struct err *e)
{
	CLEANUP_EARLIER struct earlier x = { 0 };

	if (load(c, s, &x, e) < 0)
		return -1;
	return x.step->kind->capture(c, x.step, ret, e);
}

static int apply(const struct step_ctx *c, const struct step *s, struct err *e)
{
	CLEANUP_EARLIER struct earlier x = { 0 };
	int r;

	if (load(c, s, &x, e) < 0)
		return -1;
	r = x.step->kind->undo(c, x.step, &x.pre, &x.post, e);
	/* 1: a third party's version was met and is kept in our folder, which the person is told. */
	return r < 0 ? r : 0;
}

static int undo(const struct step_ctx *c, const struct step *s, const struct image *pre,
		const struct image *post, struct err *e)
{
	CLEANUP_EARLIER struct earlier x = { 0 };

	(void)post;
	if (load(c, s, &x, e) < 0)
		return -1;
	return x.step->kind->undo(c, x.step, pre, &x.pre, e);
}

static int settle(const struct step_ctx *c, const struct step *s, const struct image *pre,
		  struct err *e)
{
	CLEANUP_EARLIER struct earlier x = { 0 };

	if (load(c, s, &x, e) < 0)
		return -1;
	return x.step->kind->settle ? x.step->kind->settle(c, x.step, pre, e) : 0;
}

const struct step_kind step_reverse = {
	.name = "reverse",
	.capture = capture,
	.apply = apply,
	.undo = undo,
	.settle = settle,
};
