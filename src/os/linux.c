// SPDX-License-Identifier: MIT
/* linux.c - the real host: the table of operations, clocks, locks. */
#include "os/linux.h"

#include <errno.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "base/mem.h"
#include "base/str.h"

static void linux_unlock(struct os *os, int token)
{
	struct stat st;

	(void)os;
	if (token < 0)
		return;
	/* So that who takes it next is never taken for us, even before it has written its pid. */
	if (fstat(token, &st) == 0 && st.st_size > 0 && ftruncate(token, 0) < 0)
		errno = 0;
	close(token);
}

static int64_t linux_now(struct os *os, enum os_clock clock)
{
	static const clockid_t ids[] = {
		[OS_REALTIME] = CLOCK_REALTIME,
		[OS_MONOTONIC] = CLOCK_MONOTONIC,
		[OS_BOOTTIME] = CLOCK_BOOTTIME,
	};
	struct timespec t;

	(void)os;
	clock_gettime(ids[clock], &t);
	return (int64_t)t.tv_sec * 1000000000 + t.tv_nsec;
}

static void linux_sleep(struct os *os, unsigned ms)
{
	struct timespec t = { ms / 1000, (long)(ms % 1000) * 1000000 };

	(void)os;
	while (nanosleep(&t, &t) < 0 && errno == EINTR)
		;
}

static pid_t linux_self(struct os *os)
{
	(void)os;
	return getpid();
}

static uid_t linux_uid(struct os *os)
{
	(void)os;
	return geteuid();
}

static const struct os_ops linux_ops = {
	.get = linux_get,
	.list = linux_list,
	.put = linux_put,
	.write_at = linux_write_at,
	.program = linux_program,
	.run = linux_run,
	.process = linux_process,
	.kill = linux_kill,
	.environ = linux_environ,
	.sockets = linux_sockets,
	.process_sockets = linux_process_sockets,
	.addresses = linux_addresses,
	.ssh_banner = linux_ssh_banner,
	.lock = linux_lock,
	.hold = linux_hold,
	.unlock = linux_unlock,
	.record_lock = linux_record_lock,
	.now = linux_now,
	.sleep = linux_sleep,
	.self = linux_self,
	.uid = linux_uid,
};

struct os *os_linux_new(const char *root, struct err *e)
{
	int fd = open(root, O_PATH | O_DIRECTORY | O_CLOEXEC);
	struct os_linux *l;

	if (fd < 0) {
		err_sys(e, errno, "%s", root);
		return NULL;
	}
	l = xcalloc(1, sizeof(*l));
	l->os.ops = &linux_ops;
	l->root = fd;
	l->is_slash = str_eq(root, "/");
	return &l->os;
}

void os_linux_free(struct os *os)
{
	if (!os)
		return;
	close(linux_of(os)->root);
	free(linux_of(os));
}
