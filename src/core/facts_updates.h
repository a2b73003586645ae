// SPDX-License-Identifier: MIT
/*
 * facts_updates.h - updates: which come by themselves, when they last did, what waits, whether a restart
 * is due. Of apt and dnf (core/package_manager.h); another package manager is "not measured".
 *
 * Cheap by choice: `apt-get -s upgrade` is 0.65 s of CPU for the 50 MB of lists of a Debian, so what
 * waits there is told from the security lists alone, by comparing versions as deb-version(7) says.
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "base/str.h"
#include "os/os.h"

struct package_manager;

/* Where packages come from, and what is installed: FILE:LINE, or the names of packages. */
struct package_sources {
	struct strv security;  /* that bring security updates */
	struct strv unchecked; /* whose signatures are not asked for */
	struct strv held;      /* packages that are kept back */
	struct strv broken;    /* packages that are half installed, or twice */
};
void package_sources_done(struct package_sources *s);

struct updates_fact {
	const struct package_manager *manager; /* NULL: none that is known */
	bool measured;			       /* it was asked */
	bool unattended; /* what brings updates by itself is installed: manager->automatic */
	/* "APT::Periodic::Enable=1", "Unattended-Upgrade::Origins-Pattern::=…": the effective values of
	 * these two trees, from all files of apt; "commands.apply_updates=yes" of dnf-automatic */
	struct strv config;
	struct strv timers; /* units that have to run for updates to come by themselves */
	bool reboot_known;  /* it can be told to restart the host */
	/* Seconds since 1970 on the clock of the host; 0: never, or not known. */
	int64_t lists_time;	 /* the package lists were fetched */
	int64_t unattended_time; /* unattended-upgrade last ran; of dnf not known */
	int64_t upgrade_time;	 /* the timer's last round: apt-daily-upgrade, dnf-automatic */
	bool reboot_required;
	struct strv reboot_packages; /* which ask for it, may be empty */
	char *kernel_running;
	char *kernel_newest; /* installed, by version; NULL: none is (a container, or the provider's) */
	bool kernel_waits; /* newest is newer than running: the next boot brings it */
	bool upgradable_measured;
	size_t upgradable; /* packages that an update of all would change */
	struct strv
		kept; /* names of those it would leave though there is a newer version; of apt */
	bool pending_measured;
	struct strv pending;		/* security updates: "openssl 3.0.11-1 -> 3.0.15-1" */
	struct package_sources sources; /* asked with pending */
	char *restart_at; /* "04:00": our own timer restarts the host where that is due; NULL: nobody does */
	char *zone; /* "Asia/Tokyo", "UTC": what a time in a policy means */
};

struct facts;
struct facts_query;

int facts_gather_updates(struct os *os, const struct facts_query *q, struct facts *f,
			 struct err *e);
void updates_fact_done(struct updates_fact *u);
/* The last value of a name, e.g. "APT::Periodic::Enable"; "" when it is not set. */
const char *updates_config(const struct updates_fact *u, const char *name);
/* All of a list, e.g. "Unattended-Upgrade::Origins-Pattern". */
void updates_config_list(const struct updates_fact *u, const char *name, struct strv *ret);
/* Would updates be looked for and installed by themselves, as it is set up (timers aside)? */
bool updates_are_automatic(const struct updates_fact *u);

/* 1: something is at this path. */
int updates_is_there(struct os *os, const char *path, struct err *e);
/* The later of *ret and the time of what is there; as it was where nothing is. */
int updates_time_of(struct os *os, const char *path, int64_t *ret, struct err *e);

/* deb-version(7): < 0, 0, > 0. */
int deb_version_compare(const char *a, const char *b);
