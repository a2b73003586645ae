// SPDX-License-Identifier: MIT
/* world_guard.h - the guard of a world, for world*.c only: a program, its table in the kernel, and what it remembers. */
#pragma once

#include "lib/world.h"

/* 0: it was the guard's program, or about its table. 1: another program; a start of its unit has been noted. */
int world_guard_program(struct world *w, const struct run *r, struct run_result *ret);
/* After a boot: it runs where its unit does. */
void world_guard_boot(struct world *w);
