// SPDX-License-Identifier: MIT
/*
 * ini.h - one file in the dialect of Python's ConfigParser, as fail2ban sets it up.
 *
 * '=' or ':' between name and value, names in lower case, values over several lines by indentation,
 * '#' and ';' before a line, ';' after white space within it. A name or section twice in one file
 * is an error, as there.
 */
#pragma once

#include "base/err.h"
#include "guard/dict.h"

#define INI_FILE_MAX ((size_t)4 << 20) /* bytes; what is longer is refused */

struct ini_section {
	char *name;
	struct dict option;
};

struct ini {
	struct dict defaults; /* [DEFAULT] */
	struct ini_section *section;
	size_t count;
};

void ini_done(struct ini *ini);
#define CLEANUP_INI CLEANUP(ini_done)
/* Of `file` only the pointer is kept (dict.h). Errors name FILE:LINE. */
int ini_parse(const char *text, size_t len, const char *file, struct ini *ret, struct err *e);
/* NULL: not there. */
struct ini_section *ini_find(const struct ini *ini, const char *name);
struct ini_section *ini_add(struct ini *ini, const char *name);
