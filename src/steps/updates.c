// SPDX-License-Identifier: MIT
/* updates.c - see updates.h. */
#include "steps/updates.h"

#include <string.h>

#include "base/i18n.h"
#include "base/mem.h"
#include "core/facts_updates.h"

#define LOCK		"/var/lib/dpkg/lock-frontend"
#define LOCK_SECONDS	60
#define DRY_RUN_SECONDS 120
#define STAMPS		"/var/lib/apt/periodic"

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

static int values_are_in_force(const struct step_ctx *c, const struct step *s, struct err *e)
{
	struct updates_fact u CLEANUP(updates_fact_done) = { 0 };
	const char *name;
	json_t *want;

	if (updates_read_config(c->os, &u, e) != 0)
		return err_set(e, ERR_FAILED, _("apt does not say how it is set up"));
	json_object_foreach (json_object_get(s->args, "expect"), name, want) {
		const char *now = updates_config(&u, name);

		if (!str_eq(now, json_string_value(want)))
			return err_set(
				e, ERR_CONFLICT,
				_("apt still has %s \"%s\": a file of /etc/apt/apt.conf.d that "
				  "is read later decides it"),
				name, now);
	}
	return 0;
}

/* unattended-upgrade gives up at once where a package manager is at work. */
static int wait_for_lock(const struct step_ctx *c, struct err *e)
{
	for (unsigned waited = 0; waited < LOCK_SECONDS * 1000; waited += 500) {
		pid_t holder = 0;
		int r = os_record_lock(c->os, LOCK, &holder, e);

		if (r <= 0)
			return r;
		os_sleep(c->os, 500);
	}
	return 0;
}

/* On a copy of the stamps: a run that did nothing shall not count as one. */
static int dry_run(const struct step_ctx *c, struct err *e)
{
	const struct run run = { .argv = ARGV("unattended-upgrade", "--dry-run", "-v"),
				 .timeout_ms = DRY_RUN_SECONDS * 1000,
				 .stage_dir = STAMPS };
	struct run_result r CLEANUP_RUN = { 0 };
	char *says, *last;

	if (wait_for_lock(c, e) < 0 || os_run(c->os, &run, &r, e) < 0)
		return -1;
	if (r.status == 0 && !r.timed_out)
		return 0;
	says = str_trim(r.err[0] ? r.err : r.out);
	last = strrchr(says, '\n');
	return err_set(e, ERR_FAILED, "unattended-upgrade --dry-run: %s",
		       r.timed_out ? _("did not end in time")
		       : last	   ? last + 1
				   : says);
}

static int verify(const struct step_ctx *c, const struct step *s, struct err *e)
{
	if (changes_verify(c, changes_of(s), e) < 0 || values_are_in_force(c, s, e) < 0)
		return -1;
	return json_is_true(json_object_get(s->args, "dry_run")) ? dry_run(c, e) : 0;
}

const struct step_kind step_updates = {
	.name = "updates",
	.capture = capture,
	.apply = apply,
	.undo = undo,
	.verify = verify,
};
