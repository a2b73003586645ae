// SPDX-License-Identifier: MIT
/*
 * confine.h - a process gives up for ever what it does not need: user, capabilities, files (Landlock), system calls
 * (seccomp).
 *
 * All or nothing: who goes on after a failure has what it should not have, so callers end. Only Landlock may be
 * missing, on kernels before 5.13 or without it: then files are guarded by the user alone.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#include "base/err.h"

#define CONFINE_GROUPS 8

enum { CONFINE_READ = 1, CONFINE_WRITE = 2, CONFINE_EXECUTE = 4 };

/* With all that is below it. One that is not there is passed over. */
struct confine_path {
	const char *path;
	unsigned may; /* CONFINE_ */
};

enum confine_when {
	CONFINE_ALWAYS,
	CONFINE_ARG_IS,	   /* argument `arg` is exactly value */
	CONFINE_ARG_LACKS, /* it has none of the bits of value */
};

struct confine_call {
	int number; /* SYS_; < 0 where this machine has none */
	enum confine_when when;
	unsigned arg;
	uint32_t value;
};

struct confine {
	uid_t uid;
	gid_t gid;
	gid_t group[CONFINE_GROUPS];
	size_t groups;
	uint64_t
		capabilities; /* bit N: CAP_ number N stays; CAP_DAC_READ_SEARCH only with Landlock */
	const struct confine_path *path;
	size_t paths;
	/* What is not named fails with EPERM; to execute, to trace, or calls of another machine kill. */
	const struct confine_call *call;
	size_t calls;
	/* In place of the calls: it will become another program, and only what no program of that kind needs
	 * (sockets, mounts, tracing, modules, namespaces) is taken. */
	bool becomes_program;
};

/* 1: done, but this kernel has no Landlock. */
int confine(const struct confine *c, struct err *e);
