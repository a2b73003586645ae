// SPDX-License-Identifier: MIT
/* base64.c - see base64.h. */
#include "base/base64.h"

#include <ctype.h>
#include <string.h>

#include "base/str.h"

static const char alphabet[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";

char *base64_encode(const void *data, size_t len)
{
	const unsigned char *p = data;
	CLEANUP_STR struct str s = { 0 };

	for (size_t i = 0; i < len; i += 3) {
		unsigned n = p[i] << 16u | (i + 1 < len ? p[i + 1] << 8u : 0) |
			     (i + 2 < len ? p[i + 2] : 0);
		char four[4] = { alphabet[n >> 18], alphabet[n >> 12 & 63], alphabet[n >> 6 & 63],
				 alphabet[n & 63] };

		if (i + 1 >= len)
			four[2] = '=';
		if (i + 2 >= len)
			four[3] = '=';

		str_add_bytes(&s, four, 4);
	}
	return str_take(&s);
}

int base64_decode(const char *text, size_t len, void **ret, size_t *ret_len)
{
	CLEANUP_STR struct str s = { 0 };
	unsigned bits = 0, count = 0, pads = 0;

	for (size_t i = 0; i < len; i++) {
		const char *at;

		if (isspace((unsigned char)text[i]))
			continue;
		if (text[i] == '=') {
			pads++;
			continue;
		}
		at = text[i] ? strchr(alphabet, text[i]) : NULL;
		if (!at || pads)
			return -1;
		bits = bits << 6 | (unsigned)(at - alphabet);
		if (++count % 4 == 0) {
			unsigned char three[3] = { bits >> 16, bits >> 8, bits };

			str_add_bytes(&s, three, 3);
			bits = 0;
		}
	}
	if (count % 4 == 1 || pads > 2 || (pads && (count + pads) % 4 != 0))
		return -1;
	if (count % 4 == 2)
		str_add_bytes(&s, (unsigned char[]){ bits >> 4 }, 1);
	if (count % 4 == 3)
		str_add_bytes(&s, (unsigned char[]){ bits >> 10, bits >> 2 }, 2);
	*ret_len = s.len;
	*ret = str_take(&s);
	return 0;
}
