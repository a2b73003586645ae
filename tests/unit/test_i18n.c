// SPDX-License-Identifier: MIT
/* The catalogue and the choice of language (base/i18n.h, po/ja.po). */
#include <stdlib.h>

#include "base/catalogue.h"
#include "base/i18n.h"
#include "base/mem.h"
#include "base/str.h"
#include "lib/t.h"

static const char *locale(const char *all, const char *messages, const char *lang)
{
	enum lang got = LANG_JA;
	int r;

	unsetenv("LC_ALL");
	unsetenv("LC_MESSAGES");
	unsetenv("LANG");
	if (all)
		setenv("LC_ALL", all, 1);
	if (messages)
		setenv("LC_MESSAGES", messages, 1);
	if (lang)
		setenv("LANG", lang, 1);
	r = i18n_from_locale(&got);
	return r == 1 && got == LANG_EN ? "open" : r == 0 ? got == LANG_JA ? "ja" : "en" : "?";
}

static int the_locale_decides(void)
{
	T_STR(locale(NULL, NULL, "ja_JP.UTF-8"), "ja");
	T_STR(locale(NULL, NULL, "ja_JP.utf8"), "ja");
	T_STR(locale(NULL, NULL, "ja.UTF-8"), "ja");
	T_STR(locale(NULL, NULL, "en_US.UTF-8"), "en");
	T_STR(locale(NULL, NULL, "jam_JM.UTF-8"), "en");
	/* Its bytes would be rubbish on that terminal. */
	T_STR(locale(NULL, NULL, "ja_JP.eucJP"), "en");
	T_STR(locale(NULL, NULL, "ja_JP.SJIS"), "en");
	T_STR(locale(NULL, NULL, "ja_JP"), "en");
	return 0;
}

static int in_the_order_of_posix(void)
{
	T_STR(locale("ja_JP.UTF-8", "en_US.UTF-8", "en_US.UTF-8"), "ja");
	T_STR(locale(NULL, "ja_JP.UTF-8", "en_US.UTF-8"), "ja");
	T_STR(locale("", "", "ja_JP.UTF-8"), "ja");
	T_STR(locale("en_US.UTF-8", "ja_JP.UTF-8", "ja_JP.UTF-8"), "en");
	T_STR(locale("C", NULL, "ja_JP.UTF-8"), "open");
	return 0;
}

static int what_does_not_decide(void)
{
	T_STR(locale(NULL, NULL, NULL), "open");
	T_STR(locale(NULL, NULL, ""), "open");
	T_STR(locale(NULL, NULL, "C"), "open");
	T_STR(locale(NULL, NULL, "C.UTF-8"), "open");
	T_STR(locale(NULL, NULL, "POSIX"), "open");
	return 0;
}

static int every_row_is_found(void)
{
	i18n_set(LANG_JA);
	T_OK(i18n_get() == LANG_JA && catalogue_ja_count > 0);
	for (size_t i = 0; i < catalogue_ja_count; i++) {
		const struct catalogue_row *r = &catalogue_ja[i];

		T_OK(i == 0 || strcmp(catalogue_ja[i - 1].msgid, r->msgid) < 0);
		T_STR(tr(r->msgid), r->msgstr);
	}
	T_STR(tr("not in the catalogue, ever"), "not in the catalogue, ever");
	i18n_set(LANG_EN);
	T_STR(tr(catalogue_ja[0].msgid), catalogue_ja[0].msgid);
	return 0;
}

/* The conversions of a format, in order: "%s%5d%%" -> "s d ". */
static void conversions(const char *format, struct str *ret)
{
	for (const char *p = format; (p = strchr(p, '%')); p++) {
		p++;
		if (*p == '%')
			continue;
		p += strspn(p, "0123456789.-+ #*");
		while (*p && strchr("hlzjt", *p))
			str_add_bytes(ret, p++, 1);
		str_add_bytes(ret, p, 1);
		str_add(ret, " ");
	}
}

/* A translation that asks for other arguments reads somebody else's memory. */
static int translations_take_the_same_arguments(void)
{
	for (size_t i = 0; i < catalogue_ja_count; i++) {
		CLEANUP_STR struct str a = { 0 }, b = { 0 };

		str_add(&a, "");
		str_add(&b, "");
		conversions(catalogue_ja[i].msgid, &a);
		conversions(catalogue_ja[i].msgstr, &b);
		if (strcmp(a.text, b.text) != 0)
			printf("# %s\n# %s\n", catalogue_ja[i].msgid, catalogue_ja[i].msgstr);
		T_STR(a.text, b.text);
		T_OK(str_is_clean_utf8(catalogue_ja[i].msgstr));
		T_OK(str_ends(catalogue_ja[i].msgid, "\n") ==
		     str_ends(catalogue_ja[i].msgstr, "\n"));
	}
	return 0;
}

int main(void)
{
	static const struct t_case cases[] = {
		T(the_locale_decides),
		T(in_the_order_of_posix),
		T(what_does_not_decide),
		T(every_row_is_found),
		T(translations_take_the_same_arguments),
	};

	return t_main(cases, COUNT(cases));
}
