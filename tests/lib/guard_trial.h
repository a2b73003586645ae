// SPDX-License-Identifier: MIT
/*
 * guard_trial.h - the guard as it runs, in a network of its own (tun.h), with a log that a test writes into. The test
 * program is the guard itself: it starts itself anew for each of its processes.
 */
#pragma once

#include <sys/types.h>

#include "guard/roles.h"
#include "lib/t.h"
#include "os/ban_table.h"

struct guard_trial {
	char folder[64], config[96], state[96], run[96], log[96];
	struct os *os;
	struct guard_places places;
	struct ban_table *table; /* to look into the kernel */
	struct err e;
	pid_t pid; /* of the guard's parent, 0: it does not run */
};
extern struct guard_trial trial;

/* What main() is. */
int guard_trial_main(int argc, char **argv, const struct t_case *cases, size_t count);

/* The jail "x": three failures in ten minutes, and these lines. "bad ADDRESS" is a failure. */
void guard_set_jail(const char *more);
void guard_write(const char *path, const char *text);
void guard_forget_all(void); /* nothing runs, is remembered or banned */
bool guard_start(void);	     /* until systemd is told that it is ready */
int guard_stop(int signal);  /* its status */
/* What systemd is told begins so; false: not within that time. */
bool guard_is_told(const char *what, int timeout_ms);
void guard_hear_out(void);

void guard_fails(const char *who, unsigned times);
void guard_fails_in(const char *log, const char *who, unsigned times);
bool guard_is_banned(const char *who);
bool guard_soon_banned(const char *who);
bool guard_never_banned(const char *who); /* long enough that it would have happened */
/* The answer to one line at the control socket, until the next. */
const char *guard_ask(const char *fmt, ...) PRINTF_LIKE(1, 2);
bool guard_says(const char *answer, const char *text);
bool guard_socket_answers(void);
