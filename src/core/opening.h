// SPDX-License-Identifier: MIT
/*
 * opening.h - what the packet filter lets in: templates (ssh, web, …) and custom ports.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/err.h"
#include "base/str.h"
#include "os/addr.h"

enum transport { TRANSPORT_TCP, TRANSPORT_UDP };

struct port_range {
	enum transport transport;
	uint16_t from, to; /* 1..65535, from <= to */
};

/* A template: what a person calls a service. "ssh" has no ports here: they are sshd's. */
struct opening_template {
	const char *name;
	const char *title; /* N_() */
	struct port_range range[8];
	size_t count;
};

extern const struct opening_template opening_templates[];
extern const size_t opening_templates_count;
const struct opening_template *opening_template_find(const char *name); /* NULL: none */

struct opening {
	const struct opening_template *tpl; /* NULL: custom */
	struct port_range range;	    /* custom only */
	bool has_source;
	struct prefix source;
};

/* "web", "ssh", "8080/tcp", "60000-61000/udp from 203.0.113.0/24", "web from …". ERR_USAGE says
 * what is allowed and the nearest template. */
int opening_parse(const char *text, struct opening *ret, struct err *e);
char *opening_text(const struct opening *o); /* as it would be written; malloc'd */
bool opening_eq(const struct opening *a, const struct opening *b);
/* Does it let this port in (from anywhere at all)? */
bool opening_holds(const struct opening *o, enum transport t, uint16_t port);
