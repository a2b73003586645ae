// SPDX-License-Identifier: MIT
/*
 * The programs and the folder of setup from a workstation (os/workstation.h) end with it, however it ends: killed, its
 * terminal closed, or as it should.
 */
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/ioctl.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "base/mem.h"
#include "base/str.h"
#include "lib/t.h"
#include "os/os.h"
#include "os/workstation.h"

#define WAIT_MS 7000

static void nap(void)
{
	const struct timespec t = { 0, 10 * 1000000 };

	nanosleep(&t, NULL);
}

/* What a setup that is under way has. */
struct under_way {
	pid_t self, asks, apart, agent, keeper;
	char folder[128];
	bool agent_listens;
};

static void begin(struct under_way *w, struct private_folder *f)
{
	static struct piped asks, apart, agent;
	CLEANUP_FREE char *file = NULL;
	CLEANUP_FREE char *socket = NULL;
	struct err e = { 0 };
	int fd;

	if (private_folder_make(f, &e) < 0)
		abort();
	file = xasprintf("%s/id.pub", f->path);
	socket = xasprintf("%s/agent", f->path);
	fd = open(file, O_CREAT | O_WRONLY | O_CLOEXEC, 0600);
	if (fd < 0 || piped_start(ARGV("sleep", "1000"), PIPED_ASKS, &asks, &e) < 0 ||
	    piped_start(ARGV("sleep", "1000"), PIPED_APART, &apart, &e) < 0 ||
	    piped_start(ARGV("ssh-agent", "-D", "-a", socket), PIPED_APART, &agent, &e) < 0)
		abort();
	close(fd);
	for (int i = 0; i < 500 && access(socket, F_OK) < 0; i++)
		nap();
	w->agent_listens = access(socket, F_OK) == 0;
	w->self = getpid();
	w->asks = asks.pid;
	w->apart = apart.pid;
	w->agent = agent.pid;
	w->keeper = f->keeper;
	snprintf(w->folder, sizeof(w->folder), "%s", f->path);
}

struct terminal {
	int master, slave;
};

/* Starts a process with all that, which then sleeps. on: as the leader of a session there, or NULL. */
static int start(struct under_way *ret, const struct terminal *on)
{
	int p[2];
	pid_t pid;

	if (pipe2(p, O_CLOEXEC) < 0)
		return -1;
	fflush(stdout);
	pid = fork();
	if (pid == 0) {
		struct private_folder f = { 0 };
		struct under_way w = { 0 };

		signal(SIGHUP, SIG_DFL); /* also below nohup */
		if (on &&
		    (setsid() < 0 || ioctl(on->slave, TIOCSCTTY, 0) < 0 || close(on->master) < 0))
			_exit(1);
		begin(&w, &f);
		if (write(p[1], &w, sizeof(w)) != sizeof(w))
			_exit(1);
		for (;;)
			pause();
	}
	close(p[1]);
	if (read(p[0], ret, sizeof(*ret)) != sizeof(*ret))
		ret->self = 0;
	close(p[0]);
	return ret->self == pid ? 0 : -1;
}

static bool gone(pid_t pid)
{
	return waitpid(pid, NULL, WNOHANG) == pid || (kill(pid, 0) < 0 && errno == ESRCH);
}

/* In time: 0, else the line of what is still there. */
static int all_gone(const struct under_way *w)
{
	const pid_t pids[] = { w->self, w->asks, w->apart, w->agent, w->keeper };

	for (size_t i = 0; i < COUNT(pids); i++) {
		int ms = 0;

		for (; !gone(pids[i]) && ms < WAIT_MS; ms += 10)
			nap();
		if (ms >= WAIT_MS) {
			printf("# process %zu of 5 lives\n", i + 1);
			for (; i < COUNT(pids); i++)
				kill(pids[i], SIGKILL);
			return 1;
		}
	}
	return access(w->folder, F_OK) < 0 ? 0 : 1;
}

/* Its orphans become ours, so that their end can be seen. */
static int by_signal(int sig)
{
	struct under_way w = { 0 };

	prctl(PR_SET_CHILD_SUBREAPER, 1);
	T_OK(start(&w, NULL) == 0);
	T_OK(w.agent_listens);
	T_OK(access(w.folder, F_OK) == 0);
	T_OK(kill(w.agent, 0) == 0);
	kill(w.self, sig);
	T_OK(all_gone(&w) == 0);
	return 0;
}

static int it_is_killed(void)
{
	return by_signal(SIGKILL);
}

static int it_is_asked_to_end(void)
{
	return by_signal(SIGTERM);
}

static int its_terminal_is_closed(void)
{
	struct under_way w = { 0 };
	struct terminal t = { .master = posix_openpt(O_RDWR | O_NOCTTY | O_CLOEXEC) };

	prctl(PR_SET_CHILD_SUBREAPER, 1);
	T_OK(t.master >= 0 && grantpt(t.master) == 0 && unlockpt(t.master) == 0);
	t.slave = open(ptsname(t.master), O_RDWR | O_NOCTTY | O_CLOEXEC);
	T_OK(t.slave >= 0);
	T_OK(start(&w, &t) == 0);
	T_OK(w.agent_listens);
	close(t.slave);
	close(t.master);
	T_OK(all_gone(&w) == 0);
	return 0;
}

static int it_ends_as_it_should(void)
{
	struct private_folder f = { 0 };
	CLEANUP_FREE char *path = NULL;
	CLEANUP_FREE char *file = NULL;
	struct stat st;
	struct err e = { 0 };

	T_OK(private_folder_make(&f, &e) == 0);
	path = xstrdup(f.path);
	file = xasprintf("%s/x", path);
	T_OK(stat(path, &st) == 0 && (st.st_mode & 07777) == 0700);
	close(open(file, O_CREAT | O_WRONLY | O_CLOEXEC, 0600));
	T_OK(access(file, F_OK) == 0);
	private_folder_remove(&f);
	T_OK(access(path, F_OK) < 0 && !f.path);
	T_OK(waitpid(-1, NULL, WNOHANG) < 0 && errno == ECHILD);
	private_folder_remove(&f);
	return 0;
}

static int somebody_has_killed_the_keeper(void)
{
	struct private_folder f = { 0 };
	CLEANUP_FREE char *path = NULL;
	struct err e = { 0 };

	T_OK(private_folder_make(&f, &e) == 0);
	path = xstrdup(f.path);
	kill(f.keeper, SIGKILL);
	private_folder_remove(&f);
	T_OK(access(path, F_OK) < 0);
	return 0;
}

/* The host's side of the shared login tidies up when its input ends; one that is out of reach is not waited for. */
static int a_login_that_is_left(void)
{
	CLEANUP_FREE char *line = NULL;
	struct private_folder f = { 0 };
	CLEANUP_FREE char *mark = NULL;
	CLEANUP_FREE char *script = NULL;
	struct piped tidy, deaf;
	struct timespec from, to;
	struct err e = { 0 };

	T_OK(private_folder_make(&f, &e) == 0);
	mark = xasprintf("%s/tidied", f.path);
	script = xasprintf("cat; sleep 0.2; : >'%s'", mark);
	T_OK(piped_start(ARGV("sh", "-c", script), PIPED_ASKS, &tidy, &e) == 0);
	T_OK(access(mark, F_OK) < 0);
	piped_leave(&tidy, 5000);
	T_OK(access(mark, F_OK) == 0 && tidy.pid == 0);
	T_OK(piped_start(ARGV("sh", "-c", "echo up; exec sleep 1000"), PIPED_ASKS, &deaf, &e) == 0);
	T_OK(piped_line(&deaf, &line) == 0);
	clock_gettime(CLOCK_MONOTONIC, &from);
	piped_leave(&deaf, 200);
	clock_gettime(CLOCK_MONOTONIC, &to);
	T_OK(deaf.pid == 0 && to.tv_sec - from.tv_sec < 3);
	private_folder_remove(&f);
	return 0;
}

/* ssh-agent's socket is on the disk before it listens: who connects then is refused. */
static int a_socket_that_does_not_listen_yet(void)
{
	struct private_folder f = { 0 };
	struct sockaddr_un at = { .sun_family = AF_UNIX };
	CLEANUP_FREE char *path = NULL;
	struct err e = { 0 };
	int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);

	T_OK(private_folder_make(&f, &e) == 0);
	path = xasprintf("%s/agent", f.path);
	snprintf(at.sun_path, sizeof(at.sun_path), "%s", path);
	T_OK(!socket_answers(path));
	T_OK(bind(fd, (struct sockaddr *)&at, sizeof(at)) == 0 && access(path, F_OK) == 0);
	T_OK(!socket_answers(path));
	T_OK(listen(fd, 1) == 0);
	T_OK(socket_answers(path));
	close(fd);
	private_folder_remove(&f);
	return 0;
}

int main(void)
{
	static const struct t_case cases[] = {
		T(a_socket_that_does_not_listen_yet),
		T(it_ends_as_it_should),
		T(somebody_has_killed_the_keeper),
		T(a_login_that_is_left),
		T(it_is_killed),
		T(it_is_asked_to_end),
		T(its_terminal_is_closed),
	};

	return t_main(cases, COUNT(cases));
}
