// SPDX-License-Identifier: MIT
/*
 * old_programs.h - programs that run on as they were loaded, though an update has replaced their file or a library.
 */
#pragma once

#include "os/os.h"

struct old_program {
	pid_t pid;
	char comm[16];
	char *unit; /* "cron.service"; "" for one of no service, a login's say */
};

struct old_programs {
	struct old_program *item;
	size_t count;
};

void old_programs_done(struct old_programs *o);
/* Of all processes, by what they have mapped; only root sees those of others. */
int old_programs_find(struct os *os, struct old_programs *ret, struct err *e);
