// SPDX-License-Identifier: MIT
/* linux_run.c - other programs: argv, clean environment, limits on time and output, own group. */
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "base/mem.h"
#include "os/linux.h"
#include "os/stage.h"

#define OUTPUT_MAX ((size_t)4 << 20)
#define TIMEOUT_MS 30000
#define PATH_DIRS  "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"

struct child {
	pid_t pid;
	int in, out, err; /* our ends; -1 when closed */
	const char *input;
	size_t input_left;
};

/* PATH is searched here, before the fork, so that "no such program" is told apart. */
static char *find_program(const char *name)
{
	CLEANUP_STRV struct strv dirs = { 0 };

	if (strchr(name, '/'))
		return access(name, X_OK) == 0 ? xstrdup(name) : NULL;
	strv_split(&dirs, PATH_DIRS, ":");
	for (size_t i = 0; i < dirs.count; i++) {
		CLEANUP_FREE char *path = xasprintf("%s/%s", dirs.item[i], name);

		if (access(path, X_OK) == 0)
			return TAKE(path);
	}
	return NULL;
}

static void make_env(const struct run *r, struct strv *ret)
{
	strv_add(ret, "PATH=" PATH_DIRS);
	strv_add(ret, "LANG=C.UTF-8");
	strv_add(ret, "LC_ALL=C.UTF-8");
	strv_add(ret, "HOME=/root");
	for (size_t i = 0; r->env && r->env[i]; i++)
		strv_add(ret, r->env[i]);
}

/* Only async-signal-safe calls and stage_enter, which allocates nothing of ours that matters: this
 * program has no threads. */
static void child_main(const struct run *r, const char *program, char **env, const int fds[3],
		       struct os *os)
{
	struct err e = { 0 };
	sigset_t none;

	setpgid(0, 0);
	for (int s = 1; s < 32; s++)
		signal(s, SIG_DFL);
	sigemptyset(&none);
	sigprocmask(SIG_SETMASK, &none, NULL);
	for (int i = 0; i < 3; i++)
		if (dup2(fds[i], i) < 0)
			_exit(126);
	if (r->stage_dir && stage_enter(os, r, &e) < 0) {
		dprintf(2, "%s\n", e.msg);
		_exit(126);
	}
	syscall(SYS_close_range, 3U, ~0U, 0U);
	if (chdir("/") < 0)
		_exit(126);
	execve(program, (char **)r->argv, env);
	_exit(errno == ENOENT ? 127 : 126);
}

static int open_pipes(const struct run *r, int theirs[3], struct child *c)
{
	int in[2] = { -1, -1 }, out[2], err[2];

	if (r->input ? pipe2(in, O_CLOEXEC) < 0
		     : (in[0] = open("/dev/null", O_RDONLY | O_CLOEXEC)) < 0)
		return -1;
	if (pipe2(out, O_CLOEXEC) < 0)
		goto close_in;
	if (pipe2(err, O_CLOEXEC) < 0)
		goto close_out;
	theirs[0] = in[0];
	theirs[1] = out[1];
	theirs[2] = err[1];
	c->in = in[1];
	c->out = out[0];
	c->err = err[0];
	return 0;
close_out:
	close(out[0]);
	close(out[1]);
close_in:
	close(in[0]);
	if (in[1] >= 0)
		close(in[1]);
	return -1;
}

static int spawn(struct os *os, const struct run *r, const char *program, struct child *c,
		 struct err *e)
{
	CLEANUP_STRV struct strv env = { 0 };
	int theirs[3];

	make_env(r, &env);
	if (open_pipes(r, theirs, c) < 0)
		return err_sys(e, errno, "%s: pipe", r->argv[0]);
	fflush(NULL);
	c->pid = fork();
	if (c->pid == 0)
		child_main(r, program, env.item, theirs, os);
	for (int i = 0; i < 3; i++)
		close(theirs[i]);
	if (c->pid < 0)
		return err_sys(e, errno, "%s: fork", r->argv[0]);
	/* In both, so that the kill at the limit never meets our own group. */
	setpgid(c->pid, c->pid);
	if (c->in >= 0)
		fcntl(c->in, F_SETFL, O_NONBLOCK);
	return 0;
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

/* Until all pipes are closed (true) or the limit has passed (false). A daemon that a child left
 * behind with our pipe open must not hold us: once the child itself is gone half a second is given. */
static bool talk(struct os *os, struct child *c, int64_t end, struct str *out, struct str *err,
		 bool *ret_reaped, int *ret_status)
{
	while (c->out >= 0 || c->err >= 0 || c->in >= 0) {
		struct pollfd p[] = { { .fd = c->in, .events = POLLOUT },
				      { .fd = c->out, .events = POLLIN },
				      { .fd = c->err, .events = POLLIN } };
		int64_t left = (end - os_now(os, OS_MONOTONIC)) / 1000000;

		if (left <= 0)
			return false;
		if (poll(p, COUNT(p), left < 100 ? (int)left : 100) < 0 && errno != EINTR)
			return false;
		if (c->in >= 0 && p[0].revents)
			feed(c);
		if (c->out >= 0 && p[1].revents)
			drain(&c->out, out);
		if (c->err >= 0 && p[2].revents)
			drain(&c->err, err);
		if (!*ret_reaped && waitpid(c->pid, ret_status, WNOHANG) == c->pid) {
			int64_t grace = os_now(os, OS_MONOTONIC) + 500000000;

			*ret_reaped = true;
			end = grace < end ? grace : end;
		}
	}
	return true;
}

static void close_ends(struct child *c)
{
	int *fds[] = { &c->in, &c->out, &c->err };

	for (size_t i = 0; i < COUNT(fds); i++) {
		if (*fds[i] >= 0)
			close(*fds[i]);
		*fds[i] = -1;
	}
}

/* The child closed its output but may work on: wait for it within the limit. */
static bool reap(struct os *os, struct child *c, int64_t end, int *ret_status)
{
	for (;;) {
		pid_t r = waitpid(c->pid, ret_status, WNOHANG);

		if (r == c->pid)
			return true;
		if (r < 0 && errno != EINTR)
			return false;
		if (os_now(os, OS_MONOTONIC) > end)
			return false;
		os_sleep(os, 2);
	}
}

static void converse(struct os *os, const struct run *r, struct child *c, struct run_result *ret)
{
	int64_t limit = (int64_t)(r->timeout_ms ? r->timeout_ms : TIMEOUT_MS) * 1000000;
	int64_t end = os_now(os, OS_MONOTONIC) + limit;
	CLEANUP_STR struct str out = { 0 }, err = { 0 };
	bool reaped = false;
	int status = 0;

	talk(os, c, end, &out, &err, &reaped, &status);
	close_ends(c);
	if (!reaped && !reap(os, c, end, &status)) {
		kill(-c->pid, SIGKILL);
		while (waitpid(c->pid, &status, 0) < 0 && errno == EINTR)
			;
		ret->timed_out = true;
	}
	ret->status = WIFSIGNALED(status) ? 128 + WTERMSIG(status) : WEXITSTATUS(status);
	ret->out_len = out.len;
	ret->out = str_take(&out);
	ret->err = str_take(&err);
}

int linux_run(struct os *os, const struct run *r, struct run_result *ret, struct err *e)
{
	CLEANUP_FREE char *program = find_program(r->argv[0]);
	struct child c = {
		.in = -1, .out = -1, .err = -1, .input = r->input, .input_left = r->input_len
	};
	struct sigaction ignore = { .sa_handler = SIG_IGN }, old;

	*ret = (struct run_result){ 0 };
	if (!program) {
		ret->status = 127;
		ret->out = xstrdup("");
		ret->err = xstrdup("");
		return 0;
	}
	/* A child that does not read its input must not end us. */
	sigaction(SIGPIPE, &ignore, &old);
	if (spawn(os, r, program, &c, e) < 0) {
		close_ends(&c);
		sigaction(SIGPIPE, &old, NULL);
		return -1;
	}
	converse(os, r, &c, ret);
	sigaction(SIGPIPE, &old, NULL);
	return 0;
}
