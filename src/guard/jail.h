// SPDX-License-Identifier: MIT
/*
 * jail.h - a jail as it is in effect: what its section, its filter and its actions say together.
 */
#pragma once

#include "guard/definition.h"

#define FAIL2BAN_VERSION "1.0.2" /* whose files are read: %(fail2ban_version)s */

/* One thing that is set, in the order in which it counts: a later one of the same name wins, but for
 * addfailregex, addignoreregex, addignoreip, addjournalmatch and addlogpath, which add. */
struct setting {
	const char *name; /* a word of ours */
	struct strv value;
	struct origin from;
};

struct settings {
	struct setting *item;
	size_t count;
};

struct jail_action {
	char *name; /* what bans are told under */
	char *file; /* below action.d */
	struct dict option;
	struct origin from;
};

struct jail {
	char *name;
	bool enabled;
	bool wrong;    /* it could not be read: a problem says why */
	bool unusable; /* set by who tries: its expressions or dates are none */
	char *backend, *filter;
	struct origin from;
	struct strv
		log; /* paths and patterns as they were given, whether there is such a file or not */
	struct settings setting;
	struct jail_action *action;
	size_t action_count;
};

struct jails {
	struct jail *item;
	size_t count;
};

void settings_done(struct settings *s);
void jails_done(struct jails *j);
#define CLEANUP_JAILS CLEANUP(jails_done)
/* The last value of that name, or NULL. */
const char *settings_get(const struct settings *s, const char *name);

struct jails_query {
	bool all;		 /* also those that are not enabled */
	const struct strv *only; /* these names, or NULL */
	/* backend = auto, none of the files is there, and the filter knows its entries in the journal: then
	 * it is as with backend = systemd. */
	bool journal;
	bool file; /* their lines come from a file, whatever backend says */
};

/* All jails of the folder, in the order of their sections. What is wrong with one is a problem of the
 * folder; < 0 only when the jails' own files cannot be read. */
int jails_read(struct conf_folder *f, const struct jails_query *q, struct jails *ret,
	       struct err *e);
/* A filter by itself, "sshd[mode=aggressive]", for lines of that backend ("auto", "systemd"; NULL: as
 * the filter says). 1: there is no such filter. */
int filter_read(struct conf_folder *f, const char *filter, const char *backend,
		struct settings *ret, struct err *e);
