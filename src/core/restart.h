// SPDX-License-Identifier: MIT
/*
 * restart.h - the host restarts where an update needs it, in the window that [updates] reboot names and at no other time.
 *
 * By a timer of Kannuki's own: the package managers' own restarts know nothing of a transaction that waits for its
 * proof, which a restart would undo.
 */
#pragma once

#include "os/os.h"

#define RESTART_SERVICE "kannuki-restart.service"
#define RESTART_TIMER	"kannuki-restart.timer"
#define RESTART_COMMAND "restart-run"

/* The timer comes so long before the time that is asked for, to tell who is logged in. */
#define RESTART_NOTICE_MINUTES 10

/* "04:00" -> minutes after midnight. 0 or -1. */
int restart_time(const char *text, int *ret);

/*
 * Waits for that time of day (local), which must come within the notice or have come in the last five minutes, and
 * restarts the host: 0. Not when no update needs it, a transaction is under way, or packages are being installed: then 1,
 * *ret_why says it to a person. Whoever is logged in is told at once, and a minute before.
 */
int restart_in_window(struct os *os, int minutes, char **ret_why, struct err *e);
