// SPDX-License-Identifier: MIT
/*
 * channel.h - what two of the guard's processes say to each other: frames over a socketpair, read and written without
 * waiting.
 *
 * A frame is a head and its body. What is in it is believed only after request.h looked at it. A frame that is too
 * long, or of a kind that nobody knows, means that the other side is broken or taken over: no way to go on.
 */
#pragma once

#include <stdint.h>

#include "base/str.h"

#define CHANNEL_BODY_MAX ((size_t)72 << 10) /* of one frame: a line, and what is told of it */
#define CHANNEL_MUCH	 ((size_t)512 << 10) /* who has so much waiting shall write no more for now */
#define CHANNEL_FULL	 ((size_t)64 << 20) /* the other side reads no more: broken */

struct channel {
	int fd; /* -1: none */
	struct str in, out;
	size_t in_at, out_at;
	bool ended; /* the other side is gone */
};

struct frame {
	unsigned kind;
	const char *body; /* until the next channel_read */
	size_t len;
};

/* fd: of child_pair(), nonblocking; not closed by done. */
void channel_init(struct channel *c, int fd);
void channel_done(struct channel *c);

/* A body may come in two parts. */
void channel_put(struct channel *c, unsigned kind, const void *fixed, size_t fixed_len,
		 const struct str *tail);
/* Writes what goes without waiting. */
int channel_flush(struct channel *c, struct err *e);
/* The last so many bytes that were put, and not flushed since, are not written. */
static inline void channel_take_back(struct channel *c, size_t bytes)
{
	c->out.len -= bytes;
}
static inline size_t channel_waiting(const struct channel *c)
{
	return c->out.len - c->out_at;
}
/* Reads once, what is there. */
int channel_read(struct channel *c, struct err *e);
/* The next whole frame that was read: 1, none 0; < 0: what came is none. */
int channel_next(struct channel *c, struct frame *ret, struct err *e);
