// SPDX-License-Identifier: MIT
/* guard.c - see guard.h. */
#include "steps/guard.h"

#include <string.h>

#include "base/i18n.h"
#include "base/json.h"
#include "base/mem.h"
#include "steps/unit.h"
#include "steps/unit_links.h"

#define JOB_LIMIT_MS 60000
#define ASK_LIMIT_MS 10000
#define ASK_TRIES    3
#define ASK_AGAIN_MS 500
#define TABLE	     "table inet kannuki_guard"
/* So it is there, and goes whether it was or not. */
#define DELETE_TABLE TABLE " {}\ndelete " TABLE "\n"
#define DATABASE     "bans.db" /* and what SQLite puts beside it */

json_t *step_guard_args(const struct step_guard_spec *spec)
{
	json_t *jails = json_array();

	for (size_t i = 0; spec->jails && i < spec->jails->count; i++)
		json_array_append_new(jails, json_bytes(spec->jails->item[i]));
	return json_pack("{s:o, s:b, s:s, s:o}", "changes",
			 changes_json(spec->change, spec->change_count), "on", (int)spec->on,
			 "program", spec->program, "jails", jails);
}

static json_t *changes_of(const struct step *s)
{
	return json_object_get(s->args, "changes");
}

static bool is_on(const struct step *s)
{
	return json_is_true(json_object_get(s->args, "on"));
}

/* --- what is asked -------------------------------------------------------------------------------- */

bool guard_jail_names(const char *said, struct strv *ret)
{
	json_t *all = json_said(said), *jail;
	size_t i;

	if (!all)
		return false;
	json_array_foreach (json_object_get(all, "jails"), i, jail) {
		const char *name = json_string_value(json_object_get(jail, "name"));

		if (name)
			strv_add(ret, name);
	}
	json_decref(all);
	return true;
}

static int ask_once(struct os *os, const char *program, struct strv *ret, struct err *e)
{
	CLEANUP_RUN struct run_result r = { 0 };
	const struct run run = { .argv = ARGV(program, "status", "--format", "json"),
				 .timeout_ms = ASK_LIMIT_MS };

	if (os_run(os, &run, &r, e) < 0)
		return -1;
	if (r.status == 0 && !r.timed_out)
		return guard_jail_names(r.out, ret)
			       ? 0
			       : err_set(e, ERR_FAILED, "%s",
					 _("the guard's answer is not understood"));
	str_make_clean(r.err);
	err_set(e, ERR_FAILED, _("kannuki-guard does not answer: %s"),
		r.timed_out ? _("did not end in time") : str_trim(r.err));
	return 1;
}

/* When a transaction has ended it begins anew, and who asks just then gets no answer. */
int guard_watches(struct os *os, const char *program, struct strv *ret, struct err *e)
{
	for (unsigned tries = 1;; tries++) {
		int r = ask_once(os, program, ret, e);

		if (r <= 0 || tries == ASK_TRIES)
			return r;
		*e = (struct err){ 0 };
		os_sleep(os, ASK_AGAIN_MS);
	}
}

static int nft(const struct step_ctx *c, const struct run *run, struct run_result *ret,
	       struct err *e)
{
	if (os_run(c->os, run, ret, e) < 0)
		return -1;
	if (ret->status == 0 && !ret->timed_out)
		return 0;
	if (ret->status == 127)
		return err_set(e, ERR_FAILED,
			       _("a packet filter is not possible on this host: nft is not there "
				 "(package nftables)"));
	return err_set(e, ERR_FAILED, "nft: %s",
		       ret->timed_out ? _("did not end in time") : str_trim(ret->err));
}

static int capture(const struct step_ctx *c, const struct step *s, struct image *ret, struct err *e)
{
	const struct run list = { .argv = ARGV("nft", "list", "tables", "inet") };
	CLEANUP_RUN struct run_result r = { 0 };
	CLEANUP_STRV struct strv names = { 0 };
	int state;

	if (changes_capture(c, changes_of(s), ret, e) < 0 ||
	    unit_links_capture(c, GUARD_UNIT, ret, e) < 0 || unit_show(c, GUARD_UNIT, ret, e) < 0 ||
	    nft(c, &list, &r, e) < 0)
		return -1;
	state = os_list(c->os, GUARD_STATE_DIR, &names, e);
	if (state < 0)
		return -1;
	image_set_text(ret, "table", strstr(r.out, TABLE) ? "there" : "");
	image_set_text(ret, "state", state == 0 ? "there" : "");
	return 0;
}

/* --- what is done --------------------------------------------------------------------------------- */

static int systemctl(const struct step_ctx *c, const char *verb, const char *unit, struct err *e)
{
	CLEANUP_RUN struct run_result r = { 0 };
	const struct run run = { .argv = ARGV("systemctl", verb, unit),
				 .timeout_ms = JOB_LIMIT_MS };

	if (os_run(c->os, &run, &r, e) < 0)
		return -1;
	if (r.status == 0 && !r.timed_out)
		return 0;
	return err_set(e, ERR_FAILED, "systemctl %s %s: %s", verb, unit ? unit : "",
		       r.timed_out ? _("did not end in time") : str_trim(r.err));
}

static int remove_table(const struct step_ctx *c, struct err *e)
{
	const struct run load = { .argv = ARGV("nft", "-f", "-"),
				  .input = DELETE_TABLE,
				  .input_len = strlen(DELETE_TABLE) };
	CLEANUP_RUN struct run_result r = { 0 };

	return nft(c, &load, &r, e);
}

/* It is stopped. 1: somebody else's file is in the folder, which stays. */
static int remove_state(const struct step_ctx *c, struct err *e)
{
	CLEANUP_STRV struct strv names = { 0 };
	const char *foreign = NULL;
	int r = os_list(c->os, GUARD_STATE_DIR, &names, e);

	if (r != 0)
		return r < 0 ? -1 : 0;
	for (size_t i = 0; i < names.count; i++) {
		CLEANUP_FREE char *name = os_unstaged(names.item[i]);
		CLEANUP_FREE char *path = xasprintf(GUARD_STATE_DIR "/%s", name);

		if (!str_starts(name, DATABASE))
			foreign = names.item[i];
		else if (os_remove(c->os, path, e) < 0)
			return -1;
	}
	if (!foreign)
		return os_remove(c->os, GUARD_STATE_DIR, e);
	err_set(e, ERR_CONFLICT,
		_("the folder %s stays: it holds %s, which someone else put there"),
		GUARD_STATE_DIR, foreign);
	return 1;
}

static int turn_on(const struct step_ctx *c, const struct step *s, struct err *e)
{
	/* daemon-reload always: the file may be there from a run that was killed before PID 1 had read it. What
	 * systemctl links reaches the disk by sync. */
	if (changes_apply(c, changes_of(s), e) < 0 || systemctl(c, "daemon-reload", NULL, e) < 0 ||
	    systemctl(c, "enable", GUARD_UNIT, e) < 0 ||
	    os_run_ok(c->os, ARGV("sync", "-f", "/etc"), NULL, e) < 0)
		return -1;
	return systemctl(c, "restart", GUARD_UNIT, e);
}

static int turn_off(const struct step_ctx *c, const struct step *s, struct err *e)
{
	CLEANUP_IMAGE struct image now = { 0 };

	/* While it is loaded with the file that says how to stop it. */
	if (unit_show(c, GUARD_UNIT, &now, e) < 0 ||
	    (unit_runs(&now) && systemctl(c, "stop", GUARD_UNIT, e) < 0))
		return -1;
	if (str_starts(image_text(&now, "UnitFileState") ?: "", "enabled") &&
	    systemctl(c, "disable", GUARD_UNIT, e) < 0)
		return -1;
	if (os_run_ok(c->os, ARGV("sync", "-f", "/etc"), NULL, e) < 0 ||
	    changes_apply(c, changes_of(s), e) < 0 || systemctl(c, "daemon-reload", NULL, e) < 0)
		return -1;
	return remove_table(c, e);
}

static int apply(const struct step_ctx *c, const struct step *s, struct err *e)
{
	return is_on(s) ? turn_on(c, s, e) : turn_off(c, s, e);
}

static int watches_all(const struct step_ctx *c, const struct step *s, struct err *e)
{
	const char *program = json_string_value(json_object_get(s->args, "program"));
	CLEANUP_STRV struct strv watched = { 0 };
	json_t *jail;
	size_t i;

	if (!program)
		return err_set(e, ERR_FAILED, _("the step is not complete"));
	if (guard_watches(c->os, program, &watched, e) != 0)
		return -1;
	json_array_foreach (json_object_get(s->args, "jails"), i, jail)
		if (!strv_has(&watched, json_string_value(jail)))
			return err_set(e, ERR_FAILED,
				       _("kannuki-guard does not watch the jail %s; what is wrong "
					 "with it says: kannuki-guard config"),
				       json_string_value(jail));
	return 0;
}

static int verify(const struct step_ctx *c, const struct step *s, struct err *e)
{
	CLEANUP_IMAGE struct image now = { 0 };
	const char *enabled, *active;

	if (changes_verify(c, changes_of(s), e) < 0 || unit_show(c, GUARD_UNIT, &now, e) < 0)
		return -1;
	enabled = image_text(&now, "UnitFileState") ?: "";
	active = image_text(&now, "ActiveState") ?: "";
	if (str_starts(enabled, "enabled") != is_on(s))
		return err_set(e, ERR_FAILED, _("%s is %s"), GUARD_UNIT, enabled);
	if (unit_runs(&now) != is_on(s))
		return err_set(e, ERR_FAILED, _("%s is %s"), GUARD_UNIT, active);
	return is_on(s) ? watches_all(c, s, e) : 0;
}

/* --- undo ----------------------------------------------------------------------------------------- */

static bool was_there(const struct image *pre, const char *what)
{
	return str_eq(image_text(pre, what), "there");
}

/* Past failures: the first is told. 1: somebody else's file keeps the folder. */
static int forget(const struct step_ctx *c, const struct image *pre, struct err *e)
{
	struct err one = { 0 };
	int worst = 0;

	if (!was_there(pre, "table"))
		err_keep_worst(&worst, e, remove_table(c, &one), &one);
	one = (struct err){ 0 };
	if (!was_there(pre, "state"))
		err_keep_worst(&worst, e, remove_state(c, &one), &one);
	return worst;
}

/* Runs as it ran before, once its files are. */
static int run_back(const struct step_ctx *c, const struct image *pre, struct err *e)
{
	CLEANUP_IMAGE struct image now = { 0 };
	struct err ignored = { 0 };

	if (systemctl(c, "daemon-reload", NULL, e) < 0 || unit_show(c, GUARD_UNIT, &now, e) < 0)
		return -1;
	if (unit_runs(pre))
		return systemctl(c, "restart", GUARD_UNIT, e);
	if (unit_runs(&now) && systemctl(c, "stop", GUARD_UNIT, e) < 0)
		return -1;
	systemctl(c, "reset-failed", GUARD_UNIT, &ignored);
	return forget(c, pre, e);
}

static int undo(const struct step_ctx *c, const struct step *s, const struct image *pre,
		const struct image *post, struct err *e)
{
	struct err one = { 0 };
	int worst = 0;

	/* While it is loaded with the file that says how to stop it. */
	if (!c->boot && is_on(s) && !unit_runs(pre))
		systemctl(c, "stop", GUARD_UNIT, &one);
	one = (struct err){ 0 };
	err_keep_worst(&worst, e, changes_undo(c, changes_of(s), pre, post, &one), &one);
	one = (struct err){ 0 };
	err_keep_worst(&worst, e, unit_links_undo(c, GUARD_UNIT, pre, &one), &one);
	one = (struct err){ 0 };
	if (!c->boot)
		err_keep_worst(&worst, e, run_back(c, pre, &one), &one);
	return worst;
}

/* PID 1 may have begun to start it at that boot, from the file as it had read it: with that it also takes away
 * what it has made below /run. */
static int settle(const struct step_ctx *c, const struct step *s, const struct image *pre,
		  struct err *e)
{
	struct err ignored = { 0 };

	if (is_on(s) && !unit_runs(pre))
		systemctl(c, "stop", GUARD_UNIT, &ignored);
	return run_back(c, pre, e) < 0 ? -1 : 0;
}

const struct step_kind step_guard = {
	.name = "guard",
	.capture = capture,
	.apply = apply,
	.undo = undo,
	.verify = verify,
	.settle = settle,
};
