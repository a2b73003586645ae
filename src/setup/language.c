// SPDX-License-Identifier: MIT
/* language.c - see language.h. */
#include "setup/language.h"

#include <stdio.h>

#include "base/layout.h"
#include "base/term.h"

const char language_question[] = "  1. 日本語\n  2. English\n1 / 2: ";
const char language_again[] = "1 か 2 を入力してください / Please type 1 or 2";

bool language_of_answer(const char *answer, enum lang *ret)
{
	static const struct {
		const char *word;
		enum lang lang;
	} words[] = { { "1", LANG_JA },	       { "ja", LANG_JA }, { "日本語", LANG_JA },
		      { "japanese", LANG_JA }, { "2", LANG_EN },  { "en", LANG_EN },
		      { "english", LANG_EN } };
	CLEANUP_FREE char *half = layout_halfwidth(answer);

	for (size_t i = 0; i < COUNT(words); i++) {
		if (!str_case_eq(half, words[i].word))
			continue;
		*ret = words[i].lang;
		return true;
	}
	return false;
}

static bool is_quit(const char *answer)
{
	CLEANUP_FREE char *half = layout_halfwidth(answer);

	return str_case_eq(half, "q") || str_case_eq(half, "quit") || str_eq(half, "終了");
}

/* 1: the person has left. */
static int ask(enum lang *ret, struct err *e)
{
	const char *prompt = language_question;

	for (;;) {
		CLEANUP_FREE char *answer = NULL;
		int r = term_line(prompt, &answer, e);

		if (r != 0)
			return r;
		if (is_quit(answer))
			return 1;
		if (language_of_answer(answer, ret))
			return 0;
		printf("%s\n", language_again);
	}
}

static int english_here(struct language *ret)
{
	/* Nobody chose that: the next terminal may do better. */
	ret->store = UI_LANGUAGE_LOCALE;
	i18n_set(LANG_EN);
	printf("%s\n", _("In English, because this console (TERM=linux) cannot show Japanese."));
	return 0;
}

int language_choose(const struct policy *p, struct language *ret, struct err *e)
{
	enum lang lang;
	bool asks = i18n_from_locale(&lang) == 1;
	int r;

	*ret = (struct language){ 0 };
	if (p->language != UI_LANGUAGE_LOCALE) {
		lang = p->language == UI_LANGUAGE_JA ? LANG_JA : LANG_EN;
		asks = false;
	}
	if (!term_draws_kanji() && (asks || lang == LANG_JA))
		return english_here(ret);
	if (asks) {
		r = ask(&lang, e);
		if (r != 0)
			return r;
		ret->was_asked = true;
	}
	ret->store = lang == LANG_JA ? UI_LANGUAGE_JA : UI_LANGUAGE_EN;
	i18n_set(lang);
	return 0;
}

void language_resume(const struct policy *p)
{
	enum lang lang;

	i18n_from_locale(&lang);
	if (p->language != UI_LANGUAGE_LOCALE)
		lang = p->language == UI_LANGUAGE_JA ? LANG_JA : LANG_EN;
	i18n_set(term_draws_kanji() ? lang : LANG_EN);
}
