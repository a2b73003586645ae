// SPDX-License-Identifier: MIT
/*
 * trace.c - trace [-k N [-f FAULT]] [-o FILE] [--] PROGRAM ARGUMENT...
 *
 * Runs a program and counts the system calls that change something, its own and those of all it
 * starts, in the order in which they are entered. With -k N all of them get SIGKILL at the entry
 * of the N-th: that call is not carried out any more. FILE gets one line a call: number, "self" or
 * the child's name, the call, what it is about. Without -k the program runs to its end.
 * With -f the N-th call fails instead, by the name of an error (ENOSPC), and all goes on; "short": of
 * what it shall write only half is written, where it writes at all, else it fails with EINTR.
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
#include <sys/syscall.h>
#include <sys/uio.h>
#include <sys/user.h>
#include <sys/wait.h>
#include <unistd.h>

#define COUNT(a)  (sizeof(a) / sizeof((a)[0]))
#define PIDS_MAX  512
#define NEW_FLAGS (O_WRONLY | O_RDWR | O_CREAT | O_TRUNC | O_APPEND)

/* What the first arguments are. */
enum form {
	ANY,	 /* counts always */
	PATH0,	 /* path */
	PATH1,	 /* folder, path */
	OPEN0,	 /* path, flags */
	OPEN1,	 /* folder, path, flags */
	OPEN2,	 /* folder, path, struct open_how */
	FD,	 /* descriptor of a file or of a socket whose other end may act */
	SIGNAL0, /* pid, signal */
};

static const struct call {
	long nr;
	const char *name;
	enum form form;
} calls[] = {
#ifdef SYS_open /* the old calls, which newer machines do not have */
	{ SYS_open, "open", OPEN0 },
	{ SYS_creat, "creat", PATH0 },
	{ SYS_rename, "rename", PATH0 },
	{ SYS_link, "link", PATH0 },
	{ SYS_symlink, "symlink", PATH0 },
	{ SYS_unlink, "unlink", PATH0 },
	{ SYS_mkdir, "mkdir", PATH0 },
	{ SYS_rmdir, "rmdir", PATH0 },
	{ SYS_mknod, "mknod", PATH0 },
	{ SYS_chmod, "chmod", PATH0 },
	{ SYS_chown, "chown", PATH0 },
	{ SYS_lchown, "lchown", PATH0 },
	{ SYS_utime, "utime", PATH0 },
	{ SYS_utimes, "utimes", PATH0 },
	{ SYS_fork, "fork", ANY },
	{ SYS_vfork, "vfork", ANY },
#endif
	{ SYS_openat, "openat", OPEN1 },
	{ SYS_openat2, "openat2", OPEN2 },
	{ SYS_write, "write", FD },
	{ SYS_pwrite64, "pwrite", FD },
	{ SYS_writev, "writev", FD },
	{ SYS_pwritev, "pwritev", FD },
	{ SYS_sendfile, "sendfile", FD },
	{ SYS_copy_file_range, "copy_file_range", ANY },
	{ SYS_sendto, "sendto", FD },
	{ SYS_sendmsg, "sendmsg", FD },
	{ SYS_sendmmsg, "sendmmsg", FD },
	{ SYS_fsync, "fsync", FD },
	{ SYS_fdatasync, "fdatasync", FD },
	{ SYS_syncfs, "syncfs", ANY },
	{ SYS_sync, "sync", ANY },
	{ SYS_truncate, "truncate", PATH0 },
	{ SYS_ftruncate, "ftruncate", FD },
	{ SYS_fallocate, "fallocate", FD },
	{ SYS_renameat, "renameat", PATH1 },
	{ SYS_renameat2, "renameat2", PATH1 },
	{ SYS_linkat, "linkat", PATH1 },
	{ SYS_symlinkat, "symlinkat", PATH0 },
	{ SYS_unlinkat, "unlinkat", PATH1 },
	{ SYS_mkdirat, "mkdirat", PATH1 },
	{ SYS_mknodat, "mknodat", PATH1 },
	{ SYS_fchmod, "fchmod", FD },
	{ SYS_fchmodat, "fchmodat", PATH1 },
	{ SYS_fchown, "fchown", FD },
	{ SYS_fchownat, "fchownat", PATH1 },
	{ SYS_utimensat, "utimensat", ANY },
	{ SYS_setxattr, "setxattr", PATH0 },
	{ SYS_lsetxattr, "lsetxattr", PATH0 },
	{ SYS_fsetxattr, "fsetxattr", FD },
	{ SYS_removexattr, "removexattr", PATH0 },
	{ SYS_lremovexattr, "lremovexattr", PATH0 },
	{ SYS_fremovexattr, "fremovexattr", FD },
	{ SYS_mount, "mount", ANY },
	{ SYS_umount2, "umount", PATH0 },
	{ SYS_kill, "kill", SIGNAL0 },
	{ SYS_tkill, "tkill", SIGNAL0 },
	{ SYS_clone, "clone", ANY },
	{ SYS_clone3, "clone3", ANY },
	{ SYS_execve, "execve", PATH0 },
	{ SYS_execveat, "execveat", PATH1 },
};

static pid_t tracees[PIDS_MAX];
static size_t tracee_count;
static pid_t self_pid; /* the program itself */
static unsigned long counted, kill_at;
static int fault; /* the error that takes the place of the kill; 0: none */
static bool fault_is_short;
static FILE *out;

static const struct {
	const char *name;
	int number;
} faults[] = {
	{ "ENOSPC", ENOSPC }, { "EIO", EIO },	  { "EDQUOT", EDQUOT }, { "EROFS", EROFS },
	{ "ENOMEM", ENOMEM }, { "EINTR", EINTR }, { "short", EINTR },
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

static void at_call(pid_t pid)
{
	struct __ptrace_syscall_info info;
	char about[200], name[32] = "self";

	if (ptrace(PTRACE_GET_SYSCALL_INFO, pid, sizeof(info), &info) <= 0 ||
	    info.op != PTRACE_SYSCALL_INFO_SECCOMP)
		return;
	for (size_t i = 0; i < COUNT(calls); i++) {
		if (calls[i].nr != (long)info.seccomp.nr)
			continue;
		if (!counts(pid, &calls[i], info.seccomp.args, about, sizeof(about)) ||
		    is_staged(pid))
			return;
		if (pid != self_pid)
			name_of(pid, name, sizeof(name));
		counted++;
		fprintf(out, "%lu %s %s %s\n", counted, name, calls[i].name, about);
		if (counted == kill_at && fault)
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
	return fault != 0;
}

int main(int argc, char **argv)
{
	const char *file = "/dev/stderr";
	int option, status;

	while ((option = getopt(argc, argv, "+k:f:o:")) != -1) {
		if (option == 'k')
			kill_at = strtoul(optarg, NULL, 10);
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
