// SPDX-License-Identifier: MIT
/* json.c - see json.h. */
#include "base/json.h"

#include <string.h>

#include "base/mem.h"
#include "base/str.h"

#define REPLACEMENT "\xef\xbf\xbd"

/* Bytes of the well-formed character that begins here (RFC 3629); 0: none does. */
static size_t character(const char *text)
{
	const unsigned char *p = (const unsigned char *)text;
	size_t n = p[0] < 0x80 ? 1 : p[0] >= 0xf0 ? 4 : p[0] >= 0xe0 ? 3 : 2;
	unsigned long value = n == 1 ? p[0] : p[0] & (0x7fU >> n);

	if ((p[0] >= 0x80 && p[0] < 0xc2) || p[0] > 0xf4)
		return 0;
	for (size_t i = 1; i < n; i++) {
		if ((p[i] & 0xc0) != 0x80)
			return 0;
		value = value << 6 | (p[i] & 0x3f);
	}
	if ((n == 3 && value < 0x800) || (n == 4 && value < 0x10000) || value > 0x10ffff ||
	    (value >= 0xd800 && value < 0xe000))
		return 0;
	return n;
}

json_t *json_text(const char *text)
{
	CLEANUP_STR struct str clean = { 0 };
	json_t *made;

	if (!text)
		return json_null();
	made = json_string(text);
	if (made)
		return made;
	for (const char *p = text; *p;) {
		size_t n = character(p);

		if (n)
			str_add_bytes(&clean, p, n);
		else
			str_add(&clean, REPLACEMENT);
		p += n ? n : 1;
	}
	made = json_string(clean.text);
	if (!made)
		abort();
	return made;
}

char *json_take_text(json_t *all)
{
	CLEANUP_FREE char *text = json_dumps(all, JSON_INDENT(2));

	json_decref(all);
	if (!text)
		abort();
	return xasprintf("%s\n", text);
}
