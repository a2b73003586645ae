// SPDX-License-Identifier: MIT
/*
 * request.h - everything that one of the guard's processes may say to another: the table, and what each must look like.
 *
 * The receiver looks at every request again, whoever sent it: a process that was taken over can say nothing but what
 * stands here, in these forms. Between these processes numbers are of this machine: it is one program.
 */
#pragma once

#include "guard/channel.h"
#include "os/addr.h"

enum role {
	ROLE_PARENT,
	ROLE_READER,
	ROLE_JOURNAL,
	ROLE_WATCH,
	ROLE_STORE,
	ROLE_BANNER,
	ROLE_COUNT,
};

#define REQUEST_JAILS	   256 /* of one configuration */
#define REQUEST_JAIL_WORDS (REQUEST_JAILS / 64)
#define REQUEST_NAME_MAX   128	/* bytes of a jail's name */
#define REQUEST_TEXT_MAX   4096 /* bytes of a path */
#define REQUEST_LINES_MAX  1024 /* bytes of the lines told with a ban */
#define REQUEST_ATTEMPTS   1000000

enum request {
	REQUEST_SOURCE = 1, /* reader to watch, once each, in order: struct source_told, its name */
	REQUEST_LINE,	    /* reader to watch: struct line_told, the line */
	REQUEST_POSITION,   /* reader to watch to store, and back at the start: name NUL position */
	REQUEST_POSITIONS_END, /* store to reader */
	REQUEST_FAILURE, /* watch to store, and back at the start: struct failure_told, jail NUL id */
	REQUEST_FAILURES_END, /* store to watch */
	REQUEST_WISH,	      /* watch to store: struct wish, jail NUL lines */
	REQUEST_COUNTS,	      /* watch to store: struct watch_counts */
	REQUEST_FORGET,	      /* store to watch: struct who */
	REQUEST_BANNED, /* store to watch: struct banned, jail NUL: who was banned by a jail */
	REQUEST_BAN,	/* store to banner: struct ban_told */
	REQUEST_UNBAN,	/* store to banner: struct who */
	REQUEST_RESTORE, /* store to banner, before anything else: struct ban_told of what is in force */
	REQUEST_RESTORED, /* store to banner: that was all; struct purse_told */
	REQUEST_LOOK,	  /* store to banner: how much was dropped? */
	REQUEST_ANSWER,	  /* banner to store: struct answer, to BAN and UNBAN */
	REQUEST_AGAIN,	  /* banner to store: the table is gone, RESTORE all */
	REQUEST_DROPPED,  /* banner to store: struct dropped */
	REQUEST_READY,	  /* all to parent */
	REQUEST_ALIVE,	  /* parent to all, and back */
	REQUEST_STOP,	  /* parent to all */
	REQUEST_OBSERVE,  /* parent to banner: struct observe */
	REQUEST_JOURNAL,  /* reader to parent: start it behind this cursor; back: it has ended */
};

/* A source to be banned: an address, or the prefix it is in. */
struct who {
	uint8_t family; /* 4 or 6 */
	uint8_t bits;
	uint8_t bytes[16];
};

struct source_told {
	uint32_t number;
	uint32_t journal;
};

struct line_told {
	uint32_t source;
	uint32_t dated;
	double time;			   /* where dated, since 1970 */
	uint64_t only[REQUEST_JAIL_WORDS]; /* of the journal: which jails ask for the entry */
};

struct failure_told {
	double time;
	uint32_t count;
	uint32_t none;
};

struct wish {
	double time;
	uint32_t attempts;
	struct who who;
};

struct watch_counts {
	uint64_t lines, matched, too_long, gave_up, names, ignored, sources, evicted;
};

struct banned {
	struct who who;
	uint32_t attempts;
};

/* What was left of the bans that may be made at once, and how long ago that was. Only the first one counts: later on the
 * banner knows better. */
struct purse_told {
	double left, seconds;
};

struct ban_told {
	struct who who;
	uint32_t by_hand; /* an administrator's command */
	uint64_t seconds; /* 0: for ever */
};

enum answer_code {
	ANSWER_DONE,
	ANSWER_NEVER,  /* an address that is never banned */
	ANSWER_LATER,  /* too many at a time, or a transaction is pending: ask again */
	ANSWER_FAILED, /* the kernel refused */
	ANSWER_CODES,
};

struct answer {
	struct who who;
	uint32_t code;
	double left; /* bans that may be made at once, after this one: not by hand */
};

struct dropped {
	uint64_t packets, bytes;
	uint64_t refused; /* wishes for what is never banned, since the start */
	uint64_t applied; /* times the table was put back */
};

struct observe {
	uint32_t on;
};

/* < 0: from must not say this to `to`, or it is not as it must be. */
int request_check(const struct frame *f, enum role from, enum role to, struct err *e);
/* The name of the process as an argument and for people. */
const char *role_name(enum role p);

/* What stands behind the fixed part as two texts: the second points behind the NUL that ends the first. Only after
 * request_check. */
struct request_tail {
	const char *first, *second;
	size_t second_len;
};
struct request_tail request_tail(const struct frame *f, size_t fixed);
/* Fills a tail of that form. */
void request_set_tail(struct str *ret, const char *first, const void *second, size_t second_len);

struct prefix who_prefix(const struct who *w);
/* Masks host bits away; IPv6 is at most of BAN_TABLE_BITS_6, mapped IPv4 becomes IPv4. */
struct who who_of(const struct prefix *p);
bool who_is_valid(const struct who *w);
/* "192.0.2.1", "2001:db8::/64", "192.0.2.0/24". */
#define WHO_TEXT       52
#define REQUEST_ID_MAX WHO_TEXT /* bytes of who failed */
const char *who_text(const struct who *w, char ret[WHO_TEXT]);
/* An address, or ADDRESS/BITS with any bits behind; IPv6 as /64 at most. -1: it is none. */
int who_parse(const char *text, struct who *ret);
