// SPDX-License-Identifier: MIT
/*
 * package_manager.h - all that differs between apt and dnf: a row each. Nobody else asks which of them it is.
 *
 * The rows are core/apt.c and core/dnf.c; what they read from the host is core/apt_facts.c and core/dnf_facts.c.
 */
#pragma once

#include <jansson.h>

#include "base/str.h"
#include "core/facts_updates.h"
#include "core/packages.h"
#include "core/policy.h"
#include "os/os.h"

struct facts;
struct facts_query;

/* Where a unit's programs may write how far they are, for .share alone. */
#define PACKAGES_STATUS "/run/kannuki/packages.status"

/* What would be written so that updates come as the policy says. */
struct automatic_text {
	char *text;	 /* the file's, whole */
	json_t *expect;	 /* which values are in force then: an object of strings */
	struct node now; /* what it replaces; NODE_ABSENT where that does not matter */
	bool replaces;	 /* .now is what the plan saw, and what has to be there still */
};
void automatic_text_done(struct automatic_text *t);

struct package_manager {
	const char *name;      /* "apt", "dnf" */
	const char *program;   /* it is here where this is */
	const char *installs;  /* what one types to install a package: "apt-get install" */
	const char *simulates; /* … to see what an update would do */
	const char *automatic; /* the package that brings updates by itself */
	const char *config;    /* the file in which plans say how */
	const char *
		config_dir; /* whose files all count, in the order of their names; NULL: config alone */
	const char *key;       /* are updates installed by themselves? As updates_config names it */
	const char *key_which; /* which ones */
	const char *key_reboot; /* does the host restart by itself? */
	const char *const
		*locks; /* files that it holds a record lock of while it works; NULL ends */
	const char *const *pids; /* files with the process that works in them */
	const char *error;	 /* a line of its log that begins so says what failed … */
	const char *
		detail; /* … and so, of which package, the next line why: better than .error; NULL: none */
	const char *waits; /* … and so, that it waits for another one; NULL: it never does */

	/* The lines of a unit that do the job without a question, and the environment they need. */
	void (*unit)(const struct packages_job *job, struct str *ret);
	/* The lines of a unit that finish what one that failed has left half done. NULL: it leaves nothing so. */
	void (*repair)(struct str *ret);
	/* Is this line of its log (blanks squeezed) worth a person's while? */
	bool (*progress)(const char *line);
	/* Does this line of its log, or of PACKAGES_STATUS, say how far it is? Then *now does too; what the line before
	 * it said is in there still. */
	bool (*share)(const char *line, struct packages_progress *now);
	/* Fills all of f->updates but what is the same everywhere. 1: it does not answer. */
	int (*gather)(struct os *os, const struct facts_query *q, struct facts *f, struct err *e);
	/* Fills ret->config alone. 1: it does not answer. */
	int (*read_config)(struct os *os, struct updates_fact *ret, struct err *e);
	bool (*is_automatic)(const struct updates_fact *u);
	/* Which value keeps updates from coming by themselves. */
	const char *(*off)(const struct updates_fact *u);
	/* 1: other updates than wanted come by themselves (ret: how they are called); 0: just those. */
	int (*differs)(struct os *os, const struct facts *f, enum automatic_updates want,
		       const char **ret, struct err *e);
	/* "HH:MM" or "now", malloc'd; NULL: it never restarts the host by itself. */
	char *(*reboots_at)(const struct updates_fact *u);
	int (*wanted)(struct os *os, const struct policy *p, const struct facts *f,
		      struct automatic_text *ret, struct err *e);
	/* Goes through an automatic update without doing it. ERR_FAILED quotes it. */
	int (*prove)(struct os *os, struct err *e);
	int (*sources)(struct os *os, struct package_sources *ret, struct err *e);
	/* What the updates that come by themselves leave out, and packages that no source has: a line each for a
	 * person, behind those that are there. */
	int (*unreached)(struct os *os, const struct facts *f, struct strv *ret, struct err *e);
	/* Of each of these files the package, in their order; "": of none. */
	int (*owners)(struct os *os, const struct strv *paths, struct strv *ret, struct err *e);
};

extern const struct package_manager package_apt, package_dnf;
extern const struct package_manager *const package_managers[];
extern const size_t package_managers_count;

/* The host's own: that of its distribution's row; of a distribution that has no row, the first that is here. 1: none. */
int package_manager_find(struct os *os, const struct package_manager **ret, struct err *e);

/* How a plan says that a program is missing: "apt-get install NAME", whatever distribution it is. */
const char *package_installs(const struct facts *f);

/* "a, b, c" of so many as a person reads, and how many more there are. malloc'd. */
char *package_names(const struct strv *names);
/* "HH:MM" of a policy's minutes after midnight. */
void policy_time_text(int minutes, char ret[6]);
/* Is it a word for yes, as apt and dnf both take it? */
bool package_word_is_true(const char *value);
