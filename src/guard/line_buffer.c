// SPDX-License-Identifier: MIT
/* line_buffer.c - see line_buffer.h. */
#include "guard/line_buffer.h"

#include <string.h>

static char *put(char *at, struct text t)
{
	if (t.len)
		memcpy(at, t.text, t.len);
	at[t.len] = '\0';
	return at + t.len + 1;
}

static void write_parts(struct buffered_line *l, const struct line_parts *p)
{
	l->date = put(l->before, p->before);
	l->after = put(l->date, p->date);
	put(l->after, p->after);
	l->bytes = p->before.len + p->date.len + p->after.len;
}

struct buffered_line buffered_line_new(const struct line_parts *parts)
{
	struct buffered_line l = { .room = parts->before.len + parts->date.len + parts->after.len };

	l.before = xrealloc(NULL, l.room + 3, 1);
	write_parts(&l, parts);
	return l;
}

static void line_done(struct buffered_line *l)
{
	free(l->before);
}

static struct buffered_line line_copy(const struct buffered_line *l)
{
	size_t before = (size_t)(l->date - l->before) - 1, date = (size_t)(l->after - l->date) - 1;

	return buffered_line_new(&(struct line_parts){
		{ l->before, before },
		{ l->date, date },
		{ l->after, l->bytes - before - date },
	});
}

void line_buffer_done(struct line_buffer *b)
{
	for (size_t i = 0; i < b->count; i++)
		line_done(&b->line[i]);
	free(b->line);
	*b = (struct line_buffer){ 0 };
}

void line_buffer_add(struct line_buffer *b, struct buffered_line line, size_t max)
{
	size_t go = 0;

	while (go < b->count &&
	       (b->count - go >= max || b->bytes + line.bytes > LINE_BUFFER_BYTES)) {
		b->bytes -= b->line[go].bytes;
		line_done(&b->line[go++]);
	}
	b->count -= go;
	if (go > 0)
		memmove(b->line, b->line + go, b->count * sizeof(*b->line));
	if (b->count == b->room) {
		b->room = 2 * b->room + 2;
		b->line = xrealloc(b->line, b->room, sizeof(*b->line));
	}
	b->line[b->count++] = line;
	b->bytes += line.bytes;
}

void line_buffer_push(struct line_buffer *b, const struct line_parts *parts, size_t max)
{
	size_t bytes = parts->before.len + parts->date.len + parts->after.len;
	struct buffered_line oldest;

	if (b->count < max || b->count == 0 || b->line[0].room < bytes ||
	    b->bytes - b->line[0].bytes + bytes > LINE_BUFFER_BYTES) {
		line_buffer_add(b, buffered_line_new(parts), max);
		return;
	}
	oldest = b->line[0];
	memmove(b->line, b->line + 1, (b->count - 1) * sizeof(*b->line));
	b->bytes += bytes - oldest.bytes;
	write_parts(&oldest, parts);
	b->line[b->count - 1] = oldest;
}

static void add_range(const struct line_buffer *from, size_t start, size_t end,
		      struct line_buffer *ret)
{
	for (size_t i = start; i < end && i < from->count; i++)
		line_buffer_add(ret, line_copy(&from->line[i]), SIZE_MAX);
}

void line_buffer_copy(const struct line_buffer *from, struct line_buffer *ret)
{
	add_range(from, 0, from->count, ret);
}

bool buffered_line_eq(const struct buffered_line *a, const struct buffered_line *b)
{
	return strcmp(a->before, b->before) == 0 && strcmp(a->date, b->date) == 0 &&
	       strcmp(a->after, b->after) == 0;
}

void line_buffer_text(const struct line_buffer *b, struct str *ret)
{
	str_clear(ret);
	for (size_t i = 0; i < b->count; i++)
		str_addf(ret, "%s%s\n", b->line[i].before, b->line[i].after);
}

static size_t newlines(const char *text, size_t end)
{
	size_t n = 0;

	for (size_t i = 0; i < end; i++)
		n += text[i] == '\n';
	return n;
}

/* Moves the lines that <SKIPLINES> passed over, in their order, from taken to left. */
static void leave_skipped(const struct regex *r, const struct span *text, struct line_buffer *taken,
			  struct line_buffer *left)
{
	CLEANUP_DICT struct dict groups = { 0 };
	CLEANUP_STRV struct strv skipped = { 0 };
	size_t at = 0;

	regex_groups(r, text, &groups);
	for (unsigned i = 0;; i++) {
		CLEANUP_FREE char *name = xasprintf("skiplines%u", i);
		const struct dict_entry *group = dict_find(&groups, name);

		if (!group)
			break;
		if (group->value)
			strv_split(&skipped, group->value, "\n");
	}
	for (size_t i = 0; i < skipped.count; i++) {
		for (size_t j = at; j < taken->count; j++) {
			CLEANUP_FREE char *seen =
				xasprintf("%s%s", taken->line[j].before, taken->line[j].after);

			if (strcmp(seen, skipped.item[i]) != 0)
				continue;
			line_buffer_add(left, taken->line[j], SIZE_MAX);
			taken->count--;
			taken->bytes -= taken->line[j].bytes;
			memmove(&taken->line[j], &taken->line[j + 1],
				(taken->count - j) * sizeof(*taken->line));
			at = j;
			break;
		}
	}
}

void line_buffer_split(const struct regex *r, const struct span *text,
		       const struct line_buffer *lines, struct line_buffer *ret_taken,
		       struct line_buffer *ret_left)
{
	size_t start, end, first = 0, last = text->len;
	const char *newline;

	if (lines->count <= 1 || !regex_bounds(r, 0, &start, &end)) {
		line_buffer_copy(lines, ret_taken);
		return;
	}
	newline = memrchr(text->text, '\n', start + 1 < text->len ? start + 1 : text->len);
	if (newline)
		first = (size_t)(newline - text->text) + 1;
	if (end > 0)
		end--;
	newline = memchr(text->text + end, '\n', text->len - end);
	if (newline)
		last = (size_t)(newline - text->text) + 1;
	first = newlines(text->text, first);
	last = newlines(text->text, last);
	add_range(lines, first, last, ret_taken);
	add_range(lines, 0, first, ret_left);
	leave_skipped(r, text, ret_taken, ret_left);
	add_range(lines, last, lines->count, ret_left);
}
