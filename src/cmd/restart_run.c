// SPDX-License-Identifier: MIT
/* restart_run.c - what kannuki-restart.timer runs: restarts the host where an update needs it; see core/restart.h. */
#include <stdio.h>

#include "base/i18n.h"
#include "base/mem.h"
#include "cmd/cmd.h"
#include "core/restart.h"
#include "setup/make_plan.h"

static int run(struct call *c, struct err *e)
{
	const char *text = c->opts.words.item[0];
	CLEANUP_FREE char *why = NULL;
	int minutes, r;

	use_language_of_host(c->os);
	if (restart_time(text, &minutes) < 0)
		return err_set(e, ERR_USAGE, _("\"%s\" is no time of day such as 03:30"), text);
	r = restart_in_window(c->os, minutes, &why, e);
	if (r > 0)
		printf(_("No restart: %s.\n"), why);
	return r < 0 ? r : EXIT_DONE;
}

const struct command command_restart_run = {
	.name = RESTART_COMMAND,
	.words = "HH:MM",
	.summary = N_("restarts this server where an update needs it (run by its timer)"),
	.words_min = 1,
	.words_max = 1,
	.hidden = true,
	.as_root = true,
	.run = run,
};
