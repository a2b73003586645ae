// SPDX-License-Identifier: MIT
/*
 * fuzz.h - what the fuzz targets share. A target is LLVMFuzzerTestOneInput() in fuzz_NAME.c: libFuzzer
 * calls it with what it invents, replay.c with the files of corpus/NAME.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/err.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* A promise; where it is broken, words that say so and abort(). */
#define MUST(cond)                                                           \
	do {                                                                 \
		if (!(cond))                                                 \
			fuzz_broken(__FILE__ ":" FUZZ_STR(__LINE__), #cond); \
	} while (0)
#define FUZZ_STR(x)    FUZZ_STR_OF(x)
#define FUZZ_STR_OF(x) #x
void fuzz_broken(const char *where, const char *what) __attribute__((noreturn));

/* The bytes as text, malloc'd to the byte so that a read beyond it is seen; it ends at a NUL. */
char *fuzz_text(const uint8_t *data, size_t size);
/* The same, cut at lines of "@@": count texts, "" where there are fewer. Free each. */
void fuzz_parts(const uint8_t *data, size_t size, char **part, size_t count);
/* What holds of every error: a kind, words, and nothing that a terminal would obey. */
void fuzz_check_err(const struct err *e);
size_t fuzz_count_lines(const char *text);
