// SPDX-License-Identifier: MIT
/*
 * listen.h - where sshd listens, told by the kernel, and waiting until it does (trap 12).
 */
#pragma once

#include "core/step.h"

struct listener {
	struct addr addr; /* family of the socket; any address as such */
	uint16_t port;
	bool v4_too; /* a v6 socket that takes IPv4 as well */
	uint64_t inode;
};

struct listeners {
	struct listener *item;
	size_t count;
};

void listeners_done(struct listeners *l);
#define CLEANUP_LISTENERS CLEANUP(listeners_done)

/* Listeners of the main process of that service unit (NULL: of any sshd), and with `socket` also
 * PID 1's (an idle socket unit's). Not those that a session forwards: on loopback, or of a child of
 * another sshd. */
int listeners_get(struct os *os, const char *unit, bool socket, struct listeners *ret,
		  struct err *e);
/* "ADDR PORT\n" each, sorted, and back (inode 0). Text that is not so is left out. */
char *listeners_text(const struct listeners *l);
void listeners_parse(const char *text, struct listeners *ret);
void listeners_add(struct listeners *l, const struct listener *one);
bool listeners_has_port(const struct listeners *l, uint16_t port);

struct listen_wait {
	const struct listeners *want;  /* an any-address is served by any address of its family */
	const struct listeners *stale; /* sockets that do not count, by inode; may be NULL */
	const struct listeners *gone;  /* whose ports nobody of sshd's may listen on; may be NULL */
	const char *unit;	       /* as listeners_get */
	bool socket;		       /* as listeners_get */
	unsigned timeout_ms;
};

/* Polls until all is so and each answers with an SSH banner. ERR_FAILED naming what is not. */
int listen_wait(struct os *os, const struct listen_wait *w, struct err *e);
