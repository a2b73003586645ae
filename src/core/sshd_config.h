// SPDX-License-Identifier: MIT
/*
 * sshd_config.h - walks sshd's configuration files as sshd_config(5) says; for sshd*.c only.
 *
 * It explains which line decides; what is in force is asked of sshd itself. Rules of servconf.c:
 * the first value wins; what a Match block that holds says comes before all that stands outside;
 * Include works in place, its files in byte order; a Match in an included file ends with that file.
 */
#pragma once

#include "core/sshd.h"

/* Does a block count for the view? MAYBE: by a criterion that is not known here. */
enum holds { HOLDS_NOT, HOLDS, HOLDS_MAYBE };

/* One setting as met on the walk. Strings live during the call only. */
struct config_line {
	const char *file;
	unsigned line;
	const char *keyword;	 /* lower case */
	const struct strv *word; /* the values, quotes taken off */
	const char *value;	 /* these with a blank between */
	const char *raw;	 /* all behind the keyword, as it stands */
	bool in_match;		 /* inside a Match block */
	enum holds active;	 /* outside of Match: HOLDS */
};

/* Adds every path that the pattern names, in the order of glob(3). */
void path_expand(struct os *os, const char *pattern, struct strv *ret);

typedef void config_fn(void *arg, const struct config_line *l);

/* Reads the main file and what it includes into s->file, in reading order, s->include_first and
 * s->asks. Needs s->options (-f). Files that cannot be read are left out where we are not root. */
int sshd_config_read(struct os *os, struct sshd *s, struct err *e);
/* Calls fn for every line but Match and Include. v NULL: no Match holds. */
void sshd_config_walk(const struct sshd *s, const struct sshd_view *v, config_fn *fn, void *arg);

/* sshd_match.c */
/* `criteria` is all behind the word Match. */
enum holds sshd_match(const char *criteria, const struct sshd_view *v);
/* What of a connection these criteria look at: bits of enum sshd_asks. */
unsigned sshd_match_asks(const char *criteria);
/* Puts an address of each network they name into s->match_addr, as long as there is room. */
void sshd_match_addresses(const char *criteria, struct sshd *s);

/* sshd_explain.c: file and line for each of the view's settings where walk and answer agree. */
void sshd_explain(const struct sshd *s, struct sshd_view *v);

/* sshd_unit.c */
struct sshd_unit {
	pid_t pid;	    /* the service's main process, 0: it does not run, or not known */
	struct strv listen; /* ports of the socket unit, when that is active */
};

void sshd_unit_done(struct sshd_unit *u);
/* Fills s->program, unit, socket_unit and options as the service manager tells them; without one
 * by the files the distributions' units read. 1: sshd is not installed. */
int sshd_read_unit(struct os *os, struct sshd *s, struct sshd_unit *ret, struct err *e);
/* Fills s->port. Needs s->file where the owners of sockets are not to be seen. */
void sshd_find_ports(struct os *os, const struct sshd_unit *u, const struct socket_info *socket,
		     size_t socket_count, struct sshd *s);

/* sshd_ask.c */
int sshd_gather_views(struct os *os, const struct sshd_query *q, struct sshd *s, struct err *e);
/* Trap 11: without its privilege separation folder sshd refuses even to test. Only as root. */
int sshd_make_run_dir(struct os *os, struct err *e);
