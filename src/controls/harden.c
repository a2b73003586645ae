// SPDX-License-Identifier: MIT
/* harden.c - see harden.h. */
#include "controls/harden.h"

#include <stdlib.h>

#include "base/i18n.h"

bool harden_wants(const struct control_in *in, const struct control *c)
{
	const struct policy *p = in->policy;
	const struct waive *w = policy_waives(p, c->id);

	if (strv_has(&p->harden_except, c->id) ||
	    (w && !waive_is_over(w, os_now(in->os, OS_REALTIME) / INT64_C(1000000000))))
		return false;
	return strv_has(&p->harden_also, c->id) || (c->safe && p->harden_safe);
}

/* The ids of all that can be named. */
static void ids_of_hardening(struct strv *ret)
{
	for (size_t i = 0; i < control_families_count; i++)
		for (const struct control *c = control_families[i]; c->id; c++)
			if (c->safe || c->named)
				strv_add(ret, c->id);
}

static const char *id_at(const void *arg, size_t i)
{
	const struct strv *ids = arg;

	return ids->item[i];
}

static int check_list(const char *key, const struct strv *list, const struct strv *ids,
		      struct err *e)
{
	for (size_t i = 0; i < list->count; i++) {
		const char *near;

		if (strv_has(ids, list->item[i]))
			continue;
		near = str_nearest(list->item[i], ids->count, id_at, ids);
		if (near)
			return err_set(e, ERR_USAGE,
				       _("[hardening] %s = %s: apply has no such control; did you "
					 "mean %s?"),
				       key, list->item[i], near);
		return err_set(e, ERR_USAGE,
			       _("[hardening] %s = %s: apply has no such control; "
				 "kannuki-policy(5) names them"),
			       key, list->item[i]);
	}
	return 0;
}

int harden_check(const struct policy *p, struct err *e)
{
	CLEANUP_STRV struct strv ids = { 0 };

	ids_of_hardening(&ids);
	return check_list("also", &p->harden_also, &ids, e) < 0 ||
			       check_list("except", &p->harden_except, &ids, e) < 0
		       ? -1
		       : 0;
}

void draft_done(struct draft *d)
{
	for (size_t i = 0; i < d->kernel_count; i++) {
		free(d->kernel[i].path);
		free(d->kernel[i].value);
	}
	free(d->kernel);
	strv_done(&d->kernel_fixed);
	strv_done(&d->module);
	strv_done(&d->own);
	*d = (struct draft){ 0 };
}
