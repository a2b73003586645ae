// SPDX-License-Identifier: MIT
/*
 * options.h - the small languages within a value: NAME[option=value, ...], lists of words.
 */
#pragma once

#include "base/str.h"
#include "guard/dict.h"

/* "sshd[mode=aggressive, x='a, b'][y=1]": the name, and the options with `from` as origin. */
int options_parse(const char *text, struct origin from, char **ret_name, struct dict *ret,
		  struct err *e);
/* "one[a=b] two": each with its options; they may stand on lines of their own. */
void options_split(const char *text, struct strv *ret);
/* Words as a shell would take them apart: quotes and backslashes, nothing else. */
int options_words(const char *text, struct strv *ret, struct err *e);
