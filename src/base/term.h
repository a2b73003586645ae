// SPDX-License-Identifier: MIT
/*
 * term.h - the own terminal: questions, passwords without echo, and lines that are redrawn.
 *
 * It may be far: then standard input and output are pipes to a program that has the terminal
 * (src/remote/, over ssh). What is printed is shown there as it is; a question ends with a mark in the
 * output, TERM_MARK and one of enum term_mark; the answer comes as "LENGTH\n" and so many bytes. The end
 * of input is that of the person's patience, or of the connection.
 */
#pragma once

#include <stdbool.h>

#include "base/err.h"
#include "base/str.h"

#define TERM_MARK '\x1e' /* ASCII's record separator: no text holds one */
enum term_mark {
	TERM_ASKS_LINE = 'L',
	TERM_ASKS_SECRET = 'S', /* without echo */
	TERM_ASKS_PASTE = 'P',	/* may have several lines */
	TERM_TELLS = 'T', /* no question: a text for the program there follows, up to a newline */
};

/* From now on the terminal is a far one, of that size. */
void term_be_far(unsigned columns, unsigned rows);
/* A text of one line for the program at the far end; nothing where the terminal is our own. */
void term_tell(const char *text);
bool term_is_interactive(void); /* standard input and output are terminals */
/* Does the keyboard belong to this program? Not behind a shell's &. */
bool term_is_foreground(void);
/* Columns of standard output, 80 where it does not tell. */
unsigned term_columns(void);
/* For layout.h: one less, for some terminals wrap when the last one is written. 0: standard output is none. */
unsigned term_text_columns(void);
/* Rows of standard output, 24 where it does not tell. */
unsigned term_rows(void);
/* Can lines that were printed be gone back to (ECMA-48)? Not on TERM=dumb, or without a terminal. */
bool term_redraws(void);
/* A serial line below 38400 bits a second, where a screen takes seconds. */
bool term_is_slow(void);
/* Do kanji come out as such? Not on the kernel's own console (TERM=linux), whose font has 512 signs. */
bool term_draws_kanji(void);
/* While on, ^C ends no program: what waits for input returns as at its end. */
void term_catch_stop(bool on);
/* Was ^C pressed since then, and not taken by what waited for input? */
bool term_stopped(void);
/* One line from standard input without its newline. 1: end of input. Bounded at 16 KiB. */
int term_line(const char *prompt, char **ret, struct err *e);
/* The same, with the lines that were pasted in one go behind it, newlines between them. */
int term_paste(const char *prompt, char **ret, struct err *e);
/* Asks without echo; the terminal is as before whatever signal comes. 1: end of input. */
int term_secret(const char *prompt, char **ret, struct err *e);
/* "yes", "y", "はい". */
bool term_means_yes(const char *word);
/* yes (1) or no (0); only the whole words and their first letters count, asked again else. */
int term_yes(const char *question, struct err *e);
#define TERM_STOP 3
/* A key within timeout_ms, without waiting for return: its byte, 0, or TERM_STOP at ^C (while it is
 * caught) and when the terminal is gone. Only between term_raw(true)
 * and term_raw(false). */
int term_key(unsigned timeout_ms);
void term_raw(bool on);
