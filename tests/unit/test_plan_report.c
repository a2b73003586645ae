// SPDX-License-Identifier: MIT
/* A plan as words (report/plan_report.h): its sentences on a screen, or one a line where none is there. */
#include "lib/t.h"

#include <string.h>

#include "base/i18n.h"
#include "base/layout.h"
#include "lib/fake_os.h"
#include "lib/fits.h"
#include "report/plan_report.h"
#include "steps/file.h"

#define LONG                                                                                      \
	"allow-from = 192.0.2.10 is just the address you have now; most homes and phones get "    \
	"another one from time to time, and then SSH is shut for you. Ask your provider for its " \
	"range, or leave allow-from out"
#define LONG_JA                                                                                                                          \
	"家庭や携帯の回線では、アドレスがときどき変わります。変わるとSSHでログインできなくなり" \
	"ます。回線会社のアドレス範囲を指定するか、allow-fromを外してください"

static char *report(const char *warning, unsigned columns)
{
	CLEANUP_PLAN struct plan p = { .needs_proof = true };
	CLEANUP_STR struct str s = { 0 };
	struct fake *f = fake_new();
	struct err e = { 0 };

	strv_add(&p.warnings, warning);
	step_words(plan_add(&p, &step_file, PHASE_ADD, "x", json_object()), warning, warning,
		   warning);
	plan_add_effect(&p, &(struct effect){ (char *)"root, taro, a stranger and somebody else",
					      (char *)"passwordauthentication", (char *)"yes",
					      (char *)"no", (char *)"/etc/ssh/sshd_config:57" });
	if (report_plan_text(&f->os, &p, columns, &s, &e) < 0)
		str_add(&s, e.msg);
	fake_free(f);
	return str_take(&s);
}

/* Is it all there, however it is broken into lines? */
static bool holds(const char *text, const char *piece)
{
	CLEANUP_STR struct str a = { 0 }, b = { 0 };

	for (; *text; text++)
		if (!strchr(" \n", *text))
			str_add_bytes(&a, text, 1);
	for (; *piece; piece++)
		if (*piece != ' ')
			str_add_bytes(&b, piece, 1);
	return strstr(a.text, b.text);
}

static int sentences_fit_the_screen(void)
{
	static const char *const warnings[] = { LONG, LONG_JA };

	for (int lang = LANG_EN; lang <= LANG_JA; lang++) {
		CLEANUP_FREE char *text = NULL;

		i18n_set((enum lang)lang);
		text = report(warnings[lang], 79);
		T_OK(fits(text, 60) && holds(text, warnings[lang]));
	}
	i18n_set(LANG_EN);
	return 0;
}

static int nothing_is_broken_for_a_program(void)
{
	CLEANUP_FREE char *text = report(LONG, 0);

	T_OK(strstr(text, "\n  - " LONG "\n") || str_starts(text, "  - " LONG "\n"));
	T_OK(strstr(text, "\n  1. " LONG "\n     why:  " LONG "\n     undo: " LONG "\n"));
	return 0;
}

int main(void)
{
	static const struct t_case cases[] = {
		T(sentences_fit_the_screen),
		T(nothing_is_broken_for_a_program),
	};

	return t_main(cases, COUNT(cases));
}
