// SPDX-License-Identifier: MIT
/* line_ring.c - see line_ring.h. */
#include "guard/line_ring.h"

#include <string.h>

struct head {
	uint64_t previous;
	uint32_t len;
};

struct line_ring {
	char *bytes;
	size_t size;
	uint64_t
		written; /* in all: where the next one begins, but for what is left free before the end */
};

struct line_ring *line_ring_new(size_t bytes)
{
	struct line_ring *r = xcalloc(1, sizeof(*r));

	r->size = bytes > 2 * (size_t)LINE_RING_LINE ? bytes : 2 * (size_t)LINE_RING_LINE;
	r->size += sizeof(struct head);
	r->bytes = xcalloc(1, r->size);
	/* 0 is no line. */
	r->written = 1;
	return r;
}

void line_ring_free(struct line_ring *r)
{
	if (!r)
		return;
	free(r->bytes);
	free(r);
}

uint64_t line_ring_add(struct line_ring *r, const char *line, size_t len, uint64_t previous)
{
	size_t n = len <= LINE_RING_LINE ? len : str_fit(line, LINE_RING_LINE), left;
	struct head head = { previous, (uint32_t)n };
	uint64_t start;

	left = r->size - r->written % r->size;
	/* None crosses the end. */
	if (left < sizeof(head) + n)
		r->written += left;
	start = r->written;
	memcpy(r->bytes + start % r->size, &head, sizeof(head));
	memcpy(r->bytes + start % r->size + sizeof(head), line, n);
	r->written += sizeof(head) + n;
	return start;
}

static bool is_there(const struct line_ring *r, uint64_t line)
{
	return line > 0 && line < r->written && r->written - line <= r->size;
}

void line_ring_chain(const struct line_ring *r, uint64_t last, size_t max, struct strv *ret)
{
	struct strv found = { 0 };

	while (is_there(r, last) && found.count < max) {
		const char *at = r->bytes + last % r->size;
		struct head head;

		memcpy(&head, at, sizeof(head));
		strv_take(&found, xstrndup(at + sizeof(head), head.len));
		last = head.previous;
	}
	while (found.count > 0)
		strv_take(ret, found.item[--found.count]);
	free(found.item);
}
