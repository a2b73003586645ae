// SPDX-License-Identifier: MIT
/*
 * mem.h - ownership by scope, and allocation that never returns NULL.
 *
 * Out of memory aborts: every input is bounded, and the journal makes an abort safe.
 */
#pragma once

#include <stdarg.h>
#include <stdlib.h>
#include <unistd.h>

#include "base/err.h"

#define CLEANUP(fn) __attribute__((cleanup(fn)))

static inline void free_p(void *p)
{
	free(*(void **)p);
}
#define CLEANUP_FREE CLEANUP(free_p)

static inline void close_p(int *fd)
{
	if (*fd >= 0)
		close(*fd);
}
#define CLEANUP_FD CLEANUP(close_p)

/* Hands ownership out of the scope: *ret = TAKE(text); */
#define TAKE(p)                            \
	({                                 \
		__typeof__(p) take_ = (p); \
		(p) = NULL;                \
		take_;                     \
	})

#define TAKE_FD(fd)               \
	({                        \
		int take_ = (fd); \
		(fd) = -1;        \
		take_;            \
	})

#define COUNT(a) (sizeof(a) / sizeof((a)[0]))

void *xcalloc(size_t count, size_t size);
void *xrealloc(void *p, size_t count, size_t size);
char *xstrdup(const char *s);
char *xstrndup(const char *s, size_t n);
void *xmemdup(const void *p, size_t n);
char *xasprintf(const char *fmt, ...) PRINTF_LIKE(1, 2);
char *xvasprintf(const char *fmt, va_list ap) PRINTF_LIKE(1, 0);
