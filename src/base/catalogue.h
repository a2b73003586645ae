// SPDX-License-Identifier: MIT
/* catalogue.h - what tools/po-to-c makes of po/ja.po. */
#pragma once

#include <stddef.h>

struct catalogue_row {
	const char *msgid, *msgstr;
};

extern const struct catalogue_row catalogue_ja[]; /* sorted by msgid, byte order */
extern const size_t catalogue_ja_count;
