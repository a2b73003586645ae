// SPDX-License-Identifier: MIT
/* fingerprint.c - kannuki fingerprint: what a client shows of this server, or whether it showed that. */
#include <stdio.h>

#include "base/i18n.h"
#include "cmd/cmd.h"
#include "core/hostkey.h"

static const struct opt options[] = {
	{ "compare", 0, "TEXT", N_("is this, which the client showed, one of them? yes or no") },
};

static void print_all(const struct hostkeys *k)
{
	printf("%s\n\n", _("When a client connects for the first time, it shows one of these:"));
	for (size_t i = 0; i < k->count; i++)
		printf("  %-8s  %s\n            %s\n", k->key[i].type, k->key[i].sha256,
		       k->key[i].md5);
	printf("\n%s\n",
	       _("If it shows none of these, do not go on: another machine answers there."));
}

static int compare(const struct hostkeys *k, const char *shown, struct err *e)
{
	size_t i;
	int r = hostkeys_compare(k, shown, &i, e);

	if (r < 0)
		return err_ctx(e, "--compare");
	if (r == 1) {
		printf("%s\n", _("No: this server has no such key. Do not go on: another machine "
				 "answers there."));
		return EXIT_FAILED;
	}
	printf(_("Yes: that is the %s key of this server.\n"), k->key[i].type);
	return EXIT_DONE;
}

static int run(struct call *c, struct err *e)
{
	const char *shown = opts_get(&c->opts, "compare");
	CLEANUP_HOSTKEYS struct hostkeys k = { 0 };

	if (hostkeys_gather(c->os, &k, e) < 0)
		return -1;
	if (shown)
		return compare(&k, shown, e);
	print_all(&k);
	return EXIT_DONE;
}

const struct command command_fingerprint = {
	.name = "fingerprint",
	.words = "",
	.summary = N_("the keys by which an SSH client knows this server"),
	.opt = options,
	.opt_count = COUNT(options),
	.run = run,
};
