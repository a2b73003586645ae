// SPDX-License-Identifier: MIT
/* exit_code.h - how a command ends; the manual's table. */
#pragma once

enum {
	EXIT_DONE = 0,
	EXIT_FAILED = 1,
	EXIT_WRONG_USE = 2,
	EXIT_FOUND = 3,
	EXIT_PENDING = 4,
	EXIT_CONFLICT = 5,
};
