// SPDX-License-Identifier: MIT
/*
 * built_in.h - the files of src/guard/built-in as they were when this was built: the configuration that the guard has
 * of its own, in fail2ban's language. Written by tools/conf-to-c.
 */
#pragma once

#include <stddef.h>

struct built_in {
	const char *path; /* "jail.conf", "filter.d/sshd.conf" */
	const char *text;
};

extern const struct built_in built_in_files[];
extern const size_t built_in_count;
