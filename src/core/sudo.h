// SPDX-License-Identifier: MIT
/* sudo.h - what sudo itself says somebody may do: being in its group is not the same (traps 21, 23). */
#pragma once

#include "os/os.h"

struct sudo_rights {
	bool all;      /* every command as root */
	bool nopasswd; /* without a password */
};

/* As `sudo -l -U user` answers. Needs root. A user, or a sudo, that is not there has no rights. */
int sudo_ask(struct os *os, const char *user, struct sudo_rights *ret, struct err *e);
