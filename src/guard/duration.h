// SPDX-License-Identifier: MIT
/* duration.h - times as jails give them: "600", "10m", "1d 12h", "1h30m", "2 * 3h", "1w - 1d", "-1". */
#pragma once

#include "base/err.h"

/* Seconds. Units: s, m, h, d, w, mo, y and their longer forms; a month is a twelfth of a year, that is 365.25 days.
 * Two parts with only a blank between are added. */
int duration_parse(const char *text, double *ret, struct err *e);
