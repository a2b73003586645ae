// SPDX-License-Identifier: MIT
/* revoke.h - the plan of `kannuki admin revoke`: one user leaves the group of sudo. */
#pragma once

#include "controls/control.h"

/*
 * ret->count is 0 where the user is in no such group; warnings name, in both cases, the lines of sudoers
 * that still let the user become root, and the user's logins.
 *
 * Refused: ERR_USAGE for root and for a user that is not there. ERR_CONFLICT for the policy's admin, a
 * primary group, and when nobody would be left who can become root and has been seen to get in: by the
 * proof of a confirmed transaction, or by being who asks, over SSH.
 */
int controls_revoke(const struct control_in *in, const char *user, struct plan *ret, struct err *e);
