// SPDX-License-Identifier: MIT
/*
 * cmd_completion.c - kannuki-guard completion: what bash, zsh and fish need; and what they then ask at each Tab.
 *
 * The scripts know no command: they ask the program, so that `kannuki guard` has the same words.
 */
#include <stdio.h>
#include <string.h>

#include "base/exit_code.h"
#include "base/i18n.h"
#include "guard/complete.h"

static const struct guard_command *find_command(const char *name)
{
	for (size_t i = 0; i < guard_commands_count; i++)
		if (!guard_commands[i]->hidden && str_eq(guard_commands[i]->name, name))
			return guard_commands[i];
	return NULL;
}

static const struct opt *find_option(const struct guard_command *c, const char *word)
{
	for (size_t i = 0; i < c->opt_count; i++) {
		const char letter[] = { '-', c->opt[i].letter, '\0' };

		if ((str_starts(word, "--") && str_eq(word + 2, c->opt[i].name)) ||
		    (c->opt[i].letter && str_eq(word, letter)))
			return &c->opt[i];
	}
	return NULL;
}

/* Those that begin as what is typed, with `before` in front. */
static void offer(const char *word, const char *before, const char *typed, struct strv *ret)
{
	if (str_starts(word, typed))
		strv_addf(ret, "%s%s", before, word);
}

/* By how help names the place: FILE, or words in small letters, "text|json". */
static void offer_named(const char *name, const char *before, const char *typed, struct strv *ret)
{
	static const char *const files[] = { "LOG", "FILE", "DIR" };
	CLEANUP_STRV struct strv each = { 0 };
	bool file = false;

	strv_split(&each, name, "|");
	for (size_t i = 0; i < each.count; i++) {
		for (size_t k = 0; k < COUNT(files); k++)
			file = file || str_eq(each.item[i], files[k]);
		if (strspn(each.item[i], "abcdefghijklmnopqrstuvwxyz-") == strlen(each.item[i]))
			offer(each.item[i], before, typed, ret);
	}
	if (file && ret->count == 0)
		strv_add(ret, COMPLETE_FILES);
}

static void offer_commands(const char *typed, struct strv *ret)
{
	for (size_t i = 0; i < guard_commands_count; i++)
		if (!guard_commands[i]->hidden)
			offer(guard_commands[i]->name, "", typed, ret);
	if (typed[0] == '-') {
		offer("--help", "", typed, ret);
		offer("--version", "", typed, ret);
	}
}

static void offer_option(const struct guard_command *c, const char *typed, struct strv *ret)
{
	const char *equals = strchr(typed, '=');
	CLEANUP_FREE char *name = equals ? xstrndup(typed, (size_t)(equals - typed)) : NULL;
	const struct opt *o = equals ? find_option(c, name) : NULL;

	if (o && o->value) {
		CLEANUP_FREE char *before = xasprintf("%s=", name);

		offer_named(o->value, before, equals + 1, ret);
		return;
	}
	for (size_t i = 0; !equals && i < c->opt_count; i++) {
		CLEANUP_FREE char *whole = xasprintf("--%s", c->opt[i].name);

		offer(whole, "", typed, ret);
	}
}

/* "[LOG|journal [JAIL...]]": the name of the n-th place, from 0; the last one where words go on. */
static void offer_place(const struct guard_command *c, size_t n, const char *typed,
			struct strv *ret)
{
	CLEANUP_FREE char *plain = xstrdup(c->words);
	CLEANUP_STRV struct strv places = { 0 };
	char *out = plain;

	for (const char *in = c->words; *in; in++)
		if (!strchr("[].", *in))
			*out++ = *in;
	*out = '\0';
	strv_split(&places, plain, " ");
	if (places.count == 0)
		return;
	if (n >= places.count && strstr(c->words, "..."))
		n = places.count - 1;
	if (n < places.count)
		offer_named(places.item[n], "", typed, ret);
}

void complete_words(const struct strv *words, struct strv *ret)
{
	const struct guard_command *c;
	const struct opt *waits = NULL; /* for its value */
	const char *typed;
	size_t place = 0;

	if (words->count == 0)
		return;
	typed = words->item[words->count - 1];
	if (words->count == 1) {
		offer_commands(typed, ret);
		return;
	}
	c = find_command(words->item[0]);
	if (!c)
		return;
	for (size_t i = 1; i + 1 < words->count; i++) {
		const struct opt *o = waits ? NULL : find_option(c, words->item[i]);

		place += !waits && words->item[i][0] != '-';
		waits = o && o->value ? o : NULL;
	}
	if (waits)
		offer_named(waits->value, "", typed, ret);
	else if (typed[0] == '-')
		offer_option(c, typed, ret);
	else
		offer_place(c, place, typed, ret);
}

static int run_complete(struct guard_call *call, struct err *e)
{
	CLEANUP_STRV struct strv found = { 0 };

	(void)e;
	complete_words(&call->opts.words, &found);
	for (size_t i = 0; i < found.count; i++)
		puts(found.item[i]);
	return EXIT_DONE;
}

static const struct {
	const char *shell, *script;
} scripts[] = {
	{ "bash", "# bash completion of kannuki-guard; made by: kannuki-guard completion bash\n"
		  "_kannuki_guard() {\n"
		  "\tlocal words=() i\n"
		  "\t# Readline takes --name=value apart: it is read as --name value.\n"
		  "\tfor ((i = 1; i <= COMP_CWORD; i++)); do\n"
		  "\t\tif [ \"${COMP_WORDS[i]}\" != '=' ]; then words+=(\"${COMP_WORDS[i]}\")\n"
		  "\t\telif [ $i = \"$COMP_CWORD\" ]; then words+=(''); fi\n"
		  "\tdone\n"
		  "\tmapfile -t COMPREPLY < <(command kannuki-guard complete -- \"${words[@]}\" "
		  "2>/dev/null)\n"
		  "\t[ \"${COMPREPLY[0]}\" = :files ] || return 0\n"
		  "\tcompopt -o filenames 2>/dev/null\n"
		  "\tmapfile -t COMPREPLY < <(compgen -A file -- \"${words[-1]}\")\n"
		  "}\n"
		  "complete -F _kannuki_guard kannuki-guard\n" },
	{ "zsh",
	  "#compdef kannuki-guard\n"
	  "# zsh completion of kannuki-guard; made by: kannuki-guard completion zsh\n"
	  "_kannuki_guard() {\n"
	  "\tlocal -a found\n"
	  "\tfound=(\"${(@f)$(command kannuki-guard complete -- \"${(@)words[2,CURRENT]}\" "
	  "2>/dev/null)}\")\n"
	  "\tif [ \"$found[1]\" = :files ]; then _files\n"
	  "\telif [ -n \"$found[1]\" ]; then compadd -a found; fi\n"
	  "}\n"
	  "if [ \"$funcstack[1]\" = _kannuki_guard ]; then _kannuki_guard \"$@\"; else compdef "
	  "_kannuki_guard kannuki-guard; fi\n" },
	{ "fish",
	  "# fish completion of kannuki-guard; made by: kannuki-guard completion fish\n"
	  "function __kannuki_guard\n"
	  "\tset -l typed (commandline -ct)\n"
	  "\tset -l found (command kannuki-guard complete -- (commandline -opc)[2..] \"$typed\" "
	  "2>/dev/null)\n"
	  "\tif test \"$found[1]\" = :files\n"
	  "\t\t__fish_complete_path \"$typed\"\n"
	  "\telse\n"
	  "\t\tprintf '%s\\n' $found\n"
	  "\tend\n"
	  "end\n"
	  "complete -c kannuki-guard -f -a '(__kannuki_guard)'\n" },
};

static int run_completion(struct guard_call *call, struct err *e)
{
	const char *name = call->opts.words.item[0];

	for (size_t i = 0; i < COUNT(scripts); i++) {
		if (!str_eq(scripts[i].shell, name))
			continue;
		fputs(scripts[i].script, stdout);
		return EXIT_DONE;
	}
	return err_set(e, ERR_USAGE, _("there is no completion for %s; allowed: bash, zsh, fish"),
		       name);
}

const struct guard_command guard_command_completion = {
	.name = "completion",
	.words = "bash|zsh|fish",
	.words_min = 1,
	.words_max = 1,
	.summary = N_("prints completions for bash, zsh or fish"),
	.run = run_completion,
};

const struct guard_command guard_command_complete = {
	.name = "complete",
	.words = "WORD...",
	.words_max = 64,
	.summary = "what may stand there",
	.hidden = true,
	.run = run_complete,
};
