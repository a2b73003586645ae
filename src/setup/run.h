// SPDX-License-Identifier: MIT
/* run.h - kannuki setup: the questions on a terminal, then what the answers ask for. */
#pragma once

#include "os/os.h"

/* policy_path NULL: starts from the stored policy, if there is one. With a transaction under way: its
 * card and live line instead. An exit code, or < 0. */
int setup_run(struct os *os, const char *policy_path, struct err *e);
