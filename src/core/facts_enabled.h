// SPDX-License-Identifier: MIT
/*
 * facts_enabled.h - what is enabled: it starts at boot, at a time, or when somebody connects; whose it is, and who uses
 * it.
 */
#pragma once

#include "base/str.h"
#include "os/os.h"

struct enabled_fact {
	char *unit; /* "cron.service", "dbus.socket", "logrotate.timer"; or a template, "getty@.service" */
	char *description;  /* "" of a template, as all that follows but path and package */
	char *active;	    /* ActiveState */
	char *path;	    /* its file */
	char *package;	    /* that brought the file; "": none did, or it was not asked */
	struct strv starts; /* what a socket, a timer or a path starts */
	struct strv with;   /* what starts it on demand */
	struct strv
		listen; /* "[::]:22 (Stream)", and of a service what it listens at outside: "22/tcp ::" */
	struct strv needed_by; /* units that would stop with it */
};

struct facts;
struct facts_query;

/* After the services. */
int facts_gather_enabled(struct os *os, const struct facts_query *q, struct facts *f,
			 struct err *e);
void enabled_fact_done(struct enabled_fact *u);
