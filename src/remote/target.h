// SPDX-License-Identifier: MIT
/* target.h - the words by which a person names a host, as ssh(1) takes them: also an address in brackets, with a port or
 * as a URI, which people paste. */
#pragma once

#include "base/err.h"

/* "root@[2001:db8::1]:2222", "ssh://root@host:2222/", "host:2222" -> "root@2001:db8::1" and "2222" (NULL, as it came: no
 * port in it). All else is left as it is. ERR_USAGE for what is no host; malloc'd. */
int target_read(const char *text, char **ret_target, char **ret_port, struct err *e);
/* Without USER@; of the same string. */
const char *target_host(const char *target);
