// SPDX-License-Identifier: MIT
/*
 * term.h - the own terminal: questions, passwords without echo, and lines that are redrawn.
 */
#pragma once

#include <stdbool.h>

#include "base/err.h"
#include "base/str.h"

bool term_is_interactive(void); /* standard input and output are terminals */
/* Columns of standard output, 80 where it does not tell. */
unsigned term_columns(void);
/* One line from standard input without its newline. 1: end of input. Bounded at 16 KiB. */
int term_line(const char *prompt, char **ret, struct err *e);
/* Asks without echo; the terminal is as before whatever signal comes. 1: end of input. */
int term_secret(const char *prompt, char **ret, struct err *e);
/* yes (1) or no (0); only the whole words and their first letters count, asked again else. */
int term_yes(const char *question, struct err *e);
/* A key within timeout_ms, without waiting for return: its byte, or 0. Only between term_raw(true)
 * and term_raw(false). */
int term_key(unsigned timeout_ms);
void term_raw(bool on);
