// SPDX-License-Identifier: MIT
/* setup.c - kannuki setup: the guided way (src/setup/). */
#include "base/i18n.h"
#include "cmd/cmd.h"
#include "setup/run.h"

static const struct opt options[] = {
	{ "policy", 0, "FILE", N_("start from this policy instead of the stored one") },
};

static int run(struct call *c, struct err *e)
{
	return setup_run(c->os, opts_get(&c->opts, "policy"), e);
}

const struct command command_setup = {
	.name = "setup",
	.words = "",
	.summary = N_("asks, shows the plan, does it, says what is next"),
	.opt = options,
	.opt_count = COUNT(options),
	.as_root = true,
	.run = run,
};
