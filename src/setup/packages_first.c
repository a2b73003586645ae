// SPDX-License-Identifier: MIT
/* packages_first.c - see packages_first.h. */
#include "setup/packages_first.h"

#include <stdio.h>

#include "base/i18n.h"
#include "base/term.h"
#include "core/packages.h"
#include "setup/progress.h"
#include "setup/restart_old.h"

bool packages_wanted(const struct plan *p)
{
	return p->updates_all || p->packages.count > 0;
}

/* Of the terminal there is one. */
static struct progress on_terminal;

static void show_line(const char *line)
{
	progress_line(&on_terminal, line);
}

static void show_progress(const struct packages_progress *now)
{
	progress_show(&on_terminal, now);
}

int packages_first(struct os *os, const struct plan *p, bool yes, struct err *e)
{
	static const struct packages_show show = { show_line, show_progress };
	const struct packages_job job = { .update_all = p->updates_all, .install = &p->packages };
	int r;

	if (!yes && !term_is_interactive())
		return err_set(e, ERR_USAGE,
			       _("nobody can be asked here; read kannuki plan, then give --yes"));
	r = yes ? 1 : term_yes(_("First the packages, which stay. Begin?"), e);
	if (r <= 0)
		return r < 0 ? r : 1;
	on_terminal = (struct progress){ .redraws = term_redraws(),
					 .slow = term_is_slow(),
					 .columns = term_columns() };
	r = packages_run(os, &job, &show, e);
	progress_end(&on_terminal);
	if (r < 0)
		return err_ctx(e, _("packages"));
	return p->updates_all ? restart_old(os, e) : 0;
}

void say_restart(const struct updates_fact *u)
{
	CLEANUP_FREE char *packages = strv_join(&u->reboot_packages, ", ");

	if (u->kernel_waits)
		printf(_("A restart is due: kernel %s is installed, %s runs.\n"), u->kernel_newest,
		       u->kernel_running);
	else if (u->reboot_required)
		printf(_("A restart is due, for: %s.\n"),
		       packages[0] ? packages : "/run/reboot-required");
	else
		return;
	if (u->restart_at)
		printf(_("It comes at %s (%s), as the policy says.\n"), u->restart_at, u->zone);
	else
		printf("%s\n", _("Kannuki does it only where [updates] reboot names a time."));
}
