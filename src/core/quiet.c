// SPDX-License-Identifier: MIT
/* quiet.c - see quiet.h. */
#include "core/quiet.h"

#include "base/i18n.h"
#include "base/mem.h"
#include "core/facts_cloud.h"

#define POLL_MS 500

/* What a package manager holds while it changes packages or fetches lists. */
static const char *const locks[] = { "/var/lib/dpkg/lock-frontend", "/var/lib/dpkg/lock",
				     "/var/lib/apt/lists/lock", "/var/cache/apt/archives/lock",
				     "/var/lib/rpm/.rpm.lock" };

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

static int packages_busy(struct os *os, char **ret, struct err *e)
{
	for (size_t i = 0; i < COUNT(locks); i++) {
		CLEANUP_PROCESS struct process p = { 0 };
		pid_t pid = 0;
		int r = os_record_lock(os, locks[i], &pid, e);

		if (r < 0)
			return -1;
		if (r == 0)
			continue;
		if (pid == 0 || os_process(os, pid, &p, e) != 0)
			*ret = xstrdup(_("packages are being installed"));
		else
			*ret = xasprintf(_("packages are being installed (%s, process %d)"), p.comm,
					 (int)pid);
		return 0;
	}
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
	return wait_for(os, packages_busy, QUIET_PACKAGE_SECONDS, say, e);
}
