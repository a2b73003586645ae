// SPDX-License-Identifier: MIT
/* child.c - see child.h. */
#include "os/child.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/signalfd.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/i18n.h"
#include "base/str.h"

#define SOCKET_BUFFER (512 << 10) /* bytes; best effort */
#define FD_CEILING    1024	  /* for the few kernels without close_range */
#define HIGH_FD	      64

int child_pair(bool messages, int ret[2], struct err *e)
{
	int type = messages ? SOCK_SEQPACKET : SOCK_STREAM, size = SOCKET_BUFFER;

	if (socketpair(AF_UNIX, type | SOCK_CLOEXEC | SOCK_NONBLOCK, 0, ret) < 0)
		return err_sys(e, errno, "socketpair");
	for (int i = 0; i < 2; i++)
		setsockopt(ret[i], SOL_SOCKET, SO_SNDBUFFORCE, &size, sizeof(size));
	return 0;
}

int child_pipe(int ret[2], struct err *e)
{
	return pipe2(ret, O_CLOEXEC) < 0 ? err_sys(e, errno, "pipe") : 0;
}

static void keep(struct strv *env, const char *name)
{
	const char *value = getenv(name);

	if (value)
		strv_addf(env, "%s=%s", name, value);
}

static void close_from(unsigned first)
{
	if (syscall(SYS_close_range, first, ~0U, 0U) == 0)
		return;
	for (unsigned fd = first; fd < FD_CEILING; fd++)
		close((int)fd);
}

static void unblock_signals(void)
{
	sigset_t none;

	for (int s = 1; s < NSIG; s++)
		signal(s, SIG_DFL);
	sigemptyset(&none);
	sigprocmask(SIG_SETMASK, &none, NULL);
}

static void child_main(const char *const *argv, const int *fd, size_t fds, char **env)
{
	int empty = open("/dev/null", O_RDONLY | O_CLOEXEC);

	/* First up, so that none of them is in the way of another. */
	for (size_t i = 0; i < fds; i++)
		if (dup2(fd[i], HIGH_FD + (int)i) < 0)
			_exit(126);
	if (empty < 0 || dup2(empty, STDIN_FILENO) < 0)
		_exit(126);
	for (size_t i = 0; i < fds; i++)
		if (dup2(HIGH_FD + (int)i, CHILD_FIRST_FD + (int)i) < 0)
			_exit(126);
	close_from(CHILD_FIRST_FD + (unsigned)fds);
	unblock_signals();
	execve("/proc/self/exe", (char **)argv, env);
	_exit(127);
}

int child_start(const char *const *argv, const int *fd, size_t fds, pid_t *ret, struct err *e)
{
	static const char *const kept[] = { "LANG", "LC_ALL", "LC_MESSAGES", "TZ" };
	CLEANUP_STRV struct strv env = { 0 };
	pid_t pid;

	for (size_t i = 0; i < COUNT(kept); i++)
		keep(&env, kept[i]);
	strv_add(&env, "PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin");
	fflush(NULL);
	pid = fork();
	if (pid < 0)
		return err_sys(e, errno, "fork");
	if (pid == 0)
		child_main(argv, fd, fds, env.item);
	*ret = pid;
	return 0;
}

int child_become(const char *const *argv, int output, struct err *e)
{
	static const char *const clean[] = { "PATH=/usr/bin:/bin", "LANG=C.UTF-8", NULL };

	if (dup2(output, STDOUT_FILENO) < 0)
		return err_sys(e, errno, "standard output");
	close_from(CHILD_FIRST_FD);
	unblock_signals();
	execve(argv[0], (char **)argv, (char **)clean);
	return err_sys(e, errno, "%s", argv[0]);
}

int child_start_other(const char *const *argv, int *ret_fd, pid_t *ret, struct err *e)
{
	int pipe[2];
	pid_t pid;

	if (child_pipe(pipe, e) < 0)
		return -1;
	fflush(NULL);
	pid = fork();
	if (pid == 0) {
		child_become(argv, pipe[1], e);
		_exit(127);
	}
	close_p(&pipe[1]);
	if (pid < 0) {
		close_p(&pipe[0]);
		return err_sys(e, errno, "fork");
	}
	*ret_fd = pipe[0];
	*ret = pid;
	return 0;
}

int child_wait(pid_t pid)
{
	int status;

	while (waitpid(pid, &status, 0) < 0)
		if (errno != EINTR)
			return 128;
	return WIFEXITED(status) ? WEXITSTATUS(status) : 128;
}

int child_become_neighbour(const char *name, char *const *argv, struct err *e)
{
	char own[PATH_MAX];
	ssize_t n = readlink("/proc/self/exe", own, sizeof(own) - 1);
	char *slash;

	own[n > 0 ? n : 0] = '\0';
	slash = strrchr(own, '/');
	if (slash) {
		CLEANUP_FREE char *beside = xasprintf("%.*s/%s", (int)(slash - own), own, name);

		execv(beside, argv);
	}
	{
		CLEANUP_FREE char *usual = xasprintf("/usr/local/sbin/%s", name);

		execv(usual, argv);
	}
	return errno == ENOENT ? 1 : err_sys(e, errno, "%s", name);
}

int child_ended(pid_t *ret, char ret_how[64])
{
	int status;
	pid_t pid = waitpid(-1, &status, WNOHANG);

	if (pid <= 0)
		return 0;
	if (WIFSIGNALED(status))
		snprintf(ret_how, 64, "signal %d", WTERMSIG(status));
	else
		snprintf(ret_how, 64, "status %d", WEXITSTATUS(status));
	*ret = pid;
	return 1;
}

void child_kill(pid_t pid)
{
	kill(pid, SIGKILL);
}

/* --- folders, sockets ------------------------------------------------------------------------------ */

static int own_files(int folder, uid_t owner, struct err *e)
{
	int copy = fcntl(folder, F_DUPFD_CLOEXEC, 0);
	DIR *d = copy < 0 ? NULL : fdopendir(copy);
	struct dirent *one;
	int r = 0;

	if (!d)
		return err_sys(e, errno, "opendir");
	while (r == 0 && (one = readdir(d)))
		if (one->d_type == DT_REG)
			r = fchownat(folder, one->d_name, owner, owner, AT_SYMLINK_NOFOLLOW);
	closedir(d);
	return r < 0 ? err_sys(e, errno, "chown") : 0;
}

int child_folder(const char *path, uid_t owner, bool open_to_all, struct err *e)
{
	const mode_t mode = open_to_all ? 0755 : 0700;
	CLEANUP_FD int fd = -1;
	struct stat st;

	if (mkdir(path, 0700) < 0 && errno != EEXIST)
		return err_sys(e, errno, "%s", path);
	fd = open(path, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
	if (fd < 0 || fstat(fd, &st) < 0)
		return err_sys(e, errno, "%s", path);
	/* Who may not change owners (the unit) finds it done. */
	if (st.st_uid == owner && (st.st_mode & 07777) == mode)
		return 0;
	if (fchmod(fd, mode) < 0 || fchown(fd, owner, owner) < 0)
		return err_sys(e, errno, "%s", path);
	return own_files(fd, owner, e) < 0 ? err_ctx(e, "%s", path) : 0;
}

int child_rename(const char *from, const char *to, struct err *e)
{
	return rename(from, to) < 0 && errno != ENOENT ? err_sys(e, errno, "%s", from) : 0;
}

static int unix_socket(const char *path, struct sockaddr_un *ret, struct err *e)
{
	int fd;

	*ret = (struct sockaddr_un){ .sun_family = AF_UNIX };
	if (strlen(path) >= sizeof(ret->sun_path))
		return err_set(e, ERR_USAGE, _("%s: the path is too long"), path);
	memcpy(ret->sun_path, path, strlen(path) + 1);
	fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
	return fd < 0 ? err_sys(e, errno, "socket") : fd;
}

int child_listen(const char *path, struct err *e)
{
	struct sockaddr_un at;
	CLEANUP_FD int fd = unix_socket(path, &at, e);
	mode_t before = umask(0177);
	int r;

	if (fd < 0) {
		umask(before);
		return -1;
	}
	unlink(path);
	r = bind(fd, (struct sockaddr *)&at, sizeof(at));
	umask(before);
	if (r < 0 || listen(fd, 16) < 0 || fcntl(fd, F_SETFL, O_NONBLOCK) < 0)
		return err_sys(e, errno, "%s", path);
	return TAKE_FD(fd);
}

int child_connect(const char *path, int *ret, struct err *e)
{
	struct sockaddr_un to;
	CLEANUP_FD int fd = unix_socket(path, &to, e);

	if (fd < 0)
		return -1;
	if (connect(fd, (struct sockaddr *)&to, sizeof(to)) < 0)
		return errno == ENOENT || errno == ECONNREFUSED ? 1 : err_sys(e, errno, "%s", path);
	*ret = TAKE_FD(fd);
	return 0;
}

int child_signals(struct err *e)
{
	sigset_t set;
	int fd;

	signal(SIGPIPE, SIG_IGN);
	sigemptyset(&set);
	sigaddset(&set, SIGHUP);
	sigaddset(&set, SIGTERM);
	sigaddset(&set, SIGINT);
	sigaddset(&set, SIGCHLD);
	if (sigprocmask(SIG_BLOCK, &set, NULL) < 0)
		return err_sys(e, errno, "sigprocmask");
	fd = signalfd(-1, &set, SFD_CLOEXEC | SFD_NONBLOCK);
	return fd < 0 ? err_sys(e, errno, "signalfd") : fd;
}

int child_signal(int fd)
{
	struct signalfd_siginfo info;

	return read(fd, &info, sizeof(info)) == sizeof(info) ? (int)info.ssi_signo : 0;
}
