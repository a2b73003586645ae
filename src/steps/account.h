// SPDX-License-Identifier: MIT
/*
 * account.h - the kind "account": the admin user, its sudo group and its password.
 *
 * args: { "user": "taro", "create": true, "group": "sudo" | null, "password": "secret"|"none"|"keep",
 *	   "leave": true where the user shall leave the group instead }
 *
 * The host's own useradd, usermod and chpasswd do the work (its hash, its skeleton, its subordinate
 * ids). The password comes from step_ctx.secret by chpasswd's standard input and is nowhere else.
 *
 * undo: a database that is byte for byte what apply left is put back whole; else only the user's
 * own lines and memberships change back, and what others changed stays (outcome 0: nothing of
 * theirs was touched). A home that apply made is moved to TXN/displaced when it holds anything
 * that apply did not make (outcome 1 says so; a login's own droppings such as .bash_history or
 * .cache/motd.legal-displayed are moved without words). Nothing of a person is deleted.
 * A session that is logged in is not ended; its user has no name then.
 */
#pragma once

#include "core/step.h"

extern const struct step_kind step_account;

enum account_password {
	PASSWORD_KEEP,	 /* existing user: untouched */
	PASSWORD_NONE,	 /* new user: "*", so that keys work and passwords do not (trap 9) */
	PASSWORD_SECRET, /* from step_ctx.secret, which must be there when it is applied */
};

struct step_account_spec {
	const char *user;
	bool create;	   /* the plan saw no such user */
	const char *group; /* to be a member of: "sudo", "wheel"; NULL: none */
	bool leave;	   /* to be no member of it any more; not with create */
	enum account_password password;
};

/* A new reference. */
json_t *step_account_args(const struct step_account_spec *spec);
