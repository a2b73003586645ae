// SPDX-License-Identifier: MIT
/*
 * run.h - kannuki setup USER@HOST: from a workstation over its own OpenSSH. The questions, facts, plan and
 * transaction are those of the host itself, whose program is sent there; the proof is a login from here.
 */
#pragma once

#include "os/os.h"

struct remote_wish {
	const char *target;	 /* "root@203.0.113.5" */
	const char *port;	 /* NULL: as ssh finds it */
	const char *host_key;	 /* a fingerprint that is known to be right, or NULL */
	const char *identity;	 /* file of the key to log in with, or NULL: found or asked */
	const char *policy_path; /* here; or NULL */
	const char *window;	 /* "10m"; NULL: the host's default */
	bool yes;		 /* no questions but passwords; needs a policy */
	bool secret_on_stdin;	 /* the admin's new password is a line of standard input */
};

/* An exit code, or < 0. */
int remote_setup(struct os *os, const struct remote_wish *wish, struct err *e);
