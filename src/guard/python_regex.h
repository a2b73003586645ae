// SPDX-License-Identifier: MIT
/*
 * python_regex.h - an expression of Python's re as one of PCRE2 that matches the same.
 *
 * What Python has no word for (recursion, verbs, \Q, \K, ...) is an error as there: a filter means what
 * fail2ban takes it to mean.
 */
#pragma once

#include "base/str.h"

struct python_flags {
	bool ignore_case, multiline, dot_all, verbose, ascii;
};

int python_regex(const char *text, struct str *ret, struct python_flags *ret_flags, struct err *e);
