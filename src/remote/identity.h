// SPDX-License-Identifier: MIT
/*
 * identity.h - the key with which the person will log in: one of the agent, one of ~/.ssh, or a new one. The
 * private half is never read by us: an agent signs, theirs or one of our own that ends with us.
 */
#pragma once

#include "core/policy.h"
#include "remote/host.h"

struct identity {
	struct pubkey key;
	char *line;	   /* "ssh-ed25519 BASE64 comment" */
	char *file;	   /* of the private key; NULL: only the agent has it */
	char *public_file; /* in h->folder: by which ssh asks the agent for it */
	char *agent;	   /* socket */
	struct piped own_agent;
	bool is_new;
};

void identity_done(struct identity *i);
#define CLEANUP_IDENTITY CLEANUP(identity_done)

struct identity_wish {
	const char *file;	     /* --identity: a private key or its .pub; NULL: to be found */
	const struct policy *policy; /* one of its keys, where it has some; may be NULL */
	bool asks;		     /* a person may choose, and have one made */
};

/* ~/.ssh of this user; malloc'd. */
char *ssh_folder(struct os *os);
/* ERR_USAGE where there is none that fits. */
int identity_choose(struct host *h, const struct identity_wish *wish, struct identity *ret,
		    struct err *e);
/* From now on logins by it ask nobody: ssh-add asks for the passphrase once, where it has one. */
int identity_unlock(struct host *h, struct identity *i, struct err *e);
