// SPDX-License-Identifier: MIT
/*
 * sshd_config.h - walks sshd's configuration files as sshd_config(5) says; for sshd*.c only.
 *
 * It explains which line decides; what is in force is asked of sshd itself.
 */
#pragma once

#include "core/sshd.h"

/* One setting as met on the walk. Strings live during the call only. */
struct config_line {
	const char *file;
	unsigned line;
	const char *keyword; /* lower case */
	const char *value;   /* quotes taken off a single word */
	bool in_match;	     /* inside a Match block */
	bool active;	     /* outside of Match, or every Match around it holds for the view */
};

typedef void config_fn(void *arg, const struct config_line *l);

/* Reads the main file and what it includes into s->file, in reading order, and s->include_first. */
int sshd_config_read(struct os *os, struct sshd *s, struct err *e);
/* Calls fn for every line. v NULL: no Match holds. */
void sshd_config_walk(const struct sshd *s, const struct sshd_view *v, config_fn *fn, void *arg);
