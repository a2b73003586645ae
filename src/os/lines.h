// SPDX-License-Identifier: MIT
/*
 * lines.h - a file read line by line, each at most so long: logs hold what strangers sent.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>

#include "base/err.h"

struct lines;

/* "-" is standard input. longest: bytes without the newline. 1: no such file, or no regular one. */
int lines_open(const char *path, size_t longest, struct lines **ret, struct err *e);
void lines_close(struct lines *l);
static inline void lines_close_p(struct lines **l)
{
	lines_close(*l);
}
#define CLEANUP_LINES CLEANUP(lines_close_p)

struct line_read {
	const char *text; /* until the next call; without its newline and the \r before it */
	size_t len;
	bool too_long; /* all of it was passed over; text holds its beginning */
};

/* 1: the end. A last line without newline is a line. */
int lines_next(struct lines *l, struct line_read *ret, struct err *e);
