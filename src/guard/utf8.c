// SPDX-License-Identifier: MIT
/* utf8.c - see utf8.h. */
#include "guard/utf8.h"

#include <ctype.h>
#include <string.h>

/* The first byte of a longer character tells its length and what the second may be (RFC 3629, and
 * Unicode's table 3-7): neither overlong forms nor surrogates. */
static size_t lead(unsigned char c, unsigned char *low, unsigned char *high)
{
	*low = c == 0xe0 ? 0xa0 : c == 0xf0 ? 0x90 : 0x80;
	*high = c == 0xed ? 0x9f : c == 0xf4 ? 0x8f : 0xbf;
	if (c >= 0xc2 && c <= 0xdf)
		return 2;
	if (c >= 0xe0 && c <= 0xef)
		return 3;
	return c >= 0xf0 && c <= 0xf4 ? 4 : 0;
}

/* How many bytes of a character are there: *whole when all. 0: c begins none. */
static size_t part(const char *text, size_t len, bool *whole)
{
	const unsigned char *t = (const unsigned char *)text;
	unsigned char low, high;
	size_t want, n = 1;

	*whole = t[0] < 0x80;
	if (*whole)
		return 1;
	want = lead(t[0], &low, &high);
	if (want == 0)
		return 0;
	while (n < want && n < len && t[n] >= low && t[n] <= high) {
		low = 0x80;
		high = 0xbf;
		n++;
	}
	*whole = n == want;
	return n;
}

size_t utf8_char(const char *text, size_t len)
{
	bool whole;
	size_t n = part(text, len, &whole);

	return whole ? n : 0;
}

size_t utf8_space(const char *text, size_t len)
{
	static const char *const longer[] = {
		"\xc2\x85",	"\xc2\xa0",	"\xe1\x9a\x80", "\xe2\x80\x80", "\xe2\x80\x81",
		"\xe2\x80\x82", "\xe2\x80\x83", "\xe2\x80\x84", "\xe2\x80\x85", "\xe2\x80\x86",
		"\xe2\x80\x87", "\xe2\x80\x88", "\xe2\x80\x89", "\xe2\x80\x8a", "\xe2\x80\xa8",
		"\xe2\x80\xa9", "\xe2\x80\xaf", "\xe2\x81\x9f", "\xe3\x80\x80",
	};

	if (len == 0)
		return 0;
	if ((unsigned char)text[0] < 0x80)
		return text[0] == ' ' || (text[0] >= '\t' && text[0] <= '\r') ||
		       (text[0] >= 0x1c && text[0] <= 0x1f);
	for (size_t i = 0; i < COUNT(longer); i++) {
		size_t n = strlen(longer[i]);

		if (n <= len && memcmp(text, longer[i], n) == 0)
			return n;
	}
	return 0;
}

size_t utf8_trim_end(const char *text, size_t len)
{
	while (len > 0) {
		size_t n = 1;

		while (n < len && n < 3 && ((unsigned char)text[len - n] & 0xc0) == 0x80)
			n++;
		if (utf8_space(text + len - n, n) != n)
			break;
		len -= n;
	}
	return len;
}

const char *utf8_trim(const char *text, size_t *len)
{
	size_t n;

	while ((n = utf8_space(text, *len)) > 0) {
		text += n;
		*len -= n;
	}
	*len = utf8_trim_end(text, *len);
	return text;
}

bool utf8_valid(const char *text, size_t len)
{
	size_t n;

	for (size_t i = 0; i < len; i += n) {
		n = utf8_char(text + i, len - i);
		if (n == 0)
			return false;
	}
	return true;
}

void utf8_add_clean(struct str *to, const char *bytes, size_t len)
{
	size_t start = 0, n;
	bool whole;

	for (size_t i = 0; i < len; i += n) {
		n = part(bytes + i, len - i, &whole);
		if (whole)
			continue;
		if (n == 0)
			n = 1;
		str_add_bytes(to, bytes + start, i - start);
		str_add(to, "\xef\xbf\xbd");
		start = i + n;
	}
	str_add_bytes(to, bytes + start, len - start);
}

bool utf8_word_byte(char c)
{
	return (unsigned char)c >= 0x80 || isalnum((unsigned char)c) || c == '_';
}
