// SPDX-License-Identifier: MIT
/* fuzz.c - see fuzz.h. */
#include "fuzz/fuzz.h"

#include <stdio.h>
#include <string.h>

#include "base/mem.h"
#include "base/str.h"

void fuzz_broken(const char *where, const char *what)
{
	fprintf(stderr, "%s: does not hold: %s\n", where, what);
	abort();
}

char *fuzz_text(const uint8_t *data, size_t size)
{
	return xstrndup((const char *)data, strnlen((const char *)data, size));
}

void fuzz_parts(const uint8_t *data, size_t size, char **part, size_t count)
{
	static const char cut[] = "@@\n";
	const char *p = (const char *)data, *end = p + size;

	for (size_t i = 0; i < count; i++) {
		const char *at = i + 1 < count ? memmem(p, (size_t)(end - p), cut, 3) : NULL;
		const char *stop = at ? at : end;

		part[i] = fuzz_text((const uint8_t *)p, (size_t)(stop - p));
		p = at ? at + 3 : end;
	}
}

void fuzz_check_err(const struct err *e)
{
	MUST(e->kind != ERR_NONE);
	MUST(e->msg[0] != '\0');
	MUST(strnlen(e->msg, sizeof(e->msg)) < sizeof(e->msg));
	MUST(str_is_clean_utf8(e->msg));
}

size_t fuzz_count_lines(const char *text)
{
	size_t n = 1;

	for (; *text; text++)
		n += *text == '\n';
	return n;
}
