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
