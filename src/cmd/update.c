// SPDX-License-Identifier: MIT
/* update.c - kannuki update: all packages, now, without dialogs and without a transaction. */
#include <stdio.h>

#include "base/i18n.h"
#include "cmd/cmd.h"
#include "setup/carry_out.h"
#include "setup/packages_first.h"

static int run(struct call *c, struct err *e)
{
	const struct plan all = { .updates_all = true };
	const struct facts_query q = { .updates = true };
	CLEANUP_FACTS struct facts f = { 0 };

	use_language_of_host(c->os);
	/* A new openssh-server in the window would restart sshd under the proof. */
	if (nothing_under_way(c->os, e) < 0 || packages_first(c->os, &all, true, e) < 0 ||
	    facts_gather_updates(c->os, &q, &f, e) < 0)
		return -1;
	printf("%s\n", _("All packages are up to date."));
	say_restart(&f.updates);
	return EXIT_DONE;
}

const struct command command_update = {
	.name = "update",
	.words = "",
	.summary = N_("updates all packages now; that is not undone"),
	.as_root = true,
	.run = run,
};
