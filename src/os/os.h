// SPDX-License-Identifier: MIT
/*
 * os.h - everything the product asks of the host, and everything it changes there.
 *
 * The one seam: os/linux*.c is the real host, tests/lib/fake_os.c a host in memory on which the
 * power can be cut at every call. Both pass tests/contract. Nothing outside os/ makes a system
 * call that looks at or changes the host (writing to the own terminal and reading the own
 * standard input excepted).
 *
 * Paths are absolute and are resolved below the root of this os (a folder for tests, "/" else);
 * symbolic links inside them are followed as if that root were "/", the last part never is.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>
#include <time.h>

#include "base/err.h"
#include "base/str.h"
#include "os/addr.h"

struct os;

/* --- files ------------------------------------------------------------------------------- */

enum node_type { NODE_ABSENT, NODE_FILE, NODE_DIR, NODE_LINK, NODE_OTHER };

struct xattr {
	char *name;
	char *value; /* may hold NULs */
	size_t len;
};

/* What stands at a path: all that undo has to bring back. POSIX ACLs and SELinux labels are
 * xattrs here (system.posix_acl_*, security.selinux). */
struct node {
	enum node_type type;
	mode_t mode; /* 07777 part only */
	uid_t uid;
	gid_t gid;
	struct timespec mtime; /* of files; zero in a wanted node: leave it to the kernel */
	char *data;	       /* file: bytes, NUL-terminated beyond len; link: target; else NULL */
	size_t len;
	struct xattr *xattr; /* sorted by name */
	size_t xattr_count;
};

void node_done(struct node *n);
void node_copy(const struct node *from, struct node *ret);
/* Same type, mode, owner, bytes and xattrs; mtime does not count. */
bool node_eq(const struct node *a, const struct node *b);
/* Does the host's node say all that `told` does? As node_eq, but where `told` carries no SELinux
 * label the one that the host's policy gave does not count. os_put compares so. */
bool node_is(const struct node *found, const struct node *told);
#define CLEANUP_NODE CLEANUP(node_done)

#define OS_FILE_MAX ((size_t)8 << 20) /* larger files are refused: nothing we handle is */

/* --- programs ---------------------------------------------------------------------------- */

/* A file that a program shall see instead of what the host has, in a mount namespace of its own. */
struct run_stage {
	const char *path; /* below stage_dir */
	const char *data; /* NULL: shall not exist */
	mode_t mode;
};

struct run {
	const char *const *argv; /* argv[0] is looked up in the fixed PATH; never a shell */
	const char *input;	 /* standard input, or NULL for none (then /dev/null) */
	size_t input_len;
	unsigned timeout_ms;	/* 0: 30 s. At the limit the whole process group is killed */
	const char *const *env; /* NULL-ended NAME=value pairs added to the clean environment */
	const char *stage_dir;	/* e.g. "/etc/ssh", or NULL */
	const struct run_stage *stage; /* with stage_dir: the differences */
	size_t stage_count;
};

/* Clean environment: PATH, LANG=C.UTF-8, HOME=/root, and .env (which may replace these). A session
 * and process group of its own without a terminal, umask 022, folder "/", default signals,
 * descriptors beyond 2 closed. It is killed when we die. A child that ends but leaves a daemon with
 * our pipes open is waited for half a second longer; the daemon lives on. */
struct run_result {
	int status; /* exit status; 128 + N when killed by signal N; 127: no such program */
	bool timed_out;
	char *out, *err; /* at most 4 MiB each, the rest is dropped; NUL-terminated, never NULL */
	size_t out_len;
};

void run_result_done(struct run_result *r);
#define CLEANUP_RUN CLEANUP(run_result_done)

/* --- processes, sockets ------------------------------------------------------------------ */

#define OS_LOGINUID_UNSET UINT32_MAX

struct process {
	pid_t pid, ppid;
	uid_t uid, euid;
	uint32_t loginuid;	/* /proc/PID/loginuid; OS_LOGINUID_UNSET when unset or no audit */
	int64_t start_boottime; /* ns on CLOCK_BOOTTIME, 10 ms steps (proc(5) stat field 22) */
	char comm[16];
	bool stopped; /* by a signal (^Z, SIGSTOP) or a debugger */
	char *exe;    /* link target, "" where it may not be read; " (deleted)" cut off */
	char *cgroup; /* path in the unified tree (or systemd's named one), "" when unknown */
};

void process_done(struct process *p);
#define CLEANUP_PROCESS CLEANUP(process_done)

enum socket_kind { SOCKET_TCP_LISTEN, SOCKET_TCP_ESTABLISHED, SOCKET_UDP_BOUND };

/* From sock_diag(7). IPv4-mapped IPv6 addresses stay as the kernel gives them, with v6 true;
 * addr_unmap() normalises. */
struct socket_info {
	enum socket_kind kind;
	bool v6, v6only; /* v6only: as set on the socket (INET_DIAG_SKV6ONLY) */
	struct addr local, peer;
	uint16_t local_port, peer_port;
	char ifname[16]; /* bound device, or "" */
	uid_t uid;
	uint64_t inode;
	pid_t pid;     /* a process holding it (lowest pid), 0 when not to be seen */
	char comm[16]; /* of that process, or "" */
};

/* --- the operations ---------------------------------------------------------------------- */

enum os_clock { OS_REALTIME, OS_MONOTONIC, OS_BOOTTIME };

struct os_ops {
	/* What is at path. No such path (or a missing folder above it) is NODE_ABSENT and 0. */
	int (*get)(struct os *os, const char *path, struct node *ret, struct err *e);
	/* Names in a folder without . and .., in byte order. 1: no such folder. */
	int (*list)(struct os *os, const char *path, struct strv *ret, struct err *e);
	/* The one way to change what is at a path; see os_put(). */
	int (*put)(struct os *os, const char *path, const struct node *expect,
		   const struct node *want, struct err *e);
	/* The running program's own bytes (/proc/self/exe), as a node of mode 0755. */
	int (*program)(struct os *os, struct node *ret, struct err *e);
	/* Writes into an existing file at an offset and waits until it is on the disk. */
	int (*write_at)(struct os *os, const char *path, uint64_t offset, const void *data,
			size_t len, struct err *e);
	int (*run)(struct os *os, const struct run *r, struct run_result *ret, struct err *e);
	/* 1: no such process (any more). */
	int (*process)(struct os *os, pid_t pid, struct process *ret, struct err *e);
	/* SIGKILL to one process. 0 also when it is gone. */
	int (*kill)(struct os *os, pid_t pid, struct err *e);
	/* Environment of a process as NAME=value. 1: gone. */
	int (*environ)(struct os *os, pid_t pid, struct strv *ret, struct err *e);
	/* All TCP listeners, established TCP connections and bound UDP sockets, v4 and v6, in this
	 * network namespace. *ret is malloc'd; plain free(). */
	int (*sockets)(struct os *os, struct socket_info **ret, size_t *ret_count, struct err *e);
	/* Inodes of the sockets a process holds, of any family; plain free(). 1: gone. */
	int (*process_sockets)(struct os *os, pid_t pid, uint64_t **ret, size_t *ret_count,
			       struct err *e);
	/* Our own addresses with interface, loopback included; plain free(). */
	int (*addresses)(struct os *os, struct if_addr **ret, size_t *ret_count, struct err *e);
	/* Connects by TCP and reads the server's "SSH-…" line, which others may precede (RFC 4253
	 * 4.2), without its line end; where none comes in time (or the server hangs up) the first
	 * line that did. 1: nobody listens or no line came within timeout_ms. */
	int (*ssh_banner)(struct os *os, const struct addr *to, uint16_t port, unsigned timeout_ms,
			  char **ret, struct err *e);
	/* Takes an exclusive lock on a file, making it (0600) if need be; its folder must exist.
	 * 0 and *ret_token: held until os_unlock or process end; 1: another one held it for all of
	 * wait_ms, *ret_holder is its pid or 0. */
	int (*lock)(struct os *os, const char *path, unsigned wait_ms, int *ret_token,
		    pid_t *ret_holder, struct err *e);
	/* The same with a record lock (fcntl(2)) on all of a file that is there, as lckpwdf(3) takes it, and with no
	 * word of ours in it. *ret_token is -1 where there is no such file. */
	int (*hold)(struct os *os, const char *path, unsigned wait_ms, int *ret_token,
		    struct err *e);
	void (*unlock)(struct os *os, int token); /* -1: nothing */
	/* Who holds a record lock (fcntl(2)) on all or part of a file, as dpkg and rpm do. 0: nobody,
	 * or no such file; 1: held, *ret_holder is the pid, or 0 for one we cannot see. */
	int (*record_lock)(struct os *os, const char *path, pid_t *ret_holder, struct err *e);
	int64_t (*now)(struct os *os, enum os_clock clock); /* ns */
	void (*sleep)(struct os *os, unsigned ms);
	pid_t (*self)(struct os *os);
	uid_t (*uid)(struct os *os); /* effective */
};

struct os {
	const struct os_ops *ops;
};

/* The real host. root is "/" or a folder for tests (programs, sockets and processes are then
 * still the machine's). Close with os_linux_free. */
struct os *os_linux_new(const char *root, struct err *e);
void os_linux_free(struct os *os);

static inline int os_get(struct os *os, const char *path, struct node *ret, struct err *e)
{
	return os->ops->get(os, path, ret, e);
}

static inline int os_list(struct os *os, const char *path, struct strv *ret, struct err *e)
{
	return os->ops->list(os, path, ret, e);
}

/*
 * Makes path hold exactly `want`, atomically and durably; want->type NODE_ABSENT removes it.
 *
 * `expect` is what the plan saw there, or NULL for "whatever it is". If something else is found
 * (before or after the exchange) the host is left as found and the error is ERR_CONFLICT.
 * Files and links: a staged inode in the same folder with owner, mode, xattrs -> fsync ->
 * renameat2(RENAME_EXCHANGE) where supported (RENAME_NOREPLACE for a new name) -> the displaced
 * inode compared with expect, swapped back on a mismatch -> fsync of the folder. Folders: mkdir
 * or rmdir (ENOTEMPTY is a failure), mode and owner set. A leftover staged file of a killed run
 * (".NAME.kannuki~") is removed first. Idempotent: when the path holds `want` already nothing is
 * done and 0 returned, whatever `expect` says. No link on the way that is another user's than root's is
 * followed: ERR_CONFLICT.
 */
static inline int os_put(struct os *os, const char *path, const struct node *expect,
			 const struct node *want, struct err *e)
{
	return os->ops->put(os, path, expect, want, e);
}

/* NAME of ".NAME.kannuki~", what a killed os_put() or os_remove() of NAME left; any other name as it is. malloc'd. */
char *os_unstaged(const char *name);

static inline int os_write_at(struct os *os, const char *path, uint64_t offset, const void *data,
			      size_t len, struct err *e)
{
	return os->ops->write_at(os, path, offset, data, len, e);
}

static inline int os_run(struct os *os, const struct run *r, struct run_result *ret, struct err *e)
{
	return os->ops->run(os, r, ret, e);
}

static inline int os_process(struct os *os, pid_t pid, struct process *ret, struct err *e)
{
	return os->ops->process(os, pid, ret, e);
}

static inline int os_kill(struct os *os, pid_t pid, struct err *e)
{
	return os->ops->kill(os, pid, e);
}

static inline int os_environ(struct os *os, pid_t pid, struct strv *ret, struct err *e)
{
	return os->ops->environ(os, pid, ret, e);
}

static inline int os_sockets(struct os *os, struct socket_info **ret, size_t *ret_count,
			     struct err *e)
{
	return os->ops->sockets(os, ret, ret_count, e);
}

static inline int os_process_sockets(struct os *os, pid_t pid, uint64_t **ret, size_t *ret_count,
				     struct err *e)
{
	return os->ops->process_sockets(os, pid, ret, ret_count, e);
}

static inline int os_addresses(struct os *os, struct if_addr **ret, size_t *ret_count,
			       struct err *e)
{
	return os->ops->addresses(os, ret, ret_count, e);
}

static inline int os_ssh_banner(struct os *os, const struct addr *to, uint16_t port,
				unsigned timeout_ms, char **ret, struct err *e)
{
	return os->ops->ssh_banner(os, to, port, timeout_ms, ret, e);
}

static inline int64_t os_now(struct os *os, enum os_clock clock)
{
	return os->ops->now(os, clock);
}

static inline void os_sleep(struct os *os, unsigned ms)
{
	os->ops->sleep(os, ms);
}

static inline pid_t os_self(struct os *os)
{
	return os->ops->self(os);
}

static inline uid_t os_uid(struct os *os)
{
	return os->ops->uid(os);
}

static inline int os_lock(struct os *os, const char *path, unsigned wait_ms, int *ret_token,
			  pid_t *ret_holder, struct err *e)
{
	return os->ops->lock(os, path, wait_ms, ret_token, ret_holder, e);
}

static inline int os_hold(struct os *os, const char *path, unsigned wait_ms, int *ret_token,
			  struct err *e)
{
	return os->ops->hold(os, path, wait_ms, ret_token, e);
}

static inline void os_unlock(struct os *os, int token)
{
	os->ops->unlock(os, token);
}

static inline int os_record_lock(struct os *os, const char *path, pid_t *ret_holder, struct err *e)
{
	return os->ops->record_lock(os, path, ret_holder, e);
}

/* --- conveniences over the operations (os/os.c), the same for every implementation -------- */

/* As os_get, but a link at the end of the path is followed too, as open(2) would. */
int os_get_followed(struct os *os, const char *path, struct node *ret, struct err *e);
/* Text of a regular file. 1: absent or not a regular file, *ret untouched. */
int os_read(struct os *os, const char *path, char **ret, struct err *e);
/* A regular file with this text, mode and owner root (uid 0, gid 0). */
void node_file(struct node *ret, const char *text, mode_t mode);
/* Makes path a regular file with this text, whatever was there. */
int os_write(struct os *os, const char *path, const char *text, mode_t mode, struct err *e);
/* Removes path if it is there. */
int os_remove(struct os *os, const char *path, struct err *e);
/* Makes a folder (0700-style mode, root) if it is not there; the folders above must exist. */
int os_mkdir(struct os *os, const char *path, mode_t mode, struct err *e);
/* The running program's own bytes (/proc/self/exe), as a node of mode 0755. */
int os_program(struct os *os, struct node *ret, struct err *e);
/* Runs argv (NULL-ended list of words) with the default limit. 0: exit status 0. A program that
 * cannot be started, times out or exits otherwise is an error that quotes its last line of
 * stderr. ret may be NULL. */
int os_run_ok(struct os *os, const char *const *argv, struct run_result *ret, struct err *e);
#define ARGV(...) ((const char *const[]){ __VA_ARGS__, NULL })
