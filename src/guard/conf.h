// SPDX-License-Identifier: MIT
/*
 * conf.h - one configuration of fail2ban: NAME.conf, NAME.d/ and NAME.local with all they include, as one.
 *
 * Later files win value by value; what they replaced stays to be asked as known/OPTION. Values are
 * interpolated when they are asked: %(option)s, %(section/option)s, %(known/option)s.
 */
#pragma once

#include "guard/ini.h"
#include "os/os.h"

struct problem {
	struct origin at;
	char *text;
};

#define CONF_FAIL2BAN "/etc/fail2ban"
/* In place of a folder: the configuration that is compiled in (built_in.h), and over its jails CONF_OVER. */
#define CONF_BUILT_IN "built-in"
#define CONF_OVER     "/etc/kannuki/guard.conf"

/* The folder to be read: the one given, or fail2ban's, or CONF_BUILT_IN where there is none. */
const char *conf_choose(struct os *os, const char *given);
/* Does the place lie in what is compiled in? file may be NULL: a value that no file has. */
bool conf_is_built_in(const char *file);

/* What all readers of one folder share. */
struct conf_folder {
	struct os *os;
	char *path;	   /* conf_choose() */
	struct strv files; /* every file that was looked into: struct origin points here */
	struct problem *problem;
	size_t problem_count;
};

void conf_folder_done(struct conf_folder *f);
#define CLEANUP_CONF_FOLDER CLEANUP(conf_folder_done)
/* Notes what is wrong or not supported; said at the end, so that one bad line hides no other. */
void conf_problem(struct conf_folder *f, struct origin at, const char *fmt, ...) PRINTF_LIKE(3, 4);

struct conf {
	struct ini all;	  /* "KNOWN/NAME": what section NAME had before it was replaced */
	struct strv read; /* the files, in the order in which they count */
};

void conf_done(struct conf *c);
#define CLEANUP_CONF CLEANUP(conf_done)

/* name is below the folder and without ".conf": "jail", "filter.d/sshd". 1: there is no such file. */
int conf_read(struct conf_folder *f, const char *name, struct conf *ret, struct err *e);
/* The same for one file by its path, with what it includes. */
int conf_read_file(struct conf_folder *f, const char *path, struct conf *ret, struct err *e);
/* Says that there is no such filter; < 0. */
int conf_no_filter(const struct conf_folder *f, const char *name, struct err *e);

enum { CONF_FOUND = 0, CONF_NO_OPTION, CONF_NO_SECTION };

/* vars (may be NULL) win over the section, the section over [DEFAULT]; their names count in lower case. */
struct conf_query {
	const char *section, *option;
	const struct dict *vars;
};

/* An enum above, or < 0 when its value refers to what is not there; *ret is then malloc'd. */
int conf_get(const struct conf *c, const struct conf_query *q, char **ret, struct origin *ret_from,
	     struct err *e);
/* The same; the option may name its section: "known/x", "default/x", "section/x". */
int conf_get_from(const struct conf *c, const struct conf_query *q, char **ret, struct err *e);
