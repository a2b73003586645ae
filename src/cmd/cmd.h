// SPDX-License-Identifier: MIT
/*
 * cmd.h - a command is a row and a file: its words, its options, what it runs.
 *
 * Help, the man page's check and completion come from the rows. A command prints its answer on
 * standard output and returns an exit code of 1-product; on failure it fills *e and returns < 0,
 * and only main() prints that.
 */
#pragma once

#include "base/exit_code.h"
#include "base/opt.h"
#include "os/os.h"

/* What one call has to work with. */
struct call {
	struct os *os;
	const struct command *command;
	struct opts opts;
};

struct command {
	const char *name;
	const char *words;   /* what stands behind the name in help, e.g. "[ID]" or "" */
	const char *summary; /* N_(), one line */
	const struct opt *opt;
	size_t opt_count;
	size_t words_min, words_max;
	bool hidden; /* run by units, not by people */
	bool passes_on; /* all that stands behind its name is for another program: in call.opts.words */
	bool as_root;
	/* An exit code, or < 0 with *e. */
	int (*run)(struct call *c, struct err *e);
};

extern const struct command *const commands[];
extern const size_t commands_count;
const struct command *command_find(const char *name); /* NULL: none */
/* ERR_USAGE unless the caller is root; it names this very file, which sudo may not find by its name yet. */
int command_need_root(const struct call *c, struct err *e);

void help_all(void);
void help_command(const struct command *c);
