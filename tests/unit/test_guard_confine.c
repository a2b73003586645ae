// SPDX-License-Identifier: MIT
/* What each of the guard's processes cannot do any more, each tried by a process that was confined as that one. */
#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <linux/netlink.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/ptrace.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "guard/roles.h"
#include "lib/t.h"

/* Leaks are looked for by other means than a confined process has. */
const char *__asan_default_options(void);
const char *__asan_default_options(void)
{
	return "detect_leaks=0";
}

static char folder[] = "/tmp/kannuki-confine-XXXXXX";
static char config[64], state[64], log_path[64], secret[64];
static struct os *os;

static void put(const char *path, const char *text, mode_t mode)
{
	int fd = open(path, O_WRONLY | O_CREAT | O_TRUNC, mode);

	if (fd < 0 || write(fd, text, strlen(text)) < 0)
		perror(path);
	fchmod(fd, mode);
	close(fd);
}

static void set_up(void)
{
	char path[160], text[300];

	chmod(folder, 0755);
	snprintf(config, sizeof(config), "%s/conf", folder);
	snprintf(state, sizeof(state), "%s/state", folder);
	snprintf(secret, sizeof(secret), "%s/secret", folder);
	mkdir(config, 0755);
	mkdir(state, 0700);
	if (chown(state, roles_user(os, ROLE_STORE), roles_user(os, ROLE_STORE)) < 0)
		perror(state);
	snprintf(path, sizeof(path), "%s/log", folder);
	mkdir(path, 0700);
	snprintf(log_path, sizeof(log_path), "%s/log/auth.log", folder);
	put(log_path, "a line\n", 0600);
	put(secret, "not to be read\n", 0644);
	snprintf(path, sizeof(path), "%s/filter.d", config);
	mkdir(path, 0755);
	snprintf(path, sizeof(path), "%s/filter.d/x.conf", config);
	put(path, "[Definition]\nfailregex = ^bad <HOST>$\n", 0644);
	snprintf(path, sizeof(path), "%s/jail.conf", config);
	snprintf(text, sizeof(text),
		 "[x]\nenabled = true\nfilter = x\nlogpath = %s\n  /etc/kannuki-none/*.log\n",
		 log_path);
	put(path, text, 0644);
}

/* --- what is tried: 1 it could, 0 it could not ------------------------------------------------------- */

static int opens(const char *path, int flags)
{
	int fd = open(path, flags, 0600);

	return fd >= 0;
}

static int reads_passwd(void)
{
	return opens("/etc/passwd", O_RDONLY);
}
static int reads_secret(void)
{
	return opens(secret, O_RDONLY);
}
static int reads_log(void)
{
	return opens(log_path, O_RDONLY);
}
static int writes_log(void)
{
	return opens(log_path, O_WRONLY | O_APPEND);
}

static int writes_state(void)
{
	char path[160];

	snprintf(path, sizeof(path), "%s/bans.db", state);
	unlink(path);
	return opens(path, O_RDWR | O_CREAT);
}

static int speaks_tcp(void)
{
	return socket(AF_INET, SOCK_STREAM, 0) >= 0;
}
static int speaks_unix(void)
{
	return socket(AF_UNIX, SOCK_STREAM, 0) >= 0;
}
static int speaks_netlink(void)
{
	return socket(AF_NETLINK, SOCK_RAW, NETLINK_NETFILTER) >= 0;
}

/* The program it becomes says that it could. */
static int executes(void)
{
	static char sh[] = "sh", c[] = "-c", line[] = "exit 51";
	char *const argv[] = { sh, c, line, NULL };

	execve("/bin/sh", argv, NULL);
	return 0;
}

static int forks(void)
{
	pid_t pid = fork();

	if (pid == 0)
		_exit(0);
	return pid > 0;
}

static int traces(void)
{
	return ptrace(PTRACE_TRACEME, 0, 0, 0) == 0;
}
static int kills(void)
{
	return kill(getppid(), 0) == 0;
}
static int mounts(void)
{
	return syscall(SYS_mount, "x", "/mnt", "tmpfs", 0, NULL) == 0;
}
static int is_root_again(void)
{
	return setuid(0) == 0;
}

static int makes_code(void)
{
	return mmap(NULL, 4096, PROT_READ | PROT_WRITE | PROT_EXEC, MAP_PRIVATE | MAP_ANONYMOUS, -1,
		    0) != MAP_FAILED;
}

static int makes_code_later(void)
{
	void *p = mmap(NULL, 4096, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

	return p != MAP_FAILED && mprotect(p, 4096, PROT_READ | PROT_EXEC) == 0;
}

static int what_was(int status)
{
	if (WIFSIGNALED(status))
		return WTERMSIG(status) == SIGSYS ? 0 : 99;
	return WEXITSTATUS(status) - 50;
}

/* 1: it could, 0: it could not; anything else went wrong. */
static int tries(enum role role, int (*what)(void))
{
	struct guard_places places = { .os = os, .config = config, .state = state, .run = folder };
	CLEANUP_ORDERS struct orders orders = { 0 };
	struct err e = { 0 };
	int status;
	pid_t pid;

	if (orders_read(os, config, &orders, &e) < 0)
		return 97;
	fflush(stdout);
	pid = fork();
	if (pid == 0) {
		if (roles_confine(role, &places, &orders, &e) < 0) {
			fprintf(stderr, "%s\n", e.msg);
			_exit(96);
		}
		_exit(50 + what());
	}
	waitpid(pid, &status, 0);
	return what_was(status);
}

static int before_it_is_confined_all_that_works(void)
{
	T_OK(reads_passwd() && reads_secret() && reads_log() && writes_log() && writes_state());
	T_OK(speaks_tcp() && speaks_unix() && speaks_netlink() && forks() && makes_code());
	T_OK(makes_code_later() && kills() && is_root_again());
	return 0;
}

#define CANNOT(role, what) T_OK(tries(role, what) == 0)
#define CAN(role, what)	   T_OK(tries(role, what) == 1)

static int nobody_can(enum role role)
{
	CANNOT(role, reads_passwd);
	CANNOT(role, reads_secret);
	CANNOT(role, writes_log);
	CANNOT(role, speaks_tcp);
	CANNOT(role, speaks_unix);
	CANNOT(role, executes);
	CANNOT(role, forks);
	CANNOT(role, traces);
	CANNOT(role, kills);
	CANNOT(role, mounts);
	CANNOT(role, is_root_again);
	CANNOT(role, makes_code);
	CANNOT(role, makes_code_later);
	return 0;
}

static int watch_can_nothing(void)
{
	CANNOT(ROLE_WATCH, reads_log);
	CANNOT(ROLE_WATCH, writes_state);
	CANNOT(ROLE_WATCH, speaks_netlink);
	return nobody_can(ROLE_WATCH);
}

static int reader_can_read_logs(void)
{
	CAN(ROLE_READER, reads_log);
	CANNOT(ROLE_READER, writes_state);
	CANNOT(ROLE_READER, speaks_netlink);
	return nobody_can(ROLE_READER);
}

static int store_can_write_what_it_remembers(void)
{
	CAN(ROLE_STORE, writes_state);
	CANNOT(ROLE_STORE, reads_log);
	CANNOT(ROLE_STORE, speaks_netlink);
	return nobody_can(ROLE_STORE);
}

static int banner_can_speak_to_the_kernel(void)
{
	CAN(ROLE_BANNER, speaks_netlink);
	CANNOT(ROLE_BANNER, reads_log);
	CANNOT(ROLE_BANNER, writes_state);
	return nobody_can(ROLE_BANNER);
}

static int journal_can_only_become_a_program(void)
{
	CAN(ROLE_JOURNAL, executes);
	CANNOT(ROLE_JOURNAL, reads_passwd);
	CANNOT(ROLE_JOURNAL, reads_log);
	CANNOT(ROLE_JOURNAL, writes_state);
	CANNOT(ROLE_JOURNAL, speaks_tcp);
	CANNOT(ROLE_JOURNAL, speaks_netlink);
	CANNOT(ROLE_JOURNAL, traces);
	CANNOT(ROLE_JOURNAL, mounts);
	CANNOT(ROLE_JOURNAL, is_root_again);
	return 0;
}

int main(void)
{
	static const struct t_case cases[] = {
		T(before_it_is_confined_all_that_works),
		T(watch_can_nothing),
		T(reader_can_read_logs),
		T(store_can_write_what_it_remembers),
		T(banner_can_speak_to_the_kernel),
		T(journal_can_only_become_a_program),
	};
	struct err e = { 0 };
	char command[80];
	int r;

	if (getuid() != 0) {
		printf("1..0 # SKIP only root has something to give up\n");
		return 0;
	}
	os = os_linux_new("/", &e);
	if (!os || !mkdtemp(folder))
		return 1;
	set_up();
	r = t_main(cases, COUNT(cases));
	snprintf(command, sizeof(command), "rm -rf %s", folder);
	if (system(command) != 0)
		r = 1;
	os_linux_free(os);
	return r;
}
