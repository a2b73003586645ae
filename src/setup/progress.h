// SPDX-License-Identifier: MIT
/*
 * progress.h - how far the package manager is: on a terminal a bar below the lines it prints, elsewhere (a log, a
 * pipe) a line at each tenth.
 */
#pragma once

#include "core/packages.h"

struct progress {
	bool redraws; /* else lines at tenths */
	bool slow;    /* the bar moves in steps of a twentieth */
	unsigned columns;
	bool on_screen;
	bool any; /* `stage` and `permille` were said */
	enum packages_stage stage;
	unsigned permille;
};

/* "  Install        [##########                    ]  33 %", in at most `columns`; malloc'd. */
char *progress_bar(const struct packages_progress *now, unsigned columns);
/* Is it worth a drawing, or a line? */
bool progress_moves(const struct progress *p, const struct packages_progress *now);
/* A line, above the bar. */
void progress_line(struct progress *p, const char *line);
void progress_show(struct progress *p, const struct packages_progress *now);
/* Takes the bar off the screen. */
void progress_end(struct progress *p);
