// SPDX-License-Identifier: MIT
/* confine.c - see confine.h: user and capabilities; the order in which all of it is done. */
#include "os/confine.h"

#include <errno.h>
#include <grp.h>
#include <linux/capability.h>
#include <stdlib.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "os/confine_parts.h"

#define CAPABILITIES_MAX 64

/* For all capabilities, or what is kept could come back by a program that has it. */
static int empty_bounding_set(struct err *e)
{
	for (unsigned long i = 0; i < CAPABILITIES_MAX; i++)
		if (prctl(PR_CAPBSET_DROP, i, 0, 0, 0) < 0 && errno != EINVAL)
			return err_sys(e, errno, "capability bounding set");
	return 0;
}

static int set_user(const struct confine *c, struct err *e)
{
	if (setgroups(c->groups, c->group) < 0)
		return err_sys(e, errno, "setgroups");
	if (setresgid(c->gid, c->gid, c->gid) < 0 || setresuid(c->uid, c->uid, c->uid) < 0)
		return err_sys(e, errno, "user %u", (unsigned)c->uid);
	return 0;
}

static int set_capabilities(uint64_t keep, struct err *e)
{
	struct __user_cap_header_struct head = { .version = _LINUX_CAPABILITY_VERSION_3 };
	const struct __user_cap_data_struct data[2] = {
		{ .effective = (uint32_t)keep, .permitted = (uint32_t)keep },
		{ .effective = (uint32_t)(keep >> 32), .permitted = (uint32_t)(keep >> 32) },
	};

	if (prctl(PR_CAP_AMBIENT, PR_CAP_AMBIENT_CLEAR_ALL, 0, 0, 0) < 0)
		return err_sys(e, errno, "ambient capabilities");
	return syscall(SYS_capset, &head, data) < 0 ? err_sys(e, errno, "capset") : 0;
}

/* Without Landlock the right to read any file would be just that. */
static uint64_t kept(const struct confine *c)
{
	return confine_has_landlock() ? c->capabilities
				      : c->capabilities & ~(UINT64_C(1) << CAP_DAC_READ_SEARCH);
}

int confine(const struct confine *c, struct err *e)
{
	const uint64_t capabilities = kept(c);
	int landlock;

	umask(077);
	if (chdir("/") < 0)
		return err_sys(e, errno, "/");
	if (empty_bounding_set(e) < 0)
		return -1;
	if (prctl(PR_SET_KEEPCAPS, capabilities != 0, 0, 0, 0) < 0)
		return err_sys(e, errno, "keepcaps");
	if (set_user(c, e) < 0 || set_capabilities(capabilities, e) < 0)
		return -1;
	if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) < 0)
		return err_sys(e, errno, "no new privileges");
	/* Not to be traced, nor its memory read, by another process of the same user. */
	if (prctl(PR_SET_DUMPABLE, 0, 0, 0, 0) < 0)
		return err_sys(e, errno, "dumpable");
	landlock = confine_files(c, e);
	if (landlock < 0 || confine_calls(c, e) < 0)
		return -1;
	return landlock;
}
