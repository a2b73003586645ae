// SPDX-License-Identifier: MIT
/*
 * home.h - a new user's home: made from /etc/skel durably, and taken back without losing anything.
 */
#pragma once

#include "core/step.h"

/* Makes the folder (0700) and copies what is missing of /etc/skel into it. A folder that is there
 * and belongs to somebody else, unless it is root's and empty, is ERR_CONFLICT. */
int home_make(const struct step_ctx *c, const char *home, uid_t uid, gid_t gid, struct err *e);
/*
 * Removes a home that home_make made. When it holds anything that is not as in /etc/skel, all of it
 * is moved to TXN/displaced instead. 1: so it was, or it could not be moved and stays, and there was
 * more in it than what a login leaves behind; *e says where it is.
 */
int home_take_back(const struct step_ctx *c, const char *home, struct err *e);
