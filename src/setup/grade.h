// SPDX-License-Identifier: MIT
/* grade.h - the audit of this host as audit and setup ask for it. */
#pragma once

#include "controls/audit.h"

/* policy_text: as stored, or NULL. Changes nothing; takes a second or two. */
int grade_host(struct os *os, const struct policy *policy, const char *policy_text,
	       struct audit *ret, struct err *e);
/* "F (root or a password gets in over SSH)", in words; malloc'd. */
char *grade_words(const struct audit *a);
