// SPDX-License-Identifier: MIT
/* probe.c - kannuki probe HOST: the outside view, from any machine. */
#include "remote/probe.h"

#include <stdio.h>

#include "base/i18n.h"
#include "cmd/cmd.h"

static const struct opt options[] = {
	{ "port", 'p', "PORT", N_("where its SSH listens") },
	{ "policy", 0, "FILE", N_("ask the ports of this policy too") },
	{ "format", 0, "text|json", N_("how to print it") },
};

static int run(struct call *c, struct err *e)
{
	const struct probe_wish wish = { .target = c->opts.words.item[0],
					 .port = opts_get(&c->opts, "port"),
					 .policy_path = opts_get(&c->opts, "policy") };
	const char *format = opts_get(&c->opts, "format");
	CLEANUP_PROBE struct probe p = { 0 };
	CLEANUP_STR struct str s = { 0 };

	if (format && !str_eq(format, "text") && !str_eq(format, "json"))
		return err_set(e, ERR_USAGE, _("--format %s is not possible; allowed: text, json"),
			       format);
	if (probe_host(c->os, &wish, &p, e) < 0)
		return -1;
	if (str_eq(format, "json"))
		probe_json(&p, &s);
	else
		probe_text(&p, &s);
	fputs(s.text, stdout);
	return EXIT_DONE;
}

const struct command command_probe = {
	.name = "probe",
	.words = "HOST",
	.summary = N_("a host from outside: ports, ways in, host keys"),
	.opt = options,
	.opt_count = COUNT(options),
	.words_min = 1,
	.words_max = 1,
	.run = run,
};
