// SPDX-License-Identifier: MIT
/*
 * line_buffer.h - the last lines of a log, for expressions that span several.
 *
 * A line is kept in three parts, because the date in its midst is cut out before expressions see it.
 */
#pragma once

#include "guard/regex.h"

#define LINE_BUFFER_BYTES ((size_t)256 << 10)

struct buffered_line {
	char *before, *date, *after; /* in one piece of memory */
	size_t bytes, room;	     /* of all three, and what would fit */
};

struct line_buffer {
	struct buffered_line *line;
	size_t count, room, bytes;
};

/* A part of a line as it is read. */
struct text {
	const char *text;
	size_t len;
};

/* The three parts of a line. */
struct line_parts {
	struct text before, date, after;
};

struct buffered_line buffered_line_new(const struct line_parts *parts);

void line_buffer_done(struct line_buffer *b);
void line_buffer_copy(const struct line_buffer *from, struct line_buffer *ret);
/* Takes the line over; of more than max, and beyond LINE_BUFFER_BYTES, the oldest go. */
void line_buffer_add(struct line_buffer *b, struct buffered_line line, size_t max);
/* As line_buffer_add() of a new one, but in the memory of the oldest where it may. */
void line_buffer_push(struct line_buffer *b, const struct line_parts *parts, size_t max);
bool buffered_line_eq(const struct buffered_line *a, const struct buffered_line *b);
/* All as expressions see them: without dates, a newline behind each. */
void line_buffer_text(const struct line_buffer *b, struct str *ret);
/* What the last match of the expression took of `lines` (`text` was searched), and what it left: whole lines;
 * those that <SKIPLINES> passed over are left. */
void line_buffer_split(const struct regex *r, const struct span *text,
		       const struct line_buffer *lines, struct line_buffer *ret_taken,
		       struct line_buffer *ret_left);
