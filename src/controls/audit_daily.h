// SPDX-License-Identifier: MIT
/* audit_daily.h - the units of the daily audit. */
#pragma once

#include "os/os.h"

#define AUDIT_SERVICE "kannuki-audit.service"
#define AUDIT_TIMER   "kannuki-audit.timer"

/* The program is about to leave this host: the timer ends, and both files go. Nothing where there are none. */
int audit_daily_leave(struct os *os, struct err *e);
