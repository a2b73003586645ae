// SPDX-License-Identifier: MIT
/*
 * fake_os.h - a host in memory for tests: files, tables of sockets and processes, programs that a
 * test writes as functions, clocks that a test moves, and a power supply that can be cut at every
 * call. It passes tests/contract like the real host.
 *
 * Functions that start with fake_ and take the host stand outside of it: they are no calls, are not
 * counted, work while the power is off, and abort when a test asks for something impossible.
 */
#pragma once

#include "os/os.h"

enum fake_op {
	FAKE_GET,
	FAKE_LIST,
	FAKE_PUT,
	FAKE_PROGRAM,
	FAKE_WRITE_AT,
	FAKE_RUN,
	FAKE_PROCESS,
	FAKE_ENVIRON,
	FAKE_SOCKETS,
	FAKE_PROCESS_SOCKETS,
	FAKE_ADDRESSES,
	FAKE_SSH_BANNER,
	FAKE_LOCK,
	FAKE_OP_COUNT
};

/* What becomes of the state-changing call (put, write_at, run) that meets the cut. */
enum fake_cut {
	FAKE_CUT_BEFORE, /* it does not happen */
	FAKE_CUT_AFTER,	 /* it happens, but nobody hears of it */
	FAKE_CUT_TORN,	 /* write_at: the first half reaches the disk; others: as before */
};

struct fake;

/* A program. Returns its exit status (and may fill ret->out, out_len, err with malloc'd text), or
 * -1 with *e when the run itself shall fail. It may change the host by fake_… and, when the cut shall
 * be able to meet it halfway, by calls on &f->os. */
typedef int fake_run_fn(struct fake *f, const struct run *r, struct run_result *ret, struct err *e);

struct fake_entry {
	char *path;
	struct node node;
};

struct fake_program {
	char *name;
	fake_run_fn *fn;
};

struct fake_process {
	struct process process;
	struct strv env;
	uint64_t *socket;
	size_t socket_count;
};

struct fake_lock {
	char *path;
	pid_t pid;
	int token; /* 0: held by another process */
};

struct fake_banner {
	uint16_t port;
	char *text;
};

struct fake {
	struct os os; /* first: give &f->os to what is tested */

	struct fake_entry *entry; /* sorted by path, "/" first */
	size_t entry_count;
	struct fake_program *program;
	size_t program_count;
	struct fake_process *process;
	size_t process_count;
	struct socket_info *socket;
	size_t socket_count;
	struct if_addr *address;
	size_t address_count;
	struct fake_lock *lock;
	size_t lock_count;
	struct fake_banner *banner;
	size_t banner_count;

	int64_t clock[3]; /* ns, by enum os_clock; sleep moves all */
	pid_t self;
	uid_t uid;
	void *arg; /* the test's own, for its programs */

	/* The supply. budget < 0 (so at first): never cut. Else that many state-changing calls get
	 * through, the next one meets the cut. */
	long budget;
	enum fake_cut cut;
	bool off;

	unsigned long calls;   /* of all operations that can fail */
	unsigned long changes; /* put, write_at, run */
	unsigned long count[FAKE_OP_COUNT];
	struct {
		unsigned long at; /* count[op] at which it fails; 0: never */
		int errnum;
		int64_t takes; /* so long, as a program that hangs until its limit */
	} fail[FAKE_OP_COUNT];

	struct strv ran;  /* every argv that was run, joined by blanks */
	struct str input; /* of the last program that was given any */
	int next_token;
	unsigned boots;
};

/* A host with the usual empty folders, uid 0, and a realtime of 2025-01-01. */
struct fake *fake_new(void);
void fake_free(struct fake *f);

/* --- files. Folders above are made (0755, root) where missing ------------------------------- */

void fake_put(struct fake *f, const char *path, const struct node *n);
void fake_file(struct fake *f, const char *path, const char *text, mode_t mode);
void fake_dir(struct fake *f, const char *path, mode_t mode);
void fake_link(struct fake *f, const char *path, const char *target);
/* With everything below it. */
void fake_remove(struct fake *f, const char *path);
/* What stands at a path (links above it are followed), NULL: nothing. Valid until the next change. */
const struct node *fake_node(struct fake *f, const char *path);
/* Text of a file, or "(none)". Valid until the next change. */
const char *fake_text(struct fake *f, const char *path);
/* Every entry as text (type, mode, owner, bytes, xattrs, and the time of files where asked for),
 * one a line, without `except` (NULL-ended list of paths) and what is below; malloc'd. */
char *fake_dump(struct fake *f, bool times, const char *const *except);

/* --- programs ------------------------------------------------------------------------------ */

/* argv[0] without its folder; NULL: every program that has no function. Without one: status 127.
 * A later function for the same name replaces the earlier one. */
void fake_on_run(struct fake *f, const char *name, fake_run_fn *fn);
/* The text that a program run by r sees at path: of r->stage, or of the host; "(none)". */
const char *fake_staged(struct fake *f, const struct run *r, const char *path);
/* Exit status 0 and no output. */
fake_run_fn fake_run_true;

/* --- processes, sockets -------------------------------------------------------------------- */

/* exe may be NULL. The process started now (OS_BOOTTIME). Valid until the next one is added. */
struct fake_process *fake_process_add(struct fake *f, pid_t pid, pid_t ppid, const char *exe);
struct fake_process *fake_process_find(struct fake *f, pid_t pid);
void fake_process_remove(struct fake *f, pid_t pid);
/* Listens at "0.0.0.0", "::" (v6only as given) or any other address. Returns the inode. */
uint64_t fake_listen(struct fake *f, const char *address, uint16_t port, pid_t pid);
uint64_t fake_socket_add(struct fake *f, const struct socket_info *s);
void fake_sockets_clear(struct fake *f);
void fake_address_add(struct fake *f, const char *ifname, const char *address, unsigned bits);
/* What ssh_banner hears on a port as long as something listens there; NULL: a silent listener. */
void fake_banner_set(struct fake *f, uint16_t port, const char *text);
/* Another process holds the lock, or lets it go (pid 0). */
void fake_lock_by(struct fake *f, const char *path, pid_t pid);

/* --- power, faults, time ------------------------------------------------------------------- */

/* From now on, `changes` state-changing calls get through. */
void fake_cut_after(struct fake *f, long changes, enum fake_cut cut);
/* A boot: /run, /tmp and locks are gone, CLOCK_MONOTONIC and BOOTTIME begin anew, boot_id is another
 * one. Processes, sockets and what runs are the test's business. */
void fake_power_on(struct fake *f);
/* Only our process died (SIGKILL): its locks are gone; calls work again for the next one. */
void fake_restart(struct fake *f);
/* The n-th call of op from now (1: the next one) fails with errnum, once. */
void fake_fail(struct fake *f, enum fake_op op, unsigned long nth, int errnum);
/* All clocks; REALTIME alone can be stepped by writing f->clock[OS_REALTIME]. */
void fake_advance(struct fake *f, int64_t ns);
