// SPDX-License-Identifier: MIT
/*
 * passwd.h - the account databases as lines: /etc/passwd, shadow, group, gshadow, subuid, subgid.
 *
 * Fields are separated by ':', members of a group by ','. Lines that are not understood (comments,
 * NIS entries) are kept as they are.
 */
#pragma once

#include "os/os.h"

/* The user's uid and primary group from /etc/passwd; ERR_FAILED when there is no such user. */
int passwd_ids(struct os *os, const char *user, uid_t *ret_uid, gid_t *ret_gid, struct err *e);
/* Field number `field` (from 0) of the line whose first field is `name`: malloc'd, or NULL. */
char *passwd_field(const char *text, const char *name, unsigned field);

/* The next line of such a database, taken apart in place; lines of another form are passed over. */
#define PASSWD_FIELDS 9
struct passwd_line {
	const char *field[PASSWD_FIELDS]; /* "" beyond the last one */
	size_t count;
};
bool passwd_next(char **rest, struct passwd_line *ret); /* false: at the end */

/* The name of the first user with this uid: malloc'd, or NULL. */
char *passwd_name_of(const char *text, uid_t uid);

/* Is user in the list of names of that group (the last field of its line)? */
bool passwd_group_has(const char *text, const char *group, const char *user);

/* All lines but those of the user; with that of `pre`, where it has one, in the place of the first.
 * For passwd, shadow, subuid and subgid. malloc'd. */
char *passwd_line_back(const char *now, const char *pre, const char *user);
/* The text of group or gshadow with the user's memberships as `pre` has them: those of one group, or
 * with `only` NULL of all, and then a group of the user's own name comes and goes as in pre too.
 * Other lines, and other members, stay as they are. malloc'd. */
char *passwd_groups_back(const char *now, const char *pre, const char *user, const char *only);
