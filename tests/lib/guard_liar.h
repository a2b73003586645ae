// SPDX-License-Identifier: MIT
/* guard_liar.h - one of the guard's processes alone, with the test in the place of all that it talks to. */
#pragma once

#include "guard/party.h"
#include "lib/guard_trial.h"

extern struct party liar; /* the other ends, in the order in which they were named */

/* Starts a role with the test at the other ends: parent first, then its peers. ret_more: one descriptor more for it. */
pid_t liar_start(const char *name, size_t peers, const enum role *role, int *ret_more);
void liar_hang_up(pid_t pid);
/* Waits for the next frame of that kind from that peer; false: it hung up, or nothing came. */
bool liar_hears(size_t peer, unsigned kind, struct frame *ret);
void liar_tells(size_t peer, unsigned kind, const void *body, size_t len);
