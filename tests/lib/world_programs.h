// SPDX-License-Identifier: MIT
/* world_programs.h - the programs of a world, for world*.c only. */
#pragma once

#include "lib/world.h"

#define WORLD_WANTS "/etc/systemd/system/multi-user.target.wants"

int world_program(struct pretend *p, const struct run *r, struct run_result *ret, struct err *e);
/* What systemd-sysctl does: the last value that is written below /etc/sysctl.d. */
void world_sysctl_boot(struct world *w);
