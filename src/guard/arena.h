// SPDX-License-Identifier: MIT
/*
 * arena.h - memory for what lasts as long as one line: given back all at once, and without asking for more the next time.
 */
#pragma once

#include "base/str.h"

struct arena_block;

struct arena {
	struct arena_block *first, *last;
};

void arena_done(struct arena *a);
/* What was had is given back; the first block stays for the next line. */
void arena_clear(struct arena *a);
/* Never NULL; aligned for any type. */
void *arena_get(struct arena *a, size_t size);
/* A copy with a NUL behind it. */
char *arena_text(struct arena *a, const char *text, size_t len);
