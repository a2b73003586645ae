// SPDX-License-Identifier: MIT
/* setup_far.c - kannuki setup-far: the host's side of kannuki setup USER@HOST. */
#include "base/i18n.h"
#include "base/term.h"
#include "cmd/cmd.h"
#include "setup/carry_out.h"
#include "setup/run.h"

static const struct opt options[] = {
	{ "policy", 0, "FILE", N_("start from this policy instead of the stored one") },
	{ "key", 0, "KEY", N_("a public key to begin with") },
	{ "yes", 'y', NULL, N_("do not ask whether the plan is right; proves nothing") },
	{ "window", 0, "TIME", N_("wait so long for the proof (30s to 1h; 10m if not given)") },
	{ "columns", 0, "N", N_("of the terminal at the other end") },
	{ "rows", 0, "N", N_("of the terminal at the other end") },
};

static unsigned number(const struct call *c, const char *name, unsigned otherwise)
{
	const char *text = opts_get(&c->opts, name);
	uint64_t n;

	return text && str_to_u64(text, 6, 10000, &n) == 0 ? (unsigned)n : otherwise;
}

static int run(struct call *c, struct err *e)
{
	const char *window = opts_get(&c->opts, "window");
	struct setup_wish wish = { .policy_path = opts_get(&c->opts, "policy"),
				   .key = opts_get(&c->opts, "key"),
				   .yes = opts_has(&c->opts, "yes"),
				   .tells = true };

	if (window && window_parse(window, &wish.window_seconds, e) < 0)
		return -1;
	term_be_far(number(c, "columns", 80), number(c, "rows", 24));
	return setup_run(c->os, &wish, e);
}

const struct command command_setup_far = {
	.name = "setup-far",
	.words = "",
	.summary = N_("the host's side of setup USER@HOST"),
	.opt = options,
	.opt_count = COUNT(options),
	.hidden = true,
	.as_root = true,
	.run = run,
};
