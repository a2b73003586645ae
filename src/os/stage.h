// SPDX-License-Identifier: MIT
/* stage.h - shows a program files that the host does not have (yet). */
#pragma once

#include "os/os.h"

/* In a child about to exec: a mount namespace of its own in which r->stage_dir holds what the host's
 * has, with the differences of r->stage. Needs CAP_SYS_ADMIN. */
int stage_enter(struct os *os, const struct run *r, struct err *e);
