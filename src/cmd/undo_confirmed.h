// SPDX-License-Identifier: MIT
/* undo_confirmed.h - an earlier, confirmed transaction is undone by a transaction of its own. */
#pragma once

#include "cmd/cmd.h"

/* id NULL: the newest one. */
int undo_confirmed(struct call *c, const char *id, struct err *e);
