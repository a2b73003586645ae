// SPDX-License-Identifier: MIT
/*
 * ask.c - systemctl, systemd-run and journalctl of the light root: puts its words to the stand-in
 * for PID 1 (pid1.py), prints what that answers, and ends with the status it gives.
 */
#include <arpa/inet.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#define SOCKET "/dev/pid1"

static int read_all(int fd, void *to, size_t len)
{
	char *p = to;

	while (len > 0) {
		ssize_t n = read(fd, p, len);

		if (n <= 0)
			return -1;
		p += n;
		len -= (size_t)n;
	}
	return 0;
}

static int pass_on(int from, int to, size_t len)
{
	char buf[4096];

	while (len > 0) {
		size_t part = len < sizeof(buf) ? len : sizeof(buf);

		if (read_all(from, buf, part) < 0 || write(to, buf, part) != (ssize_t)part)
			return -1;
		len -= part;
	}
	return 0;
}

int main(int argc, char **argv)
{
	struct sockaddr_un to = { .sun_family = AF_UNIX, .sun_path = SOCKET };
	const char *name = strrchr(argv[0], '/');
	int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
	char request[65536];
	uint32_t head[3]; /* status, bytes for standard output, bytes for standard error */
	size_t len = 0;

	argv[0] = (char *)(name ? name + 1 : argv[0]);
	for (int i = 0; i < argc; i++) {
		size_t n = strlen(argv[i]) + 1;

		if (len + n > sizeof(request))
			return 1;
		memcpy(request + len, argv[i], n);
		len += n;
	}
	/* One message, so that a kill cuts either before it or after it. */
	if (fd < 0 || connect(fd, (struct sockaddr *)&to, sizeof(to)) < 0 ||
	    send(fd, request, len, MSG_NOSIGNAL) != (ssize_t)len || shutdown(fd, SHUT_WR) < 0 ||
	    read_all(fd, head, sizeof(head)) < 0) {
		fprintf(stderr, "%s: PID 1 does not answer\n", argv[0]);
		return 1;
	}
	if (pass_on(fd, STDOUT_FILENO, ntohl(head[1])) < 0 ||
	    pass_on(fd, STDERR_FILENO, ntohl(head[2])) < 0)
		return 1;
	return (int)ntohl(head[0]);
}
