// SPDX-License-Identifier: MIT
/*
 * err.h - one error value, owned by the caller, filled where the failure is first known.
 *
 * Convention of the whole tree: functions that can fail return int, < 0 failed and *e is
 * filled, 0 done, > 0 an outcome documented in the header. Who knows the cause writes it, each
 * caller puts in front what it was doing, only a main() or an event loop prints.
 */
#pragma once

#include <stdbool.h>

enum err_kind {
	ERR_NONE,
	ERR_FAILED,   /* the kernel or a program said no; nothing changed, or all undone: exit 1 */
	ERR_USAGE,    /* wrong words, bad policy, no root: exit 2 */
	ERR_CONFLICT, /* someone else changed it, holds the lock, is busy: exit 5 */
};

struct err {
	enum err_kind kind;
	int sys; /* errno at the origin, or 0 */
	char msg[800]; /* "outer: inner: cause"; context is cut before the cause is; may hold newlines; clean */
};

#define PRINTF_LIKE(f, a) __attribute__((format(printf, f, a)))

/*
 * All are -1, so that a failing path is one statement: return err_sys(e, errno, "open %s", p);
 * Macros, so that compilers and analysers see the -1 at the call and follow no path on which a
 * failure goes on as a success.
 */
#define err_set(...) (err_fill(__VA_ARGS__), err_failed())
/* ERR_FAILED with ": strerror(errnum)" behind the words. */
#define err_sys(...) (err_fill_sys(__VA_ARGS__), err_failed())
/* Puts "fmt: " in front of what is there; kind and sys stay. */
#define err_ctx(...) (err_fill_ctx(__VA_ARGS__), err_failed())

static inline int err_failed(void)
{
	return -1;
}

void err_fill(struct err *e, enum err_kind kind, const char *fmt, ...) PRINTF_LIKE(3, 4);
void err_fill_sys(struct err *e, int errnum, const char *fmt, ...) PRINTF_LIKE(3, 4);
void err_fill_ctx(struct err *e, const char *fmt, ...) PRINTF_LIKE(2, 3);

/* For what goes on past failures: of the results so far (0 at first) and this one the worst, which is a failure, then a
 * remark (> 0), then 0; of two alike the first is told in *e. */
void err_keep_worst(int *worst, struct err *e, int r, const struct err *one);

/* The exit code of 1-product's table for this kind: 0, 1, 2 or 5. */
int err_exit_code(const struct err *e);
