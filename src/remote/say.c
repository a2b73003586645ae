// SPDX-License-Identifier: MIT
/* say.c - see say.h. */
#include "remote/say.h"

#include <stdio.h>

#include "base/layout.h"

static void say_list(const char *first, const char *fmt, va_list ap)
{
	CLEANUP_FREE char *text = xvasprintf(fmt, ap);
	CLEANUP_STR struct str s = { 0 };

	layout_item(&s, first, text);
	fputs(s.text, stdout);
	fflush(stdout);
}

void say(const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	say_list("", fmt, ap);
	va_end(ap);
}

void say_ok(const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	say_list("  ok  ", fmt, ap);
	va_end(ap);
}
