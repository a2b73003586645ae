// SPDX-License-Identifier: MIT
/*
 * literals.h - what a text must hold for an expression to match it, read off the expression.
 *
 * A line that holds none of these words need not be shown to the expression. Words are in lower case, whatever the
 * expression says of case: who looks for them folds the line, and finds a few lines too many.
 */
#pragma once

#include "base/str.h"

#define LITERALS_MAX	   400 /* words for one expression */
#define LITERAL_LENGTH_MAX 32  /* bytes of one */

/*
 * regex: in PCRE2's syntax, as python_regex() writes it. *ret: in each match is at least one of these words, of 0x20 to
 * 0x7e, without a newline; none where nothing is sure.
 */
void literals_of(const char *regex, struct strv *ret);
