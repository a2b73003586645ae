// SPDX-License-Identifier: MIT
/*
 * watch.h - what has been seen of the new door while a transaction waits for its proof.
 *
 * Pure: it is fed with sshd's lines, sockets and the counter of the packet filter (watch_look.c asks
 * for them) and says how far the owner has come. It tells a person what to do next and decides nothing:
 * what counts as proof is core/proof.h. Lines are those of OpenSSH 9.2 to 10 at LogLevel VERBOSE, which
 * is in force while pending.
 */
#pragma once

#include "core/plan.h"
#include "os/os.h"

/* In the order in which they are told apart; a later event of the same door replaces an earlier one. */
enum watch_state {
	WATCH_NOTHING,	     /* nothing has come to the port */
	WATCH_KNOCKED,	     /* the packet filter let something in, but no connection came about */
	WATCH_CONNECTED,     /* a connection stands, nobody has logged in by it yet */
	WATCH_LEFT,	     /* a connection came and went before it tried to log in */
	WATCH_NO_ALGORITHM,  /* client and server have no algorithm in common: an old client */
	WATCH_OLD_SIGNATURE, /* an RSA key with SHA-1: an old client */
	WATCH_WRONG_USER,
	WATCH_NO_KEY,	    /* right user, but no key was offered: a password client */
	WATCH_NO_SIGNATURE, /* the right public key was shown, and nothing signed with it: a .pub file */
	WATCH_WRONG_KEY,
	WATCH_RIGHT_KEY_REFUSED, /* the key of the policy, and yet refused */
	WATCH_PASSWORD,		 /* a password was tried */
	WATCH_PENALTY,		 /* shut out for a while after failures (OpenSSH 9.8 and later) */
	WATCH_OTHER_DOOR,	 /* a new login, but by a door that proves nothing */
	WATCH_LOGGED_IN,
	WATCH_GONE, /* was logged in, and left without confirming */
};

#define WATCH_CONNECTIONS 32

struct watch_connection {
	pid_t pid; /* the privileged sshd of it */
	struct addr peer;
	unsigned peer_port, port;
	bool tried; /* to log in */
	bool shown; /* a key of the user's, which sshd would take */
	bool in;    /* logged in by a door that counts */
	bool stands;
};

struct watch {
	const struct door *door; /* not owned */
	size_t door_count;
	struct strv key; /* fingerprints of the admin's keys, "SHA256:…" */
	struct watch_connection connection[WATCH_CONNECTIONS];
	size_t count, oldest;
	enum watch_state state;
	char *user, *peer,
		*detail; /* of the state: who, from where, which key or what was offered */
	unsigned port;
	uint64_t let_in;	/* of the filter's counter, since the window began */
	unsigned other_arrived; /* connections to ports that are no door */
	/* What the guides say to try, and what was refused at a door then. */
	bool refused_root, refused_password;
};

/* policy_text is the transaction's; NULL or broken: no key is known. */
void watch_init(struct watch *w, const struct plan *plan);
void watch_done(struct watch *w);
#define CLEANUP_WATCH CLEANUP(watch_done)

/* One line of a root process that calls itself sshd. */
void watch_line(struct watch *w, pid_t pid, const char *line);
/* What stands now, and what the rule that lets SSH in has counted since the window began. */
void watch_sockets(struct watch *w, const struct socket_info *socket, size_t count);
void watch_counter(struct watch *w, uint64_t let_in);
enum watch_state watch_state(const struct watch *w);
/* One or two sentences for the person, malloc'd. */
char *watch_words(const struct watch *w);
