// SPDX-License-Identifier: MIT
/*
 * ready.h - is the host still fit for the confirmation of what waits?
 *
 * After CONFIRM it only goes forward. What somebody else did in the window and what would shut the proven
 * door, or could not be finished, is asked about before.
 */
#pragma once

#include "core/txn.h"

/* Under the lock, with t pending. ERR_CONFLICT: not now; *e says why and what to do. Changes nothing. */
int ready_to_confirm(struct os *os, const struct txn *t, struct err *e);
