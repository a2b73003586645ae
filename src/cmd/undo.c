// SPDX-License-Identifier: MIT
/* undo.c - kannuki undo [ID], kannuki extend [TIME]. */
#include <stdio.h>

#include "base/i18n.h"
#include "cmd/cmd.h"
#include "cmd/undo_confirmed.h"
#include "core/recover.h"
#include "core/txn.h"
#include "report/record_report.h"
#include "setup/carry_out.h"
#include "setup/follow.h"

static const struct opt options[] = {
	{ "yes", 'y', NULL, N_("do not ask whether the plan is right; proves nothing") },
	{ "window", 0, "TIME", N_("wait so long for the proof (30s to 1h; 10m if not given)") },
	{ "no-wait", 0, NULL, N_("return as soon as it waits for the proof (exit code 4)") },
};

/* What others had changed meanwhile; *e is the first of it. */
static int print_remarks(struct os *os, const char *id, struct err *e)
{
	CLEANUP_TXN struct txn t = { 0 };
	CLEANUP_STR struct str remarks = { 0 };
	struct err ignored = { 0 };

	if (txn_open(os, id, &t, &ignored) == 0)
		report_remarks(&t, "  - ", &remarks);
	printf("%s\n%s", _("But look at this:"), remarks.text ? remarks.text : e->msg);
	return err_exit_code(e);
}

static int undo_pending(struct os *os, const char *id, struct err *e)
{
	CLEANUP_RECOVERED struct recovered done = { 0 };
	int r = recover_run(os, id, RECOVER_NOW, &done, e);

	if (r < 0)
		return r;
	if (done.said)
		printf("%s\n", done.said);
	return r == 2 ? print_remarks(os, id, e) : EXIT_DONE;
}

static int run(struct call *c, struct err *e)
{
	CLEANUP_TXN struct txn active = { 0 };
	const char *id = c->opts.words.count ? c->opts.words.item[0] : NULL;
	int r = txn_open_active(c->os, &active, e);

	if (r < 0)
		return r;
	if (r == 0 && (!id || str_eq(id, active.id)))
		return undo_pending(c->os, active.id, e);
	if (r == 0)
		return err_set(
			e, ERR_CONFLICT,
			_("transaction %s is under way; confirm or undo it first: kannuki status"),
			active.id);
	return undo_confirmed(c, id, e);
}

const struct command command_undo = {
	.name = "undo",
	.words = "[ID]",
	.summary = N_("takes back what is pending, or an earlier transaction"),
	.opt = options,
	.opt_count = COUNT(options),
	.words_max = 1,
	.as_root = true,
	.run = run,
};

static int extend(struct call *c, struct err *e)
{
	CLEANUP_FREE char *left = NULL;
	CLEANUP_TXN struct txn t = { 0 };
	unsigned seconds = WINDOW_DEFAULT;
	int r = txn_open_active(c->os, &t, e);

	if (r != 0)
		return r < 0 ? r : err_set(e, ERR_FAILED, _("nothing is waiting for confirmation"));
	if (c->opts.words.count && window_parse(c->opts.words.item[0], &seconds, e) < 0)
		return -1;
	if (txn_extend(c->os, &t, seconds, e) < 0)
		return -1;
	left = time_left(c->os, &t);
	printf(_("There are %s left now.\n"), left);
	return EXIT_DONE;
}

const struct command command_extend = {
	.name = "extend",
	.words = "[TIME]",
	.summary = N_("more time to confirm: 10m, or TIME (30s to 1h)"),
	.words_max = 1,
	.as_root = true,
	.run = extend,
};
