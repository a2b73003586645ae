// SPDX-License-Identifier: MIT
/* facts_updates.c - see facts_updates.h. */
#include "core/facts_updates.h"

#include <string.h>

#include "base/i18n.h"
#include "core/facts.h"
#include "core/package_manager.h"
#include "core/restart.h"
#include "core/words.h"

void package_sources_done(struct package_sources *s)
{
	strv_done(&s->security);
	strv_done(&s->unchecked);
	strv_done(&s->held);
	strv_done(&s->broken);
}

void updates_fact_done(struct updates_fact *u)
{
	package_sources_done(&u->sources);
	strv_done(&u->timers);
	strv_done(&u->config);
	strv_done(&u->reboot_packages);
	strv_done(&u->pending);
	strv_done(&u->kept);
	free(u->kernel_running);
	free(u->kernel_newest);
	free(u->restart_at);
	free(u->zone);
}

/* --- configuration ------------------------------------------------------------------------------- */

const char *updates_config(const struct updates_fact *u, const char *name)
{
	size_t n = strlen(name);
	const char *found = "";

	for (size_t i = 0; i < u->config.count; i++)
		if (strncasecmp(u->config.item[i], name, n) == 0 && u->config.item[i][n] == '=')
			found = u->config.item[i] + n + 1;
	return found;
}

void updates_config_list(const struct updates_fact *u, const char *name, struct strv *ret)
{
	CLEANUP_FREE char *prefix = xasprintf("%s::=", name);
	size_t n = strlen(prefix);

	for (size_t i = 0; i < u->config.count; i++)
		if (strncasecmp(u->config.item[i], prefix, n) == 0)
			strv_add(ret, u->config.item[i] + n);
}

int updates_is_there(struct os *os, const char *path, struct err *e)
{
	CLEANUP_NODE struct node n = { 0 };

	return os_get(os, path, &n, e) < 0 ? -1 : n.type != NODE_ABSENT;
}

int updates_time_of(struct os *os, const char *path, int64_t *ret, struct err *e)
{
	CLEANUP_NODE struct node n = { 0 };

	if (os_get(os, path, &n, e) < 0)
		return -1;
	if (n.type != NODE_ABSENT && n.mtime.tv_sec > *ret)
		*ret = n.mtime.tv_sec;
	return 0;
}

/* --- restart ------------------------------------------------------------------------------------- */

static int gather_kernel(struct os *os, struct updates_fact *u, struct err *e)
{
	CLEANUP_STRV struct strv boot = { 0 };
	CLEANUP_FREE char *running = NULL;

	if (os_read(os, "/proc/sys/kernel/osrelease", &running, e) < 0 ||
	    os_list(os, "/boot", &boot, e) < 0)
		return -1;
	u->kernel_running = xstrdup(running ? str_trim(running) : "");
	for (size_t i = 0; i < boot.count; i++) {
		const char *version = boot.item[i] + strlen("vmlinuz-");

		if (!str_starts(boot.item[i], "vmlinuz-") || strstr(version, ".old") ||
		    strstr(version, ".dpkg"))
			continue;
		if (u->kernel_newest && deb_version_compare(version, u->kernel_newest) <= 0)
			continue;
		free(u->kernel_newest);
		u->kernel_newest = xstrdup(version);
	}
	/* A running kernel that is not in /boot is the provider's, and no update of ours brings it. */
	u->kernel_waits = false;
	if (u->kernel_newest && u->kernel_running[0]) {
		CLEANUP_FREE char *own = xasprintf("vmlinuz-%s", u->kernel_running);

		u->kernel_waits = strv_has(&boot, own) &&
				  deb_version_compare(u->kernel_newest, u->kernel_running) > 0;
	}
	return 0;
}

static int gather_reboot(struct os *os, struct updates_fact *u, struct err *e)
{
	CLEANUP_FREE char *packages = NULL;
	int r = updates_is_there(os, "/run/reboot-required", e);

	if (r < 0 || os_read(os, "/run/reboot-required.pkgs", &packages, e) < 0)
		return -1;
	u->reboot_required = r > 0;
	if (packages) {
		CLEANUP_STRV struct strv all = { 0 };

		strv_split(&all, packages, "\n");
		for (size_t i = 0; i < all.count; i++)
			if (!strv_has(&u->reboot_packages, all.item[i]))
				strv_add(&u->reboot_packages, all.item[i]);
	}
	return gather_kernel(os, u, e);
}

static int gather_window(struct os *os, struct updates_fact *u, struct err *e)
{
	CLEANUP_FREE char *text = NULL;
	const char *at;
	int minutes;

	if (os_read(os, "/etc/systemd/system/" RESTART_SERVICE, &text, e) < 0)
		return -1;
	at = text ? strstr(text, RESTART_COMMAND " ") : NULL;
	if (!at)
		return 0;
	u->restart_at = xstrndup(at + strlen(RESTART_COMMAND " "), 5);
	if (restart_time(u->restart_at, &minutes) < 0) {
		free(u->restart_at);
		u->restart_at = NULL;
	}
	return 0;
}

/* What /etc/localtime is a link to; else what Debian's file says. */
static int gather_zone(struct os *os, struct updates_fact *u, struct err *e)
{
	CLEANUP_NODE struct node n = { 0 };
	CLEANUP_FREE char *text = NULL;
	const char *at;

	if (os_get(os, "/etc/localtime", &n, e) < 0 || os_read(os, "/etc/timezone", &text, e) < 0)
		return -1;
	at = n.type == NODE_LINK ? strstr(n.data, "zoneinfo/") : NULL;
	if (at)
		u->zone = xstrdup(at + strlen("zoneinfo/"));
	else
		u->zone = xstrdup(n.type == NODE_FILE && text ? str_trim(text) : "UTC");
	str_make_clean(u->zone);
	return 0;
}

bool updates_are_automatic(const struct updates_fact *u)
{
	return u->manager && u->unattended && u->manager->is_automatic(u);
}

int facts_gather_updates(struct os *os, const struct facts_query *q, struct facts *f, struct err *e)
{
	struct updates_fact *u = &f->updates;
	int r;

	if (!q->updates && !q->upgradable && !q->pending)
		return 0;
	if (gather_zone(os, u, e) < 0 || gather_reboot(os, u, e) < 0 || gather_window(os, u, e) < 0)
		return -1;
	r = package_manager_find(os, &u->manager, e);
	if (r == 0)
		r = u->manager->gather(os, q, f, e);
	if (r == 0 && q->pending)
		r = u->manager->sources(os, &u->sources, e);
	if (r < 0)
		return -1;
	u->measured = r == 0;
	if (r > 0)
		strv_add(&f->not_measured, _("updates: no package manager known here answers"));
	return 0;
}
