// SPDX-License-Identifier: MIT
/*
 * files.h - reading below a folder of configuration: through links, and by patterns.
 */
#pragma once

#include "os/os.h"

/* Text of the file at path, links followed. 1: no such file. */
int files_read(struct os *os, const char *path, struct node *ret, struct err *e);
/* Is there a file or folder, links followed? */
bool files_exists(struct os *os, const char *path);
/* Names in the folder that end so and do not begin with a dot, in byte order, with the folder in front. */
int files_with_suffix(struct os *os, const char *folder, const char *suffix, struct strv *ret,
		      struct err *e);
/* The paths that match (*, ?, [...] as in glob(7), none of them crosses a '/'), in byte order. */
int files_glob(struct os *os, const char *pattern, struct strv *ret, struct err *e);
/* What stands at the end of a path in place of its last part: the folder of "/a/b" with "c" is "/a/c". malloc'd. */
char *files_beside(const char *path, const char *name);
