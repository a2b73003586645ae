// SPDX-License-Identifier: MIT
/* guard_trial.c - see guard_trial.h. */
#include "lib/guard_trial.h"

#include <fcntl.h>
#include <poll.h>
#include <sched.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "lib/tun.h"
#include "os/child.h"

struct guard_trial trial;

/* Leaks are looked for by other means than a confined process has. */
const char *__asan_default_options(void);
const char *__asan_default_options(void)
{
	return "detect_leaks=0";
}

static void put(const char *path, const char *text, int flags)
{
	int fd = open(path, O_WRONLY | O_CREAT | flags, 0644);

	if (fd < 0 || write(fd, text, strlen(text)) < 0)
		perror(path);
	close(fd);
}

void guard_write(const char *path, const char *text)
{
	put(path, text, O_TRUNC);
}

void guard_set_jail(const char *more)
{
	CLEANUP_FREE char *path = xasprintf("%s/jail.conf", trial.config);
	CLEANUP_FREE char *text = xasprintf("[DEFAULT]\nmaxretry = 3\nfindtime = 10m\n"
					    "ignoreip = 203.0.113.200 2001:db8:aa::/48\n"
					    "[x]\nenabled = true\nfilter = x\nlogpath = %s\n%s",
					    trial.log, more);

	put(path, text, O_TRUNC);
}

static void set_up(void)
{
	CLEANUP_FREE char *filters = xasprintf("%s/conf/filter.d", trial.folder);
	CLEANUP_FREE char *filter = xasprintf("%s/x.conf", filters);

	chmod(trial.folder, 0755);
	snprintf(trial.config, sizeof(trial.config), "%s/conf", trial.folder);
	snprintf(trial.state, sizeof(trial.state), "%s/state", trial.folder);
	snprintf(trial.run, sizeof(trial.run), "%s/run", trial.folder);
	snprintf(trial.log, sizeof(trial.log), "%s/log", trial.folder);
	mkdir(trial.config, 0755);
	mkdir(filters, 0755);
	put(filter, "[Definition]\nfailregex = ^ bad <HOST>$\n", O_TRUNC);
	put(trial.log, "a line\n", O_TRUNC);
	guard_set_jail("bantime = 1h\n");
	trial.places = (struct guard_places){ trial.os, trial.config, trial.state, trial.run };
}

/* --- the daemon --------------------------------------------------------------------------------------- */

bool guard_socket_answers(void)
{
	CLEANUP_FREE char *path = xasprintf("%s/" GUARD_CONTROL, trial.run);
	CLEANUP_FD int fd = -1;
	char answer[8];

	return child_connect(path, &fd, &trial.e) == 0 &&
	       write(fd, "{\"command\":\"status\"}\n", 21) == 21 && read(fd, answer, 1) == 1;
}

/* Where systemd would listen. */
static int notified = -1;

static void listen_as_systemd(void)
{
	struct sockaddr_un at = { .sun_family = AF_UNIX };

	snprintf(at.sun_path, sizeof(at.sun_path), "%s/notify", trial.folder);
	notified = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0);
	if (bind(notified, (struct sockaddr *)&at, sizeof(at)) < 0)
		perror(at.sun_path);
	setenv("NOTIFY_SOCKET", at.sun_path, 1);
	setenv("WATCHDOG_USEC", "600000", 1);
}

/* False: it was not told within so long. */
bool guard_is_told(const char *what, int timeout_ms)
{
	struct pollfd p = { .fd = notified, .events = POLLIN };
	char text[256];

	while (poll(&p, 1, timeout_ms) == 1) {
		ssize_t n = recv(notified, text, sizeof(text) - 1, 0);

		text[n > 0 ? n : 0] = '\0';
		if (str_starts(text, what))
			return true;
	}
	return false;
}

void guard_hear_out(void)
{
	char text[256];

	while (recv(notified, text, sizeof(text), MSG_DONTWAIT) > 0) {
	}
}

bool guard_start(void)
{
	fflush(stdout);
	guard_hear_out();
	trial.pid = fork();
	if (trial.pid == 0) {
		int r = parent_run(&trial.places, &trial.e);

		if (r < 0)
			fprintf(stderr, "# %s\n", trial.e.msg);
		_exit(r < 0);
	}
	return guard_is_told("READY=1", 5000);
}

int guard_stop(int signal)
{
	int status;

	kill(trial.pid, signal);
	waitpid(trial.pid, &status, 0);
	trial.pid = 0;
	return status;
}

void guard_forget_all(void)
{
	CLEANUP_FREE char *command = xasprintf("rm -rf %s %s", trial.state, trial.run);

	/* Left by a case that failed. */
	if (trial.pid > 0)
		guard_stop(SIGTERM);
	guard_set_jail("bantime = 1h\n");
	if (system(command) != 0)
		perror(command);
	ban_table_begin(trial.table);
	ban_table_make(trial.table);
	ban_table_commit(trial.table, &trial.e);
}

void guard_fails(const char *who, unsigned times)
{
	guard_fails_in(trial.log, who, times);
}

void guard_fails_in(const char *log, const char *who, unsigned times)
{
	char stamp[32], line[128];
	time_t now = time(NULL);
	struct tm tm;

	localtime_r(&now, &tm);
	strftime(stamp, sizeof(stamp), "%b %e %H:%M:%S", &tm);
	for (unsigned i = 0; i < times; i++) {
		snprintf(line, sizeof(line), "%s bad %s\n", stamp, who);
		put(log, line, O_APPEND);
	}
}

bool guard_is_banned(const char *who)
{
	struct addr a = { 0 };
	uint64_t ms;

	addr_parse(who, &a);
	return ban_table_has(trial.table, &a, &ms, &trial.e) == 1;
}

bool guard_soon_banned(const char *who)
{
	for (unsigned i = 0; i < 200; i++) {
		if (guard_is_banned(who))
			return true;
		usleep(10000);
	}
	return false;
}

/* Long enough that it would have happened. */
bool guard_never_banned(const char *who)
{
	usleep(300000);
	return !guard_is_banned(who);
}

/* A command's whole answer. */
const char *guard_ask(const char *fmt, ...)
{
	CLEANUP_FREE char *path = xasprintf("%s/" GUARD_CONTROL, trial.run);
	static char answer[65536];
	CLEANUP_FREE char *line = NULL;
	CLEANUP_FD int fd = -1;
	size_t len = 0;
	va_list ap;
	ssize_t n;

	va_start(ap, fmt);
	line = xvasprintf(fmt, ap);
	va_end(ap);
	answer[0] = '\0';
	if (child_connect(path, &fd, &trial.e) != 0 || write(fd, line, strlen(line)) < 0 ||
	    write(fd, "\n", 1) < 0)
		return answer;
	while (len + 1 < sizeof(answer) &&
	       (n = read(fd, answer + len, sizeof(answer) - 1 - len)) > 0)
		len += (size_t)n;
	answer[len] = '\0';
	return answer;
}

bool guard_says(const char *answer, const char *text)
{
	if (strstr(answer, text))
		return true;
	printf("# no %s in: %s", text, answer);
	return false;
}

static int check_files(void)
{
	CLEANUP_ORDERS struct orders orders = { 0 };

	return orders_read(trial.os, trial.places.config, &orders, &trial.e);
}

/* As main() of kannuki-guard, with the folders of this test. */
static int be_role(const char *role)
{
	int r = -1;

	if (strcmp(role, "reader") == 0)
		r = reader_run(&trial.places, &trial.e);
	else if (strcmp(role, "watch") == 0)
		r = watch_run(&trial.places, &trial.e);
	else if (strcmp(role, "store") == 0)
		r = store_run(&trial.places, &trial.e);
	else if (strcmp(role, "banner") == 0)
		r = banner_run(&trial.places, &trial.e);
	else if (strcmp(role, "check") == 0)
		r = check_files();
	if (r < 0)
		fprintf(stderr, "# %s: %s\n", role, trial.e.msg);
	return r < 0;
}

static void take_places(int argc, char **argv)
{
	trial.places = (struct guard_places){ .os = trial.os };
	for (int i = 0; i + 1 < argc; i++) {
		if (strcmp(argv[i], "--config") == 0)
			trial.places.config = argv[i + 1];
		else if (strcmp(argv[i], "--state") == 0)
			trial.places.state = argv[i + 1];
		else if (strcmp(argv[i], "--run") == 0)
			trial.places.run = argv[i + 1];
	}
}

/* A /run of our own: who is logged in is what a test says. */
static bool own_run(void)
{
	if (unshare(CLONE_NEWNS) < 0 || mount(NULL, "/", NULL, MS_REC | MS_PRIVATE, NULL) < 0 ||
	    mount("tmpfs", "/run", "tmpfs", 0, "mode=0755") < 0)
		return false;
	return mkdir("/run/systemd", 0755) == 0 && mkdir("/run/systemd/sessions", 0755) == 0;
}

int guard_trial_main(int argc, char **argv, const struct t_case *cases, size_t count)
{
	CLEANUP_FREE char *command = NULL;
	int r;

	trial.os = os_linux_new("/", &trial.e);
	if (argc > 2 && strcmp(argv[1], "role") == 0) {
		take_places(argc, argv);
		return be_role(argv[2]);
	}
	if (getuid() != 0 || tun_enter() < 0 || !own_run() ||
	    ban_table_open(&trial.table, &trial.e) < 0) {
		printf("1..0 # SKIP no network of its own here %s\n", trial.e.msg);
		return 0;
	}
	snprintf(trial.folder, sizeof(trial.folder), "/tmp/kannuki-guard-XXXXXX");
	if (!mkdtemp(trial.folder))
		return 1;
	set_up();
	listen_as_systemd();
	r = t_main(cases, count);
	command = xasprintf("rm -rf %s", trial.folder);
	if (system(command) != 0)
		r = 1;
	ban_table_free(trial.table);
	os_linux_free(trial.os);
	return r;
}
