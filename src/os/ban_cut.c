// SPDX-License-Identifier: MIT
/* ban_cut.c - connections of banned sources end at once: sock_diag(7), SOCK_DESTROY (Linux 4.5). */
#include <errno.h>
#include <linux/inet_diag.h>
#include <linux/netlink.h>
#include <linux/sock_diag.h>
#include <netinet/in.h>
#include <string.h>
#include <sys/socket.h>

#include "base/mem.h"
#include "os/ban_table.h"
#include "os/netlink.h"

#define TCP_STATE_TIME_WAIT 6
#define TCP_STATE_LISTEN    10 /* enum in the kernel's net/tcp_states.h, not in its uapi */

struct cut {
	const struct prefix *from;
	size_t count;
	struct inet_diag_sockid *id; /* of what shall end */
	uint8_t *family;
	size_t found;
};

static bool concerned(const struct cut *c, const struct inet_diag_msg *m)
{
	struct addr peer = { .family = m->idiag_family };

	memcpy(peer.bytes, m->id.idiag_dst, m->idiag_family == AF_INET ? 4 : 16);
	for (size_t i = 0; i < c->count; i++)
		if (prefix_holds(&c->from[i], &peer))
			return true;
	return false;
}

static void take_socket(void *arg, const struct netlink_message *message)
{
	struct cut *c = arg;
	struct inet_diag_msg m;

	if (message->type != SOCK_DIAG_BY_FAMILY || message->len < sizeof(m))
		return;
	memcpy(&m, message->data, sizeof(m));
	if ((m.idiag_family != AF_INET && m.idiag_family != AF_INET6) || !concerned(c, &m))
		return;
	c->id = xrealloc(c->id, c->found + 1, sizeof(*c->id));
	c->family = xrealloc(c->family, c->found + 1, 1);
	c->id[c->found] = m.id;
	c->family[c->found++] = m.idiag_family;
}

struct request {
	struct nlmsghdr h;
	struct inet_diag_req_v2 r;
};

static int ask(int fd, const struct request *request, struct err *e)
{
	struct sockaddr_nl kernel = { .nl_family = AF_NETLINK };

	if (sendto(fd, request, sizeof(*request), 0, (struct sockaddr *)&kernel, sizeof(kernel)) <
	    0)
		return err_sys(e, errno, "netlink");
	return 0;
}

static int look(int fd, int family, struct cut *c, struct err *e)
{
	const struct request request = {
		.h = { .nlmsg_len = sizeof(request),
		       .nlmsg_type = SOCK_DIAG_BY_FAMILY,
		       .nlmsg_flags = NLM_F_REQUEST | NLM_F_DUMP },
		.r = { .sdiag_family = (uint8_t)family,
		       .sdiag_protocol = IPPROTO_TCP,
		       .idiag_states = ~(1U << TCP_STATE_LISTEN | 1U << TCP_STATE_TIME_WAIT) },
	};
	char buf[65536] __attribute__((aligned(8)));
	int r = ask(fd, &request, e);

	while (r == 0) {
		ssize_t n = recv(fd, buf, sizeof(buf), 0);

		if (n < 0 && errno == EINTR)
			continue;
		if (n <= 0)
			return err_sys(e, n < 0 ? errno : EPROTO, "netlink");
		r = netlink_take(buf, (size_t)n, take_socket, c, e);
	}
	return r < 0 ? -1 : 0;
}

/* One that has ended meanwhile is no failure: 0 or 1 more. */
static int destroy(int fd, const struct cut *c, size_t i, struct err *e)
{
	const struct request request = {
		.h = { .nlmsg_len = sizeof(request),
		       .nlmsg_type = SOCK_DESTROY,
		       .nlmsg_flags = NLM_F_REQUEST | NLM_F_ACK },
		.r = { .sdiag_family = c->family[i],
		       .sdiag_protocol = IPPROTO_TCP,
		       .idiag_states = ~0U,
		       .id = c->id[i] },
	};
	char buf[4096] __attribute__((aligned(8)));
	struct netlink_rest rest;
	struct netlink_message m;
	int error = -EPROTO;
	ssize_t n;

	if (ask(fd, &request, e) < 0)
		return -1;
	n = recv(fd, buf, sizeof(buf), 0);
	rest = (struct netlink_rest){ buf, n > 0 ? (size_t)n : 0 };
	if (netlink_next(&rest, &m) && m.type == NLMSG_ERROR && m.len >= sizeof(error))
		memcpy(&error, m.data, sizeof(error));
	if (error != 0 && error != -ENOENT)
		return err_sys(e, -error, "SOCK_DESTROY");
	return error == 0;
}

int ban_table_cut(const struct prefix *from, size_t count, struct err *e)
{
	CLEANUP_FD int fd = socket(AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC, NETLINK_SOCK_DIAG);
	struct cut c = { .from = from, .count = count };
	int done = 0, r = 0;

	if (fd < 0)
		return err_sys(e, errno, "netlink socket");
	r = look(fd, AF_INET, &c, e);
	if (r == 0)
		r = look(fd, AF_INET6, &c, e);
	/* One that does not end is no reason to leave the others. */
	for (size_t i = 0; i < c.found; i++) {
		int one = destroy(fd, &c, i, e);

		done += one > 0;
		r = one < 0 ? -1 : r;
	}
	free(c.id);
	free(c.family);
	return r < 0 ? -1 : done;
}
