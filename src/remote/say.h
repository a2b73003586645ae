// SPDX-License-Identifier: MIT
/* say.h - what a person is told while setup from a workstation goes on, on standard output, laid out for 80 columns. */
#pragma once

#include "base/str.h"

void say(const char *fmt, ...) PRINTF_LIKE(1, 2);
/* With an "ok" in front: it was looked at, and is so. */
void say_ok(const char *fmt, ...) PRINTF_LIKE(1, 2);
