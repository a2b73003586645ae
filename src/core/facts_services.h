// SPDX-License-Identifier: MIT
/*
 * facts_services.h - who listens to the outside: socket -> process -> unit, and who uses that unit.
 */
#pragma once

#include <stdbool.h>

#include "base/str.h"
#include "os/os.h"

struct service_fact {
	char *unit;	       /* "rpcbind.service"; "" for a program of no service */
	char *program;	       /* of the process that holds the socket */
	char *description;     /* of the unit, "" */
	char *active;	       /* ActiveState */
	char *enabled;	       /* UnitFileState */
	struct strv with;      /* what starts it on demand: "rpcbind.socket", "cups.path" */
	struct strv listen;    /* "111/tcp 0.0.0.0", "5353/udp ::": not on loopback */
	struct strv needed_by; /* active units that would stop with it */
	struct strv used_by;   /* connections, mounts; in words of a person */
	const char *kept_for;  /* N_(): why it may never be stopped, or NULL */
};

struct facts;
struct facts_query;

int facts_gather_services(struct os *os, const struct facts_query *q, struct facts *f,
			  struct err *e);
void service_fact_done(struct service_fact *s);
/* Of hardware that no VPS has: where a policy says auto they are asked about though they do not listen. NULL ends. */
extern const char *const services_for_no_vps[];
/* By "rpcbind", "rpcbind.service" or "rpcbind.socket"; NULL: none. */
const struct service_fact *facts_service(const struct facts *f, const char *name);
/* "/system.slice/cups.service/…" -> "cups.service"; "": what is in a login's scope is no service. malloc'd. */
char *service_of_cgroup(const char *cgroup);
/* N_(): what a unit is for that may never be stopped; NULL: it may. */
const char *service_kept_for(const char *unit);
/* Of what systemctl shows of a unit (RequiredBy, BoundBy, ConsistsOf): the units that need it, but `own`; targets use
 * nothing themselves. */
void service_needed_by(const char *block, const struct strv *own, struct strv *ret);
