// SPDX-License-Identifier: MIT
/* guard_import.h - the plan of `kannuki guard import`: the guard takes fail2ban's place, with its files and bans. */
#pragma once

#include "controls/control.h"

/*
 * The guard is installed and started, is told whom fail2ban has banned, and fail2ban is stopped and disabled; its files
 * stay, and are what the guard reads. Warnings say by file and line what of them it does not do.
 * ret->count is 0 where that is so already. ERR_CONFLICT: there is nothing to take over, no program for it, or none of
 * the jails could be watched.
 */
int controls_guard_import(const struct control_in *in, struct plan *ret, struct err *e);
