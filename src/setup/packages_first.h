// SPDX-License-Identifier: MIT
/* packages_first.h - what comes before a transaction and is never undone: updates and packages. */
#pragma once

#include "setup/make_plan.h"

/* Is there something of that sort in the plan? */
bool packages_wanted(const struct plan *p);
/* Does it, on the terminal. `yes`: it was agreed to; else asks. 0: done, and the plan has to be made anew;
 * 1: the person said no. */
int packages_first(struct os *os, const struct plan *p, bool yes, struct err *e);
/* A line that a restart is due, why, and when it comes; or nothing. */
void say_restart(const struct updates_fact *u);
