// SPDX-License-Identifier: MIT
/*
 * str.h - growing text, lists of strings, and the few string questions asked all over the tree.
 */
#pragma once

#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/err.h"
#include "base/mem.h"

/* Bytes that grow. text is always NUL-terminated once anything was added; NULL when empty. */
struct str {
	char *text;
	size_t len, room;
};

void str_done(struct str *s);
void str_clear(struct str *s); /* keeps the room */
void str_add(struct str *s, const char *text);
void str_add_bytes(struct str *s, const void *data, size_t len);
/* With blanks up to so many columns of a terminal; a longer text gets one. */
void str_add_padded(struct str *s, const char *text, size_t width);
void str_addf(struct str *s, const char *fmt, ...) PRINTF_LIKE(2, 3);
void str_vaddf(struct str *s, const char *fmt, va_list ap) PRINTF_LIKE(2, 0);
/* Hands the text out (never NULL) and leaves s empty. */
char *str_take(struct str *s);
#define CLEANUP_STR CLEANUP(str_done)

/* A list of owned strings; item[count] is NULL, so item can be an argv. */
struct strv {
	char **item;
	size_t count;
};

void strv_done(struct strv *v);
void strv_add(struct strv *v, const char *text);
void strv_take(struct strv *v, char *text); /* takes ownership of text */
void strv_addf(struct strv *v, const char *fmt, ...) PRINTF_LIKE(2, 3);
bool strv_has(const struct strv *v, const char *text);
void strv_sort(struct strv *v);				    /* byte order, as strcmp */
char *strv_join(const struct strv *v, const char *between); /* never NULL */
/* Splits at any of the bytes in `at`; empty pieces are left out. */
void strv_split(struct strv *v, const char *text, const char *at);
#define CLEANUP_STRV CLEANUP(strv_done)

bool str_eq(const char *a, const char *b); /* NULL equals only NULL */
bool str_case_eq(const char *a, const char *b);
char *str_lower(char *text); /* ASCII, in place; returns text */
bool str_starts(const char *text, const char *prefix);
bool str_ends(const char *text, const char *suffix);
/* Cuts white space off both ends, in place; returns the first byte that stays. */
char *str_trim(char *text);
/* Reads the next line (without its \n, and without a \r before it) of *rest, advancing *rest;
 * writes a NUL over the newline. NULL at the end. */
char *str_line(char **rest);
/* A whole decimal number, no sign, blanks or rest allowed. 0, or -1 when it is not one or is
 * outside [min, max]. *ret is untouched on failure. */
int str_to_u64(const char *text, uint64_t min, uint64_t max, uint64_t *ret);
/* A time such as 90s, 10m, 1h, 2d (a bare number is seconds): seconds. 0 or -1. */
int str_to_seconds(const char *text, uint64_t *ret);
/* Of `count` names the one nearest to text (edit distance at most a third of its length), or NULL:
 * for "did you mean". name_at(arg, i) gives them. */
const char *str_nearest(const char *text, size_t count,
			const char *(*name_at)(const void *, size_t), const void *arg);
/* The numbers that a version such as "6.1.0-28-amd64" begins with, at most `count`; returns how many there were. */
size_t str_version(const char *text, uint64_t *ret, size_t count);
/* True for well-formed UTF-8 without control characters other than \t and \n. */
bool str_is_clean_utf8(const char *text);
/* Makes it so, in place: '?' for each byte that is in the way. For what others wrote (a comment in
 * authorized_keys, a program's name) and a terminal would obey. NULL: nothing. */
void str_make_clean(char *text);
/* How many bytes of text fit into max without cutting a character (UTF-8). */
size_t str_fit(const char *text, size_t max);
/* For a message about what somebody wrote: all of it, or its first 60 bytes and "..."; malloc'd. */
char *str_brief(const char *text);
/* Overwrites a secret so that the compiler cannot leave it out. */
void str_wipe(char *text);
