// SPDX-License-Identifier: MIT
/* facts_updates.c - see facts_updates.h. */
#include "core/facts_updates.h"

#include <ctype.h>
#include <string.h>

#include "base/i18n.h"
#include "core/facts.h"
#include "core/words.h"

#define LISTS	 "/var/lib/apt/lists"
#define PERIODIC "/var/lib/apt/periodic/"

void updates_fact_done(struct updates_fact *u)
{
	strv_done(&u->config);
	strv_done(&u->reboot_packages);
	strv_done(&u->pending);
	free(u->kernel_running);
	free(u->kernel_newest);
	free(u->zone);
}

/* --- deb-version(7) ----------------------------------------------------------------------------- */

/* '~' sorts before the end of a part, letters before all that is no letter. A digit ends a word. */
static int rank(char c)
{
	if (c == '~')
		return -1;
	if (c == '\0' || isdigit((unsigned char)c))
		return 0;
	return isalpha((unsigned char)c) ? c : 1000 + c;
}

/* The word (up to the next digit) at the front of both. */
static int compare_word(const char **a, const char **b)
{
	for (; rank(**a) || rank(**b); (*a)++, (*b)++)
		if (rank(**a) != rank(**b))
			return rank(**a) - rank(**b);
	return 0;
}

/* The number (which may be of no digit: 0) at the front of both. */
static int compare_number(const char **a, const char **b)
{
	size_t na, nb;
	int r;

	*a += strspn(*a, "0");
	*b += strspn(*b, "0");
	na = strspn(*a, "0123456789");
	nb = strspn(*b, "0123456789");
	r = na != nb ? (na < nb ? -1 : 1) : strncmp(*a, *b, na);
	*a += na;
	*b += nb;
	return r;
}

static int compare_part(const char *a, const char *b)
{
	while (*a || *b) {
		int r = compare_word(&a, &b);

		if (r == 0)
			r = compare_number(&a, &b);
		if (r)
			return r;
	}
	return 0;
}

struct deb_version {
	char *text; /* owns the parts */
	const char *epoch, *upstream, *revision;
};

static void version_done(struct deb_version *v)
{
	free(v->text);
}

static void version_parse(const char *text, struct deb_version *ret)
{
	char *colon, *dash;

	ret->text = xstrdup(text);
	colon = strchr(ret->text, ':');
	ret->epoch = colon ? ret->text : "0";
	ret->upstream = colon ? colon + 1 : ret->text;
	if (colon)
		*colon = '\0';
	dash = strrchr(ret->upstream, '-');
	ret->revision = dash ? dash + 1 : "0";
	if (dash)
		*dash = '\0';
}

int deb_version_compare(const char *a, const char *b)
{
	CLEANUP(version_done) struct deb_version va = { 0 };
	CLEANUP(version_done) struct deb_version vb = { 0 };
	int r;

	version_parse(a, &va);
	version_parse(b, &vb);
	r = compare_part(va.epoch, vb.epoch);
	if (r == 0)
		r = compare_part(va.upstream, vb.upstream);
	return r ? r : compare_part(va.revision, vb.revision);
}

/* --- apt's configuration ------------------------------------------------------------------------- */

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

/* apt.systemd.daily: days, or a number with a unit, or "always"; "0" and nothing are never. */
static bool is_never(const char *interval)
{
	return interval[0] == '\0' || strspn(interval, "0") == strcspn(interval, "smhd");
}

bool updates_are_automatic(const struct updates_fact *u)
{
	return u->unattended && !str_eq(updates_config(u, "APT::Periodic::Enable"), "0") &&
	       !is_never(updates_config(u, "APT::Periodic::Update-Package-Lists")) &&
	       !is_never(updates_config(u, "APT::Periodic::Unattended-Upgrade"));
}

int updates_read_config(struct os *os, struct updates_fact *ret, struct err *e)
{
	CLEANUP_RUN struct run_result r = { 0 };
	char *rest, *line;

	if (os_run(os,
		   &(struct run){ .argv = ARGV("apt-config", "dump", "--format", "%F=%v%n",
					       "APT::Periodic", "Unattended-Upgrade") },
		   &r, e) < 0)
		return -1;
	if (r.status != 0 || r.timed_out)
		return 1;
	rest = r.out;
	while ((line = str_line(&rest)))
		if (line[0])
			strv_add(&ret->config, line);
	return 0;
}

static int is_there(struct os *os, const char *path, struct err *e)
{
	CLEANUP_NODE struct node n = { 0 };

	return os_get(os, path, &n, e) < 0 ? -1 : n.type != NODE_ABSENT;
}

/* 0 where there is nothing. */
static int time_of(struct os *os, const char *path, int64_t *ret, struct err *e)
{
	CLEANUP_NODE struct node n = { 0 };

	if (os_get(os, path, &n, e) < 0)
		return -1;
	if (n.type != NODE_ABSENT && n.mtime.tv_sec > *ret)
		*ret = n.mtime.tv_sec;
	return 0;
}

/* The lists' folder changes whenever a list does, the stamps whenever the timers' round was done. */
static int gather_times(struct os *os, struct updates_fact *u, struct err *e)
{
	CLEANUP_STRV struct strv lists = { 0 };
	bool any = false;

	if (os_list(os, LISTS, &lists, e) < 0)
		return -1;
	for (size_t i = 0; i < lists.count; i++)
		any = any || str_ends(lists.item[i], "Release");
	if (any && (time_of(os, LISTS, &u->lists_time, e) < 0 ||
		    time_of(os, PERIODIC "update-stamp", &u->lists_time, e) < 0 ||
		    time_of(os, PERIODIC "update-success-stamp", &u->lists_time, e) < 0))
		return -1;
	if (time_of(os, PERIODIC "unattended-upgrades-stamp", &u->unattended_time, e) < 0)
		return -1;
	return time_of(os, PERIODIC "upgrade-stamp", &u->upgrade_time, e);
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
	int r = is_there(os, "/run/reboot-required", e);

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

/* --- what waits ---------------------------------------------------------------------------------- */

struct package {
	char *name;
	const char *version; /* in the same allocation */
};

struct packages {
	struct package *item;
	size_t count, room;
};

static void packages_done(struct packages *p)
{
	for (size_t i = 0; i < p->count; i++)
		free(p->item[i].name);
	free(p->item);
}

static int by_name(const void *a, const void *b)
{
	return strcmp(((const struct package *)a)->name, ((const struct package *)b)->name);
}

static void package_add(struct packages *p, const char *name, const char *version)
{
	size_t n = strlen(name) + 1;
	/* One allocation for both: there are thousands of them. */
	char *both = xasprintf("%s%c%s", name, '\0', version);

	if (p->count == p->room) {
		p->room = p->room ? p->room * 2 : 512;
		p->item = xrealloc(p->item, p->room, sizeof(*p->item));
	}
	p->item[p->count++] = (struct package){ .name = both, .version = both + n };
}

/* Installed packages of dpkg's database, by name. */
static int installed(struct os *os, struct packages *ret, struct err *e)
{
	CLEANUP_FREE char *text = NULL;
	const char *name = NULL;
	char *rest, *line;
	bool is = false;

	if (os_read(os, "/var/lib/dpkg/status", &text, e) < 0)
		return -1;
	rest = text;
	while (rest && (line = str_line(&rest))) {
		if (str_starts(line, "Package: ")) {
			name = line + strlen("Package: ");
			is = false;
		} else if (str_starts(line, "Status: ")) {
			is = str_ends(line, " installed");
		} else if (name && is && str_starts(line, "Version: ")) {
			package_add(ret, name, line + strlen("Version: "));
			name = NULL;
		}
	}
	if (ret->count > 1)
		qsort(ret->item, ret->count, sizeof(*ret->item), by_name);
	return 0;
}

static void take_candidate(const struct packages *have, const char *name, const char *version,
			   struct packages *newer)
{
	const struct package key = { .name = (char *)name };
	const struct package *now =
		have->count ? bsearch(&key, have->item, have->count, sizeof(key), by_name) : NULL;

	if (!now || deb_version_compare(version, now->version) <= 0)
		return;
	for (size_t i = 0; i < newer->count; i++) {
		if (!str_eq(newer->item[i].name, name))
			continue;
		if (deb_version_compare(version, newer->item[i].version) <= 0)
			return;
		free(newer->item[i].name);
		newer->item[i] = newer->item[--newer->count];
		break;
	}
	package_add(newer, name, version);
}

static bool is_security_list(const char *name)
{
	return str_ends(name, "_Packages") && strstr(name, "security");
}

static void say_pending(const struct packages *have, const struct packages *newer, struct strv *ret)
{
	for (size_t i = 0; i < newer->count; i++) {
		const struct package *now = bsearch(&newer->item[i], have->item, have->count,
						    sizeof(*have->item), by_name);

		strv_addf(ret, "%s %s -> %s", newer->item[i].name, now->version,
			  newer->item[i].version);
	}
	strv_sort(ret);
}

/* grep, since the lists are larger than any file we read ourselves; its output is a tenth of them. */
static int gather_pending(struct os *os, struct facts *f, struct err *e)
{
	CLEANUP(packages_done) struct packages have = { 0 };
	CLEANUP(packages_done) struct packages newer = { 0 };
	CLEANUP_STRV struct strv lists = { 0 };
	CLEANUP_STRV struct strv argv = { 0 };
	CLEANUP_RUN struct run_result r = { 0 };
	const char *name = "";
	char *rest, *line;

	if (os_list(os, LISTS, &lists, e) < 0)
		return -1;
	strv_split(&argv, "grep,-h,-e,^Package: ,-e,^Version: ,--", ",");
	for (size_t i = 0; i < lists.count; i++)
		if (is_security_list(lists.item[i]))
			strv_addf(&argv, LISTS "/%s", lists.item[i]);
	if (str_eq(argv.item[argv.count - 1], "--")) {
		strv_add(&f->not_measured,
			 _("waiting security updates: no list of them was fetched yet"));
		return 0;
	}
	if (installed(os, &have, e) < 0 ||
	    os_run(os, &(struct run){ .argv = (const char *const *)argv.item }, &r, e) < 0)
		return -1;
	/* 1: an empty list. A cut output ends before the last line's end. */
	if (r.status > 1 || r.timed_out || (r.out_len > 0 && r.out[r.out_len - 1] != '\n')) {
		strv_add(&f->not_measured, _("waiting security updates: the lists are too long"));
		return 0;
	}
	rest = r.out;
	while ((line = str_line(&rest))) {
		if (str_starts(line, "Package: "))
			name = line + strlen("Package: ");
		else if (str_starts(line, "Version: "))
			take_candidate(&have, name, line + strlen("Version: "), &newer);
	}
	f->updates.pending_measured = true;
	say_pending(&have, &newer, &f->updates.pending);
	return 0;
}

static int gather_upgradable(struct os *os, struct updates_fact *u, struct err *e)
{
	CLEANUP_RUN struct run_result r = { 0 };
	char *rest, *line;

	if (os_run(os,
		   &(struct run){ .argv = ARGV("apt-get", "-s", "-q", "--with-new-pkgs", "-o",
					       "Debug::NoLocking=1", "upgrade") },
		   &r, e) < 0)
		return -1;
	u->upgradable_measured = r.status == 0 && !r.timed_out;
	rest = r.out;
	while ((line = str_line(&rest)))
		u->upgradable += str_starts(line, "Inst ");
	return 0;
}

int facts_gather_updates(struct os *os, const struct facts_query *q, struct facts *f, struct err *e)
{
	struct updates_fact *u = &f->updates;
	int r;

	if (!q->updates && !q->upgradable && !q->pending)
		return 0;
	if (gather_zone(os, u, e) < 0 || gather_reboot(os, u, e) < 0)
		return -1;
	r = is_there(os, "/usr/bin/apt-config", e);
	if (r <= 0) {
		if (r == 0)
			strv_add(&f->not_measured,
				 _("updates: apt is not here, or does not answer"));
		return r;
	}
	r = is_there(os, "/usr/bin/unattended-upgrade", e);
	if (r < 0)
		return -1;
	u->unattended = r > 0;
	r = updates_read_config(os, u, e);
	if (r > 0)
		strv_add(&f->not_measured, _("updates: apt is not here, or does not answer"));
	if (r != 0)
		return r < 0 ? r : 0;
	u->measured = true;
	if (gather_times(os, u, e) < 0 || (q->upgradable && gather_upgradable(os, u, e) < 0))
		return -1;
	return q->pending ? gather_pending(os, f, e) : 0;
}
