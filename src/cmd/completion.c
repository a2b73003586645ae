// SPDX-License-Identifier: MIT
/*
 * completion.c - kannuki completion: what bash, zsh and fish offer behind Tab, from the tables of commands, options,
 * templates and controls alone.
 *
 * What a value may be follows from how help names it: FILE, USER, HOST, WHAT, "text|json", a word in small letters.
 */
#include <stdio.h>
#include <string.h>

#include "base/i18n.h"
#include "cmd/cmd.h"
#include "controls/audit.h"
#include "core/opening.h"

extern const struct command command_audit;

static const char *const shell_names[] = { "bash", "zsh", "fish" };

enum offer_kind { OFFER_NOTHING, OFFER_WORDS, OFFER_FILES, OFFER_USERS, OFFER_HOSTS };

/* What may stand in one place. */
struct offer {
	enum offer_kind kind;
	struct strv words;
};

static void offer_done(struct offer *o)
{
	strv_done(&o->words);
}
#define CLEANUP_OFFER CLEANUP(offer_done)

static void offer_word(struct offer *o, const char *word)
{
	o->kind = OFFER_WORDS;
	strv_add(&o->words, word);
}

static void offer_controls(struct offer *o)
{
	for (size_t i = 0; i < control_families_count; i++)
		for (const struct control *c = control_families[i]; c->id; c++)
			if (!c->plan_only)
				offer_word(o, c->id);
}

static void offer_named(const char *name, const struct command *c, struct offer *o)
{
	static const struct {
		const char *name;
		enum offer_kind kind;
	} plain[] = { { "FILE", OFFER_FILES },
		      { "USER", OFFER_USERS },
		      { "HOST", OFFER_HOSTS },
		      { "USER@HOST", OFFER_HOSTS } };

	for (size_t i = 0; i < COUNT(plain); i++)
		if (str_eq(name, plain[i].name))
			o->kind = plain[i].kind;
	for (size_t i = 0; str_eq(name, "LEVEL") && i <= SEVERITY_CRITICAL; i++)
		offer_word(o, severity_names[i]);
	for (size_t i = 0; str_eq(name, "WHAT") && i < opening_templates_count; i++)
		if (!str_eq(opening_templates[i].name, "ssh"))
			offer_word(o, opening_templates[i].name);
	for (size_t i = 0; str_eq(name, "COMMAND") && !c->passes_on && i < commands_count; i++)
		if (!commands[i]->hidden)
			offer_word(o, commands[i]->name);
	for (size_t i = 0; str_eq(name, "SHELL") && i < COUNT(shell_names); i++)
		offer_word(o, shell_names[i]);
	if (str_eq(name, "ID") && c == &command_audit)
		offer_controls(o);
	if (strspn(name, "abcdefghijklmnopqrstuvwxyz|-") == strlen(name)) {
		o->kind = OFFER_WORDS;
		strv_split(&o->words, name, "|");
	}
}

/* The places of the words behind a command, as help has them: "WHAT [from CIDR]". *ret_repeats: the last one may
 * stand again and again. */
static void places_of(const struct command *c, struct strv *ret, bool *ret_repeats)
{
	CLEANUP_FREE char *words = xstrdup(c->words);
	char *out = words;

	*ret_repeats = strstr(words, "...") != NULL;
	for (const char *in = words; *in; in++)
		if (!strchr("[].", *in))
			*out++ = *in;
	*out = '\0';
	strv_split(ret, words, " ");
}

/* One way to write it all, a shell each. */
struct shell {
	void (*begin)(struct str *s);
	void (*command)(struct str *s, const struct command *c);
	void (*option)(struct str *s, const struct command *c, const struct opt *o,
		       const struct offer *offer);
	/* The n-th word behind the command, from 1; 0: all from here on. `last` closes the command. */
	void (*word)(struct str *s, const struct command *c, const char *name, size_t n,
		     const struct offer *offer);
	void (*command_end)(struct str *s, const struct command *c);
	/* In place of all these: another program knows what stands behind the command. */
	void (*passes_on)(struct str *s, const struct command *c);
	void (*end)(struct str *s);
};

/* --- bash: without the package bash-completion, since few servers have it ------------------------ */

static void bash_begin(struct str *s)
{
	str_add(s, "# bash completion of kannuki; made by: kannuki completion bash\n"
		   "_kannuki_knows() { # COMMAND PLACE: what may stand there, in $_kannuki\n"
		   "\tcase \"$1 $2\" in\n");
}

static void bash_offer(struct str *s, const struct offer *o)
{
	static const char *const action[] = {
		[OFFER_FILES] = "file", [OFFER_USERS] = "user", [OFFER_HOSTS] = "hostname"
	};
	CLEANUP_FREE char *words = strv_join(&o->words, " ");

	if (o->kind == OFFER_WORDS)
		str_addf(s, "_kannuki=(-W '%s')", words);
	else if (o->kind != OFFER_NOTHING)
		str_addf(s, "_kannuki=(-A %s)", action[o->kind]);
	else
		str_add(s, "_kannuki=()");
	str_add(s, " ;;\n");
}

static void bash_option(struct str *s, const struct command *c, const struct opt *o,
			const struct offer *offer)
{
	if (!o->value)
		return;
	str_addf(s, "\t'%s --%s'", c->name, o->name);
	if (o->letter)
		str_addf(s, " | '%s -%c'", c->name, o->letter);
	str_add(s, ") ");
	bash_offer(s, offer);
}

static void bash_word(struct str *s, const struct command *c, const char *name, size_t n,
		      const struct offer *offer)
{
	if (n)
		str_addf(s, "\t'%s %zu') ", c->name, n);
	else
		str_addf(s, "\t'%s '[0-9]*) ", c->name);
	bash_offer(s, offer);
}

static void bash_command_end(struct str *s, const struct command *c)
{
	str_addf(s, "\t'%s options') _kannuki=(-W '--help", c->name);
	for (size_t i = 0; i < c->opt_count; i++)
		str_addf(s, " --%s", c->opt[i].name);
	str_add(s, "') ;;\n");
}

/* kannuki-guard knows its words itself. */
static const char bash_guard[] =
	"_kannuki_guard_words() {\n"
	"\tlocal words=() i\n"
	"\tfor ((i = 2; i <= COMP_CWORD; i++)); do\n"
	"\t\tif [ \"${COMP_WORDS[i]}\" != '=' ]; then words+=(\"${COMP_WORDS[i]}\")\n"
	"\t\telif [ $i = \"$COMP_CWORD\" ]; then words+=(''); fi\n"
	"\tdone\n"
	"\tmapfile -t COMPREPLY < <(command kannuki guard complete -- \"${words[@]}\" "
	"2>/dev/null)\n"
	"\t[[ ${#words[@]} -gt 1 || import != \"${words[0]}\"* ]] || COMPREPLY+=(import)\n"
	"\t[ \"${COMPREPLY[0]}\" = :files ] || return 0\n"
	"\tcompopt -o filenames 2>/dev/null\n"
	"\tmapfile -t COMPREPLY < <(compgen -A file -- \"${words[-1]}\")\n"
	"}\n";

static void bash_end(struct str *s)
{
	str_add(s, "\t' 1') _kannuki=(-W '");
	for (size_t i = 0; i < commands_count; i++)
		if (!commands[i]->hidden)
			str_addf(s, "%s ", commands[i]->name);
	str_add(s, "') ;;\n"
		   "\t' options') _kannuki=(-W '--help --version') ;;\n"
		   "\t*) return 1 ;;\n"
		   "\tesac\n"
		   "}\n");
	str_add(s, bash_guard);
	str_add(s, "_kannuki() {\n"
		   "\tlocal command='' word='' option='' current='' place=1 i _kannuki=()\n"
		   "\tCOMPREPLY=()\n"
		   "\tif [ \"${COMP_WORDS[1]}\" = guard ] && [ \"$COMP_CWORD\" -gt 1 ]; then "
		   "_kannuki_guard_words; return; fi\n"
		   "\t# Readline takes --name=value apart: it is read as --name value.\n"
		   "\tfor ((i = 1; i <= COMP_CWORD; i++)); do\n"
		   "\t\tword=${COMP_WORDS[i]}\n"
		   "\t\t[ \"$word\" != '=' ] || { [ -z \"$option\" ] || word=''; [ $i = "
		   "\"$COMP_CWORD\" ] || continue; }\n"
		   "\t\tcurrent=$word\n"
		   "\t\t[ $i -lt \"$COMP_CWORD\" ] || break\n"
		   "\t\tif [ -n \"$option\" ]; then option=''\n"
		   "\t\telif [[ $word = -* ]]; then ! _kannuki_knows \"$command\" \"$word\" || "
		   "option=$word\n"
		   "\t\telif [ -z \"$command\" ]; then command=$word\n"
		   "\t\telse place=$((place + 1)); fi\n"
		   "\tdone\n"
		   "\tif [ -n \"$option\" ]; then place=$option\n"
		   "\telif [[ $current = -* ]]; then place=options; fi\n"
		   "\t_kannuki=()\n"
		   "\t_kannuki_knows \"$command\" \"$place\" && [ ${#_kannuki[@]} -gt 0 ] || "
		   "return 0\n"
		   "\t[ \"${_kannuki[1]}\" != file ] || compopt -o filenames 2>/dev/null\n"
		   "\tmapfile -t COMPREPLY < <(compgen \"${_kannuki[@]}\" -- \"$current\")\n"
		   "}\n"
		   "complete -F _kannuki kannuki\n");
}

/* --- zsh ----------------------------------------------------------------------------------------- */

/* Within single quotes, and within the brackets or between the colons of _arguments. */
static void zsh_words(struct str *s, const char *text)
{
	for (; *text; text++) {
		if (*text == '\'')
			str_add(s, "'\\'");
		else if (strchr("[]:\\", *text))
			str_add(s, "\\");
		str_add_bytes(s, text, 1);
	}
}

static void zsh_begin(struct str *s)
{
	str_add(s, "#compdef kannuki\n"
		   "# zsh completion of kannuki; made by: kannuki completion zsh\n"
		   "_kannuki() {\n"
		   "\tlocal context state line\n"
		   "\tlocal -a commands=(\n");
	for (size_t i = 0; i < commands_count; i++) {
		if (commands[i]->hidden)
			continue;
		str_addf(s, "\t\t'%s:", commands[i]->name);
		zsh_words(s, _(commands[i]->summary));
		str_add(s, "'\n");
	}
	str_add(s, "\t)\n"
		   "\t_arguments -C '(- *)--help[help]' '(- *)--version[version]' \\\n"
		   "\t\t'1:command:->command' '*::argument:->argument'\n"
		   "\tcase $state in\n"
		   "\tcommand) _describe command commands ;;\n"
		   "\targument)\n"
		   "\t\tcase $words[1] in\n");
}

static void zsh_offer(struct str *s, const struct offer *o)
{
	static const char *const action[] = {
		[OFFER_FILES] = "_files", [OFFER_USERS] = "_users", [OFFER_HOSTS] = "_user_at_host"
	};
	CLEANUP_FREE char *words = strv_join(&o->words, " ");

	/* Nothing is an empty list: a mere message would keep zsh from completing an option there. */
	if (o->kind == OFFER_WORDS || o->kind == OFFER_NOTHING)
		str_addf(s, "(%s)", words);
	else
		str_add(s, action[o->kind]);
}

static void zsh_command(struct str *s, const struct command *c)
{
	str_addf(s, "\t\t%s) _arguments '(- *)--help[help]'", c->name);
}

static void zsh_option(struct str *s, const struct command *c, const struct opt *o,
		       const struct offer *offer)
{
	(void)c;
	str_add(s, " \\\n\t\t\t");
	if (o->letter)
		str_addf(s, "'(-%c --%s)'{-%c%s,--%s%s}'[", o->letter, o->name, o->letter,
			 o->value ? "+" : "", o->name, o->value ? "=" : "");
	else
		str_addf(s, "'--%s%s[", o->name, o->value ? "=" : "");
	zsh_words(s, _(o->help));
	str_add(s, "]");
	if (o->value) {
		str_add(s, ":");
		zsh_words(s, o->value);
		str_add(s, ":");
		zsh_offer(s, offer);
	}
	str_add(s, "'");
}

static void zsh_word(struct str *s, const struct command *c, const char *name, size_t n,
		     const struct offer *offer)
{
	(void)c;
	if (n)
		str_addf(s, " \\\n\t\t\t'%zu:", n);
	else
		str_add(s, " \\\n\t\t\t'*:");
	zsh_words(s, name);
	str_add(s, ":");
	zsh_offer(s, offer);
	str_add(s, "'");
}

static void zsh_command_end(struct str *s, const struct command *c)
{
	(void)c;
	str_add(s, " ;;\n");
}

static void zsh_passes_on(struct str *s, const struct command *c)
{
	str_addf(s,
		 "\t\t%s) local -a found\n"
		 "\t\t\tfound=(\"${(@f)$(command kannuki %s complete -- \"${(@)words[2,CURRENT]}\" "
		 "2>/dev/null)}\")\n"
		 "\t\t\t[ $CURRENT -gt 2 ] || found+=(import)\n"
		 "\t\t\tfound=(${found:#})\n"
		 "\t\t\tif [ \"$found[1]\" = :files ]; then _files; else compadd -a found; fi ;;\n",
		 c->name, c->name);
}

static void zsh_end(struct str *s)
{
	str_add(s,
		"\t\tesac\n"
		"\t\t;;\n"
		"\tesac\n"
		"}\n"
		"if [ \"$funcstack[1]\" = _kannuki ]; then _kannuki \"$@\"; else compdef _kannuki "
		"kannuki; fi\n");
}

/* --- fish ---------------------------------------------------------------------------------------- */

static void fish_words(struct str *s, const char *text)
{
	str_add(s, "'");
	for (; *text; text++) {
		if (*text == '\'' || *text == '\\')
			str_add(s, "\\");
		str_add_bytes(s, text, 1);
	}
	str_add(s, "'");
}

static void fish_begin(struct str *s)
{
	str_add(s, "# fish completion of kannuki; made by: kannuki completion fish\n"
		   "# COMMAND PLACE: does the word that is typed stand there? A place is a number, "
		   "or '*'.\n"
		   "function __kannuki_at\n"
		   "\tset -l words\n"
		   "\tset -l value no\n"
		   "\tfor word in (commandline -opc)[2..]\n"
		   "\t\tif test $value = yes\n"
		   "\t\t\tset value no\n"
		   "\t\t\tcontinue\n"
		   "\t\tend\n"
		   "\t\tswitch $word\n");
	for (size_t i = 0; i < commands_count; i++) {
		for (size_t j = 0; !commands[i]->hidden && j < commands[i]->opt_count; j++) {
			const struct opt *o = &commands[i]->opt[j];

			if (!o->value)
				continue;
			str_addf(s, "\t\t\tcase --%s", o->name);
			if (o->letter)
				str_addf(s, " -%c", o->letter);
			str_add(s, "\n\t\t\t\tset value yes\n");
		}
	}
	str_add(s, "\t\t\tcase '-*'\n"
		   "\t\t\tcase '*'\n"
		   "\t\t\t\tset -a words $word\n"
		   "\t\tend\n"
		   "\tend\n"
		   "\ttest \"$words[1]\" = \"$argv[1]\"; or return 1\n"
		   "\ttest \"$argv[2]\" = '*'; or test (count $words) = \"$argv[2]\"\n"
		   "end\n"
		   "complete -c kannuki -f\n"
		   "complete -c kannuki -l help\n"
		   "complete -c kannuki -n '__kannuki_at \"\" 0' -l version\n");
}

static void fish_offer(struct str *s, const struct offer *o)
{
	static const char *const action[] = { [OFFER_FILES] = " -F",
					      [OFFER_USERS] = " -a '(__fish_complete_users)'",
					      [OFFER_HOSTS] =
						      " -a '(__fish_complete_user_at_hosts)'" };
	CLEANUP_FREE char *words = strv_join(&o->words, " ");

	if (o->kind == OFFER_WORDS)
		str_addf(s, " -a '%s'", words);
	else if (o->kind != OFFER_NOTHING)
		str_add(s, action[o->kind]);
}

static void fish_command(struct str *s, const struct command *c)
{
	str_addf(s, "complete -c kannuki -n '__kannuki_at \"\" 0' -a %s -d ", c->name);
	fish_words(s, _(c->summary));
	str_add(s, "\n");
}

static void fish_option(struct str *s, const struct command *c, const struct opt *o,
			const struct offer *offer)
{
	str_addf(s, "complete -c kannuki -n '__kannuki_at %s \"*\"' -l %s", c->name, o->name);
	if (o->letter)
		str_addf(s, " -s %c", o->letter);
	if (o->value)
		str_add(s, offer->kind == OFFER_FILES ? " -r" : " -x");
	if (o->value)
		fish_offer(s, offer);
	str_add(s, " -d ");
	fish_words(s, _(o->help));
	str_add(s, "\n");
}

static void fish_word(struct str *s, const struct command *c, const char *name, size_t n,
		      const struct offer *offer)
{
	char place[24];

	(void)name;
	if (offer->kind == OFFER_NOTHING)
		return;
	snprintf(place, sizeof(place), n ? "%zu" : "\"*\"", n);
	str_addf(s, "complete -c kannuki -n '__kannuki_at %s %s'", c->name, place);
	fish_offer(s, offer);
	str_add(s, "\n");
}

static void fish_passes_on(struct str *s, const struct command *c)
{
	fish_command(s, c);
	str_addf(s,
		 "function __kannuki_%1$s_words\n"
		 "\tset -l typed (commandline -ct)\n"
		 "\tset -l words (commandline -opc)[3..]\n"
		 "\tset -l found (command kannuki %1$s complete -- $words \"$typed\" 2>/dev/null)\n"
		 "\ttest (count $words) -gt 0; or set -a found import\n"
		 "\tif test \"$found[1]\" = :files\n"
		 "\t\t__fish_complete_path \"$typed\"\n"
		 "\telse\n"
		 "\t\tprintf '%%s\\n' $found\n"
		 "\tend\n"
		 "end\n"
		 "complete -c kannuki -n '__kannuki_at %1$s \"*\"' -a '(__kannuki_%1$s_words)'\n",
		 c->name);
}

/* --- all of them --------------------------------------------------------------------------------- */

/* In the order of shell_names. */
static const struct shell shells[] = {
	{ .begin = bash_begin,
	  .option = bash_option,
	  .word = bash_word,
	  .command_end = bash_command_end,
	  .end = bash_end },
	{ .begin = zsh_begin,
	  .command = zsh_command,
	  .option = zsh_option,
	  .word = zsh_word,
	  .command_end = zsh_command_end,
	  .passes_on = zsh_passes_on,
	  .end = zsh_end },
	{ .begin = fish_begin,
	  .command = fish_command,
	  .option = fish_option,
	  .passes_on = fish_passes_on,
	  .word = fish_word },
};

static void write_command(const struct shell *shell, const struct command *c, struct str *s)
{
	CLEANUP_STRV struct strv places = { 0 };
	bool repeats;

	if (c->passes_on && shell->passes_on) {
		shell->passes_on(s, c);
		return;
	}
	if (shell->command)
		shell->command(s, c);
	for (size_t i = 0; i < c->opt_count; i++) {
		CLEANUP_OFFER struct offer o = { 0 };

		if (c->opt[i].value)
			offer_named(c->opt[i].value, c, &o);
		shell->option(s, c, &c->opt[i], &o);
	}
	places_of(c, &places, &repeats);
	for (size_t i = 0; i < places.count; i++) {
		CLEANUP_OFFER struct offer o = { 0 };

		offer_named(places.item[i], c, &o);
		shell->word(s, c, places.item[i], repeats && i + 1 == places.count ? 0 : i + 1, &o);
	}
	if (shell->command_end)
		shell->command_end(s, c);
}

static int run(struct call *c, struct err *e)
{
	const char *name = c->opts.words.item[0];
	CLEANUP_STR struct str s = { 0 };

	for (size_t i = 0; i < COUNT(shells); i++) {
		if (!str_eq(shell_names[i], name))
			continue;
		shells[i].begin(&s);
		for (size_t j = 0; j < commands_count; j++)
			if (!commands[j]->hidden)
				write_command(&shells[i], commands[j], &s);
		if (shells[i].end)
			shells[i].end(&s);
		fputs(s.text, stdout);
		return EXIT_DONE;
	}
	return err_set(e, ERR_USAGE, _("there is no completion for %s; allowed: bash, zsh, fish"),
		       name);
}

const struct command command_completion = {
	.name = "completion",
	.words = "SHELL",
	.summary = N_("prints completions for bash, zsh or fish"),
	.words_min = 1,
	.words_max = 1,
	.run = run,
};
