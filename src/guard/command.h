// SPDX-License-Identifier: MIT
/* command.h - a command of kannuki-guard: a file with a row, listed in main.c. */
#pragma once

#include "base/opt.h"
#include "os/os.h"

struct guard_call {
	struct os *os;
	struct opts opts;
};

struct guard_command {
	const char *name;
	const char *words; /* how they are named in help */
	size_t words_min, words_max;
	const char *summary; /* N_() */
	const struct opt *opt;
	size_t opt_count;
	bool hidden; /* not for people */
	/* An exit code (exit_code.h), or < 0 with *e. */
	int (*run)(struct guard_call *call, struct err *e);
};

extern const struct guard_command guard_command_config, guard_command_test, guard_command_run,
	guard_command_role, guard_command_status, guard_command_bans, guard_command_ban,
	guard_command_unban, guard_command_why, guard_command_unit, guard_command_backtest,
	guard_command_events, guard_command_completion, guard_command_complete;

extern const struct guard_command *const guard_commands[]; /* table.c */
extern const size_t guard_commands_count;
