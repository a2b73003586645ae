// SPDX-License-Identifier: MIT
/*
 * trace.c - trace [-k N [-f FAULT | -c MODE]] [-m "NAME CALL"] [-s SOCKET] [-o FILE] [--] PROGRAM ARGUMENT...
 *
 * Runs a program and counts the system calls that change something, its own and those of all it
 * starts, in the order in which they are entered. With -k N all of them get SIGKILL at the entry
 * of the N-th: that call is not carried out any more. FILE gets one line a call: number, "self" or
 * the child's name, the call, what it is about. Without -k the program runs to its end.
 * With -f the N-th call fails instead, by the name of an error (ENOSPC), and all goes on; "short": of
 * what it shall write only half is written, where it writes at all, else it fails with EINTR; "full":
 * before that call the disk is filled to its last byte, as another process might, and stays so.
 * With -c only the programs are counted that PROGRAM itself starts, and the N-th is killed before it has done
 * anything ("killed"), or child.c takes its place and behaves as MODE says.
 *
 * With -m only such calls are counted ("self pwrite").
 * With -s each line also goes to that socket, and the call waits until a byte comes back: 'k' kills.
 *
 * What changes nothing outlives a kill and is not counted: pipes, terminals, /dev, files opened for
 * reading, netlink that only asks (sock_diag, routes), TCP, mount namespaces of a child's own. seccomp stops only at the calls
 * listed below, so that what is not traced runs at full speed.
 *
 * Ends with the program's status; 137 (killed itself) after a kill.
 */
#include <errno.h>
#include <fcntl.h>
#include <linux/audit.h>
#include <linux/filter.h>
#include <linux/netfilter/nfnetlink.h>
#include <linux/netlink.h>
#include <linux/seccomp.h>
#include <signal.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/ptrace.h>
#include <sys/socket.h>
#include <sys/uio.h>
#include <sys/un.h>
#include <sys/user.h>
#include <sys/wait.h>
#include <unistd.h>

#include "calls.h"

#define COUNT(a)  (sizeof(a) / sizeof((a)[0]))
#define PIDS_MAX  512
#define NEW_FLAGS (O_WRONLY | O_RDWR | O_CREAT | O_TRUNC | O_APPEND)

static pid_t tracees[PIDS_MAX];
static size_t tracee_count;
static pid_t self_pid; /* the program itself */
static unsigned long counted, kill_at;
static int fault; /* the error that takes the place of the kill; 0: none */
static bool fault_is_short, fault_is_full;
static const char *child_mode; /* only programs that are started count, and this comes over one */
static const char *only;       /* name and call: no others count */
static FILE *out;
static int asked = -1; /* who is asked at each call whether it may go on */

static const struct {
	const char *name;
	int number;
} faults[] = {
	{ "ENOSPC", ENOSPC }, { "EIO", EIO },	  { "EDQUOT", EDQUOT }, { "EROFS", EROFS },
	{ "ENOMEM", ENOMEM }, { "EINTR", EINTR }, { "short", EINTR },	{ "full", ENOSPC },
};

static void die(const char *what)
{
	perror(what);
	exit(125);
}

/* --- the set of processes --------------------------------------------------------------------- */

static void add_tracee(pid_t pid)
{
	for (size_t i = 0; i < tracee_count; i++)
		if (tracees[i] == pid)
			return;
	if (tracee_count == PIDS_MAX) {
		fprintf(stderr, "trace: more than %d processes\n", PIDS_MAX);
		exit(125);
	}
	tracees[tracee_count++] = pid;
}

static void drop_tracee(pid_t pid)
{
	for (size_t i = 0; i < tracee_count; i++)
		if (tracees[i] == pid)
			tracees[i] = tracees[--tracee_count];
}

static void kill_all(void)
{
	fflush(out);
	for (size_t i = 0; i < tracee_count; i++)
		kill(tracees[i], SIGKILL);
	while (waitpid(-1, NULL, __WALL) > 0 || errno == EINTR)
		;
	signal(SIGKILL, SIG_DFL);
	kill(getpid(), SIGKILL);
}

/* --- what a call is about --------------------------------------------------------------------- */

static void read_text(pid_t pid, unsigned long long at, char *ret, size_t size)
{
	struct iovec to = { ret, size - 1 };
	struct iovec from = { (void *)(uintptr_t)at, size - 1 };
	ssize_t n = -1;

	/* The text may end just before memory that is not there. */
	for (; from.iov_len > 0 && n < 0; from.iov_len /= 2) {
		to.iov_len = from.iov_len;
		n = process_vm_readv(pid, &to, 1, &from, 1, 0);
	}
	ret[n > 0 ? n : 0] = '\0';
	for (char *p = ret; *p; p++)
		if (*p < ' ')
			*p = '?';
}

static bool read_from(pid_t pid, uint64_t at, void *ret, size_t size)
{
	struct iovec to = { ret, size };
	struct iovec from = { (void *)(uintptr_t)at, size };

	return process_vm_readv(pid, &to, 1, &from, 1, 0) == (ssize_t)size;
}

/* nft changes the ruleset in batches; all else that it sends only asks. */
static bool is_batch(pid_t pid, const struct call *c, const uint64_t *arg)
{
	struct nlmsghdr head = { 0 };
	struct msghdr message = { 0 };
	struct iovec part = { 0 };
	uint64_t at = arg[1];

	if (c->nr == SYS_sendmsg) {
		if (!read_from(pid, arg[1], &message, sizeof(message)) ||
		    !read_from(pid, (uintptr_t)message.msg_iov, &part, sizeof(part)))
			return true;
		at = (uintptr_t)part.iov_base;
	}
	return !read_from(pid, at, &head, sizeof(head)) || head.nlmsg_type == NFNL_MSG_BATCH_BEGIN;
}

/* A socket of the program's: does sending on it change anything that lives on? */
static bool socket_acts(pid_t pid, const struct call *c, const uint64_t *arg, char *ret,
			size_t size)
{
	int domain = 0, protocol = 0, fd = (int)arg[0], pidfd, mine;
	socklen_t len = sizeof(int);

	pidfd = (int)syscall(SYS_pidfd_open, pid, 0);
	mine = pidfd < 0 ? -1 : (int)syscall(SYS_pidfd_getfd, pidfd, fd, 0);
	if (mine >= 0) {
		getsockopt(mine, SOL_SOCKET, SO_DOMAIN, &domain, &len);
		len = sizeof(int);
		getsockopt(mine, SOL_SOCKET, SO_PROTOCOL, &protocol, &len);
		close(mine);
	}
	if (pidfd >= 0)
		close(pidfd);
	if (domain == AF_UNIX)
		snprintf(ret, size, "unix socket");
	else if (domain == AF_NETLINK)
		snprintf(ret, size, "netlink %d", protocol);
	return domain == AF_UNIX ||
	       (domain == AF_NETLINK && protocol == NETLINK_NETFILTER && is_batch(pid, c, arg));
}

static bool fd_counts(pid_t pid, const struct call *c, const uint64_t *arg, char *ret, size_t size)
{
	char link[64];
	ssize_t n;

	snprintf(link, sizeof(link), "/proc/%d/fd/%d", pid, (int)arg[0]);
	n = readlink(link, ret, size - 1);
	ret[n > 0 ? n : 0] = '\0';
	if (strncmp(ret, "socket:", 7) == 0)
		return socket_acts(pid, c, arg, ret, size);
	return ret[0] == '/' && strncmp(ret, "/dev/", 5) != 0 && strncmp(ret, "/memfd:", 7) != 0;
}

static bool open_counts(pid_t pid, unsigned long long path, unsigned long long flags, char *ret,
			size_t size)
{
	if (!(flags & NEW_FLAGS))
		return false;
	read_text(pid, path, ret, size);
	return strncmp(ret, "/dev/", 5) != 0;
}

/* sshd -t and visudo judge what is staged in a mount namespace of their own, which ends with them. */
static bool is_staged(pid_t pid)
{
	char path[64], theirs[64] = "", ours[64] = "";

	snprintf(path, sizeof(path), "/proc/%d/ns/mnt", pid);
	return readlink(path, theirs, sizeof(theirs) - 1) > 0 &&
	       readlink("/proc/self/ns/mnt", ours, sizeof(ours) - 1) > 0 &&
	       strcmp(theirs, ours) != 0;
}

static bool counts(pid_t pid, const struct call *c, const uint64_t *arg, char *ret, size_t size)
{
	uint64_t flags = 0;

	ret[0] = '\0';
	switch (c->form) {
	case ANY:
		return true;
	case PATH0:
		read_text(pid, arg[0], ret, size);
		return true;
	case PATH1:
		read_text(pid, arg[1], ret, size);
		return true;
	case OPEN0:
		return open_counts(pid, arg[0], arg[1], ret, size);
	case OPEN1:
		return open_counts(pid, arg[1], arg[2], ret, size);
	case OPEN2:
		return read_from(pid, arg[2], &flags, sizeof(flags)) &&
		       open_counts(pid, arg[1], flags, ret, size);
	case FD:
		return fd_counts(pid, c, arg, ret, size);
	case SIGNAL0:
		return arg[1] != 0;
	}
	return true;
}

static void name_of(pid_t pid, char *ret, size_t size)
{
	char path[64];
	FILE *f;

	snprintf(path, sizeof(path), "/proc/%d/comm", pid);
	f = fopen(path, "re");
	if (!f || !fgets(ret, (int)size, f))
		snprintf(ret, size, "?");
	if (f)
		fclose(f);
	ret[strcspn(ret, "\n")] = '\0';
}

/* --- making it fail --------------------------------------------------------------------------- */

static bool writes(long nr)
{
	return nr == SYS_write || nr == SYS_pwrite64 || nr == SYS_sendfile ||
	       nr == SYS_copy_file_range;
}

#ifdef __x86_64__
/* At a seccomp stop a call number of -1 skips the call, and the result is what stands there. */
static void inject(pid_t pid, long nr)
{
	struct user_regs_struct r;

	if (ptrace(PTRACE_GETREGS, pid, 0, &r) < 0)
		die("ptrace");
	if (fault_is_short && writes(nr)) {
		unsigned long long *count = nr == SYS_sendfile		? &r.r10
					    : nr == SYS_copy_file_range ? &r.r8
									: &r.rdx;

		*count = *count > 1 ? *count / 2 : *count;
	} else {
		r.orig_rax = (unsigned long long)-1;
		r.rax = (unsigned long long)-fault;
	}
	if (ptrace(PTRACE_SETREGS, pid, 0, &r) < 0)
		die("ptrace");
}
#else
#error "inject() knows the registers of x86-64 only"
#endif

/* Somebody's file, of which the world's maker knows; its last bytes are small ones. */
static void fill_disk(void)
{
	static const char block[1 << 20];
	int fd = open("/var/cache/filler", O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0600);

	if (fd < 0)
		die("filler");
	for (size_t size = sizeof(block); size > 0; size /= 2)
		while (write(fd, block, size) > 0)
			;
	close(fd);
}

/* --- the programs that it starts -------------------------------------------------------------- */

static pid_t parent_of(pid_t pid)
{
	char path[64], line[256];
	int parent = 0;
	FILE *f;

	snprintf(path, sizeof(path), "/proc/%d/status", pid);
	f = fopen(path, "re");
	while (f && fgets(line, sizeof(line), f) && sscanf(line, "PPid: %d", &parent) != 1)
		;
	if (f)
		fclose(f);
	return parent;
}

#ifdef __x86_64__
/* Another file is executed under the same arguments; its path goes where nobody's stack is yet. */
static void execute_instead(pid_t pid, const char *path)
{
	struct user_regs_struct r;
	struct iovec from = { (void *)(uintptr_t)path, strlen(path) + 1 }, to;

	if (ptrace(PTRACE_GETREGS, pid, 0, &r) < 0)
		die("ptrace");
	to = (struct iovec){ (void *)(uintptr_t)(r.rsp - 1024), from.iov_len };
	if (process_vm_writev(pid, &from, 1, &to, 1, 0) != (ssize_t)from.iov_len)
		die("process_vm_writev");
	r.rdi = r.rsp - 1024;
	if (ptrace(PTRACE_SETREGS, pid, 0, &r) < 0)
		die("ptrace");
}
#endif

static void at_child(pid_t pid, const struct call *c, const uint64_t *arg)
{
	char program[200], path[64];

	if (c->nr != SYS_execve || pid == self_pid || parent_of(pid) != self_pid)
		return;
	read_text(pid, arg[0], program, sizeof(program));
	counted++;
	fprintf(out, "%lu child execve %s\n", counted, program);
	if (counted != kill_at)
		return;
	if (strcmp(child_mode, "killed") == 0) {
		kill(pid, SIGKILL);
		return;
	}
	snprintf(path, sizeof(path), "/usr/lib/kannuki-crash/child-%s", child_mode);
	execute_instead(pid, path);
}

/* --- asking at each call ---------------------------------------------------------------------- */

static void connect_to(const char *path)
{
	struct sockaddr_un to = { .sun_family = AF_UNIX };

	asked = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
	snprintf(to.sun_path, sizeof(to.sun_path), "%s", path);
	if (asked < 0 || connect(asked, (struct sockaddr *)&to, sizeof(to)) < 0)
		die(path);
}

static void ask(const char *who, const char *call, const char *about)
{
	char answer = 'k';

	dprintf(asked, "%s %s %s\n", who, call, about);
	if (read(asked, &answer, 1) != 1 || answer == 'k')
		kill_all();
}

static void at_call(pid_t pid)
{
	struct __ptrace_syscall_info info;
	char about[200], name[32] = "self", what[64];

	if (ptrace(PTRACE_GET_SYSCALL_INFO, pid, sizeof(info), &info) <= 0 ||
	    info.op != PTRACE_SYSCALL_INFO_SECCOMP)
		return;
	for (size_t i = 0; i < COUNT(calls); i++) {
		if (calls[i].nr != (long)info.seccomp.nr)
			continue;
		if (child_mode) {
			at_child(pid, &calls[i], info.seccomp.args);
			return;
		}
		if (!counts(pid, &calls[i], info.seccomp.args, about, sizeof(about)) ||
		    is_staged(pid))
			return;
		if (pid != self_pid)
			name_of(pid, name, sizeof(name));
		snprintf(what, sizeof(what), "%s %s", name, calls[i].name);
		if (only && strcmp(what, only) != 0)
			return;
		counted++;
		fprintf(out, "%lu %s %s %s\n", counted, name, calls[i].name, about);
		if (asked >= 0)
			ask(name, calls[i].name, about);
		if (counted == kill_at && fault_is_full)
			fill_disk();
		else if (counted == kill_at && fault)
			inject(pid, calls[i].nr);
		else if (counted == kill_at)
			kill_all();
		return;
	}
}

/* --- running it ------------------------------------------------------------------------------- */

static int install_filter(void)
{
	struct sock_filter code[COUNT(calls) * 2 + 2];
	struct sock_fprog program = { 0, code };
	size_t n = 0;

	code[n++] = (struct sock_filter)BPF_STMT(BPF_LD | BPF_W | BPF_ABS,
						 offsetof(struct seccomp_data, nr));
	for (size_t i = 0; i < COUNT(calls); i++) {
		code[n++] = (struct sock_filter)BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K,
							 (unsigned)calls[i].nr, 0, 1);
		code[n++] = (struct sock_filter)BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_TRACE);
	}
	code[n++] = (struct sock_filter)BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW);
	program.len = (unsigned short)n;
	/* Without no_new_privs, which would take sudo its rights: we are root. */
	return (int)syscall(SYS_seccomp, SECCOMP_SET_MODE_FILTER, 0, &program);
}

static void start(char **argv)
{
	const long options = PTRACE_O_TRACESECCOMP | PTRACE_O_TRACEFORK | PTRACE_O_TRACEVFORK |
			     PTRACE_O_TRACECLONE | PTRACE_O_TRACEEXEC | PTRACE_O_EXITKILL;
	int go[2];
	char byte;

	if (pipe2(go, O_CLOEXEC) < 0)
		die("pipe");
	self_pid = fork();
	if (self_pid < 0)
		die("fork");
	if (self_pid == 0) {
		if (read(go[0], &byte, 1) != 1 || install_filter() < 0)
			die("trace");
		execvp(argv[0], argv);
		die(argv[0]);
	}
	if (ptrace(PTRACE_SEIZE, self_pid, 0, options) < 0)
		die("ptrace");
	add_tracee(self_pid);
	if (write(go[1], "", 1) != 1)
		die("write");
	close(go[0]);
	close(go[1]);
}

static void at_stop(pid_t pid, int status)
{
	int event = status >> 16, sig = WSTOPSIG(status);

	add_tracee(pid);
	if (event == PTRACE_EVENT_SECCOMP) {
		at_call(pid);
		sig = 0;
	} else if (event == PTRACE_EVENT_STOP && sig != SIGTRAP) {
		ptrace(PTRACE_LISTEN, pid, 0, 0); /* stopped as a group: stays so until SIGCONT */
		return;
	} else if (event != 0) {
		sig = 0;
	}
	ptrace(PTRACE_CONT, pid, 0, sig);
}

/* Our own end is the program's; what it leaves behind runs on untraced only if it has ended too. */
static int follow(void)
{
	int status, result = 0;
	pid_t pid;

	while ((pid = waitpid(-1, &status, __WALL)) > 0 || errno == EINTR) {
		if (pid > 0 && WIFSTOPPED(status)) {
			at_stop(pid, status);
		} else if (pid > 0) {
			drop_tracee(pid);
			if (pid == self_pid)
				result = status;
		}
	}
	return result;
}

static bool set_fault(const char *name)
{
	for (size_t i = 0; i < COUNT(faults); i++)
		if (strcmp(faults[i].name, name) == 0)
			fault = faults[i].number;
	fault_is_short = strcmp(name, "short") == 0;
	fault_is_full = strcmp(name, "full") == 0;
	return fault != 0;
}

int main(int argc, char **argv)
{
	const char *file = "/dev/stderr";
	int option, status;

	while ((option = getopt(argc, argv, "+k:f:c:m:s:o:")) != -1) {
		if (option == 'k')
			kill_at = strtoul(optarg, NULL, 10);
		else if (option == 'c')
			child_mode = optarg;
		else if (option == 'm')
			only = optarg;
		else if (option == 's')
			connect_to(optarg);
		else if (option == 'o')
			file = optarg;
		else if (option != 'f' || !set_fault(optarg))
			return 125;
	}
	out = fopen(file, "we");
	if (!out || optind >= argc)
		die(file);
	setvbuf(out, NULL, _IOLBF, 0);
	start(argv + optind);
	/* A signal for the program reaches it by its own; one for the group must not end us first. */
	signal(SIGINT, SIG_IGN);
	signal(SIGTERM, SIG_IGN);
	status = follow();
	if (!WIFSIGNALED(status))
		return WEXITSTATUS(status);
	signal(WTERMSIG(status), SIG_DFL);
	kill(getpid(), WTERMSIG(status));
	return 128 + WTERMSIG(status);
}
