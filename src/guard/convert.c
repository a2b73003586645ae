// SPDX-License-Identifier: MIT
/* convert.c - see convert.h. */
#include "guard/convert.h"

#include <string.h>

#include "base/mem.h"
#include "base/str.h"
#include "guard/utf8.h"

/* The digit at text, ASCII or full width (U+FF10 on), as *ret; its bytes, or 0. */
static size_t digit_at(const char *text, size_t len, int *ret)
{
	if (text[0] >= '0' && text[0] <= '9') {
		*ret = text[0] - '0';
		return 1;
	}
	if (len < 3 || memcmp(text, "\xef\xbc", 2) != 0 || (unsigned char)text[2] < 0x90 ||
	    (unsigned char)text[2] > 0x99)
		return 0;
	*ret = (unsigned char)text[2] - 0x90;
	return 3;
}

int convert_int(const char *text, int64_t *ret)
{
	size_t len = strlen(text);
	const char *at = utf8_trim(text, &len);
	bool minus = len > 0 && *at == '-', digit = false;
	int64_t n = 0;

	if (len > 0 && (*at == '-' || *at == '+')) {
		at++;
		len--;
	}
	for (size_t i = 0, used; i < len; i += used) {
		int value = 0;

		used = digit_at(at + i, len - i, &value);
		/* One '_' between two digits is allowed. */
		if (used == 0 && at[i] == '_' && digit) {
			digit = false;
			used = 1;
			continue;
		}
		if (used == 0 || n > INT64_MAX / 10 - 10)
			return -1;
		n = n * 10 + value;
		digit = true;
	}
	if (!digit)
		return -1;
	if (ret)
		*ret = minus ? -n : n;
	return 0;
}

bool convert_bool(const char *text)
{
	static const char *const yes[] = { "1", "on", "true", "yes" };

	for (size_t i = 0; i < COUNT(yes); i++)
		if (str_case_eq(text, yes[i]))
			return true;
	return false;
}
