// SPDX-License-Identifier: MIT
/*
 * child.h - this program once more as another process, with just the descriptors that it is given.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <sys/types.h>

#include "base/err.h"

#define CHILD_FIRST_FD 3 /* what is given has numbers from here on, in its order */
#define CHILD_FDS      8

/* Two ends that belong together, for both directions; stream, or whole messages. */
int child_pair(bool messages, int ret[2], struct err *e);
/* One way: ret[0] is read, ret[1] written. */
int child_pipe(int ret[2], struct err *e);

/* argv[0] is but a name: the file is always our own. Standard output and error stay ours, standard input is empty;
 * of the environment only language and zone are kept. */
int child_start(const char *const *argv, const int *fd, size_t fds, pid_t *ret, struct err *e);
/* Becomes another program of the host, with output (a descriptor) as its standard output. Returns only on failure. */
int child_become(const char *const *argv, int output, struct err *e);
/* Starts that other program as a process beside us; *ret_fd reads what it writes. */
int child_start_other(const char *const *argv, int *ret_fd, pid_t *ret, struct err *e);
/* Waits until it ends: its status, 128 where a signal ended it. */
int child_wait(pid_t pid);
/* Becomes the program of that name that lies beside ours, or in /usr/local/sbin, with our environment. 1: there is none. */
int child_become_neighbour(const char *name, char *const *argv, struct err *e);
/* One that has ended: 1 and its pid, and in words how; 0: none. */
int child_ended(pid_t *ret, char ret_how[64]);
void child_kill(pid_t pid); /* SIGKILL */

/* A folder that is there afterwards, and the files in it, are that user's; its mode is 0700, or 0755 for open ones. Where
 * the folder is so already nothing is done. No link is followed. */
int child_folder(const char *path, uid_t owner, bool open_to_all, struct err *e);
/* 0 also where there is nothing to rename. */
int child_rename(const char *from, const char *to, struct err *e);
/* A unix socket at path that only our own user and root may connect to, listening. */
int child_listen(const char *path, struct err *e);
/* The other end of it. 1: nobody is there. */
int child_connect(const char *path, int *ret, struct err *e);

/* Blocks SIGHUP, SIGTERM, SIGINT, SIGCHLD, ignores SIGPIPE, and gives the first four as a signalfd(2). */
int child_signals(struct err *e);
/* The next signal, or 0. */
int child_signal(int fd);
