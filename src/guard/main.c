// SPDX-License-Identifier: MIT
/* main.c - kannuki-guard: finds the command, and is the only place that prints an error. */
#include <stdio.h>
#include <string.h>

#include "base/exit_code.h"
#include "base/i18n.h"
#include "guard/command.h"

static void help(void)
{
	printf("%s\n\n",
	       _("kannuki-guard - bans who attacks, by fail2ban's configuration or its own"));
	for (size_t i = 0; i < guard_commands_count; i++) {
		const struct guard_command *c = guard_commands[i];

		if (c->hidden)
			continue;
		printf("kannuki-guard %s %s\n    %s\n", c->name, c->words, _(c->summary));
		for (size_t j = 0; j < c->opt_count; j++)
			printf("    --%s %-14s %s\n", c->opt[j].name,
			       c->opt[j].value ? c->opt[j].value : "", _(c->opt[j].help));
	}
}

static int run_command(const struct guard_command *c, int argc, char **argv, struct err *e)
{
	const struct opt_table options = { c->opt, c->opt_count };
	struct guard_call call = { 0 };
	int r;

	if (opts_parse(&options, argc, argv, &call.opts, e) < 0)
		return -1;
	if (call.opts.words.count < c->words_min || call.opts.words.count > c->words_max)
		r = err_set(e, ERR_USAGE, _("usage: kannuki-guard %s %s"), c->name, c->words);
	else if (!(call.os = os_linux_new("/", e)))
		r = -1;
	else
		r = c->run(&call, e);
	os_linux_free(call.os);
	opts_done(&call.opts);
	return r;
}

static int dispatch(int argc, char **argv, struct err *e)
{
	if (argc < 2 || str_eq(argv[1], "--help") || str_eq(argv[1], "-h") ||
	    str_eq(argv[1], "help")) {
		help();
		return EXIT_DONE;
	}
	if (str_eq(argv[1], "--version")) {
		printf("kannuki-guard %s\n", KANNUKI_VERSION);
		return EXIT_DONE;
	}
	for (size_t i = 0; i < guard_commands_count; i++)
		if (strcmp(guard_commands[i]->name, argv[1]) == 0)
			return run_command(guard_commands[i], argc - 2, argv + 2, e);
	return err_set(e, ERR_USAGE, _("there is no command \"%s\"; see: kannuki-guard help"),
		       argv[1]);
}

int main(int argc, char **argv)
{
	struct err e = { 0 };
	enum lang lang;
	int r;

	/* Without TZ the C library looks for a new /etc/localtime at every time that it converts: for each
	 * line, and from where no file may be opened. */
	setenv("TZ", ":/etc/localtime", 0);
	i18n_from_locale(&lang);
	i18n_set(lang);
	r = dispatch(argc, argv, &e);
	if (r < 0) {
		fprintf(stderr, "kannuki-guard: %s\n", e.msg);
		r = err_exit_code(&e);
	}
	if (fflush(stdout) != 0 && r == 0)
		r = EXIT_FAILED;
	return r;
}
