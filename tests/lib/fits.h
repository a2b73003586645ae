// SPDX-License-Identifier: MIT
/* fits.h - is a text no wider than 80 columns and no longer than so many rows? Says what is not. */
#pragma once

#include <stdio.h>

#include "base/i18n.h"
#include "base/mem.h"
#include "base/str.h"

static inline bool fits(const char *text, unsigned rows)
{
	CLEANUP_FREE char *copy = xstrdup(text);
	char *rest = copy, *line;
	unsigned n = 0;

	while ((line = str_line(&rest))) {
		if (text_width(line) > 80)
			printf("# %zu columns: %s\n", text_width(line), line);
		if (text_width(line) > 80)
			return false;
		n++;
	}
	if (n > rows)
		printf("# %u rows:\n# %s\n", n, text);
	return n <= rows;
}
