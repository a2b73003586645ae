// SPDX-License-Identifier: MIT
/* dnf.h - what dnf.c and dnf_facts.c share; all others go through core/package_manager.h. */
#pragma once

#include "core/package_manager.h"

/* The host's own lines; of dnf5 the package's come first. */
#define DNF_AUTOMATIC_CONF  "/etc/dnf/automatic.conf"
#define DNF5_AUTOMATIC_CONF "/usr/share/dnf5/dnf5-plugins/automatic.conf"

/* Installs whatever the configuration says. */
#define DNF_INSTALL_TIMER "dnf-automatic-install.timer"

/* 1: the program dnf is of the fifth series. */
int dnf_is_5(struct os *os, struct err *e);
int dnf_gather(struct os *os, const struct facts_query *q, struct facts *f, struct err *e);
int dnf_read_config(struct os *os, struct updates_fact *ret, struct err *e);
int dnf_sources(struct os *os, struct package_sources *ret, struct err *e);
int dnf_unreached(struct os *os, const struct facts *f, struct strv *ret, struct err *e);
int dnf_owners(struct os *os, const struct strv *paths, struct strv *ret, struct err *e);

/* Of a line "key = value" of a section of an INI file; a line that goes on from the one before it is no line of its own.
 * Ends where it returns other than 0, with that. */
typedef int dnf_line_fn(void *arg, const char *section, unsigned line, const char *key,
			const char *value);
int dnf_walk(const char *text, dnf_line_fn *fn, void *arg);
