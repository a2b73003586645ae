// SPDX-License-Identifier: MIT
/* diff.h - unified difference of two texts (POSIX diff -u). */
#pragma once

#include "base/str.h"

/* Appends "--- a", "+++ b" and hunks with three lines of context; nothing when they are equal. Texts
 * of more than 4000 lines together that differ in the middle are shown as one replaced block. */
void diff_unified(const char *name_a, const char *a, const char *name_b, const char *b,
		  struct str *ret);
