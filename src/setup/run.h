// SPDX-License-Identifier: MIT
/* run.h - kannuki setup: the questions on a terminal, then what the answers ask for. */
#pragma once

#include "os/os.h"

struct setup_wish {
	const char *policy_path; /* NULL: starts from the stored policy, if there is one */
	const char *key;	 /* a public key to begin with, as pasted; or NULL */
	unsigned window_seconds; /* 0: the default */
	bool yes;		 /* the policy is carried out without questions */
	bool non_interactive;	 /* nobody is there: what is not given is an error, never guessed */
	bool secret_on_stdin;
	bool tells; /* what waits for its proof is told to the far end (pending.h), which proves it */
};

/* With a transaction under way: its card and live line instead. An exit code, or < 0. */
int setup_run(struct os *os, const struct setup_wish *wish, struct err *e);
