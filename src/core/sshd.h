// SPDX-License-Identifier: MIT
/*
 * sshd.h - the effective configuration of sshd, asked of sshd itself (traps 1-5, 11-14).
 *
 * Values come from `sshd -T -C user=,host=,addr=,laddr=,lport=` with the unit's own options; the
 * deciding file and line from walking the same files by sshd_config(5)'s rules (first value wins,
 * Include in place, Match), and are left out when the walk and -T disagree.
 */
#pragma once

#include <jansson.h>

#include "os/os.h"

struct sshd_setting {
	char *keyword; /* lower case, as -T prints it */
	char *value; /* repeated keywords (port, acceptenv …) are one line each in -T: joined by "\n" */
	char *file; /* NULL: the compiled-in default, or not to be told */
	unsigned line;
};

/* One answer of -T. */
struct sshd_view {
	char *who;	   /* "root", "admin", "stranger" (does not exist), or the user's name */
	char *user;	   /* as asked */
	struct addr addr;  /* the client's */
	struct addr local; /* the server's; family 0 in a question: our first outside one */
	unsigned port;	   /* the local port */
	struct strv group; /* the user's, filled where a Match Group needs them */
	struct sshd_setting *setting; /* in -T's order */
	size_t count;
};

struct sshd_file {
	char *path;
	struct node node;
};

/* What of a connection some Match looks at: without it one answer of sshd serves all views. */
enum sshd_asks {
	ASKS_USER = 1,
	ASKS_GROUP = 2,
	ASKS_ADDR = 4,
	ASKS_LOCAL_ADDR = 8,
	ASKS_LOCAL_PORT = 16,
	ASKS_OTHER = 32,
};

#define SSHD_MATCH_MAX 8

struct sshd {
	char *program;	   /* "/usr/sbin/sshd"; NULL: not installed (then all else is empty) */
	char *version;	   /* "OpenSSH_9.2p1 Debian-2+deb12u7, …" */
	char *unit;	   /* the service unit that exists, e.g. "ssh.service"; NULL: none */
	char *socket_unit; /* the socket unit when it is active (it owns the ports then), else NULL */
	struct strv options; /* the unit's own, e.g. from /etc/default/ssh */
	struct sshd_file
		*file; /* main file first, then every file Include reads, in reading order */
	size_t file_count;
	unsigned asks; /* bits of enum sshd_asks: criteria of all Match blocks */
	/* One address each that a Match Address names, so that its block can be asked for. */
	struct addr match_addr[SSHD_MATCH_MAX];
	size_t match_addr_count;
	bool include_first; /* sshd_config includes sshd_config.d/?*.conf before any other keyword */
	unsigned *port;	    /* on which it listens now, by sock_diag (its own or its socket's) */
	size_t port_count;
	struct sshd_view *view;
	size_t view_count;
};

struct sshd_who {
	const char *who, *user;
};

struct sshd_query {
	const struct sshd_who *who; /* rows of the matrix */
	size_t who_count;
	const struct addr *addr;
	size_t addr_count;
	const unsigned *port; /* empty: those it listens on (or, when it does not run, would) */
	size_t port_count;
	bool match_addr;		  /* ask from where some Match Address lets in, too */
	unsigned extra_port;		  /* asked about as well, or 0 */
	const struct socket_info *socket; /* of the host: which ports it listens on */
	size_t socket_count;
};

/* A configuration that could be: the one on the disk with staged differences below /etc/ssh. */
struct sshd_form {
	const struct sshd *sshd;
	const struct run_stage *stage;
	size_t stage_count;
};

void sshd_done(struct sshd *s);
/* Fills *ret. 0 also when there is no sshd. A configuration that sshd refuses is an error that
 * quotes it. Makes /run/sshd when it is absent and we are root (trap 11). */
int sshd_gather(struct os *os, const struct sshd_query *q, struct sshd *ret, struct err *e);
/* Every port that sshd's files, its unit's options and its socket unit name, whether anybody listens
 * there yet or not: for who must know before sshd is started. Best effort; may be none. */
void sshd_named_ports(struct os *os, struct strv *ret);
/* The ports of a socket unit as PID 1 has read it, bound or not. */
int sshd_socket_ports(struct os *os, const char *socket, struct strv *ret, struct err *e);
/* One view of a configuration. Refused by `sshd -t` first: ERR_FAILED quoting sshd. ret->port etc.
 * as asked. */
int sshd_view_staged(struct os *os, const struct sshd_form *form, const struct sshd_view *as_asked,
		     struct sshd_view *ret, struct err *e);
void sshd_view_done(struct sshd_view *v);
/* NULL: no such keyword. */
const struct sshd_setting *sshd_setting(const struct sshd_view *v, const char *keyword);
const char *sshd_value(const struct sshd_view *v, const char *keyword); /* "" when absent */
const struct sshd_view *sshd_view_of(const struct sshd *s, const char *who,
				     unsigned port); /* NULL */
/* How sshd would let the view's user in, as far as its configuration decides: whether there is a key
 * or a password for it to take is the account's matter (struct account). */
struct sshd_ways {
	bool key;
	bool password; /* also by a dialog of PAM (keyboard-interactive) */
	const char
		*methods; /* AuthenticationMethods, where more than one step is asked; else NULL */
	/* What decides about passwords; points into the view. NULL: sshd did not say. */
	const struct sshd_setting *decides;
};
struct sshd_ways sshd_ways(const struct sshd_view *v);
/* Every place (file, line) where a keyword is set outside of Match, for those that append. */
struct sshd_place {
	const char *file; /* points into s */
	unsigned line;
	char *value;
	bool in_match;
};
size_t sshd_places(const struct sshd *s, const char *keyword,
		   struct sshd_place **ret); /* free each value, then the array */
json_t *sshd_json(const struct sshd *s);
