// SPDX-License-Identifier: MIT
/* asked.h - one control on facts and policy of the test's own: what it finds, proposes, refuses. */
#pragma once

#include "controls/control.h"
#include "lib/fake_os.h"

struct asked {
	struct fake *fake;
	struct facts facts;
	struct policy policy;
	struct plan plan; /* what the last one that was asked has put into it */
	struct draft draft;
	struct finding found;
	struct err e;
};

/* Facts of root on a host with systemd, the policy's defaults. */
void asked_begin(struct asked *a);
void asked_end(struct asked *a);
#define CLEANUP_ASKED CLEANUP(asked_end)
/* Asks the control of that id anew, and what it would do. < 0: it refuses, or could not look; a->e says why. */
int asked_ask(struct asked *a, const char *id);
/* A value of the policy, which has to be a possible one. */
void asked_want(struct asked *a, const char *section, const char *name, const char *value);
