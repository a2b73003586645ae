// SPDX-License-Identifier: MIT
/* make_plan.h - policy file -> facts -> plan, as plan, apply, open, close and status need it. */
#pragma once

#include "core/facts.h"
#include "core/plan.h"
#include "core/policy.h"

struct made_plan {
	struct policy policy;
	char *policy_text; /* as it stands in the file */
	struct facts facts;
	struct plan plan;
};

void made_plan_done(struct made_plan *m);
#define CLEANUP_MADE CLEANUP(made_plan_done)

/* path NULL: the host's own policy. Sets the language that the policy asks for. */
int make_plan(struct os *os, const char *path, struct made_plan *ret, struct err *e);
/* The language that the stored policy asks for, if it can be read and asks for one. */
void use_language_of_host(struct os *os);
/* From a policy at hand, to be stored as POLICY_PATH when text is not NULL. Takes neither. */
int make_plan_of(struct os *os, const struct policy *policy, const char *text,
		 struct made_plan *ret, struct err *e);
/* What a person types is relative to where they are; the os knows no such place. malloc'd. */
char *absolute_path(const char *path);
