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

/*
 * `now` with what concerns `user` as it was in `pre`, line by line: the line of that name becomes
 * that of pre (or goes, or comes back), and with `groups` - the text is that of group or gshadow -
 * so do its memberships in the groups that pre has. Lines of others, and what others changed in
 * them, stay. A user with several lines (subuid) gets back the first. malloc'd.
 */
char *passwd_take_back(const char *now, const char *pre, const char *user, bool groups);
