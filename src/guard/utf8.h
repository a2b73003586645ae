// SPDX-License-Identifier: MIT
/*
 * utf8.h - text of others as fail2ban sees it: Python's idea of white space, and its way of decoding.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>

#include "base/str.h"

/* Bytes of the UTF-8 character at text[0..len): 1 to 4, or 0 when there is none. len > 0. */
size_t utf8_char(const char *text, size_t len);
/* Bytes of the white space character there (str.isspace() of Python), or 0. */
size_t utf8_space(const char *text, size_t len);
/* Cuts white space off both ends: *len is shortened, the first byte that stays is returned. */
const char *utf8_trim(const char *text, size_t *len);
/* Cuts it off the end; returns the new length. */
size_t utf8_trim_end(const char *text, size_t len);
bool utf8_valid(const char *text, size_t len);
/* Adds the bytes, each part that is no UTF-8 as one U+FFFD (errors='replace' of Python). */
void utf8_add_clean(struct str *to, const char *bytes, size_t len);
/* A letter, digit or '_' of ASCII, or any byte of a longer character: \w where it is looked for by hand. */
bool utf8_word_byte(char c);
