// SPDX-License-Identifier: MIT
/* convert.h - texts as numbers and truths, by Python's and fail2ban's rules. */
#pragma once

#include <stdbool.h>
#include <stdint.h>

/* A whole number as int() of Python takes it. 0, or -1; *ret (may be NULL) is untouched then. */
int convert_int(const char *text, int64_t *ret);
/* 1, on, true and yes in any case are true, all else is not. */
bool convert_bool(const char *text);
