// SPDX-License-Identifier: MIT
/*
 * line.h - a line of a log made ready for all that will look at it.
 */
#pragma once

#include "guard/date_fast.h"

struct line {
	/* UTF-8 without the control characters that Python and PCRE2 take for different things; a newline behind it. */
	char *text;
	size_t len;   /* without the newline */
	char *folded; /* scan.h */
	bool ascii;
	/* It has a character that is a letter of ASCII when case does not count: words are not to be looked for. */
	bool odd;
	struct date_seen date;
	size_t room;
};

void line_done(struct line *l);
/* bytes: without their newline. What is returned in *l lasts until the next call. */
void line_set(struct line *l, const char *bytes, size_t len);
