// SPDX-License-Identifier: MIT
/* policy_guard.h - the values of the section [guard]; for policy.c alone. Errors are policy_set's. */
#pragma once

#include "core/policy.h"

int policy_set_span(struct policy *p, const struct policy_key *k, const char *value, struct err *e);
/* Whether there is such a jail the guard itself knows. */
int policy_set_jails(struct policy *p, const char *value, struct err *e);
int policy_set_ignores(struct policy *p, const char *value, struct err *e);
/* In the largest unit that is exact: "10m", "1h"; malloc'd. */
char *policy_span_text(unsigned seconds);
/* What is said of a guard that is not enabled. */
void policy_warn_of_guard(const struct policy *p, struct strv *ret_warnings);
