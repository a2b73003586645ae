// SPDX-License-Identifier: MIT
/*
 * facts_bans.h - which jails of fail2ban there are and at which ports they ban, as the running server says.
 */
#pragma once

#include "os/os.h"

struct facts;
struct facts_query;

struct ban_action {
	char *name;
	char *ports; /* as set: "ssh", "22,2222", "0:65535"; "" where it has none: all ports */
};

struct ban_jail {
	char *name;
	struct ban_action *action;
	size_t action_count;
};

/* What fail2ban.service has, where it is active; of more than BAN_JAILS nothing is measured. */
#define BAN_JAILS 32
struct bans_fact {
	bool measured; /* false also where it does not run */
	struct ban_jail *jail;
	size_t jail_count;
};

void bans_fact_done(struct bans_fact *b);

/* Fills f->bans where q asks for it; needs the units. fail2ban that runs and does not answer is not
 * measured. */
int facts_gather_bans(struct os *os, const struct facts_query *q, struct facts *f, struct err *e);

/* What `fail2ban-client get JAIL action ACTION port` says now; malloc'd. 1: no such property. */
int ban_ports_now(struct os *os, const char *jail, const char *action, char **ret, struct err *e);
/* The addresses and networks that a jail never bans, one an item. 1: fail2ban does not answer. */
int ban_ignored_now(struct os *os, const char *jail, struct strv *ret, struct err *e);
/* Whom a jail has banned now, as `fail2ban-client get JAIL banip --with-time` prints them: an address, since when,
 * for how long and until when, a line each; malloc'd. 1: fail2ban does not answer. */
int ban_addresses_now(struct os *os, const char *jail, char **ret, struct err *e);

/* Is the port one of these? Names as in jail.conf(5); of names only ssh is known. */
bool ban_ports_hold(const char *ports, unsigned port);
/* Is it there to ban who knocks at SSH? By its name, or since it names SSH's port itself. */
bool ban_jail_guards_ssh(const struct ban_jail *j);
