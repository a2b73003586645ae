// SPDX-License-Identifier: MIT
/* What the real host promises about sockets, processes and addresses (os/os.h). */
#include <arpa/inet.h>
#include <errno.h>
#include <signal.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/mem.h"
#include "contract/host.h"

/* --- sockets ------------------------------------------------------------------------------- */

static uint16_t port_of(int fd)
{
	struct sockaddr_storage at;
	socklen_t len = sizeof(at);

	if (getsockname(fd, (struct sockaddr *)&at, &len) < 0)
		return 0;
	return ntohs(at.ss_family == AF_INET ? ((struct sockaddr_in *)&at)->sin_port
					     : ((struct sockaddr_in6 *)&at)->sin6_port);
}

/* Bound to a port of the kernel's choice; TCP listens. */
static int bound(const char *address, int type, int v6only)
{
	struct sockaddr_in6 v6 = { .sin6_family = AF_INET6 };
	struct sockaddr_in v4 = { .sin_family = AF_INET };
	bool is_v6 = strchr(address, ':') != NULL;
	int fd = socket(is_v6 ? AF_INET6 : AF_INET, type | SOCK_CLOEXEC, 0);
	int r;

	if (is_v6) {
		inet_pton(AF_INET6, address, &v6.sin6_addr);
		setsockopt(fd, IPPROTO_IPV6, IPV6_V6ONLY, &v6only, sizeof(v6only));
		r = bind(fd, (struct sockaddr *)&v6, sizeof(v6));
	} else {
		inet_pton(AF_INET, address, &v4.sin_addr);
		r = bind(fd, (struct sockaddr *)&v4, sizeof(v4));
	}
	if (r == 0 && type == SOCK_STREAM)
		r = listen(fd, 5);
	return r == 0 ? fd : -1;
}

static int connected(const char *address, uint16_t port)
{
	struct sockaddr_in6 v6 = { .sin6_family = AF_INET6, .sin6_port = htons(port) };
	struct sockaddr_in v4 = { .sin_family = AF_INET, .sin_port = htons(port) };
	bool is_v6 = inet_pton(AF_INET6, address, &v6.sin6_addr) == 1;
	int fd = socket(is_v6 ? AF_INET6 : AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);

	inet_pton(AF_INET, address, &v4.sin_addr);
	if (connect(fd, is_v6 ? (struct sockaddr *)&v6 : (struct sockaddr *)&v4,
		    is_v6 ? sizeof(v6) : sizeof(v4)) < 0)
		return -1;
	return fd;
}

/* The only socket of this kind with this local port, and peer port where not 0; copied. */
static bool find(enum socket_kind kind, uint16_t port, uint16_t peer_port, struct socket_info *ret)
{
	CLEANUP_FREE struct socket_info *all = NULL;
	struct err e = { 0 };
	size_t count, found = 0;

	if (os_sockets(host.os, &all, &count, &e) < 0) {
		printf("# %s\n", e.msg);
		return false;
	}
	for (size_t i = 0; i < count; i++)
		if (all[i].kind == kind && all[i].local_port == port &&
		    (!peer_port || all[i].peer_port == peer_port)) {
			*ret = all[i];
			found++;
		}
	if (found != 1)
		printf("# %zu sockets on port %u\n", found, port);
	return found == 1;
}

static bool is_at(const struct addr *a, const char *text)
{
	char buf[ADDR_TEXT];

	return strcmp(addr_text(a, buf), text) == 0;
}

static int listeners_of_both_families(void)
{
	static const struct {
		const char *address;
		bool v6, v6only;
	} ways[] = { { "127.0.0.1", false, false },
		     { "0.0.0.0", false, false },
		     { "::1", true, true },
		     { "::", true, true },
		     { "::", true, false } };

	for (size_t i = 0; i < COUNT(ways); i++) {
		int fd = bound(ways[i].address, SOCK_STREAM, ways[i].v6only);
		struct socket_info s;

		T_OK(fd >= 0 && find(SOCKET_TCP_LISTEN, port_of(fd), 0, &s));
		T_OK(s.v6 == ways[i].v6 && s.v6only == ways[i].v6only);
		T_OK(is_at(&s.local, ways[i].address) && s.peer_port == 0);
		T_OK(s.uid == 0 && s.inode > 0 && s.ifname[0] == '\0');
		T_OK(s.pid == getpid());
		T_STR(s.comm, "test_os_net");
		close(fd);
	}
	return 0;
}

static int a_bound_device_is_named(void)
{
	int fd = bound("127.0.0.1", SOCK_STREAM, 0);
	struct socket_info s;

	T_OK(setsockopt(fd, SOL_SOCKET, SO_BINDTODEVICE, "lo", 3) == 0);
	T_OK(find(SOCKET_TCP_LISTEN, port_of(fd), 0, &s));
	T_STR(s.ifname, "lo");
	close(fd);
	return 0;
}

static int udp_is_listed_where_bound_and_not_connected(void)
{
	int v4 = bound("127.0.0.1", SOCK_DGRAM, 0), v6 = bound("::", SOCK_DGRAM, 1);
	struct sockaddr_in to = { .sin_family = AF_INET, .sin_port = htons(9) };
	struct socket_info s;
	uint16_t port = port_of(v4);

	T_OK(find(SOCKET_UDP_BOUND, port_of(v6), 0, &s) && s.v6 && s.v6only);
	T_OK(find(SOCKET_UDP_BOUND, port, 0, &s) && !s.v6 && is_at(&s.local, "127.0.0.1"));
	T_OK(s.pid == getpid());
	inet_pton(AF_INET, "127.0.0.1", &to.sin_addr);
	T_OK(connect(v4, (struct sockaddr *)&to, sizeof(to)) == 0);
	T_OK(!find(SOCKET_UDP_BOUND, port, 0, &s));
	close(v4);
	close(v6);
	return 0;
}

static int both_ends_of_a_connection(void)
{
	static const struct {
		const char *listen, *to, *local, *peer;
		bool v6;
	} ways[] = {
		{ "127.0.0.1", "127.0.0.1", "127.0.0.1", "127.0.0.1", false },
		{ "0.0.0.0", "127.0.0.3", "127.0.0.3", "127.0.0.1", false },
		{ "::1", "::1", "::1", "::1", true },
		{ "::", "127.0.0.3", "::ffff:127.0.0.3", "::ffff:127.0.0.1", true },
	};

	for (size_t i = 0; i < COUNT(ways); i++) {
		int l = bound(ways[i].listen, SOCK_STREAM, 0);
		int there = connected(ways[i].to, port_of(l)), here = accept(l, NULL, NULL);
		struct socket_info s, c;

		T_OK(there >= 0 && here >= 0);
		T_OK(find(SOCKET_TCP_ESTABLISHED, port_of(l), port_of(there), &s));
		T_OK(s.v6 == ways[i].v6 && is_at(&s.peer, ways[i].peer));
		T_OK(is_at(&s.local, ways[i].local) && s.pid == getpid());
		T_OK(find(SOCKET_TCP_ESTABLISHED, port_of(there), port_of(l), &c));
		T_OK(c.inode != s.inode);
		close(here);
		close(there);
		close(l);
	}
	return 0;
}

static int the_lowest_pid_owns_a_shared_socket(void)
{
	int fd = bound("127.0.0.1", SOCK_STREAM, 0);
	struct socket_info s;
	pid_t child = fork();
	bool found;

	if (child == 0) {
		pause();
		_exit(0);
	}
	found = find(SOCKET_TCP_LISTEN, port_of(fd), 0, &s);
	T_OK(found && s.pid == (child < getpid() ? child : getpid()));
	close(fd);
	found = port_of(fd) == 0;
	kill(child, SIGKILL);
	waitpid(child, NULL, 0);
	T_OK(found);
	return 0;
}

static int sockets_of_a_process(void)
{
	int fd = bound("127.0.0.1", SOCK_STREAM, 0);
	CLEANUP_FREE uint64_t *inode = NULL;
	struct err e = { 0 };
	struct socket_info s;
	size_t count, hits = 0;

	T_OK(find(SOCKET_TCP_LISTEN, port_of(fd), 0, &s));
	T_OK(os_process_sockets(host.os, getpid(), &inode, &count, &e) == 0);
	for (size_t i = 0; i < count; i++)
		hits += inode[i] == s.inode;
	T_OK(hits == 1);
	close(fd);
	T_OK(os_process_sockets(host.os, 0x3ffffff, &inode, &count, &e) == 1);
	return 0;
}

/* --- processes ----------------------------------------------------------------------------- */

static int the_own_process(void)
{
	CLEANUP_PROCESS struct process p = { 0 }, child = { 0 };
	CLEANUP_FREE char *exe = xcalloc(1, 4096);
	int64_t now = os_now(host.os, OS_BOOTTIME);
	struct err e = { 0 };
	pid_t pid = fork();

	if (pid == 0) {
		pause();
		_exit(0);
	}
	T_OK(os_process(host.os, getpid(), &p, &e) == 0);
	T_OK(os_process(host.os, pid, &child, &e) == 0);
	kill(pid, SIGKILL);
	waitpid(pid, NULL, 0);
	T_OK(p.pid == getpid() && p.ppid == getppid() && p.uid == 0 && p.euid == 0);
	T_STR(p.comm, "test_os_net");
	T_OK(readlink("/proc/self/exe", exe, 4095) > 0);
	T_STR(p.exe, exe);
	T_OK(child.ppid == getpid() && child.pid == pid);
	T_OK(child.start_boottime <= now + 20000000 && child.start_boottime > now - 20000000);
	T_OK(p.start_boottime <= child.start_boottime && p.start_boottime > 0);
	T_OK(p.cgroup[0] == '/');
	return 0;
}

static int a_name_may_hold_anything(void)
{
	CLEANUP_PROCESS struct process p = { 0 };
	struct err e = { 0 };
	char c;
	int ready[2];
	pid_t pid;

	T_OK(pipe(ready) == 0);
	pid = fork();
	if (pid == 0) {
		FILE *f = fopen("/proc/self/comm", "we");

		fputs(") R 1 1 (", f);
		fclose(f);
		if (setresuid(12, 34, 0) == 0 && write(ready[1], "", 1) == 1)
			pause();
		_exit(0);
	}
	T_OK(read(ready[0], &c, 1) == 1);
	T_OK(os_process(host.os, pid, &p, &e) == 0);
	kill(pid, SIGKILL);
	waitpid(pid, NULL, 0);
	close(ready[0]);
	close(ready[1]);
	T_STR(p.comm, ") R 1 1 (");
	T_OK(p.ppid == getpid() && p.uid == 12 && p.euid == 34);
	return 0;
}

static int a_deleted_program_keeps_its_name(void)
{
	CLEANUP_PROCESS struct process p = { 0 };
	struct err e = { 0 };
	pid_t pid;

	T_OK(os_run_ok(host.os, ARGV("cp", "/bin/sleep", "/var/tmp/kannuki-deleted"), NULL, &e) ==
	     0);
	pid = fork();
	if (pid == 0) {
		execl("/var/tmp/kannuki-deleted", "kannuki-deleted", "60", NULL);
		_exit(1);
	}
	usleep(100000);
	unlink("/var/tmp/kannuki-deleted");
	T_OK(os_process(host.os, pid, &p, &e) == 0);
	kill(pid, SIGKILL);
	waitpid(pid, NULL, 0);
	T_STR(p.exe, "/var/tmp/kannuki-deleted");
	T_STR(p.comm, "kannuki-deleted");
	return 0;
}

static int killed_though_it_is_stopped(void)
{
	CLEANUP_PROCESS struct process p = { 0 }, q = { 0 };
	struct err e = { 0 };
	pid_t pid = fork();
	int status = 0;

	if (pid == 0) {
		pause();
		_exit(0);
	}
	T_OK(os_process(host.os, pid, &p, &e) == 0 && !p.stopped);
	kill(pid, SIGSTOP);
	T_OK(waitpid(pid, &status, WUNTRACED) == pid && WIFSTOPPED(status));
	T_OK(os_process(host.os, pid, &q, &e) == 0 && q.stopped);
	T_OK(os_kill(host.os, pid, &e) == 0);
	T_OK(waitpid(pid, &status, 0) == pid && WIFSIGNALED(status) && WTERMSIG(status) == SIGKILL);
	T_OK(os_kill(host.os, pid, &e) == 0); /* gone */
	/* Whole groups, and PID 1. */
	T_OK(os_kill(host.os, 0, &e) < 0 && os_kill(host.os, -1, &e) < 0 &&
	     os_kill(host.os, 1, &e) < 0);
	return 0;
}

static int a_process_that_is_gone(void)
{
	struct strv env CLEANUP_STRV = { 0 };
	struct process p = { 0 };
	struct err e = { 0 };
	pid_t pid = fork();

	if (pid == 0)
		_exit(0);
	waitpid(pid, NULL, 0);
	T_OK(os_process(host.os, pid, &p, &e) == 1);
	T_OK(os_environ(host.os, pid, &env, &e) == 1 && env.count == 0);
	return 0;
}

static int the_environment_of_another(void)
{
	struct strv env CLEANUP_STRV = { 0 };
	struct err e = { 0 };
	pid_t pid = fork();

	if (pid == 0) {
		char *const with[] = { (char *)"A=1", (char *)"B=two words=x", (char *)"C=", NULL };

		execve("/bin/sleep", (char *const[]){ (char *)"sleep", (char *)"60", NULL }, with);
		_exit(1);
	}
	usleep(100000);
	T_OK(os_environ(host.os, pid, &env, &e) == 0);
	kill(pid, SIGKILL);
	waitpid(pid, NULL, 0);
	T_OK(env.count == 3);
	T_STR(env.item[0], "A=1");
	T_STR(env.item[1], "B=two words=x");
	T_STR(env.item[2], "C=");
	return 0;
}

/* --- addresses, banners -------------------------------------------------------------------- */

static int loopback_is_among_our_addresses(void)
{
	CLEANUP_FREE struct if_addr *all = NULL;
	struct err e = { 0 };
	size_t count;
	int v4 = 0, v6 = 0;

	T_OK(os_addresses(host.os, &all, &count, &e) == 0);
	for (size_t i = 0; i < count; i++) {
		T_OK(all[i].ifname[0] && all[i].addr.family);
		T_OK(all[i].loopback == (strcmp(all[i].ifname, "lo") == 0));
		v4 += is_at(&all[i].addr, "127.0.0.1") && all[i].bits == 8;
		v6 += is_at(&all[i].addr, "::1") && all[i].bits == 128;
	}
	T_OK(v4 == 1 && v6 == 1);
	return 0;
}

static struct addr address(const char *text)
{
	struct addr a = { 0 };

	addr_parse(text, &a);
	return a;
}

/* A server that says these pieces one by one; its pid. */
static pid_t serve(int fd, const char *const *piece)
{
	pid_t pid = fork();
	int c;

	if (pid != 0)
		return pid;
	c = accept(fd, NULL, NULL);
	for (; *piece; piece++) {
		if (write(c, *piece, strlen(*piece)) < 0)
			_exit(1);
		usleep(30000);
	}
	pause();
	_exit(0);
}

static int banner(const char *at, const char *const *piece, char **ret)
{
	int fd = bound(at, SOCK_STREAM, 1), r;
	struct addr to = address(at);
	struct err e = { 0 };
	pid_t pid = serve(fd, piece);

	r = os_ssh_banner(host.os, &to, port_of(fd), 500, ret, &e);
	kill(pid, SIGKILL);
	waitpid(pid, NULL, 0);
	close(fd);
	return r;
}

static int banner_is_the_line_of_ssh(void)
{
	CLEANUP_FREE char *whole = NULL, *pieces = NULL, *after = NULL, *v6 = NULL, *other = NULL;

	T_OK(banner("127.0.0.1", ARGV("SSH-2.0-x y\r\n"), &whole) == 0);
	T_STR(whole, "SSH-2.0-x y");
	T_OK(banner("127.0.0.1", ARGV("SS", "H-2.0-", "x\n"), &pieces) == 0);
	T_STR(pieces, "SSH-2.0-x");
	T_OK(banner("127.0.0.1", ARGV("hello\r\n", "you\r\nSSH-2.0-x\r\nmore"), &after) == 0);
	T_STR(after, "SSH-2.0-x");
	T_OK(banner("::1", ARGV("SSH-2.0-v6\r\n"), &v6) == 0);
	T_STR(v6, "SSH-2.0-v6");
	T_OK(banner("127.0.0.1", ARGV("220 mail\r\n"), &other) == 0);
	T_STR(other, "220 mail");
	return 0;
}

/* A server that says a banner, waits for the end of the connection, and ends with it; *ret: the port of the other side. */
static void serve_one(int fd, uint16_t *ret)
{
	struct sockaddr_in from = { 0 };
	socklen_t len = sizeof(from);
	char rest[64];
	int c = accept(fd, (struct sockaddr *)&from, &len);

	*ret = ntohs(from.sin_port);
	if (c < 0 || write(c, "SSH-2.0-x\r\n", 11) != 11)
		return;
	while (read(c, rest, sizeof(rest)) > 0)
		;
	close(c);
}

static int looking_keeps_no_port_from_sshd(void)
{
	CLEANUP_FREE char *line = NULL;
	struct sockaddr_in own = { .sin_family = AF_INET,
				   .sin_addr.s_addr = htonl(INADDR_LOOPBACK) };
	struct addr to = address("127.0.0.1");
	struct err e = { 0 };
	int fd = bound("127.0.0.1", SOCK_STREAM, 1), next, yes = 1;
	uint16_t used = 0;
	pid_t pid = fork();

	if (pid == 0)
		_exit(os_ssh_banner(host.os, &to, port_of(fd), 2000, &line, &e));
	serve_one(fd, &used);
	T_OK(waitpid(pid, NULL, 0) == pid && used > 0);
	next = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
	own.sin_port = htons(used);
	setsockopt(next, SOL_SOCKET, SO_REUSEADDR, &yes, sizeof(yes));
	T_OK(bind(next, (struct sockaddr *)&own, sizeof(own)) == 0 && listen(next, 1) == 0);
	close(next);
	close(fd);
	return 0;
}

static int no_banner_is_one(void)
{
	char *line = NULL;
	struct addr to = address("127.0.0.1");
	struct err e = { 0 };
	int fd = bound("127.0.0.1", SOCK_STREAM, 0);
	uint16_t port = port_of(fd);
	int64_t before = os_now(host.os, OS_MONOTONIC), took;

	/* Accepted by the kernel, but silent. */
	T_OK(os_ssh_banner(host.os, &to, port, 200, &line, &e) == 1);
	took = (os_now(host.os, OS_MONOTONIC) - before) / 1000000;
	T_OK(took >= 190 && took < 1500);
	close(fd);
	T_OK(os_ssh_banner(host.os, &to, port, 2000, &line, &e) == 1);
	T_OK(banner("127.0.0.1", ARGV("SSH-2.0-without an end"), &line) == 1);
	T_OK(!line);
	return 0;
}

static const struct t_case cases[] = {
	T(listeners_of_both_families),
	T(a_bound_device_is_named),
	T(udp_is_listed_where_bound_and_not_connected),
	T(both_ends_of_a_connection),
	T(the_lowest_pid_owns_a_shared_socket),
	T(sockets_of_a_process),
	T(the_own_process),
	T(a_name_may_hold_anything),
	T(a_deleted_program_keeps_its_name),
	T(a_process_that_is_gone),
	T(killed_though_it_is_stopped),
	T(the_environment_of_another),
	T(loopback_is_among_our_addresses),
	T(banner_is_the_line_of_ssh),
	T(looking_keeps_no_port_from_sshd),
	T(no_banner_is_one),
};

int main(void)
{
	/* The kernel's name of us, whatever the file is called. */
	FILE *f = fopen("/proc/self/comm", "we");

	if (!f)
		return 1;
	fputs("test_os_net", f);
	fclose(f);
	return host_main_real(cases, COUNT(cases));
}
