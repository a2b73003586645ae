// SPDX-License-Identifier: MIT
/* linux.h - what the files of the real host share; not for others. */
#pragma once

#include <sys/socket.h>

#include "os/os.h"

struct os_linux {
	struct os os;
	int root;      /* O_PATH descriptor of the root folder */
	bool is_slash; /* it is "/" */
};

static inline struct os_linux *linux_of(struct os *os)
{
	return (struct os_linux *)os;
}

int linux_get(struct os *os, const char *path, struct node *ret, struct err *e);
int linux_list(struct os *os, const char *path, struct strv *ret, struct err *e);
int linux_put(struct os *os, const char *path, const struct node *expect, const struct node *want,
	      struct err *e);
int linux_write_at(struct os *os, const char *path, uint64_t offset, const void *data, size_t len,
		   struct err *e);
int linux_program(struct os *os, struct node *ret, struct err *e);
int linux_run(struct os *os, const struct run *r, struct run_result *ret, struct err *e);
int linux_process(struct os *os, pid_t pid, struct process *ret, struct err *e);
int linux_kill(struct os *os, pid_t pid, struct err *e);
int linux_environ(struct os *os, pid_t pid, struct strv *ret, struct err *e);
int linux_process_sockets(struct os *os, pid_t pid, uint64_t **ret, size_t *ret_count,
			  struct err *e);
int linux_sockets(struct os *os, struct socket_info **ret, size_t *ret_count, struct err *e);
int linux_addresses(struct os *os, struct if_addr **ret, size_t *ret_count, struct err *e);
int linux_ssh_banner(struct os *os, const struct addr *to, uint16_t port, unsigned timeout_ms,
		     char **ret, struct err *e);
int linux_lock(struct os *os, const char *path, unsigned wait_ms, int *ret_token, pid_t *ret_holder,
	       struct err *e);
int linux_hold(struct os *os, const char *path, unsigned wait_ms, int *ret_token, struct err *e);
int linux_record_lock(struct os *os, const char *path, pid_t *ret_holder, struct err *e);

/* Opens path below the root; flags always get O_CLOEXEC. < 0 with errno set. */
int linux_open(struct os *os, const char *path, int flags);
/* Opens the folder that holds path's last part, and points *ret_name at that part of path. ELOOP where a link
 * that is neither root's nor ours is on the way. */
int linux_open_parent(struct os *os, const char *path, const char **ret_name);
/* For connect(2); returns its length. */
socklen_t sockaddr_of(const struct addr *to, uint16_t port, struct sockaddr_storage *ret);
/* All of an open file, at most OS_FILE_MAX bytes. */
int read_all(int fd, char **ret, size_t *ret_len);
/* /proc/PID/NAME as text. 1: gone. */
int read_proc(pid_t pid, const char *name, char **ret, size_t *ret_len, struct err *e);
