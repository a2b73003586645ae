// SPDX-License-Identifier: MIT
/*
 * layout.h - text for a screen of 80 columns, in both languages.
 *
 * Lines end at blanks, and between characters of Japanese but where its rules forbid it (no line
 * begins with a closing bracket or a full stop, none ends with an opening bracket: JIS X 4051).
 */
#pragma once

#include "base/str.h"

#define LAYOUT_COLUMNS 79 /* of 80: some terminals wrap when the last one is written */

/* `first` stands before the first line, blanks of its width before the others. Newlines in the text
 * begin a line. Words that do not fit at all (a fingerprint) are cut at the edge. */
void layout_item(struct str *ret, const char *first, const char *text);
/* The same for lines of so many columns; 0: no line is broken. */
void layout_item_in(struct str *ret, unsigned columns, const char *first, const char *text);
/* The same without anything in front. */
void layout_text(struct str *ret, const char *text);
void layout_itemf(struct str *ret, const char *first, const char *fmt, ...) PRINTF_LIKE(3, 4);
void layout_textf(struct str *ret, const char *fmt, ...) PRINTF_LIKE(2, 3);
/* Rows that one line takes on a terminal of so many columns, which breaks it where it is full. */
unsigned layout_rows(const char *line, unsigned columns);
/* How many lines that is. */
unsigned layout_lines(const char *text);
/* Fullwidth forms (an input method left on) as ASCII, blanks at both ends cut off; malloc'd. */
char *layout_halfwidth(const char *text);
