// SPDX-License-Identifier: MIT
/* updates.c - see updates.h. */
#include "steps/updates.h"

#include <string.h>

#include "base/i18n.h"
#include "base/mem.h"
#include "core/package_manager.h"
#include "core/quiet.h"

#define LOCK_SECONDS 60

json_t *step_updates_args(const struct change *change, json_t *expect, bool dry_run)
{
	return json_pack("{s:o, s:o, s:b}", "changes", changes_json(change, 1), "expect", expect,
			 "dry_run", (int)dry_run);
}

static json_t *changes_of(const struct step *s)
{
	return json_object_get(s->args, "changes");
}

static int capture(const struct step_ctx *c, const struct step *s, struct image *ret, struct err *e)
{
	return changes_capture(c, changes_of(s), ret, e);
}

static int apply(const struct step_ctx *c, const struct step *s, struct err *e)
{
	return changes_apply(c, changes_of(s), e);
}

static int undo(const struct step_ctx *c, const struct step *s, const struct image *pre,
		const struct image *post, struct err *e)
{
	return changes_undo(c, changes_of(s), pre, post, e);
}

static int values_are_in_force(const struct step_ctx *c, const struct step *s,
			       const struct package_manager *m, struct err *e)
{
	struct updates_fact u CLEANUP(updates_fact_done) = { 0 };
	const char *name;
	json_t *want;
	int r = m->read_config(c->os, &u, e);

	if (r != 0)
		return r < 0 ? -1
			     : err_set(e, ERR_FAILED, _("%s does not say how it is set up"),
				       m->name);
	json_object_foreach (json_object_get(s->args, "expect"), name, want) {
		const char *now = updates_config(&u, name);

		if (!str_eq(now, json_string_value(want)))
			return err_set(e, ERR_CONFLICT,
				       _("%s still has %s \"%s\": a line that is read later "
					 "decides it (%s)"),
				       m->name, name, now, m->config_dir ?: m->config);
	}
	return 0;
}

/* unattended-upgrade gives up at once where a package manager is at work. */
static int wait_for_lock(const struct step_ctx *c, struct err *e)
{
	for (unsigned waited = 0; waited < LOCK_SECONDS * 1000; waited += 500) {
		CLEANUP_FREE char *who = NULL;
		int r = quiet_packages(c->os, &who, e);

		if (r < 0 || !who)
			return r;
		os_sleep(c->os, 500);
	}
	return 0;
}

static int verify(const struct step_ctx *c, const struct step *s, struct err *e)
{
	const struct package_manager *m = NULL;
	int r = package_manager_find(c->os, &m, e);

	if (r != 0)
		return r < 0 ? -1
			     : err_set(e, ERR_FAILED, "%s",
				       _("no package manager known here answers"));
	if (changes_verify(c, changes_of(s), e) < 0 || values_are_in_force(c, s, m, e) < 0)
		return -1;
	if (!json_is_true(json_object_get(s->args, "dry_run")))
		return 0;
	return wait_for_lock(c, e) < 0 ? -1 : m->prove(c->os, e);
}

const struct step_kind step_updates = {
	.name = "updates",
	.capture = capture,
	.apply = apply,
	.undo = undo,
	.verify = verify,
};
