// SPDX-License-Identifier: MIT
/* setup.c - kannuki setup: the guided way, here (src/setup/) or at another host (src/remote/). */
#include "base/i18n.h"
#include "cmd/cmd.h"
#include "remote/run.h"
#include "setup/carry_out.h"
#include "setup/run.h"

static const struct opt options[] = {
	{ "policy", 0, "FILE", N_("start from this policy instead of the stored one") },
	{ "port", 'p', "PORT", N_("where HOST's SSH listens now") },
	{ "host-key", 0, "TEXT", N_("HOST's fingerprint, as its console shows it") },
	{ "identity", 'i', "FILE", N_("the key to log in to HOST with from now on") },
	{ "yes", 'y', NULL, N_("with --policy: ask only passwords") },
	{ "window", 0, "TIME", N_("how long it waits for you (30s to 1h; 10m if not given)") },
	{ "password-stdin", 0, NULL, N_("with --yes: read the new password from stdin") },
	{ "non-interactive", 0, NULL, N_("here: ask nothing and guess nothing; needs --yes") },
};

/* An option that means nothing here, or NULL. */
static const char *out_of_place(const struct opts *o)
{
	static const char *const host_only[] = { "port", "host-key", "identity" };
	static const char *const unasked[] = { "yes", "window", "password-stdin" };

	for (size_t i = 0; i < COUNT(host_only); i++)
		if (opts_has(o, host_only[i]))
			return host_only[i];
	for (size_t i = 0; i < COUNT(unasked) && !opts_has(o, "non-interactive"); i++)
		if (opts_has(o, unasked[i]))
			return unasked[i];
	return NULL;
}

static int here(struct call *c, struct err *e)
{
	const char *window = opts_get(&c->opts, "window");
	struct setup_wish wish = {
		.policy_path = opts_get(&c->opts, "policy"),
		.yes = opts_has(&c->opts, "yes"),
		.non_interactive = opts_has(&c->opts, "non-interactive"),
		.secret_on_stdin = opts_has(&c->opts, "password-stdin"),
	};

	if (out_of_place(&c->opts))
		return err_set(e, ERR_USAGE,
			       _("--%s is for another host (kannuki setup USER@HOST), or needs "
				 "--non-interactive"),
			       out_of_place(&c->opts));
	if (window && window_parse(window, &wish.window_seconds, e) < 0)
		return -1;
	if (command_need_root(c, e) < 0)
		return -1;
	return setup_run(c->os, &wish, e);
}

static int run(struct call *c, struct err *e)
{
	const struct remote_wish there = {
		.target = c->opts.words.count ? c->opts.words.item[0] : NULL,
		.port = opts_get(&c->opts, "port"),
		.host_key = opts_get(&c->opts, "host-key"),
		.identity = opts_get(&c->opts, "identity"),
		.policy_path = opts_get(&c->opts, "policy"),
		.window = opts_get(&c->opts, "window"),
		.yes = opts_has(&c->opts, "yes"),
		.secret_on_stdin = opts_has(&c->opts, "password-stdin"),
	};

	if (!there.target)
		return here(c, e);
	if (opts_has(&c->opts, "non-interactive"))
		return err_set(e, ERR_USAGE,
			       _("--non-interactive is for this host; with HOST: --policy FILE "
				 "--yes --password-stdin"));
	return remote_setup(c->os, &there, e);
}

const struct command command_setup = {
	.name = "setup",
	.words = "[USER@HOST]",
	.summary = N_("asks, shows the plan, does it, says what is next"),
	.opt = options,
	.opt_count = COUNT(options),
	.words_max = 1,
	.run = run,
};
