// SPDX-License-Identifier: MIT
/* policy_audit.h - the values of the section [audit]; for policy.c alone. Errors are policy_set's. */
#pragma once

#include "core/policy.h"

int policy_set_waive(struct policy *p, const char *value, struct err *e);
int policy_set_tell(struct policy *p, const char *value, struct err *e);
/* As they would be written, a line each; malloc'd. */
char *policy_waives_text(const struct policy *p);
