// SPDX-License-Identifier: MIT
/* audit_now.h - an audit of this host as it is now, and the one that was kept for a later comparison. */
#pragma once

#include "controls/audit.h"
#include "report/audit_since.h"

/* By the daily round, and by `kannuki audit --keep`. */
#define AUDIT_KEPT "/var/lib/kannuki/audit/last.json"

/* With the policy at path, or NULL: the one of this host, or where it has none, the defaults. Who may not read that
 * one audits without it. ret_policy may be NULL. */
int audit_now(struct os *os, const char *path, struct policy *ret_policy, struct audit *ret,
	      struct err *e);
/* Keeps it as AUDIT_KEPT. */
int audit_keep(struct os *os, const struct audit *a, struct err *e);
/* A former audit: the file at path, or for "last" the one that was kept. ERR_USAGE where it is none, or not there;
 * with 1 no audit was kept yet, and *e says how to. */
int audit_former(struct os *os, const char *path, struct audit_since *ret, struct err *e);
