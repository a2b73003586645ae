// SPDX-License-Identifier: MIT
/*
 * stop-at.c - runs a program and stops it for good right after a certain record of the transaction's
 * journal is on the disk: how the lab puts a power cut exactly between two steps. Runs in a VPS,
 * around the program as it is (ptrace): nothing in the product knows of it.
 *
 *   stop-at RECORD COUNT SIGN PROGRAM [ARGUMENT...]
 *
 * RECORD is the number of its type (core/journal.h): the program stands still as soon as the journal
 * that ACTIVE names holds COUNT of them and the call that synced the last one has returned. Then the
 * file SIGN is made with our process id; SIGUSR1 lets it go on, SIGTERM ends both. A program that never
 * comes so far is only watched.
 */
#include <endian.h>
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ptrace.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "core/journal.h"

#define TXN "/var/lib/kannuki/txn"

static void die(const char *what)
{
	fprintf(stderr, "stop-at: %s: %s\n", what, strerror(errno));
	exit(125);
}

/* How many records of this type the journal of the transaction under way holds. */
static unsigned records(uint32_t type)
{
	char id[64] = "", path[sizeof(TXN) + sizeof(id) + 8];
	unsigned char slot[JOURNAL_SLOT];
	unsigned n = 0;
	FILE *f = fopen(TXN "/ACTIVE", "re");

	if (!f)
		return 0;
	if (fscanf(f, "%63s", id) != 1)
		id[0] = '\0';
	fclose(f);
	snprintf(path, sizeof(path), TXN "/%s/log", id);
	f = fopen(path, "re");
	if (!f)
		return 0;
	while (fread(slot, sizeof(slot), 1, f) == 1) {
		uint32_t got;

		memcpy(&got, slot + 8,
		       sizeof(got)); /* behind the magic and the number of the slot */
		n += memcmp(slot, "KNJ", 3) == 0 && le32toh(got) == type;
	}
	fclose(f);
	return n;
}

/* Our end is the program's, also to PID 1, to whom an end by SIGTERM is no failure. */
static int ended(int status)
{
	sigset_t none;

	if (WIFEXITED(status))
		return WEXITSTATUS(status);
	sigemptyset(&none);
	sigprocmask(SIG_SETMASK, &none, NULL);
	raise(WTERMSIG(status));
	return 128 + WTERMSIG(status);
}

/* SIGTERM was held back until now: PID 1 ends the watchers of a transaction while they finish it. */
static int stand_still(const char *sign, pid_t child)
{
	int fd = open(sign, O_WRONLY | O_CREAT | O_CLOEXEC, 0600), status, got = 0;
	sigset_t wanted;

	if (fd < 0)
		die(sign);
	dprintf(fd, "%d\n", (int)getpid());
	close(fd);
	sigemptyset(&wanted);
	sigaddset(&wanted, SIGTERM);
	sigaddset(&wanted, SIGUSR1);
	if (sigwait(&wanted, &got) != 0 || got == SIGTERM)
		exit(128 + SIGTERM); /* and the kernel kills the one that stands still */
	if (ptrace(PTRACE_DETACH, child, 0, 0) < 0 || waitpid(child, &status, 0) < 0)
		die("go on");
	return ended(status);
}

static bool synced(pid_t child)
{
	struct __ptrace_syscall_info info = { 0 };
	static uint64_t call;

	if (ptrace(PTRACE_GET_SYSCALL_INFO, child, sizeof(info), &info) < 0)
		die("syscall info");
	if (info.op == PTRACE_SYSCALL_INFO_ENTRY)
		call = info.entry.nr;
	return info.op == PTRACE_SYSCALL_INFO_EXIT && (call == SYS_fdatasync || call == SYS_fsync);
}

static int watch(pid_t child, uint32_t type, unsigned count, const char *sign)
{
	int status, signal = 0;

	if (waitpid(child, &status, 0) < 0 ||
	    ptrace(PTRACE_SETOPTIONS, child, 0, PTRACE_O_TRACESYSGOOD | PTRACE_O_EXITKILL) < 0)
		die("trace");
	for (;;) {
		if (ptrace(PTRACE_SYSCALL, child, 0, signal) < 0 || waitpid(child, &status, 0) < 0)
			die("trace");
		if (!WIFSTOPPED(status))
			return ended(status);
		signal = WSTOPSIG(status);
		if (signal == (SIGTRAP | 0x80)) {
			signal = 0;
			if (synced(child) && records(type) >= count)
				return stand_still(sign, child);
		}
	}
}

int main(int argc, char **argv)
{
	sigset_t held, before;
	pid_t child;

	if (argc < 5) {
		fprintf(stderr, "usage: stop-at RECORD COUNT SIGN PROGRAM [ARGUMENT...]\n");
		return 125;
	}
	sigemptyset(&held);
	sigaddset(&held, SIGTERM);
	sigaddset(&held, SIGUSR1);
	sigprocmask(SIG_BLOCK, &held, &before);
	child = fork();
	if (child < 0)
		die("fork");
	if (child == 0) {
		sigprocmask(SIG_SETMASK, &before, NULL);
		ptrace(PTRACE_TRACEME, 0, 0, 0);
		execvp(argv[4], argv + 4);
		die(argv[4]);
	}
	return watch(child, (uint32_t)strtoul(argv[1], NULL, 10),
		     (unsigned)strtoul(argv[2], NULL, 10), argv[3]);
}
