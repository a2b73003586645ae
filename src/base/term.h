// SPDX-License-Identifier: MIT
/*
 * term.h - the own terminal: questions, passwords without echo, and lines that are redrawn.
 */
#pragma once

#include <stdbool.h>

#include "base/err.h"
#include "base/str.h"

bool term_is_interactive(void); /* standard input and output are terminals */
/* Does the keyboard belong to this program? Not behind a shell's &. */
bool term_is_foreground(void);
/* Columns of standard output, 80 where it does not tell. */
unsigned term_columns(void);
/* Rows of standard output, 24 where it does not tell. */
unsigned term_rows(void);
/* Can lines that were printed be gone back to (ECMA-48)? Not on TERM=dumb, or without a terminal. */
bool term_redraws(void);
/* Do kanji come out as such? Not on the kernel's own console (TERM=linux), whose font has 512 signs. */
bool term_draws_kanji(void);
/* While on, ^C ends no program: what waits for input returns as at its end. */
void term_catch_stop(bool on);
/* Is more input there within so many milliseconds? Tells a paste of several lines. */
bool term_more(unsigned timeout_ms);
/* One line from standard input without its newline. 1: end of input. Bounded at 16 KiB. */
int term_line(const char *prompt, char **ret, struct err *e);
/* Asks without echo; the terminal is as before whatever signal comes. 1: end of input. */
int term_secret(const char *prompt, char **ret, struct err *e);
/* yes (1) or no (0); only the whole words and their first letters count, asked again else. */
int term_yes(const char *question, struct err *e);
#define TERM_STOP 3
/* A key within timeout_ms, without waiting for return: its byte, 0, or TERM_STOP at ^C (while it is
 * caught) and when the terminal is gone. Only between term_raw(true)
 * and term_raw(false). */
int term_key(unsigned timeout_ms);
void term_raw(bool on);
