// SPDX-License-Identifier: MIT
/*
 * json.h - what jansson leaves to its callers: text of the host that need not be UTF-8.
 */
#pragma once

#include <jansson.h>

/* A string with every byte that is no part of a UTF-8 character replaced by U+FFFD: jansson refuses
 * such text, and a file of the host may hold any. null for NULL. Never returns NULL. */
json_t *json_text(const char *text);
/* The whole as indented text that ends with a newline, malloc'd; takes the reference. */
char *json_take_text(json_t *all);
/* The bytes of the host as they are, UTF-8 or not; null for NULL. A tree that holds such text is said by json_store alone. */
json_t *json_bytes(const char *text);
/* The whole as text to be kept (flags of json_dumps), malloc'd; takes the reference. A string that is not UTF-8 becomes
 * { "base64": "..." }. Never returns NULL. */
char *json_store(json_t *all, size_t flags);
/* What json_store made: those strings are bytes again. NULL: no JSON, *ret_where (as jansson's) says where. */
json_t *json_restore(const char *text, json_error_t *ret_where);
/* What a program of the host said; bytes that are no UTF-8 (a comment in its owner's encoding) become U+FFFD. NULL: no JSON. */
json_t *json_said(const char *text);
