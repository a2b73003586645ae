// SPDX-License-Identifier: MIT
/* apt.h - what apt.c, apt_facts.c and apt_unreached.c share; all others go through core/package_manager.h. */
#pragma once

#include "core/package_manager.h"

#define APT_LISTS   "/var/lib/apt/lists"
#define APT_ORIGINS "Unattended-Upgrade::Origins-Pattern"
#define APT_ALLOWED "Unattended-Upgrade::Allowed-Origins"

struct apt_package {
	char *name;
	const char *version; /* in the same allocation */
};

struct apt_packages {
	struct apt_package *item; /* by name */
	size_t count, room;
};

void apt_packages_done(struct apt_packages *p);
/* The installed packages of dpkg's database. */
int apt_installed(struct os *os, struct apt_packages *ret, struct err *e);
const struct apt_package *apt_package_find(const struct apt_packages *have, const char *name);

int apt_gather(struct os *os, const struct facts_query *q, struct facts *f, struct err *e);
int apt_read_config(struct os *os, struct updates_fact *ret, struct err *e);
int apt_sources(struct os *os, struct package_sources *ret, struct err *e);
int apt_unreached(struct os *os, const struct facts *f, struct strv *ret, struct err *e);
int apt_owners(struct os *os, const struct strv *paths, struct strv *ret, struct err *e);
