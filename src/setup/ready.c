// SPDX-License-Identifier: MIT
/* ready.c - see ready.h. */
#include "setup/ready.h"

#include "base/i18n.h"
#include "core/facts.h"

static int finish_steps_are_ready(struct os *os, const struct txn *t, struct err *e)
{
	const struct step_ctx c = { .os = os, .txn_dir = t->dir };

	for (size_t i = 0; i < t->plan.count; i++) {
		const struct step *s = &t->plan.step[i];
		CLEANUP_FREE char *why = NULL;

		if (s->phase != PHASE_FINISH || !s->kind->ready || s->kind->ready(&c, s, e) == 0)
			continue;
		why = xstrdup(e->msg);
		return err_set(
			e, ERR_CONFLICT,
			_("not confirmed: what comes after it could not be done now (%s). Put "
			  "that in order and confirm again, or take all back: sudo kannuki "
			  "undo"),
			why);
	}
	return 0;
}

/* The plan takes its rules out, or stops it. */
static bool is_replaced(const struct plan *p, const struct filter_owner *o)
{
	for (size_t i = 0; o->unit && i < p->count; i++) {
		json_t *args = p->step[i].args, *one;
		size_t k;

		if (!str_eq(p->step[i].id, FILTER_OWNER_CONTROL))
			continue;
		if (str_eq(json_string_value(json_object_get(args, "name")), o->unit))
			return true;
		json_array_foreach (json_object_get(args, "units"), k, one)
			if (str_eq(json_string_value(one), o->unit))
				return true;
	}
	return false;
}

static char *how_to_turn_off(const struct filter_owner *o)
{
	if (str_eq(o->name, "ufw"))
		return xstrdup("sudo ufw disable");
	if (o->unit)
		return xasprintf("sudo systemctl disable --now %s", o->unit);
	return xasprintf("sudo nft delete %s", o->name);
}

/* Who was turned on since decides too, and knows nothing of the new door: logins that were there go on, so
 * the proof does not show it. An undo puts such an owner back itself. */
static int nobody_else_filters(struct os *os, const struct txn *t, struct err *e)
{
	CLEANUP_FACTS struct facts f = { 0 };
	const struct facts_query q = { .brief = true };

	if (t->plan.undoes)
		return 0;
	if (facts_gather(os, &q, &f, e) < 0)
		return -1;
	for (size_t i = 0; i < f.filter_count; i++) {
		const struct filter_owner *o = &f.filter[i];
		CLEANUP_FREE char *off = NULL;

		if (!filter_owner_denies(o) || is_replaced(&t->plan, o))
			continue;
		off = how_to_turn_off(o);
		return err_set(
			e, ERR_CONFLICT,
			_("not confirmed: %s (%s) filters packets too since then, and may shut "
			  "the new port. Turn it off (%s) and confirm again, or take all back: "
			  "sudo kannuki undo"),
			o->name, o->evidence, off);
	}
	return 0;
}

/* It loads the packet filter at every boot. */
static int program_is_there(struct os *os, const struct txn *t, struct err *e)
{
	const char *path = NULL;

	if (t->plan.undoes)
		return 0;
	if (program_installed(os, &path, e) < 0)
		return -1;
	if (path)
		return 0;
	return err_set(e, ERR_CONFLICT,
		       _("not confirmed: somebody has removed %s, which loads the packet filter at "
			 "every boot. Put it back (sudo cp %s/recover %s) and confirm again"),
		       PROGRAM_PATH, t->dir, PROGRAM_PATH);
}

int ready_to_confirm(struct os *os, const struct txn *t, struct err *e)
{
	if (program_is_there(os, t, e) < 0 || finish_steps_are_ready(os, t, e) < 0)
		return -1;
	return nobody_else_filters(os, t, e);
}
