// SPDX-License-Identifier: MIT
/*
 * facts_updates.h - updates: which come by themselves, when they last did, what waits, whether a restart
 * is due. apt only; another package manager is "not measured".
 *
 * Cheap by choice: `apt-get -s upgrade` is 0.65 s of CPU for the 50 MB of lists of a Debian, so what
 * waits is told from the security lists alone, by comparing versions as deb-version(7) says.
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "base/str.h"
#include "os/os.h"

struct updates_fact {
	bool measured;	 /* apt is here and was asked */
	bool unattended; /* unattended-upgrades is installed */
	/* "APT::Periodic::Enable=1", "Unattended-Upgrade::Origins-Pattern::=…": the effective values of
	 * these two trees, from all files of apt */
	struct strv config;
	/* Seconds since 1970 on the clock of the host; 0: never, or not known. */
	int64_t lists_time;	 /* the package lists were fetched */
	int64_t unattended_time; /* unattended-upgrade last ran */
	int64_t upgrade_time;	 /* apt-daily-upgrade last did its round */
	bool reboot_required;
	struct strv reboot_packages; /* which ask for it, may be empty */
	char *kernel_running;
	char *kernel_newest; /* installed, by version; NULL: none is (a container, or the provider's) */
	bool kernel_waits; /* newest is newer than running: the next boot brings it */
	bool upgradable_measured;
	size_t upgradable; /* packages that `apt-get upgrade` would change */
	bool pending_measured;
	struct strv pending; /* security updates: "openssl 3.0.11-1 -> 3.0.15-1" */
	char *zone;	     /* "Asia/Tokyo", "UTC": what a time in a policy means */
};

struct facts;
struct facts_query;

int facts_gather_updates(struct os *os, const struct facts_query *q, struct facts *f,
			 struct err *e);
/* Fills ret->config alone. 1: apt does not answer. */
int updates_read_config(struct os *os, struct updates_fact *ret, struct err *e);
void updates_fact_done(struct updates_fact *u);
/* The last value of a name, e.g. "APT::Periodic::Enable"; "" when it is not set. */
const char *updates_config(const struct updates_fact *u, const char *name);
/* All of a list, e.g. "Unattended-Upgrade::Origins-Pattern". */
void updates_config_list(const struct updates_fact *u, const char *name, struct strv *ret);
/* Would updates be looked for and installed by themselves, as apt is set up (timers aside)? */
bool updates_are_automatic(const struct updates_fact *u);

/* deb-version(7): < 0, 0, > 0. */
int deb_version_compare(const char *a, const char *b);
