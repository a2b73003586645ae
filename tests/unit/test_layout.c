// SPDX-License-Identifier: MIT
/* Lines of a screen in both languages (base/layout.h). */
#include "lib/t.h"

#include "base/i18n.h"
#include "base/layout.h"

static const char *laid(const char *first, const char *text)
{
	static struct str s;

	str_clear(&s);
	layout_item(&s, first, text);
	return s.text;
}

static int words_stay_whole(void)
{
	T_STR(laid("", "short"), "short\n");
	T_STR(laid("", ""), "\n");
	T_STR(laid("- ", "a\nb"), "- a\n  b\n");
	T_STR(laid("", "0123456789 0123456789 0123456789 0123456789 0123456789 0123456789 "
		       "0123456789 0123456789"),
	      "0123456789 0123456789 0123456789 0123456789 0123456789 0123456789 "
	      "0123456789\n0123456789\n");
	/* 79 columns are a line, and the blank behind them is none of the next. */
	T_STR(laid("", "0123456789 0123456789 0123456789 0123456789 0123456789 0123456789 "
		       "0123456789 y x"),
	      "0123456789 0123456789 0123456789 0123456789 0123456789 0123456789 "
	      "0123456789 y\nx\n");
	return 0;
}

static int what_is_too_long_is_cut(void)
{
	CLEANUP_STR struct str s = { 0 };
	CLEANUP_STR struct str word = { 0 };

	for (int i = 0; i < 20; i++)
		str_add(&word, "0123456789");
	layout_item(&s, "  ", word.text);
	T_OK(layout_lines(s.text) == 3);
	T_OK(strlen(s.text) == 200 + 3 * 3);
	return 0;
}

static int commands_stay_whole(void)
{
	T_STR(laid("", "0123456789-0123456789-0123456789-0123456789-0123456789-012345678x sudo "
		       "kannuki undo"),
	      "0123456789-0123456789-0123456789-0123456789-0123456789-012345678x\nsudo kannuki "
	      "undo\n");
	T_STR(laid("", "01234567890123456789012345678901234567890123456789012345678901234567890 x "
		       "59 min"),
	      "01234567890123456789012345678901234567890123456789012345678901234567890 x\n59 "
	      "min\n");
	return 0;
}

/* 39 kanji are 78 columns. */
static int japanese_breaks_anywhere_but(void)
{
	CLEANUP_STR struct str text = { 0 };

	for (int i = 0; i < 38; i++)
		str_add(&text, "鍵");
	str_add(&text, "です。次");
	T_OK(layout_lines(laid("", text.text)) == 2);
	/* 。 would begin the line: the letter before it goes with it. */
	T_OK(strstr(laid("", text.text), "で\nす。次"));
	str_clear(&text);
	for (int i = 0; i < 38; i++)
		str_add(&text, "鍵");
	str_add(&text, "「続行」");
	T_OK(strstr(laid("", text.text), "鍵\n「続"));
	return 0;
}

static int fullwidth(void)
{
	static const struct {
		const char *from, *to;
	} t[] = { { "ｙｅｓ", "yes" },
		  { " ２　", "2" },
		  { "８０８０／ｔｃｐ", "8080/tcp" },
		  { "はい", "はい" },
		  { "", "" },
		  { "～", "~" },
		  { "taro", "taro" },
		  { "\xef\xbc", "\xef\xbc" },
		  { "ｚ", "z" } };

	for (size_t i = 0; i < COUNT(t); i++) {
		CLEANUP_FREE char *half = layout_halfwidth(t[i].from);

		T_STR(half, t[i].to);
	}
	return 0;
}

/* For a screen of any width; without one no line is broken. */
static int other_widths(void)
{
	CLEANUP_STR struct str narrow = { 0 }, whole = { 0 }, tiny = { 0 };
	static const char text[] = "ポートを変えたので、もう一度確認します。 one two three";

	layout_item_in(&narrow, 40, "  - ", text);
	T_STR(narrow.text, "  - ポートを変えたので、もう一度確認しま\n    す。 one two three\n");
	layout_item_in(&whole, 0, "  - ", text);
	T_OK(layout_lines(whole.text) == 1 && str_ends(whole.text, " one two three\n"));
	/* More in front than fits: what is behind has some room all the same. */
	layout_item_in(&tiny, 10, "0123456789012345", "one two three four five six");
	T_OK(layout_lines(tiny.text) == 2);
	return 0;
}

/* As a terminal breaks it: at the edge, and never through a character of two columns. */
static int rows_of_a_line(void)
{
	T_OK(layout_rows("", 10) == 1 && layout_rows("0123456789", 10) == 1);
	T_OK(layout_rows("0123456789a", 10) == 2);
	T_OK(layout_rows("鍵鍵鍵鍵鍵", 10) == 1 && layout_rows("鍵鍵鍵鍵鍵鍵", 10) == 2);
	/* 5 do not fit into 9 columns: each row ends with a gap. */
	T_OK(layout_rows("鍵鍵鍵鍵鍵", 9) == 2 && layout_rows("鍵鍵鍵鍵鍵鍵鍵鍵鍵", 9) == 3);
	T_OK(layout_rows("\t\tx", 20) == 1 && layout_rows("\t\t01234", 20) == 2);
	return 0;
}

int main(void)
{
	static const struct t_case cases[] = {
		T(words_stay_whole),	T(what_is_too_long_is_cut),
		T(commands_stay_whole), T(japanese_breaks_anywhere_but),
		T(fullwidth),		T(other_widths),
		T(rows_of_a_line),
	};

	return t_main(cases, COUNT(cases));
}
