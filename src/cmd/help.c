// SPDX-License-Identifier: MIT
/* help.c - one screen for all commands, one for each. */
#include <stdio.h>

#include "base/i18n.h"
#include "cmd/cmd.h"

void help_all(void)
{
	printf(_("kannuki %s: secures this server, and never leaves its owner outside.\n"),
	       KANNUKI_VERSION);
	printf(_("\nkannuki COMMAND [options]:\n"));
	for (size_t i = 0; i < commands_count; i++) {
		CLEANUP_FREE char *left =
			xasprintf("  %s %s", commands[i]->name, commands[i]->words);
		CLEANUP_STR struct str line = { 0 };

		if (commands[i]->hidden)
			continue;
		str_add_padded(&line, left, 26);
		printf("%s%s\n", line.text, _(commands[i]->summary));
	}
	printf(_("\nBegin with: sudo kannuki setup. More: kannuki help COMMAND, man kannuki.\n"));
}

void help_command(const struct command *c)
{
	printf("kannuki %s%s%s%s%s\n\n  %s\n", c->name, c->opt_count ? " " : "",
	       c->opt_count ? _("[options]") : "", c->words[0] ? " " : "", c->words, _(c->summary));
	if (c->opt_count)
		printf("\n");
	for (size_t i = 0; i < c->opt_count; i++) {
		const struct opt *o = &c->opt[i];
		char letter[8] = "";
		CLEANUP_FREE char *left = NULL;
		CLEANUP_STR struct str line = { 0 };

		if (o->letter)
			snprintf(letter, sizeof(letter), "-%c, ", o->letter);
		left = xasprintf("  %s--%s%s%s", letter, o->name, o->value ? " " : "",
				 o->value ? o->value : "");
		str_add_padded(&line, left, 22);
		printf("%s%s\n", line.text, _(o->help));
	}
}

static int help_run(struct call *c, struct err *e)
{
	const struct command *which;

	if (c->opts.words.count == 0) {
		help_all();
		return EXIT_DONE;
	}
	which = command_find(c->opts.words.item[0]);
	if (!which)
		return err_set(e, ERR_USAGE, _("there is no command \"%s\"; see: kannuki help"),
			       c->opts.words.item[0]);
	help_command(which);
	return EXIT_DONE;
}

const struct command command_help = {
	.name = "help",
	.words = "[COMMAND]",
	.summary = N_("shows this, or one command with its options"),
	.words_max = 1,
	.run = help_run,
};
