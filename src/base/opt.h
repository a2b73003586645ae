// SPDX-License-Identifier: MIT
/*
 * opt.h - command-line options as rows of a table: parsing, help and the man page's check.
 *
 * GNU long options (--name VALUE, --name=VALUE), a one-letter form where the row has one, and --
 * which ends them. No abbreviations: a name cut short must not select another option.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>

#include "base/err.h"
#include "base/str.h"

struct opt {
	const char *name;  /* without -- */
	char letter;	   /* 0: none */
	const char *value; /* what the value is called in help (FILE, TIME); NULL: a flag */
	const char *help;  /* N_() */
};

/* The options a command takes. */
struct opt_table {
	const struct opt *opt;
	size_t count;
};

/* What was given: flags have value "". */
struct opt_given {
	const struct opt *opt;
	const char *value;
};

struct opts {
	struct opt_given *given;
	size_t count;
	struct strv words; /* everything that is no option */
};

void opts_done(struct opts *o);
#define CLEANUP_OPTS CLEANUP(opts_done)

/* ERR_USAGE names the wrong word and the nearest valid option. */
int opts_parse(const struct opt_table *table, int argc, char **argv, struct opts *ret,
	       struct err *e);
/* Last value given, "" for a flag; NULL: not given. */
const char *opts_get(const struct opts *o, const char *name);
bool opts_has(const struct opts *o, const char *name);
