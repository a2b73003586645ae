// SPDX-License-Identifier: MIT
/* In which language setup speaks (setup/language.h): policy, locale, the person, what the terminal can draw. */
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "base/i18n.h"
#include "lib/t.h"
#include "setup/language.h"

static struct language chosen;

/* LANG and TERM as they are at a login, and what is typed. */
static int choose(const char *lang, const char *term, const char *typed, enum ui_language policy)
{
	struct policy p = { .language = policy };
	struct err e = { 0 };
	int in[2], kept = dup(STDIN_FILENO), out = dup(STDOUT_FILENO), r;
	int nowhere = open("/dev/null", O_WRONLY | O_CLOEXEC);

	unsetenv("LC_ALL");
	unsetenv("LC_MESSAGES");
	setenv("LANG", lang, 1);
	setenv("TERM", term, 1);
	i18n_set(LANG_EN);
	if (kept < 0 || out < 0 || nowhere < 0 || pipe(in) < 0 ||
	    write(in[1], typed, strlen(typed)) < 0)
		abort();
	close(in[1]);
	dup2(in[0], STDIN_FILENO);
	close(in[0]);
	/* What is asked is no TAP. */
	fflush(stdout);
	dup2(nowhere, STDOUT_FILENO);
	r = language_choose(&p, &chosen, &e);
	fflush(stdout);
	dup2(kept, STDIN_FILENO);
	dup2(out, STDOUT_FILENO);
	close(kept);
	close(out);
	close(nowhere);
	return r;
}

static int the_locale_or_the_policy_decides(void)
{
	T_OK(choose("ja_JP.UTF-8", "xterm", "", UI_LANGUAGE_LOCALE) == 0);
	T_OK(i18n_get() == LANG_JA && chosen.store == UI_LANGUAGE_JA && !chosen.was_asked);
	T_OK(choose("en_US.UTF-8", "xterm", "", UI_LANGUAGE_LOCALE) == 0);
	T_OK(i18n_get() == LANG_EN && chosen.store == UI_LANGUAGE_EN && !chosen.was_asked);
	T_OK(choose("en_US.UTF-8", "xterm", "", UI_LANGUAGE_JA) == 0 && i18n_get() == LANG_JA);
	T_OK(choose("C.UTF-8", "xterm", "", UI_LANGUAGE_EN) == 0 && !chosen.was_asked);
	return 0;
}

static int else_it_is_asked(void)
{
	static const char *const undecided[] = { "C.UTF-8", "C", "POSIX", "" };

	for (size_t i = 0; i < COUNT(undecided); i++) {
		T_OK(choose(undecided[i], "xterm", "1\n", UI_LANGUAGE_LOCALE) == 0);
		T_OK(chosen.was_asked && chosen.store == UI_LANGUAGE_JA && i18n_get() == LANG_JA);
		T_OK(choose(undecided[i], "xterm", "２\n", UI_LANGUAGE_LOCALE) == 0);
		T_OK(chosen.was_asked && chosen.store == UI_LANGUAGE_EN && i18n_get() == LANG_EN);
	}
	/* Nothing else is an answer, and it is never guessed. */
	T_OK(choose("C.UTF-8", "xterm", "\n3\nyes\n日本語\n", UI_LANGUAGE_LOCALE) == 0);
	T_OK(chosen.store == UI_LANGUAGE_JA);
	T_OK(choose("C.UTF-8", "xterm", "q\n1\n", UI_LANGUAGE_LOCALE) == 1);
	T_OK(choose("C.UTF-8", "xterm", "", UI_LANGUAGE_LOCALE) == 1);
	return 0;
}

/* The kernel's console has no kanji: neither the question nor the answer could be read. */
static int english_where_kanji_cannot_be_drawn(void)
{
	T_OK(choose("C.UTF-8", "linux", "1\n", UI_LANGUAGE_LOCALE) == 0);
	T_OK(i18n_get() == LANG_EN && !chosen.was_asked && chosen.store == UI_LANGUAGE_LOCALE);
	T_OK(choose("ja_JP.UTF-8", "linux", "", UI_LANGUAGE_LOCALE) == 0 && i18n_get() == LANG_EN);
	T_OK(choose("C.UTF-8", "linux", "", UI_LANGUAGE_JA) == 0 && i18n_get() == LANG_EN);
	/* What is stored for other terminals stays. */
	T_OK(chosen.store == UI_LANGUAGE_LOCALE);
	T_OK(choose("en_US.UTF-8", "linux", "", UI_LANGUAGE_LOCALE) == 0);
	T_OK(chosen.store == UI_LANGUAGE_EN);
	return 0;
}

int main(void)
{
	static const struct t_case cases[] = {
		T(the_locale_or_the_policy_decides),
		T(else_it_is_asked),
		T(english_where_kanji_cannot_be_drawn),
	};

	return t_main(cases, COUNT(cases));
}
