// SPDX-License-Identifier: MIT
/* line.c - see line.h. */
#include "guard/line.h"

#include <string.h>

#include "guard/scan.h"
#include "guard/utf8.h"

/* A vector of the compiler's: each CPU has sixteen bytes. */
typedef unsigned char lanes __attribute__((vector_size(16)));
typedef signed char signed_lanes __attribute__((vector_size(16)));

void line_done(struct line *l)
{
	free(l->text);
	free(l->folded);
	*l = (struct line){ 0 };
}

static void need(struct line *l, size_t len)
{
	size_t want = len + 2 * sizeof(lanes) + SCAN_PAD;

	if (want <= l->room)
		return;
	l->room = want < 1024 ? 1024 : want;
	free(l->text);
	free(l->folded);
	l->text = xcalloc(1, l->room);
	l->folded = xcalloc(1, l->room);
}

/* Both copies at once, a few bytes more than asked for. True: nothing but what may stay as it is (what is not ASCII is
 * negative here, and so less than a blank as control characters are). */
static bool copy(struct line *l, const char *bytes, size_t len)
{
	lanes bad = { 0 }, v;
	uint64_t half[2];
	size_t i = 0;

	for (; i + sizeof(v) <= len; i += sizeof(v)) {
		memcpy(&v, bytes + i, sizeof(v));
		memcpy(l->text + i, &v, sizeof(v));
		bad |= (lanes)((signed_lanes)v < 0x20);
		v |= 0x20;
		memcpy(l->folded + i, &v, sizeof(v));
	}
	v = (lanes){ 0 } + ' ';
	if (i < len)
		memcpy(&v, bytes + i, len - i);
	memcpy(l->text + i, &v, sizeof(v));
	bad |= (lanes)((signed_lanes)v < 0x20);
	v |= 0x20;
	memcpy(l->folded + i, &v, sizeof(v));
	memset(l->folded + len, 0, SCAN_PAD);
	memcpy(half, &bad, sizeof(half));
	return (half[0] | half[1]) == 0;
}

/* The separators 1C to 1F are white space to Python, so they become one that is so here (not a blank, which could be part
 * of an expression); a NUL becomes another that nobody expects. */
static void clean(const char *bytes, size_t len, struct str *ret)
{
	static const char same[] = "\xe2\x81\x9f"; /* U+205F */
	CLEANUP_STR struct str utf8 = { 0 };
	size_t start = 0;

	str_add(&utf8, "");
	str_add(ret, "");
	utf8_add_clean(&utf8, bytes, len);
	for (size_t i = 0; i < utf8.len; i++) {
		char c = utf8.text[i];

		if (c != '\0' && (c < 0x1c || c > 0x1f))
			continue;
		str_add_bytes(ret, utf8.text + start, i - start);
		str_add(ret, c == '\0' ? "\x01" : same);
		start = i + 1;
	}
	str_add_bytes(ret, utf8.text + start, utf8.len - start);
}

/* U+017F and U+212A, which are s and k in another case. */
static bool is_odd(const char *text)
{
	return strstr(text, "\xc5\xbf") || strstr(text, "\xe2\x84\xaa");
}

void line_set(struct line *l, const char *bytes, size_t len)
{
	CLEANUP_STR struct str cleaned = { 0 };

	need(l, len);
	l->ascii = copy(l, bytes, len);
	l->odd = false;
	l->len = len;
	if (!l->ascii) {
		clean(bytes, len, &cleaned);
		need(l, cleaned.len);
		copy(l, cleaned.text, cleaned.len);
		l->len = cleaned.len;
		l->ascii = true;
		for (size_t i = 0; i < cleaned.len; i++)
			l->ascii = l->ascii && (unsigned char)cleaned.text[i] < 0x80;
		l->odd = !l->ascii && is_odd(cleaned.text);
	}
	l->date.tried = l->date.counted = false;
	l->date.absent = '\0';
	l->date.folded = l->folded;
	l->text[l->len] = '\n';
	l->text[l->len + 1] = '\0';
}
