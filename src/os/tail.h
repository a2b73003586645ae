// SPDX-License-Identifier: MIT
/*
 * tail.h - files that others write, followed line by line through every kind of rotation.
 *
 * Renamed and made anew: the old one is read to its end and watched a while longer, for its writer may still have it.
 * Cut short in place (copytruncate): from its beginning, also when it has grown beyond the old length meanwhile, which
 * its first bytes tell. Deleted, or not there yet: read from its beginning when it comes. inotify(7) wakes up; where that
 * is not to be had, and in case it misses something (files over a network), one looks every so often.
 *
 * Where it stands in a file is a text that can be kept: inode, offset, and a checksum of the file's first bytes. With
 * it reading goes on where it was, also when the file was renamed in its folder meanwhile.
 */
#pragma once

#include "base/str.h"

#define TAIL_LINE_MAX	 (((size_t)64 << 10) + 1) /* bytes; of a longer line only so many are told */
#define TAIL_FILES_MAX	 512
#define TAIL_OLD_SECONDS 60 /* a rotated file is watched so long after its last line */

struct tail;

struct tail *tail_new(void);
void tail_free(struct tail *t);

/* A file to follow, whether it is there yet or not; known ones stay as they are. source is told with its lines.
 * position: what tail_positions told before, or NULL; without one, or where the file is another now, a file that is
 * there is read from its end (fresh), or from its beginning. 1: there are too many files already. */
int tail_add(struct tail *t, unsigned source, const char *path, const char *position, bool fresh);
/* Hear also of files that come into this folder. */
void tail_folder(struct tail *t, const char *path);
/* The regular files that match a pattern (*, ?, [...], none of them crosses a '/'), links followed, at most
 * TAIL_FILES_MAX, in byte order. */
void tail_glob(const char *pattern, struct strv *ret);

/* Readable when there is something to do; -1: there is no such descriptor. */
int tail_fd(const struct tail *t);
/* After so long one has to look in any case. */
unsigned tail_wait_ms(const struct tail *t);
/* What fd said, or one has waited: true: files may have come or gone, patterns should be looked at anew. */
bool tail_heard(struct tail *t);

struct tail_line {
	unsigned source;
	const char *text; /* without its newline */
	size_t len;
};
typedef void tail_line_fn(void *arg, const struct tail_line *line);
/* Some of what can be read, of each file a part. True: there is more. */
bool tail_read(struct tail *t, tail_line_fn *fn, void *arg);
/* Of each file that was read since the last time: whole lines so far have been told. */
typedef void tail_position_fn(void *arg, unsigned source, const char *path, const char *position);
void tail_positions(struct tail *t, tail_position_fn *fn, void *arg);
