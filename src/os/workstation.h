// SPDX-License-Identifier: MIT
/*
 * workstation.h - what setup from a workstation needs of the machine of the person, beside struct os: programs
 * that talk with the person (ssh and ssh-keygen ask for passwords themselves), one that talks with us while it
 * runs, and a folder of our own.
 */
#pragma once

#include <stdbool.h>
#include <sys/types.h>

#include "base/err.h"

/* Runs it with our terminal and environment. *ret_status as of os_run; ^C is the program's while it runs. */
int run_attached(const char *const *argv, int *ret_status, struct err *e);

/* A program whose standard input and output are ours; its errors go where ours go. */
struct piped {
	pid_t pid; /* 0: none */
	int to, from;
};

enum piped_terminal {
	PIPED_APART, /* a process group of its own: it does not ask at the terminal, and ^C is ours alone */
	PIPED_ASKS, /* may ask at the terminal; ^C does not end it, but is ours */
};
/* It dies with us, however we die. */
int piped_start(const char *const *argv, enum piped_terminal terminal, struct piped *ret,
		struct err *e);
/* Its next line without the newline, malloc'd. 1: it has ended, or ^C was pressed (term_stopped()). */
int piped_line(struct piped *p, char **ret);
void piped_hang_up(struct piped *p); /* its input ends */
int piped_end(struct piped *p); /* waits for its end; status as of os_run, 0 where there is none */
void piped_kill(struct piped *p);
/* Its input ends; killed where it has not ended by that after `ms`. */
void piped_leave(struct piped *p, unsigned ms);

/* A folder for this user alone (0700), below $XDG_RUNTIME_DIR or /tmp. It goes with this process, also when that is
 * killed: a process of its own waits for the end. Only files and sockets lie in it. */
struct private_folder {
	char *path; /* NULL: none */
	pid_t keeper;
	int alive; /* the keeper sees when it is closed */
};
int private_folder_make(struct private_folder *ret, struct err *e);
void private_folder_remove(struct private_folder *f);
/* Does somebody take connections at this socket? It is there a moment before that. */
bool socket_answers(const char *path);
/* Where the running program lies, and the machine it runs on as uname(1) -m says it; malloc'd. */
char *program_path(void);
char *machine_name(void);
