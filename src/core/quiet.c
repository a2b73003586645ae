// SPDX-License-Identifier: MIT
/* quiet.c - see quiet.h. */
#include "core/quiet.h"

#include "base/i18n.h"
#include "base/mem.h"
#include "core/facts_cloud.h"
#include "core/package_manager.h"

#define POLL_MS 500

/* What goes on, as a person would say it; NULL: nothing. malloc'd. */
typedef int busy_fn(struct os *os, char **ret, struct err *e);

static int cloud_init_busy(struct os *os, char **ret, struct err *e)
{
	CLEANUP_FACTS struct facts f = { 0 };

	if (facts_gather_cloud_init(os, &f, e) < 0)
		return -1;
	if (str_eq(f.cloud_init_status, "running"))
		*ret = xstrdup(_("cloud-init is still setting this host up"));
	return 0;
}

static char *at_work(struct os *os, pid_t pid)
{
	CLEANUP_PROCESS struct process p = { 0 };
	struct err gone = { 0 };

	if (pid == 0 || os_process(os, pid, &p, &gone) != 0)
		return xstrdup(_("packages are being installed"));
	return xasprintf(_("packages are being installed (%s, process %d)"), p.comm, (int)pid);
}

static int record_locks(struct os *os, const struct package_manager *m, char **ret, struct err *e)
{
	for (size_t i = 0; m->locks[i]; i++) {
		pid_t pid = 0;
		int r = os_record_lock(os, m->locks[i], &pid, e);

		if (r < 0)
			return -1;
		if (r > 0) {
			*ret = at_work(os, pid);
			return 0;
		}
	}
	return 0;
}

/* Did this process run already when the file was written? Else it only has the number of one that was killed, or
 * that ran before the last boot, and left its file behind. */
static bool wrote(struct os *os, const struct process *p, const struct node *file)
{
	int64_t boot = os_now(os, OS_REALTIME) - os_now(os, OS_BOOTTIME);

	return (boot + p->start_boottime) / 1000000000 <= file->mtime.tv_sec + 1;
}

static int pid_locks(struct os *os, const struct package_manager *m, char **ret, struct err *e)
{
	for (size_t i = 0; m->pids[i]; i++) {
		CLEANUP_PROCESS struct process p = { 0 };
		CLEANUP_NODE struct node n = { 0 };
		struct err gone = { 0 };
		uint64_t pid;

		if (os_get(os, m->pids[i], &n, e) < 0)
			return -1;
		if (n.type != NODE_FILE || str_to_u64(str_trim(n.data), 2, INT32_MAX, &pid) < 0 ||
		    os_process(os, (pid_t)pid, &p, &gone) != 0 || !wrote(os, &p, &n))
			continue;
		*ret = at_work(os, (pid_t)pid);
		return 0;
	}
	return 0;
}

int quiet_packages(struct os *os, char **ret, struct err *e)
{
	for (size_t i = 0; i < package_managers_count && !*ret; i++)
		if (record_locks(os, package_managers[i], ret, e) < 0 ||
		    (!*ret && pid_locks(os, package_managers[i], ret, e) < 0))
			return -1;
	return 0;
}

static int wait_for(struct os *os, busy_fn *busy, unsigned seconds, void (*say)(const char *text),
		    struct err *e)
{
	int64_t end = os_now(os, OS_MONOTONIC) + (int64_t)seconds * 1000000000;
	bool said = false;

	for (;;) {
		CLEANUP_FREE char *what = NULL;
		CLEANUP_FREE char *line = NULL;

		if (busy(os, &what, e) < 0)
			return -1;
		if (!what)
			return 0;
		if (os_now(os, OS_MONOTONIC) >= end)
			return err_set(e, ERR_CONFLICT,
				       _("%s, after %u seconds of waiting; try again when it has "
					 "ended"),
				       what, seconds);
		line = xasprintf(_("%s; waiting, at most %u seconds"), what, seconds);
		if (!said)
			say(line);
		said = true;
		os_sleep(os, POLL_MS);
	}
}

int quiet_wait(struct os *os, void (*say)(const char *text), struct err *e)
{
	if (wait_for(os, cloud_init_busy, QUIET_CLOUD_SECONDS, say, e) < 0)
		return -1;
	return wait_for(os, quiet_packages, QUIET_PACKAGE_SECONDS, say, e);
}
