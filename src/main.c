// SPDX-License-Identifier: MIT
/* main.c - finds the command, and is the only place that prints an error. */
#include <stdio.h>
#include <string.h>
#include <sys/prctl.h>

#include "base/i18n.h"
#include "cmd/cmd.h"
#include "setup/make_plan.h"

static const char *command_name(const void *arg, size_t i)
{
	(void)arg;
	return commands[i]->hidden ? "" : commands[i]->name;
}

static int unknown_command(const char *word, struct err *e)
{
	const char *near = str_nearest(word, commands_count, command_name, NULL);

	if (near && near[0])
		return err_set(e, ERR_USAGE, _("there is no command \"%s\"; did you mean \"%s\"?"),
			       word, near);
	return err_set(e, ERR_USAGE, _("there is no command \"%s\"; see: kannuki help"), word);
}

static int check_words(const struct command *c, const struct opts *o, struct err *e)
{
	if (o->words.count < c->words_min)
		return err_set(e, ERR_USAGE, _("kannuki %s needs more words: kannuki %s %s"),
			       c->name, c->name, c->words);
	if (o->words.count > c->words_max)
		return err_set(e, ERR_USAGE, _("\"%s\" is too much; usage: kannuki %s %s"),
			       o->words.item[c->words_max], c->name, c->words);
	return 0;
}

static int run_command(const struct command *c, int argc, char **argv, struct err *e)
{
	struct call call = { .command = c };
	const struct opt_table options = { c->opt, c->opt_count };
	int r;

	for (int i = 0; i < argc && !c->passes_on; i++) {
		if (str_eq(argv[i], "--help")) {
			help_command(c);
			return EXIT_DONE;
		}
	}
	for (int i = 0; i < argc && c->passes_on; i++)
		strv_add(&call.opts.words, argv[i]);
	if (!c->passes_on && opts_parse(&options, argc, argv, &call.opts, e) < 0)
		return -1;
	r = check_words(c, &call.opts, e);
	if (r == 0)
		call.os = os_linux_new("/", e);
	if (r == 0 && !call.os)
		r = -1;
	if (r == 0 && c->as_root)
		r = command_need_root(&call, e);
	if (r == 0) {
		use_language_of_host(call.os);
		r = c->run(&call, e);
	}
	os_linux_free(call.os);
	opts_done(&call.opts);
	return r;
}

static int dispatch(int argc, char **argv, struct err *e)
{
	const struct command *c;

	if (argc < 2 || str_eq(argv[1], "--help") || str_eq(argv[1], "-h")) {
		help_all();
		return EXIT_DONE;
	}
	c = command_find(str_eq(argv[1], "--version") ? "version" : argv[1]);
	return c ? run_command(c, argc - 2, argv + 2, e) : unknown_command(argv[1], e);
}

/* "FILE:LINE: " at the beginning is for editors and scripts: nothing may stand before it. */
static bool names_a_line(const char *msg)
{
	size_t file = strcspn(msg, ": \n");
	size_t digits = msg[file] == ':' ? strspn(msg + file + 1, "0123456789") : 0;

	return msg[0] == '/' && digits > 0 && msg[file + 1 + digits] == ':';
}

int main(int argc, char **argv)
{
	struct err e = { 0 };
	enum lang lang;
	int r;

	/* A password may be in memory: no core dump of it, and no look by others (prctl(2)). */
	prctl(PR_SET_DUMPABLE, 0);
	i18n_from_locale(&lang);
	i18n_set(lang);
	r = dispatch(argc, argv, &e);
	if (r < 0) {
		fprintf(stderr, "%s%s\n", names_a_line(e.msg) ? "" : "kannuki: ", e.msg);
		r = err_exit_code(&e);
	}
	if (fflush(stdout) != 0 && r == 0)
		r = EXIT_FAILED;
	return r;
}
