// SPDX-License-Identifier: MIT
/*
 * party.h - one of the guard's processes among those it talks to: waits, reads, checks each request, writes.
 */
#pragma once

#include <poll.h>

#include "guard/request.h"

#define PARTY_PEERS 4
#define PARTY_POLLS 24

struct peer {
	struct channel channel;
	enum role role;
	bool deaf; /* not read from for now */
};

struct party {
	enum role self;
	struct peer peer[PARTY_PEERS];
	size_t count;
	bool stop; /* the parent said so, or is gone */
	bool frames_left;
	uint64_t unsaid; /* requests of our own that nobody may say so: dropped */
};

/* Peers in the order of their descriptors, from CHILD_FIRST_FD on; the parent is the first. */
void party_init(struct party *p, enum role self, const enum role *peers, size_t count);
void party_done(struct party *p);
struct peer *party_peer(struct party *p, enum role role);

struct said {
	unsigned kind; /* enum request */
	const void *fixed;
	size_t len;
	const struct str *tail; /* NULL: none */
};
/* What the other would not believe is not said, but counted: it would end, and hear the same again when it comes back.
 * False: so it was. */
bool party_say(struct party *p, enum role to, struct said said);

/* Waits for peers, and for `more` (revents are filled in), at most timeout_ms (-1: for ever). */
int party_wait(struct party *p, struct pollfd *more, size_t count, int timeout_ms, struct err *e);

typedef int party_fn(void *arg, struct peer *from, const struct frame *f, struct err *e);
/* Hands each request on that came and may come; what is of the parent (stop, alive) is answered here. < 0: somebody said
 * what he may not, or fn failed. */
int party_take(struct party *p, party_fn *fn, void *arg, struct err *e);
/* Writes what waits, before one ends; at most for that long. */
void party_finish(struct party *p, int timeout_ms);
