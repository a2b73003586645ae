// SPDX-License-Identifier: MIT
/* arena.c - see arena.h. */
#include "guard/arena.h"

#include <string.h>

#define BLOCK_SIZE ((size_t)8 << 10)
#define ALIGNMENT  sizeof(max_align_t)

struct arena_block {
	struct arena_block *next;
	size_t used, room;
	max_align_t bytes[];
};

static struct arena_block *add_block(struct arena *a, size_t size)
{
	struct arena_block *b;

	size = size < BLOCK_SIZE ? BLOCK_SIZE : size;
	b = xcalloc(1, sizeof(*b) + size);
	b->room = size;
	*(a->last ? &a->last->next : &a->first) = b;
	a->last = b;
	return b;
}

void arena_done(struct arena *a)
{
	while (a->first) {
		struct arena_block *next = a->first->next;

		free(a->first);
		a->first = next;
	}
	a->last = NULL;
}

void arena_clear(struct arena *a)
{
	struct arena rest;

	if (!a->first)
		return;
	rest = (struct arena){ a->first->next, NULL };
	arena_done(&rest);
	a->first->next = NULL;
	a->first->used = 0;
	a->last = a->first;
}

void *arena_get(struct arena *a, size_t size)
{
	struct arena_block *b = a->last;
	void *ret;

	size = (size + ALIGNMENT - 1) / ALIGNMENT * ALIGNMENT;
	if (!b || b->room - b->used < size)
		b = add_block(a, size);
	ret = (char *)b->bytes + b->used;
	b->used += size;
	return ret;
}

char *arena_text(struct arena *a, const char *text, size_t len)
{
	char *ret = arena_get(a, len + 1);

	memcpy(ret, text, len);
	ret[len] = '\0';
	return ret;
}
