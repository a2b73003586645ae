// SPDX-License-Identifier: MIT
/* guard_import.h - kannuki guard import; for guard.c alone. */
#pragma once

#include "cmd/cmd.h"

/* words: what stands behind "import". An exit code, or < 0. */
int guard_import(struct call *c, const char *const *word, size_t words, struct err *e);
