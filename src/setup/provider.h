// SPDX-License-Identifier: MIT
/*
 * provider.h - hosting companies: how each calls its packet filter and its console, and how a server of
 * theirs is known. Where nothing says whose it is the person is asked; it is never guessed.
 */
#pragma once

#include "core/facts.h"

struct provider {
	const char *title;   /* N_() */
	const char *filter;  /* N_(): what to click for a TCP port, "PORT" in its place */
	const char *console; /* N_(): what its console is called, and where it is */
	const char *limit;   /* N_(): what its filter cannot do, or NULL */
	unsigned port_max;   /* highest port that it can open, 0: all */
	const char *source;  /* where these words are from */
	/* What a server of theirs is known by, each NULL-ended, all optional: */
	const char *vendor[3];	  /* DMI: part of sys_vendor, bios_vendor or chassis_asset_tag */
	const char *cloud_id[3];  /* cloud-init's name of the datasource (cloud-id(1)) */
	const char *host_name[3]; /* end of the name that the server was given */
};

extern const struct provider providers[];
extern const size_t providers_count;

/* NULL: nothing says it. Reads files; asks nobody over the network. */
const struct provider *provider_detect(struct os *os, const struct facts *f);
/* What to click for that port, and what the filter cannot do; malloc'd. */
char *provider_filter(const struct provider *p, unsigned port);
