// SPDX-License-Identifier: MIT
/* secret.c - see secret.h. */
#include "os/secret.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/i18n.h"
#include "base/mem.h"
#include "base/str.h"

#define SECRET_MAX 512

static char *path_of(const char *id)
{
	return xasprintf("/run/kannuki/%s.secret", id);
}

int secret_offer(const char *id, struct err *e)
{
	CLEANUP_FREE char *path = path_of(id);

	if (mkfifo(path, 0600) < 0)
		return err_sys(e, errno, "%s", path);
	return 0;
}

int secret_send(const char *id, const char *secret, unsigned timeout_ms, struct err *e)
{
	CLEANUP_FREE char *path = path_of(id);
	CLEANUP_FD int fd = -1;
	ssize_t n;

	for (unsigned waited = 0; (fd = open(path, O_WRONLY | O_NONBLOCK | O_CLOEXEC)) < 0;
	     waited += 20) {
		if (errno != ENXIO || waited >= timeout_ms) {
			err_sys(e, errno, _("handing the password over"));
			unlink(path);
			return -1;
		}
		usleep(20000);
	}
	signal(SIGPIPE, SIG_IGN);
	n = write(fd, secret, strlen(secret));
	unlink(path);
	return n == (ssize_t)strlen(secret) ? 0 : err_sys(e, errno, _("handing the password over"));
}

int secret_receive(const char *id, unsigned timeout_ms, char **ret, struct err *e)
{
	CLEANUP_FREE char *path = path_of(id);
	CLEANUP_FD int fd = open(path, O_RDONLY | O_NONBLOCK | O_CLOEXEC | O_NOFOLLOW);
	char buf[SECRET_MAX + 1] = "";
	size_t len = 0;
	int r = 0;

	if (fd < 0)
		return errno == ENOENT ? 1 : err_sys(e, errno, "%s", path);
	/* Until the writer closes: a nonblocking FIFO without a writer yet reads 0 bytes too. */
	for (unsigned waited = 0;;) {
		ssize_t n = read(fd, buf + len, SECRET_MAX - len);

		if (n > 0)
			len += (size_t)n;
		else if (n == 0 && len > 0)
			break;
		else if (waited >= timeout_ms) {
			r = err_set(e, ERR_FAILED, _("the password did not come"));
			break;
		} else {
			usleep(10000);
			waited += 10;
		}
	}
	if (r == 0)
		*ret = xstrndup(buf, len);
	explicit_bzero(buf, sizeof(buf));
	return r;
}
