// SPDX-License-Identifier: MIT
/* workstation.c - see workstation.h. */
#include "os/workstation.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <sys/utsname.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "base/mem.h"
#include "base/str.h"

#define LINE_MAX_BYTES 4096
#define LOOK_MS	       20
#define REMOVE_TRIES   250 /* 5 s: what dies with us may still hold or make a file there */

static void sleep_ms(unsigned ms)
{
	const struct timespec t = { ms / 1000, (long)(ms % 1000) * 1000000 };

	nanosleep(&t, NULL);
}

static int status_of(int status)
{
	return WIFSIGNALED(status) ? 128 + WTERMSIG(status) : WEXITSTATUS(status);
}

static int wait_for(pid_t pid)
{
	int status = 0;

	while (waitpid(pid, &status, 0) < 0 && errno == EINTR)
		;
	return status_of(status);
}

static void die_with(pid_t parent)
{
	prctl(PR_SET_PDEATHSIG, SIGTERM);
	if (getppid() != parent)
		_exit(126);
}

int run_attached(const char *const *argv, int *ret_status, struct err *e)
{
	struct sigaction before, ignore = { .sa_handler = SIG_IGN };
	pid_t pid, self = getpid();

	sigaction(SIGINT, &ignore, &before);
	pid = fork();
	if (pid == 0) {
		die_with(self);
		signal(SIGINT, SIG_DFL);
		execvp(argv[0], (char **)argv);
		_exit(127);
	}
	if (pid < 0)
		err_sys(e, errno, "%s: fork", argv[0]);
	else
		*ret_status = wait_for(pid);
	sigaction(SIGINT, &before, NULL);
	return pid < 0 ? -1 : 0;
}

static void become_piped(const char *const *argv, enum piped_terminal terminal, int in, int out,
			 pid_t parent)
{
	die_with(parent);
	if (terminal == PIPED_APART) {
		setpgid(0, 0);
		/* ssh-agent is setgid in Debian, and to become that clears what die_with() has asked for. */
		prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0);
	}
	signal(SIGINT, terminal == PIPED_APART ? SIG_DFL : SIG_IGN);
	signal(SIGPIPE, SIG_DFL);
	if (dup2(in, STDIN_FILENO) < 0 || dup2(out, STDOUT_FILENO) < 0)
		_exit(126);
	execvp(argv[0], (char **)argv);
	_exit(127);
}

int piped_start(const char *const *argv, enum piped_terminal terminal, struct piped *ret,
		struct err *e)
{
	CLEANUP_FD int their_in = -1, their_out = -1;
	int in[2], out[2];
	pid_t self = getpid();

	if (pipe2(in, O_CLOEXEC) < 0)
		return err_sys(e, errno, "%s: pipe", argv[0]);
	their_in = in[0];
	*ret = (struct piped){ .to = in[1], .from = -1 };
	if (pipe2(out, O_CLOEXEC) < 0) {
		close(in[1]);
		return err_sys(e, errno, "%s: pipe", argv[0]);
	}
	their_out = out[1];
	ret->from = out[0];
	signal(SIGPIPE, SIG_IGN);
	ret->pid = fork();
	if (ret->pid == 0)
		become_piped(argv, terminal, their_in, their_out, self);
	if (ret->pid > 0)
		return 0;
	close(ret->to);
	close(ret->from);
	*ret = (struct piped){ 0 };
	return err_sys(e, errno, "%s: fork", argv[0]);
}

int piped_line(struct piped *p, char **ret)
{
	CLEANUP_STR struct str line = { 0 };
	ssize_t n;
	char c;

	while ((n = read(p->from, &c, 1)) == 1 && c != '\n' && line.len < LINE_MAX_BYTES)
		str_add_bytes(&line, &c, 1);
	if (n != 1)
		return 1;
	*ret = str_take(&line);
	return 0;
}

void piped_hang_up(struct piped *p)
{
	if (p->pid && p->to >= 0)
		close(p->to);
	p->to = -1;
}

int piped_end(struct piped *p)
{
	int status;

	if (!p->pid)
		return 0;
	piped_hang_up(p);
	status = wait_for(p->pid);
	close(p->from);
	*p = (struct piped){ 0 };
	return status;
}

void piped_kill(struct piped *p)
{
	if (p->pid)
		kill(p->pid, SIGTERM);
	piped_end(p);
}

void piped_leave(struct piped *p, unsigned ms)
{
	int status;

	piped_hang_up(p);
	for (unsigned waited = 0; p->pid && waited < ms; waited += LOOK_MS) {
		if (waitpid(p->pid, &status, WNOHANG) == p->pid) {
			close(p->from);
			*p = (struct piped){ 0 };
			return;
		}
		sleep_ms(LOOK_MS);
	}
	piped_kill(p);
}

/* --- a folder that goes with us ------------------------------------------------------------------ */

/* False: something is in it that cannot be removed yet. */
static bool remove_folder(const char *path)
{
	DIR *d = opendir(path);
	struct dirent *entry;

	while (d && (entry = readdir(d)))
		if (!str_eq(entry->d_name, ".") && !str_eq(entry->d_name, ".."))
			unlinkat(dirfd(d), entry->d_name, 0);
	if (d)
		closedir(d);
	return rmdir(path) == 0 || errno == ENOENT;
}

/* A closed terminal and ^C are not meant for it; it has nothing open that others wait for. */
static void keeper(const char *path, int alive)
{
	static const int not_for_it[] = { SIGHUP, SIGINT, SIGQUIT, SIGTERM, SIGTSTP };
	int null = open("/dev/null", O_RDWR | O_CLOEXEC);
	char c;

	setsid();
	for (size_t i = 0; i < COUNT(not_for_it); i++)
		signal(not_for_it[i], SIG_IGN);
	for (int fd = 0; fd <= 2 && null >= 0; fd++)
		dup2(null, fd);
	while (read(alive, &c, 1) < 0 && errno == EINTR)
		;
	for (unsigned i = 0; i < REMOVE_TRIES && !remove_folder(path); i++)
		sleep_ms(LOOK_MS);
	_exit(0);
}

static int keep_with_us(struct private_folder *f, struct err *e)
{
	int alive[2];

	if (pipe2(alive, O_CLOEXEC) < 0)
		return err_sys(e, errno, "%s: pipe", f->path);
	f->keeper = fork();
	if (f->keeper == 0) {
		close(alive[1]);
		keeper(f->path, alive[0]);
	}
	close(alive[0]);
	f->alive = alive[1];
	if (f->keeper > 0)
		return 0;
	err_sys(e, errno, "%s: fork", f->path);
	close(alive[1]);
	return -1;
}

int private_folder_make(struct private_folder *ret, struct err *e)
{
	const char *runtime = getenv("XDG_RUNTIME_DIR");
	struct private_folder f = { 0 };

	if (!runtime || access(runtime, W_OK) < 0)
		runtime = "/tmp";
	f.path = xasprintf("%s/kannuki-XXXXXX", runtime);
	if (!mkdtemp(f.path)) {
		err_sys(e, errno, "%s", f.path);
		free(f.path);
		return -1;
	}
	if (keep_with_us(&f, e) < 0) {
		rmdir(f.path);
		free(f.path);
		return -1;
	}
	*ret = f;
	return 0;
}

void private_folder_remove(struct private_folder *f)
{
	if (!f->path)
		return;
	close(f->alive);
	wait_for(f->keeper);
	remove_folder(f->path); /* where somebody has killed it */
	free(f->path);
	*f = (struct private_folder){ 0 };
}

bool socket_answers(const char *path)
{
	struct sockaddr_un at = { .sun_family = AF_UNIX };
	CLEANUP_FD int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);

	if (fd < 0 || strlen(path) >= sizeof(at.sun_path))
		return false;
	strncat(at.sun_path, path, sizeof(at.sun_path) - 1);
	return connect(fd, (struct sockaddr *)&at, sizeof(at)) == 0;
}

char *program_path(void)
{
	char path[4096];
	ssize_t n = readlink("/proc/self/exe", path, sizeof(path) - 1);

	return xstrndup(path, n > 0 ? (size_t)n : 0);
}

char *machine_name(void)
{
	struct utsname u;

	return xstrdup(uname(&u) == 0 ? u.machine : "");
}
