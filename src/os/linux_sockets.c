// SPDX-License-Identifier: MIT
/* linux_sockets.c - sockets by sock_diag(7), addresses by rtnetlink(7), and a server's first line. */
#include <arpa/inet.h>
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <linux/inet_diag.h>
#include <linux/netlink.h>
#include <linux/rtnetlink.h>
#include <linux/sock_diag.h>
#include <net/if.h>
#include <poll.h>
#include <stdio.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/i18n.h"
#include "base/mem.h"
#include "os/linux.h"
#include "os/netlink.h"

#define TCP_STATE_ESTABLISHED 1 /* enum in the kernel's net/tcp_states.h, not in its uapi */
#define TCP_STATE_CLOSE	      7
#define TCP_STATE_LISTEN      10

#define LINE_MAX_BYTES \
	1024 /* a server's line is at most 255 (RFC 4253 4.2); others may precede it */
#define LINES_MAX 64

struct list {
	struct socket_info *item;
	size_t count;
};

/* Sends one dump request and hands every message of the answer on. */
static int dump(int protocol, const struct nlmsghdr *request, netlink_fn *fn, void *arg,
		struct err *e)
{
	CLEANUP_FD int fd = socket(AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC, protocol);
	struct sockaddr_nl kernel = { .nl_family = AF_NETLINK };
	char buf[65536] __attribute__((aligned(8)));
	int r = 0;

	if (fd < 0 || sendto(fd, request, request->nlmsg_len, 0, (struct sockaddr *)&kernel,
			     sizeof(kernel)) < 0)
		return err_sys(e, errno, "netlink");
	while (r == 0) {
		ssize_t n = recv(fd, buf, sizeof(buf), 0);

		if (n < 0 && errno == EINTR)
			continue;
		if (n <= 0)
			return err_sys(e, n < 0 ? errno : EPROTO, "netlink");
		r = netlink_take(buf, (size_t)n, fn, arg, e);
	}
	return r < 0 ? -1 : 0;
}

struct diag {
	struct list *list;
	bool udp;
};

static void take_socket(void *arg, const struct netlink_message *m)
{
	struct diag *d = arg;
	struct socket_info s;
	unsigned device;

	if (!netlink_socket(m, d->udp, &s, &device))
		return;
	if (device)
		if_indextoname(device, s.ifname);
	d->list->item = xrealloc(d->list->item, d->list->count + 1, sizeof(s));
	d->list->item[d->list->count++] = s;
}

static int dump_sockets(struct list *list, int family, bool udp, struct err *e)
{
	struct {
		struct nlmsghdr h;
		struct inet_diag_req_v2 r;
	} request = {
		.h = { .nlmsg_len = sizeof(request),
		       .nlmsg_type = SOCK_DIAG_BY_FAMILY,
		       .nlmsg_flags = NLM_F_REQUEST | NLM_F_DUMP },
		.r = { .sdiag_family = (uint8_t)family,
		       .sdiag_protocol = udp ? IPPROTO_UDP : IPPROTO_TCP,
		       .idiag_states = udp ? 1U << TCP_STATE_CLOSE
					   : 1U << TCP_STATE_LISTEN | 1U << TCP_STATE_ESTABLISHED },
	};
	struct diag d = { list, udp };

	return dump(NETLINK_SOCK_DIAG, &request.h, take_socket, &d, e);
}

static int by_inode(const void *a, const void *b)
{
	const struct socket_info *x = a, *y = b;

	return x->inode < y->inode ? -1 : x->inode > y->inode;
}

/* The lowest pid that holds a socket owns it: the listener is older than its children. */
static void take_owner(struct list *list, pid_t pid, uint64_t inode)
{
	const struct socket_info key = { .inode = inode };
	struct socket_info *s = bsearch(&key, list->item, list->count, sizeof(key), by_inode);

	if (!s || !inode || (s->pid && s->pid <= pid))
		return;
	s->pid = pid;
}

static void own_sockets_of(struct os *os, struct list *list, pid_t pid)
{
	CLEANUP_FREE uint64_t *inode = NULL;
	struct err ignored = { 0 };
	size_t count;

	if (linux_process_sockets(os, pid, &inode, &count, &ignored) != 0)
		return;
	for (size_t i = 0; i < count; i++)
		take_owner(list, pid, inode[i]);
}

static void name_owners(struct list *list)
{
	for (size_t i = 0; i < list->count; i++) {
		struct socket_info *s = &list->item[i];
		CLEANUP_FREE char *comm = NULL;
		struct err ignored = { 0 };

		if (s->pid && read_proc(s->pid, "comm", &comm, NULL, &ignored) == 0)
			snprintf(s->comm, sizeof(s->comm), "%.*s", (int)strcspn(comm, "\n"), comm);
	}
}

static int find_owners(struct os *os, struct list *list, struct err *e)
{
	DIR *dir = opendir("/proc");
	struct dirent *d;

	if (!dir)
		return err_sys(e, errno, "/proc");
	while (list->count > 0 && (d = readdir(dir))) {
		uint64_t pid;

		if (str_to_u64(d->d_name, 1, INT32_MAX, &pid) == 0)
			own_sockets_of(os, list, (pid_t)pid);
	}
	closedir(dir);
	name_owners(list);
	return 0;
}

int linux_sockets(struct os *os, struct socket_info **ret, size_t *ret_count, struct err *e)
{
	static const int families[] = { AF_INET, AF_INET6 };
	struct list list = { 0 };

	for (size_t i = 0; i < COUNT(families); i++)
		for (int udp = 0; udp < 2; udp++)
			if (dump_sockets(&list, families[i], udp, e) < 0) {
				free(list.item);
				return err_ctx(e, _("sockets"));
			}
	if (list.count > 1)
		qsort(list.item, list.count, sizeof(*list.item), by_inode);
	if (find_owners(os, &list, e) < 0) {
		free(list.item);
		return -1;
	}
	*ret = list.item;
	*ret_count = list.count;
	return 0;
}

struct addresses {
	struct if_addr *item;
	size_t count;
};

static bool is_loopback(const char *ifname)
{
	CLEANUP_FD int fd = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
	struct ifreq r = { 0 };

	snprintf(r.ifr_name, sizeof(r.ifr_name), "%s", ifname);
	return fd >= 0 && ioctl(fd, SIOCGIFFLAGS, &r) == 0 && r.ifr_flags & IFF_LOOPBACK;
}

static void take_address(void *arg, const struct netlink_message *m)
{
	struct addresses *all = arg;
	struct if_addr a;
	unsigned device;

	if (!netlink_address(m, &a, &device))
		return;
	if_indextoname(device, a.ifname);
	a.loopback = is_loopback(a.ifname);
	all->item = xrealloc(all->item, all->count + 1, sizeof(a));
	all->item[all->count++] = a;
}

int linux_addresses(struct os *os, struct if_addr **ret, size_t *ret_count, struct err *e)
{
	struct {
		struct nlmsghdr h;
		struct ifaddrmsg m;
	} request = {
		.h = { .nlmsg_len = sizeof(request),
		       .nlmsg_type = RTM_GETADDR,
		       .nlmsg_flags = NLM_F_REQUEST | NLM_F_DUMP },
	};
	struct addresses all = { 0 };

	(void)os;
	if (dump(NETLINK_ROUTE, &request.h, take_address, &all, e) < 0) {
		free(all.item);
		return err_ctx(e, _("addresses"));
	}
	*ret = all.item;
	*ret_count = all.count;
	return 0;
}

socklen_t sockaddr_of(const struct addr *to, uint16_t port, struct sockaddr_storage *ret)
{
	struct sockaddr_in *v4 = (struct sockaddr_in *)ret;
	struct sockaddr_in6 *v6 = (struct sockaddr_in6 *)ret;

	memset(ret, 0, sizeof(*ret));
	ret->ss_family = (sa_family_t)to->family;
	if (to->family == AF_INET) {
		memcpy(&v4->sin_addr, to->bytes, 4);
		v4->sin_port = htons(port);
		return sizeof(*v4);
	}
	memcpy(&v6->sin6_addr, to->bytes, 16);
	v6->sin6_port = htons(port);
	return sizeof(*v6);
}

static bool wait_for(struct os *os, int fd, short events, int64_t end)
{
	struct pollfd p = { .fd = fd, .events = events };
	int64_t left = (end - os_now(os, OS_MONOTONIC)) / 1000000;

	return left > 0 && poll(&p, 1, (int)left) > 0;
}

/* 0: a line without its end; 1: the server hung up, or time is over. */
static int read_line(struct os *os, int fd, int64_t end, char *ret, size_t size)
{
	for (size_t len = 0; len + 1 < size;) {
		ssize_t n;

		if (!wait_for(os, fd, POLLIN, end))
			return 1;
		n = recv(fd, ret + len, 1, 0);
		if (n < 0 && (errno == EAGAIN || errno == EINTR))
			continue;
		if (n <= 0)
			return 1;
		if (ret[len] == '\n') {
			ret[len] = '\0';
			ret[strcspn(ret, "\r")] = '\0';
			return 0;
		}
		len++;
	}
	return 1;
}

/* NOLINTNEXTLINE(readability-function-size): the parameters are those of os.h */
int linux_ssh_banner(struct os *os, const struct addr *to, uint16_t port, unsigned timeout_ms,
		     char **ret, struct err *e)
{
	int64_t end = os_now(os, OS_MONOTONIC) + (int64_t)timeout_ms * 1000000;
	CLEANUP_FD int fd = socket(to->family, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	CLEANUP_FREE char *first = NULL;
	struct sockaddr_storage at;
	socklen_t len = sockaddr_of(to, port, &at);
	char line[LINE_MAX_BYTES];
	const int yes = 1;

	/* A kernel without IPv6 listens on none. */
	if (fd < 0)
		return errno == EAFNOSUPPORT ? 1 : err_sys(e, errno, "socket");
	/* Our end may get the very port that sshd is to have next, and would keep it for a minute (TIME_WAIT). */
	setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &yes, sizeof(yes));
	if (connect(fd, (struct sockaddr *)&at, len) < 0 && errno != EINPROGRESS)
		return 1;
	if (!wait_for(os, fd, POLLOUT, end))
		return 1;
	for (int i = 0; i < LINES_MAX && read_line(os, fd, end, line, sizeof(line)) == 0; i++) {
		if (!first || str_starts(line, "SSH-")) {
			free(first);
			first = xstrdup(line);
		}
		if (str_starts(line, "SSH-"))
			break;
	}
	if (!first)
		return 1;
	*ret = TAKE(first);
	return 0;
}
