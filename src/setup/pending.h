// SPDX-License-Identifier: MIT
/*
 * pending.h - what waits for its proof, as the host tells it to the workstation that will prove it: a
 * line of JSON behind TERM_TELLS.
 */
#pragma once

#include "core/facts.h"
#include "core/txn.h"
#include "setup/provider.h"

struct pending {
	char *id;
	char *user;	      /* of the door to be proved */
	unsigned port;	      /* of the door */
	bool by_key;	      /* else by password, as an undo's door may be */
	bool sudo_asks;	      /* for a password */
	bool passwords;	      /* are taken by SSH then, by the policy */
	bool root;	      /* may log in then */
	const char *program;  /* where it is installed: one of the two places of core/plan.h */
	unsigned seconds;     /* of the window that are left */
	unsigned old_port[8]; /* of sshd now, that are no doors of the plan */
	size_t old_port_count;
	const struct provider *provider; /* by what the host says of itself; NULL: not known */
	struct strv
		address; /* of the host, that others may reach: neither loopback nor link-local */
};

void pending_done(struct pending *p);
#define CLEANUP_PENDING CLEANUP(pending_done)

void pending_tell(struct os *os, const struct txn *t, const struct facts *f);
/* ERR_FAILED where the text is not what pending_tell writes. */
int pending_read(const char *text, struct pending *ret, struct err *e);
