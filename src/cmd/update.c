// SPDX-License-Identifier: MIT
/* update.c - kannuki update: all packages, now, without dialogs and without a transaction. */
#include <stdio.h>

#include "base/i18n.h"
#include "cmd/cmd.h"
#include "core/package_manager.h"
#include "core/unreached.h"
#include "setup/carry_out.h"
#include "setup/packages_first.h"

/* Of what apt left: what somebody holds, and what it would not take without removing or adding others. */
static void say_kept(const struct updates_fact *u)
{
	CLEANUP_STRV struct strv rest = { 0 };
	CLEANUP_FREE char *held = strv_join(&u->sources.held, ", ");
	CLEANUP_FREE char *kept = NULL;

	for (size_t i = 0; i < u->kept.count; i++)
		if (!strv_has(&u->sources.held, u->kept.item[i]))
			strv_add(&rest, u->kept.item[i]);
	kept = strv_join(&rest, ", ");
	if (u->sources.held.count + rest.count == 0)
		printf("%s\n", _("All packages are up to date."));
	else
		printf("%s\n", _("All other packages are up to date."));
	if (u->sources.held.count > 0)
		printf(_("Held by somebody, so no update reaches them: %s\n"), held);
	if (rest.count > 0)
		printf(_("Kept back, for others would have to come or go with them: %s (see: "
			 "%s)\n"),
		       kept, u->manager->simulates);
}

static void say_list(const char *title, const struct strv *lines)
{
	if (lines->count > 0)
		printf("%s\n", title);
	for (size_t i = 0; i < lines->count; i++)
		printf("  %s\n", lines->item[i]);
}

static int say_result(struct os *os, struct err *e)
{
	const struct facts_query q = {
		.audit = true, .updates = true, .upgradable = true, .brief = true
	};
	CLEANUP_FACTS struct facts f = { 0 };
	CLEANUP_STRV struct strv unreached = { 0 };

	if (facts_gather(os, &q, &f, e) < 0)
		return -1;
	if (!f.updates.manager)
		return 0;
	if (f.updates.manager->sources(os, &f.updates.sources, e) < 0 ||
	    updates_unreached(os, &f, &unreached, e) < 0)
		return -1;
	say_kept(&f.updates);
	say_list(_("Not reached by updates of packages:"), &unreached);
	say_restart(&f.updates);
	return 0;
}

static int run(struct call *c, struct err *e)
{
	const struct plan all = { .updates_all = true };

	use_language_of_host(c->os);
	/* A new openssh-server in the window would restart sshd under the proof. */
	if (nothing_under_way(c->os, e) < 0 || packages_first(c->os, &all, true, e) < 0 ||
	    say_result(c->os, e) < 0)
		return -1;
	return EXIT_DONE;
}

const struct command command_update = {
	.name = "update",
	.words = "",
	.summary = N_("updates all packages now; that is not undone"),
	.as_root = true,
	.run = run,
};
