// SPDX-License-Identifier: MIT
/* layout.c - see layout.h. */
#include "base/layout.h"

#include <string.h>

#include "base/i18n.h"

#define ROOM_MIN 20 /* behind what stands in front, on a screen that is too narrow for it */
#define TAB	 8

/* Bytes of the character that begins here. */
static size_t char_bytes(const char *p)
{
	size_t n = 1;

	while (p[0] & 0x80 && (p[n] & 0xc0) == 0x80)
		n++;
	return n;
}

static size_t char_width(const char *p, size_t n)
{
	CLEANUP_FREE char *one = xstrndup(p, n);

	return text_width(one);
}

static bool is_one_of(const char *p, size_t n, const char *set)
{
	for (const char *q = set; *q; q += char_bytes(q))
		if (char_bytes(q) == n && memcmp(p, q, n) == 0)
			return true;
	return false;
}

/* May a line end between these two neighbours? */
static bool may_break(const char *a, size_t a_bytes, const char *b, size_t b_bytes)
{
	if (is_one_of(a, a_bytes, " "))
		return true;
	if (is_one_of(b, b_bytes,
		      "、。」』］）ー・！？ァィゥェォッャュョぁぃぅぇぉっゃゅょ々)],.:;!?% ") ||
	    is_one_of(a, a_bytes, "「『［（(["))
		return false;
	return char_width(a, a_bytes) == 2 || char_width(b, b_bytes) == 2;
}

/* A command is not cut in two, nor a number from its unit. */
static bool belongs_together(const char *text, size_t blank)
{
	static const char *const words[] = { "kannuki", "sudo" };

	if (text[blank] != ' ' || blank == 0)
		return false;
	if (text[blank - 1] >= '0' && text[blank - 1] <= '9' &&
	    (str_starts(text + blank + 1, "min") || strcspn(text + blank + 1, " ,.)") == 1))
		return true;
	for (size_t i = 0; i < COUNT(words); i++) {
		size_t n = strlen(words[i]);

		if (blank >= n && memcmp(text + blank - n, words[i], n) == 0)
			return true;
	}
	return false;
}

/* Bytes of text that go onto a line of so many columns. */
static size_t fitting(const char *text, size_t columns)
{
	size_t at = 0, used = 0, last = 0;

	while (text[at] && text[at] != '\n') {
		size_t n = char_bytes(text + at), next = at + n;

		used += char_width(text + at, n);
		if (used > columns && text[at] != ' ')
			return last ? last : at ? at : next;
		if (!text[next] || text[next] == '\n' ||
		    (may_break(text + at, n, text + next, char_bytes(text + next)) &&
		     !belongs_together(text, at)))
			last = next;
		at = next;
	}
	return at;
}

void layout_item_in(struct str *ret, unsigned columns, const char *first, const char *text)
{
	size_t indent = text_width(first);
	size_t room = !columns			    ? SIZE_MAX
		      : columns > indent + ROOM_MIN ? columns - indent
						    : ROOM_MIN;
	bool begun = false;

	do {
		size_t n = fitting(text, room), kept = n;

		while (kept > 0 && text[kept - 1] == ' ')
			kept--;
		if (!begun)
			str_add(ret, first);
		else if (kept > 0)
			str_addf(ret, "%*s", (int)indent, "");
		begun = true;
		str_add_bytes(ret, text, kept);
		str_add(ret, "\n");
		text += n;
		if (*text == '\n')
			text++;
	} while (*text);
}

void layout_item(struct str *ret, const char *first, const char *text)
{
	layout_item_in(ret, LAYOUT_COLUMNS, first, text);
}

void layout_text(struct str *ret, const char *text)
{
	layout_item(ret, "", text);
}

void layout_itemf(struct str *ret, const char *first, const char *fmt, ...)
{
	CLEANUP_STR struct str s = { 0 };
	va_list ap;

	va_start(ap, fmt);
	str_vaddf(&s, fmt, ap);
	va_end(ap);
	layout_item(ret, first, s.text);
}

void layout_textf(struct str *ret, const char *fmt, ...)
{
	CLEANUP_STR struct str s = { 0 };
	va_list ap;

	va_start(ap, fmt);
	str_vaddf(&s, fmt, ap);
	va_end(ap);
	layout_text(ret, s.text);
}

/* A character of two columns is not cut: it begins the next row. */
unsigned layout_rows(const char *line, unsigned columns)
{
	size_t used = 0;
	unsigned rows = 1;

	for (const char *p = line; *p; p += char_bytes(p)) {
		size_t width = *p == '\t' ? TAB - used % TAB : char_width(p, char_bytes(p));

		if (used + width > columns && *p != '\t') {
			rows++;
			used = 0;
		}
		used = *p == '\t' && used + width >= columns ? columns - 1 : used + width;
	}
	return rows;
}

unsigned layout_lines(const char *text)
{
	unsigned n = 0;

	for (; *text; text++)
		n += *text == '\n';
	return n;
}

/* U+FF01..U+FF5E are U+0021..U+007E; U+3000 is a blank. */
char *layout_halfwidth(const char *text)
{
	CLEANUP_STR struct str s = { 0 };

	str_add(&s, "");
	for (const char *p = text; *p; p += char_bytes(p)) {
		const unsigned char *u = (const unsigned char *)p;
		char c = 0;

		if (u[0] == 0xef && u[1] == 0xbc && u[2] >= 0x81)
			c = (char)(u[2] - 0x81 + '!');
		else if (u[0] == 0xef && u[1] == 0xbd && u[2] <= 0x9e)
			c = (char)(u[2] - 0x80 + '`');
		else if (u[0] == 0xe3 && u[1] == 0x80 && u[2] == 0x80)
			c = ' ';
		str_add_bytes(&s, c ? &c : p, c ? 1 : char_bytes(p));
	}
	return xstrdup(str_trim(s.text));
}
