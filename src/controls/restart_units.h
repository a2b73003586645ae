// SPDX-License-Identifier: MIT
/* restart_units.h - the units that restart the host in its window (core/restart.h). */
#pragma once

#include "controls/control.h"

enum restart_units {
	RESTART_UNITS_NONE,
	RESTART_UNITS_OTHER, /* another time, not as apply writes them, or they do not run */
	RESTART_UNITS_RIGHT,
};

/* minutes < 0: what is there is OTHER. */
int restart_units_look(const struct control_in *in, int minutes, enum restart_units *ret,
		       struct err *e);
/* The steps that turn them on, for this time, or off. */
int restart_units_on(const struct control_in *in, struct draft *d, struct err *e);
void restart_units_off(struct draft *d);
/* The program is about to leave this host: the timer ends, and both files go. Nothing where there are none. */
int restart_units_leave(struct os *os, struct err *e);
