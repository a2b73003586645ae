// SPDX-License-Identifier: MIT
/*
 * store.h - the process that remembers and decides for how long, in three files: what the others say (proc_store.c), what
 * people say at the control socket (store_control.c), what is told to who follows (store_events.c).
 */
#pragma once

#include "base/json.h"
#include "guard/ban_store.h"
#include "guard/roles.h"

#define STORE_CLIENTS 8

enum client_waits {
	CLIENT_READS,
	CLIENT_WAITS_ANSWER,
	CLIENT_WAITS_LOOK,
	CLIENT_WRITES,
	CLIENT_FOLLOWS
};

/* One connection to the control socket: one line of JSON in, one out. */
struct client {
	int fd; /* -1: none */
	enum client_waits waits;
	struct str in, out;
	size_t out_at;
	struct who who; /* CLIENT_WAITS_ANSWER */
	bool unban;
	double since;	      /* of a steady clock */
	unsigned long missed; /* CLIENT_FOLLOWS: events, since he reads too slowly */
};

struct store {
	struct orders orders;
	struct ban_store *bans;
	struct party party;
	int listener;
	struct client client[STORE_CLIENTS];
	struct watch_counts watch;
	struct dropped dropped;
	double started, committed_at, retried_at, tidied_at;
	bool dirty;
	bool trouble;	  /* with the database, since the last commit */
	bool disk_failed; /* said so */
	size_t waiting;	  /* bans that the kernel does not have yet */
	double purse,
		purse_at; /* what was left of the banner's; the wall's clock then, at the start */
	bool purse_changed;
	struct str tail; /* scratch */
};

/* Puts a ban in force: jail "" for a command's. 1: that jail has one already. */
int store_ban(struct store *s, const struct ban_row *row, bool by_hand, struct err *e);
/* Ends all bans of the source, here and in the kernel; > 0: there were some. */
int store_unban(struct store *s, const struct who *who, struct err *e);

/* Descriptors to wait for, at most 1 + STORE_CLIENTS; returns how many. */
size_t store_control_polls(struct store *s, struct pollfd *ret);
void store_control_serve(struct store *s, const struct pollfd *polls, size_t count);
/* What a command waited for has come. */
void store_control_answered(struct store *s, const struct answer *a);
void store_control_looked(struct store *s);

/* Tells who follows. store_event_of: "unban", "refused" (an address that is never banned), "table_lost" (who NULL). */
void store_event_ban(struct store *s, const struct ban_row *row);
void store_event_of(struct store *s, const char *name, const struct who *who);
/* The client is told of all from now on. False: there are too many such. */
bool store_follow(struct store *s, struct client *c);
short store_follow_polls(const struct client *c);
/* False: it has ended. */
bool store_follow_serve(struct client *c, short revents);
