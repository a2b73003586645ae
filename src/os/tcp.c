// SPDX-License-Identifier: MIT
/* tcp.c - see tcp.h. */
#include "os/tcp.h"

#include <errno.h>
#include <poll.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#include "base/mem.h"
#include "os/linux.h"

#define AT_ONCE 16

static int64_t now_ms(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return (int64_t)t.tv_sec * 1000 + t.tv_nsec / 1000000;
}

static enum tcp_answer answer_of(int error)
{
	if (error == 0)
		return TCP_OPEN;
	return error == ECONNREFUSED || error == ECONNRESET || error == EHOSTUNREACH ? TCP_REFUSED
										     : TCP_SILENT;
}

static int begin(struct tcp_asked *ask, int *ret_fd, struct err *e)
{
	struct sockaddr_storage at;
	socklen_t len = sockaddr_of(ask->to, ask->port, &at);

	*ret_fd = socket(ask->to->family, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	if (*ret_fd < 0)
		return errno == EAFNOSUPPORT ? 0 : err_sys(e, errno, "socket");
	errno = 0;
	if (connect(*ret_fd, (struct sockaddr *)&at, len) < 0 && errno == EINPROGRESS)
		return 0;
	ask->answer = answer_of(errno);
	close(*ret_fd);
	*ret_fd = -1;
	return 0;
}

static void end(struct pollfd *p, struct tcp_asked *ask)
{
	int error = 0;
	socklen_t len = sizeof(error);

	getsockopt(p->fd, SOL_SOCKET, SO_ERROR, &error, &len);
	ask->answer = answer_of(error);
	close(p->fd);
	p->fd = -1;
}

/* Those of a batch that are under way, until all have answered or the time is over. */
static void wait_for_all(struct pollfd *p, size_t count, unsigned timeout_ms, struct tcp_asked *ask)
{
	int64_t until = now_ms() + timeout_ms;

	for (;;) {
		size_t open = 0;
		int64_t left = until - now_ms();

		for (size_t i = 0; i < count; i++)
			open += p[i].fd >= 0;
		if (open == 0 || left <= 0)
			break;
		if (poll(p, count, (int)left) < 0 && errno != EINTR)
			break;
		for (size_t i = 0; i < count; i++)
			if (p[i].fd >= 0 && p[i].revents)
				end(&p[i], &ask[i]);
	}
	for (size_t i = 0; i < count; i++)
		if (p[i].fd >= 0)
			close(p[i].fd);
}

int tcp_ask(struct tcp_asked *ask, size_t count, unsigned timeout_ms, struct err *e)
{
	for (size_t from = 0; from < count; from += AT_ONCE) {
		size_t n = count - from < AT_ONCE ? count - from : AT_ONCE;
		struct pollfd p[AT_ONCE];
		int r = 0;

		for (size_t i = 0; i < n; i++) {
			ask[from + i].answer = TCP_SILENT;
			p[i] = (struct pollfd){ .fd = -1, .events = POLLOUT };
			if (r == 0)
				r = begin(&ask[from + i], &p[i].fd, e);
		}
		wait_for_all(p, n, r == 0 ? timeout_ms : 0, &ask[from]);
		if (r < 0)
			return r;
	}
	return 0;
}
