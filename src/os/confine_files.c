// SPDX-License-Identifier: MIT
/* confine_files.c - Landlock: only these paths, no TCP, no signals to others. */
#include <errno.h>
#include <fcntl.h>
#include <linux/landlock.h>
#include <sys/stat.h>
#include <sys/syscall.h>

#include "base/mem.h"
#include "os/confine_parts.h"

/* Of later kernels than these headers (landlock(7)). */
#define FS_REFER	(UINT64_C(1) << 13) /* ABI 2 */
#define FS_TRUNCATE	(UINT64_C(1) << 14) /* ABI 3 */
#define FS_IOCTL_DEVICE (UINT64_C(1) << 15) /* ABI 5 */
#define NET_TCP		UINT64_C(3)	    /* ABI 4: bind and connect */
#define SCOPE_ALL	UINT64_C(3)	    /* ABI 6: abstract unix sockets, signals */
#define FS_FIRST	((UINT64_C(1) << 13) - 1)
#define FS_READ		(LANDLOCK_ACCESS_FS_READ_FILE | LANDLOCK_ACCESS_FS_READ_DIR)
#define FS_OF_A_FILE                                                    \
	(LANDLOCK_ACCESS_FS_READ_FILE | LANDLOCK_ACCESS_FS_WRITE_FILE | \
	 LANDLOCK_ACCESS_FS_EXECUTE | FS_TRUNCATE)

struct ruleset {
	uint64_t fs, net, scoped;
};

static struct ruleset known_to(long abi, size_t *ret_size)
{
	struct ruleset r = { .fs = FS_FIRST };

	if (abi >= 2)
		r.fs |= FS_REFER;
	if (abi >= 3)
		r.fs |= FS_TRUNCATE;
	if (abi >= 4)
		r.net = NET_TCP;
	if (abi >= 5)
		r.fs |= FS_IOCTL_DEVICE;
	if (abi >= 6)
		r.scoped = SCOPE_ALL;
	*ret_size = abi >= 6   ? 3 * sizeof(uint64_t)
		    : abi >= 4 ? 2 * sizeof(uint64_t)
			       : sizeof(uint64_t);
	return r;
}

static int allow(int rules, const struct confine_path *p, uint64_t known, struct err *e)
{
	CLEANUP_FD int fd = open(p->path, O_PATH | O_CLOEXEC);
	struct landlock_path_beneath_attr a = { .parent_fd = fd };
	struct stat st;

	if (fd < 0)
		return errno == ENOENT || errno == ENOTDIR ? 0 : err_sys(e, errno, "%s", p->path);
	if (p->may & CONFINE_READ)
		a.allowed_access |= FS_READ;
	if (p->may & CONFINE_EXECUTE)
		a.allowed_access |= LANDLOCK_ACCESS_FS_EXECUTE;
	if (p->may & CONFINE_WRITE)
		a.allowed_access |= FS_READ | LANDLOCK_ACCESS_FS_WRITE_FILE |
				    LANDLOCK_ACCESS_FS_MAKE_REG | LANDLOCK_ACCESS_FS_REMOVE_FILE |
				    FS_TRUNCATE;
	if (fstat(fd, &st) < 0)
		return err_sys(e, errno, "%s", p->path);
	if (!S_ISDIR(st.st_mode))
		a.allowed_access &= FS_OF_A_FILE;
	a.allowed_access &= known;
	if (syscall(SYS_landlock_add_rule, rules, LANDLOCK_RULE_PATH_BENEATH, &a, 0) < 0)
		return err_sys(e, errno, "landlock %s", p->path);
	return 0;
}

static long landlock_abi(void)
{
	return syscall(SYS_landlock_create_ruleset, NULL, 0, LANDLOCK_CREATE_RULESET_VERSION);
}

bool confine_has_landlock(void)
{
	return landlock_abi() > 0;
}

int confine_files(const struct confine *c, struct err *e)
{
	long abi = landlock_abi();
	CLEANUP_FD int rules = -1;
	struct ruleset r;
	size_t size;

	if (abi < 0)
		return errno == ENOSYS || errno == EOPNOTSUPP || errno == EPERM
			       ? 1
			       : err_sys(e, errno, "landlock");
	r = known_to(abi, &size);
	rules = (int)syscall(SYS_landlock_create_ruleset, &r, size, 0);
	if (rules < 0)
		return err_sys(e, errno, "landlock");
	for (size_t i = 0; i < c->paths; i++)
		if (allow(rules, &c->path[i], r.fs, e) < 0)
			return -1;
	return syscall(SYS_landlock_restrict_self, rules, 0) < 0 ? err_sys(e, errno, "landlock")
								 : 0;
}
