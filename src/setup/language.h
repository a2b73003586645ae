// SPDX-License-Identifier: MIT
/*
 * language.h - in which language setup speaks: by the policy, else by the locale; where neither decides (a
 * Tera Term login has C.UTF-8) the person is asked, before anything else is said.
 */
#pragma once

#include "base/i18n.h"
#include "core/policy.h"

struct language {
	enum ui_language store; /* for the policy; UI_LANGUAGE_LOCALE: nobody chose it */
	bool was_asked;
};

/* Sets it for all that follows. 0; 1: the person has left; < 0. */
int language_choose(const struct policy *p, struct language *ret, struct err *e);
/* The same without a question, for what is under way already. */
void language_resume(const struct policy *p);
/* The screen, the same in every language; its last line has no newline. */
extern const char language_question[];
extern const char language_again[]; /* for an answer that is none */
/* "1", "日本語", "en", … with the input method left on too. False: no answer to it. */
bool language_of_answer(const char *answer, enum lang *ret);
