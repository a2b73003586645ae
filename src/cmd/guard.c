// SPDX-License-Identifier: MIT
/* guard.c - kannuki guard: kannuki-guard, the program beside this one, with all that stands behind; but import is ours. */
#include "base/i18n.h"
#include "cmd/cmd.h"
#include "cmd/guard_import.h"
#include "os/child.h"

#define PROGRAM "kannuki-guard"

static int run(struct call *c, struct err *e)
{
	CLEANUP_STRV struct strv argv = { 0 };
	const struct strv *word = &c->opts.words;
	int r;

	if (word->count > 0 && str_eq(word->item[0], "import"))
		return guard_import(c, (const char *const *)word->item + 1, word->count - 1, e);
	strv_add(&argv, PROGRAM);
	for (size_t i = 0; i < word->count; i++)
		strv_add(&argv, word->item[i]);
	r = child_become_neighbour(PROGRAM, argv.item, e);
	if (r > 0)
		return err_set(e, ERR_FAILED,
			       _("%s is not installed beside kannuki, nor in /usr/local/sbin"),
			       PROGRAM);
	return r;
}

const struct command command_guard = {
	.name = "guard",
	.words = "COMMAND ...",
	.words_max = 64,
	.summary = N_("bans who attacks: status, ban, unban, why, import"),
	.passes_on = true,
	.run = run,
};
