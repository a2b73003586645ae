// SPDX-License-Identifier: MIT
/* version.c - kannuki version: which file this is, to be compared with what is published. */
#include <stdio.h>

#include "base/i18n.h"
#include "base/sha256.h"
#include "cmd/cmd.h"
#include "os/workstation.h"

static int run(struct call *c, struct err *e)
{
	CLEANUP_NODE struct node me = { 0 };
	CLEANUP_FREE char *machine = machine_name();
	CLEANUP_FREE char *sum = NULL;

	if (os_program(c->os, &me, e) < 0)
		return -1;
	sum = sha256_text(me.data, me.len);
	printf("kannuki %s (%s)\n", KANNUKI_VERSION, machine);
	printf("SHA-256 %s\n", sum);
	return EXIT_DONE;
}

const struct command command_version = {
	.name = "version",
	.words = "",
	.summary = N_("which version this is, and the SHA-256 of its file"),
	.run = run,
};
