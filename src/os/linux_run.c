// SPDX-License-Identifier: MIT
/* linux_run.c - other programs: argv, clean environment, limits on time and output, own group. */
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "base/mem.h"
#include "os/linux.h"
#include "os/stage.h"

#define OUTPUT_MAX ((size_t)4 << 20)
#define TIMEOUT_MS 30000
#define GRACE_NS   INT64_C(500000000)
#define PATH	   "PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"
#define FD_CEILING 65536 /* for the few kernels without close_range */

struct child {
	pid_t pid;
	int in, out, err; /* our ends; -1 when closed */
	int failed;	  /* says why the program was not started: a struct err, or end of file */
	const char *input;
	size_t input_left;
	struct str out_text, err_text;
	int64_t end; /* CLOCK_MONOTONIC */
	bool reaped;
	int status;
};

/* PATH is searched here, before the fork, so that "no such program" is told apart. */
static char *find_program(const char *name)
{
	CLEANUP_STRV struct strv dirs = { 0 };

	if (strchr(name, '/'))
		return access(name, X_OK) == 0 ? xstrdup(name) : NULL;
	strv_split(&dirs, strchr(PATH, '=') + 1, ":");
	for (size_t i = 0; i < dirs.count; i++) {
		CLEANUP_FREE char *path = xasprintf("%s/%s", dirs.item[i], name);

		if (access(path, X_OK) == 0)
			return TAKE(path);
	}
	return NULL;
}

static bool is_set(const struct run *r, const char *pair)
{
	size_t len = strcspn(pair, "=") + 1;

	for (size_t i = 0; r->env && r->env[i]; i++)
		if (strncmp(r->env[i], pair, len) == 0)
			return true;
	return false;
}

static void make_env(const struct run *r, struct strv *ret)
{
	static const char *const clean[] = { PATH, "LANG=C.UTF-8", "HOME=/root" };

	for (size_t i = 0; i < COUNT(clean); i++)
		if (!is_set(r, clean[i]))
			strv_add(ret, clean[i]);
	for (size_t i = 0; r->env && r->env[i]; i++)
		strv_add(ret, r->env[i]);
}

/* --- in the child: this program has no threads, so it may do more than is async-signal-safe ---- */

static void default_signals(void)
{
	sigset_t none;

	for (int s = 1; s < NSIG; s++)
		signal(s, SIG_DFL);
	sigemptyset(&none);
	sigprocmask(SIG_SETMASK, &none, NULL);
}

/* Ours first go up, so that none of them is in the way of 0 to 2. */
static int take_descriptors(const int theirs[3])
{
	int high[3];

	for (int i = 0; i < 3; i++)
		if ((high[i] = fcntl(theirs[i], F_DUPFD_CLOEXEC, 10)) < 0)
			return -1;
	for (int i = 0; i < 3; i++)
		if (dup2(high[i], i) < 0)
			return -1;
	return 0;
}

/* All but 0 to 2, and `keep` which closes itself at exec. */
static void close_others(int keep)
{
	bool whole = true;

	if (keep > 3)
		whole = syscall(SYS_close_range, 3U, (unsigned)keep - 1, 0U) == 0;
	if (whole && syscall(SYS_close_range, (unsigned)keep + 1, ~0U, 0U) == 0)
		return;
	for (int fd = 3; fd < FD_CEILING; fd++)
		if (fd != keep)
			close(fd);
}

/* Killing us must not leave a program at work that nobody would undo. */
static void die_with(pid_t parent)
{
	prctl(PR_SET_PDEATHSIG, SIGKILL);
	if (getppid() != parent)
		_exit(126);
}

static int become(struct os *os, const struct run *r, int failed, struct err *e)
{
	if (r->stage_dir && stage_enter(os, r, e) < 0)
		return -1;
	close_others(failed);
	umask(022);
	return chdir("/") < 0 ? err_sys(e, errno, "/") : 0;
}

static void child_main(struct os *os, const struct run *r, const char *program, const int theirs[4])
{
	int failed = fcntl(theirs[3], F_DUPFD_CLOEXEC, 10);
	struct strv env = { 0 };
	struct err e = { 0 };

	if (failed < 0 || take_descriptors(theirs) < 0)
		_exit(126);
	setsid();
	default_signals();
	make_env(r, &env);
	if (become(os, r, failed, &e) == 0) {
		execve(program, (char **)r->argv, env.item);
		err_sys(&e, errno, "%s", program);
	}
	if (write(failed, &e, sizeof(e)) < 0)
		_exit(126);
	_exit(127);
}

/* --- in the parent -------------------------------------------------------------------------- */

static void close_fds(int *fds, size_t count)
{
	for (size_t i = 0; i < count; i++) {
		if (fds[i] >= 0)
			close(fds[i]);
		fds[i] = -1;
	}
}

static void close_ends(struct child *c)
{
	int fds[] = { c->in, c->out, c->err, c->failed };

	close_fds(fds, COUNT(fds));
	c->in = c->out = c->err = c->failed = -1;
}

static int pipe_from_child(int *ret_ours, int *ret_theirs)
{
	int p[2];

	if (pipe2(p, O_CLOEXEC) < 0)
		return -1;
	*ret_ours = p[0];
	*ret_theirs = p[1];
	return 0;
}

static int open_input(const struct run *r, struct child *c, int *ret_theirs)
{
	int p[2];

	if (!r->input)
		return (*ret_theirs = open("/dev/null", O_RDONLY | O_CLOEXEC)) < 0 ? -1 : 0;
	if (pipe2(p, O_CLOEXEC) < 0)
		return -1;
	*ret_theirs = p[0];
	c->in = p[1];
	return fcntl(c->in, F_SETFL, O_NONBLOCK);
}

static int spawn(struct os *os, const struct run *r, const char *program, struct child *c,
		 struct err *e)
{
	int theirs[4] = { -1, -1, -1, -1 };
	pid_t self = getpid();

	if (open_input(r, c, &theirs[0]) < 0 || pipe_from_child(&c->out, &theirs[1]) < 0 ||
	    pipe_from_child(&c->err, &theirs[2]) < 0 ||
	    pipe_from_child(&c->failed, &theirs[3]) < 0) {
		err_sys(e, errno, "%s: pipe", r->argv[0]);
		close_fds(theirs, COUNT(theirs));
		return -1;
	}
	c->pid = fork();
	if (c->pid == 0) {
		die_with(self);
		child_main(os, r, program, theirs);
	}
	if (c->pid < 0)
		err_sys(e, errno, "%s: fork", r->argv[0]);
	close_fds(theirs, COUNT(theirs));
	return c->pid < 0 ? -1 : 0;
}

static void feed(struct child *c)
{
	ssize_t n = write(c->in, c->input, c->input_left);

	if (n > 0) {
		c->input += n;
		c->input_left -= (size_t)n;
	}
	if (c->input_left == 0 || (n < 0 && errno != EAGAIN && errno != EINTR)) {
		close(c->in);
		c->in = -1;
	}
}

static void drain(int *fd, struct str *s)
{
	char buf[65536];
	ssize_t n = read(*fd, buf, sizeof(buf));

	if (n < 0 && (errno == EINTR || errno == EAGAIN))
		return;
	if (n <= 0) {
		close(*fd);
		*fd = -1;
		return;
	}
	if (s->len + (size_t)n > OUTPUT_MAX)
		n = (ssize_t)(OUTPUT_MAX - s->len);
	str_add_bytes(s, buf, (size_t)n);
}

static void look_for_end(struct os *os, struct child *c)
{
	int64_t grace = os_now(os, OS_MONOTONIC) + GRACE_NS;

	if (c->reaped || waitpid(c->pid, &c->status, WNOHANG) != c->pid)
		return;
	c->reaped = true;
	c->end = grace < c->end ? grace : c->end;
}

/* Until all pipes are closed or the limit has passed. A daemon that a child left behind with our
 * pipe open must not hold us: once the child itself is gone half a second is given. */
static void talk(struct os *os, struct child *c)
{
	while (c->out >= 0 || c->err >= 0 || c->in >= 0) {
		struct pollfd p[] = { { .fd = c->in, .events = POLLOUT },
				      { .fd = c->out, .events = POLLIN },
				      { .fd = c->err, .events = POLLIN } };
		int64_t left = (c->end - os_now(os, OS_MONOTONIC)) / 1000000;

		if (left <= 0)
			return;
		if (poll(p, COUNT(p), left < 100 ? (int)left : 100) < 0) {
			if (errno != EINTR)
				return;
			continue;
		}
		if (c->in >= 0 && p[0].revents)
			feed(c);
		if (c->out >= 0 && p[1].revents)
			drain(&c->out, &c->out_text);
		if (c->err >= 0 && p[2].revents)
			drain(&c->err, &c->err_text);
		look_for_end(os, c);
	}
}

/* The child closed its output but may work on: wait for it within the limit, else end it with all
 * that it started. It leads its group unless it had no time even for that. */
static bool end_of(struct os *os, struct child *c)
{
	while (!c->reaped) {
		look_for_end(os, c);
		if (c->reaped)
			return true;
		if (os_now(os, OS_MONOTONIC) >= c->end)
			break;
		os_sleep(os, 2);
	}
	if (c->reaped)
		return true;
	kill(-c->pid, SIGKILL);
	kill(c->pid, SIGKILL);
	while (waitpid(c->pid, &c->status, 0) < 0 && errno == EINTR)
		;
	return false;
}

/* 0: it was started; 1: no such program (a script's interpreter, for one); < 0: could not be. */
static int why_not(struct child *c, struct err *e)
{
	struct err why;

	if (fcntl(c->failed, F_SETFL, O_NONBLOCK) < 0 ||
	    read(c->failed, &why, sizeof(why)) != (ssize_t)sizeof(why))
		return 0;
	if (why.sys == ENOENT)
		return 1;
	*e = why;
	return -1;
}

static int converse(struct os *os, const struct run *r, struct child *c, struct run_result *ret,
		    struct err *e)
{
	unsigned limit = r->timeout_ms ? r->timeout_ms : TIMEOUT_MS;
	struct run_result result = { 0 };
	int why;

	c->end = os_now(os, OS_MONOTONIC) + (int64_t)limit * 1000000;
	talk(os, c);
	result.timed_out = !end_of(os, c);
	why = why_not(c, e);
	if (why < 0)
		return err_ctx(e, "%s", r->argv[0]);
	result.status = WIFSIGNALED(c->status) ? 128 + WTERMSIG(c->status) : WEXITSTATUS(c->status);
	if (why > 0)
		result.status = 127;
	result.out_len = c->out_text.len;
	result.out = str_take(&c->out_text);
	result.err = str_take(&c->err_text);
	*ret = result;
	return 0;
}

/* A child that does not read its input must not end us; and who started us may have had SIGCHLD
 * ignored, which is inherited and takes the exit status away. */
static void own_signals(struct sigaction old[2])
{
	const struct sigaction ignore = { .sa_handler = SIG_IGN },
			       usual = { .sa_handler = SIG_DFL };

	sigaction(SIGPIPE, &ignore, &old[0]);
	sigaction(SIGCHLD, &usual, &old[1]);
}

static void former_signals(const struct sigaction old[2])
{
	sigaction(SIGPIPE, &old[0], NULL);
	sigaction(SIGCHLD, &old[1], NULL);
}

int linux_run(struct os *os, const struct run *r, struct run_result *ret, struct err *e)
{
	CLEANUP_FREE char *program = find_program(r->argv[0]);
	struct sigaction old[2];
	struct child c = { .in = -1,
			   .out = -1,
			   .err = -1,
			   .failed = -1,
			   .input = r->input,
			   .input_left = r->input_len };
	int result;

	if (!program) {
		*ret = (struct run_result){ .status = 127, .out = xstrdup(""), .err = xstrdup("") };
		return 0;
	}
	own_signals(old);
	result = spawn(os, r, program, &c, e);
	if (result == 0)
		result = converse(os, r, &c, ret, e);
	close_ends(&c);
	str_done(&c.out_text);
	str_done(&c.err_text);
	former_signals(old);
	return result;
}
