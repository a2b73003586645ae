// SPDX-License-Identifier: MIT
/* Columns on a terminal (text_width in base/i18n.h); widths are those of Unicode's EastAsianWidth. */
#include "base/i18n.h"
#include "base/mem.h"
#include "base/str.h"
#include "lib/t.h"

static int widths(void)
{
	static const struct {
		const char *text;
		size_t width;
	} t[] = {
		{ "", 0 },
		{ "kannuki", 7 },
		{ "閂", 2 },
		{ "確認待ち", 8 },
		{ "カンヌキ", 8 },
		{ "ｶﾝﾇｷ", 4 },	   /* halfwidth */
		{ "ＳＳＨ", 6 },   /* fullwidth */
		{ "、。「」", 8 }, /* punctuation of CJK */
		{ "［続行］", 8 },
		{ "か\xe3\x82\x99", 2 },     /* U+3099: the dot belongs to the letter before */
		{ "e\xcc\x81t\xc3\xa9", 3 }, /* U+0301, and é as one */
		{ "\xef\xbb\xbfx", 1 },	     /* a BOM takes no room */
		{ "a\xe2\x80\x8b"
		  "b",
		  2 },	       /* U+200B */
		{ "…·—×", 4 }, /* ambiguous: narrow */
		{ "→", 1 },
		{ "한국어", 6 },
		{ "\U00020000", 2 }, /* a rare kanji */
		{ "\U0001f600", 2 },
		{ "✓", 1 },
		{ "〿", 1 }, /* U+303F, the one narrow of its block */
		{ "Ω≈ç√", 4 },
	};

	for (size_t i = 0; i < COUNT(t); i++) {
		if (text_width(t[i].text) != t[i].width)
			printf("# %s: %zu\n", t[i].text, text_width(t[i].text));
		T_OK(text_width(t[i].text) == t[i].width);
	}
	return 0;
}

static int ends_of_the_ranges(void)
{
	T_OK(text_width("\u10ff") == 1 && text_width("\u1100") == 2 && text_width("\u115f") == 2);
	T_OK(text_width("\u2e7f") == 1 && text_width("\u2e80") == 2);
	T_OK(text_width("\u9fff") == 2 && text_width("\uac00") == 2 && text_width("\ud7a3") == 2);
	T_OK(text_width("\uff00") == 1 && text_width("\uff01") == 2 && text_width("\uff60") == 2 &&
	     text_width("\uff61") == 1);
	return 0;
}

/* No width can be right for broken bytes, but it must end, within the text. */
static int broken_bytes_end(void)
{
	static const char *const bad[] = {
		"\xff", "\xe9\x96", "\xf0\x9f", "\xc3", "\x80\x80", "a\xe9z", "\xf8\x88\x80\x80\x80"
	};

	for (size_t i = 0; i < COUNT(bad); i++) {
		CLEANUP_FREE char *exact = xstrdup(bad[i]); /* for the address sanitizer */

		T_OK(text_width(exact) <= 2 * strlen(exact));
	}
	return 0;
}

int main(void)
{
	static const struct t_case cases[] = {
		T(widths),
		T(ends_of_the_ranges),
		T(broken_bytes_end),
	};

	return t_main(cases, COUNT(cases));
}
