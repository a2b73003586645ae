// SPDX-License-Identifier: MIT
/* ssh_words.h - what every call of ssh(1) is made of; for host.c and login.c alone. */
#pragma once

#include "remote/host.h"

/* "ssh" and what holds always: nothing of the person's configuration may run a command or open a tunnel in what we do. */
void ssh_begin(const struct host *h, struct strv *v);
void ssh_add_way(const struct host *h, const struct way *w, struct strv *v);
/* The target for that user: a USER@ in it would win over -l. */
const char *ssh_target(const struct host *h, const char *user);
int ssh_exec(struct host *h, const struct strv *argv, const struct host_ask *ask,
	     struct run_result *ret, struct err *e);
