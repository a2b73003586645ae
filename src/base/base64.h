// SPDX-License-Identifier: MIT
/*
 * base64.h - bytes as text (RFC 4648, section 4).
 */
#pragma once

#include <stddef.h>

/* Malloc'd, with padding, in one line. */
char *base64_encode(const void *data, size_t len);
/* Skips white space; padding may be missing. *ret is malloc'd, with a NUL behind it. 0, or -1: no base64. */
int base64_decode(const char *text, size_t len, void **ret, size_t *ret_len);
