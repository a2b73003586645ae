// SPDX-License-Identifier: MIT
/* filter_watch.c - see filter_watch.h. */
#include "os/filter_watch.h"

#include <errno.h>
#include <linux/netfilter/nfnetlink.h>
#include <linux/netlink.h>
#include <poll.h>
#include <signal.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>
#include <sys/signalfd.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include "base/mem.h"
#include "os/netlink.h"

int filter_watch_open(struct err *e)
{
	struct sockaddr_nl me = { .nl_family = AF_NETLINK };
	int group = NFNLGRP_NFTABLES, size = 1 << 20;
	CLEANUP_FD int fd =
		socket(AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC | SOCK_NONBLOCK, NETLINK_NETFILTER);

	if (fd < 0)
		return err_sys(e, errno, "netlink socket");
	if (bind(fd, (struct sockaddr *)&me, sizeof(me)) < 0 ||
	    setsockopt(fd, SOL_NETLINK, NETLINK_ADD_MEMBERSHIP, &group, sizeof(group)) < 0)
		return err_sys(e, errno, "netlink nftables group");
	/* Best effort: with a small buffer an overrun is only a wake-up more. */
	setsockopt(fd, SOL_SOCKET, SO_RCVBUFFORCE, &size, sizeof(size));
	return TAKE_FD(fd);
}

int filter_watch_signals(struct err *e)
{
	sigset_t set;
	int fd;

	sigemptyset(&set);
	sigaddset(&set, SIGHUP);
	sigaddset(&set, SIGTERM);
	sigaddset(&set, SIGINT);
	if (sigprocmask(SIG_BLOCK, &set, NULL) < 0)
		return err_sys(e, errno, "sigprocmask");
	fd = signalfd(-1, &set, SFD_CLOEXEC | SFD_NONBLOCK);
	return fd < 0 ? err_sys(e, errno, "signalfd") : fd;
}

/* Reads all that has come. 1 removal (or something missed), 0 nothing of interest. */
static int drain(int fd, const char *table, struct err *e)
{
	char buf[65536] __attribute__((aligned(8)));
	int found = 0;

	for (;;) {
		ssize_t n = recv(fd, buf, sizeof(buf), 0);

		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0 && errno == ENOBUFS) {
			found = 1;
			continue;
		}
		if (n < 0 && errno == EAGAIN)
			return found;
		if (n < 0)
			return err_sys(e, errno, "netlink events");
		found = found || netlink_tells_removal(buf, (size_t)n, table);
	}
}

static int read_signal(int signal_fd)
{
	struct signalfd_siginfo info;

	if (read(signal_fd, &info, sizeof(info)) != sizeof(info))
		return -1;
	return info.ssi_signo == SIGHUP ? 2 : 0;
}

int filter_watch_wait(int fd, int signal_fd, const char *table, struct err *e)
{
	struct pollfd p[] = { { .fd = fd, .events = POLLIN },
			      { .fd = signal_fd, .events = POLLIN } };

	for (;;) {
		int r;

		if (poll(p, COUNT(p), -1) < 0) {
			if (errno == EINTR)
				continue;
			return err_sys(e, errno, "poll");
		}
		if (p[1].revents) {
			r = read_signal(signal_fd);
			if (r >= 0)
				return r;
		}
		r = drain(fd, table, e);
		if (r != 0)
			return r;
	}
}

void notify_systemd(const char *state)
{
	const char *path = getenv("NOTIFY_SOCKET");
	struct sockaddr_un to = { .sun_family = AF_UNIX };
	size_t n = path ? strlen(path) : 0;
	CLEANUP_FD int fd = -1;

	if (n == 0 || n >= sizeof(to.sun_path))
		return;
	memcpy(to.sun_path, path, n);
	if (to.sun_path[0] == '@')
		to.sun_path[0] = '\0';
	fd = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0);
	if (fd >= 0)
		sendto(fd, state, strlen(state), MSG_NOSIGNAL, (struct sockaddr *)&to,
		       (socklen_t)(offsetof(struct sockaddr_un, sun_path) + n));
}
