// SPDX-License-Identifier: MIT
/* apt_facts.c - what apt, unattended-upgrades and dpkg's database say; see apt.h. */
#include <stdlib.h>
#include <string.h>

#include "base/i18n.h"
#include "core/apt.h"
#include "core/facts.h"

#define PERIODIC "/var/lib/apt/periodic/"

/* --- configuration ------------------------------------------------------------------------------- */

int apt_read_config(struct os *os, struct updates_fact *ret, struct err *e)
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

/* The lists' folder changes whenever a list does, the stamps whenever the timers' round was done. */
static int gather_times(struct os *os, struct updates_fact *u, struct err *e)
{
	CLEANUP_STRV struct strv lists = { 0 };
	bool any = false;

	if (os_list(os, APT_LISTS, &lists, e) < 0)
		return -1;
	for (size_t i = 0; i < lists.count; i++)
		any = any || str_ends(lists.item[i], "Release");
	if (any && (updates_time_of(os, APT_LISTS, &u->lists_time, e) < 0 ||
		    updates_time_of(os, PERIODIC "update-stamp", &u->lists_time, e) < 0 ||
		    updates_time_of(os, PERIODIC "update-success-stamp", &u->lists_time, e) < 0))
		return -1;
	if (updates_time_of(os, PERIODIC "unattended-upgrades-stamp", &u->unattended_time, e) < 0)
		return -1;
	return updates_time_of(os, PERIODIC "upgrade-stamp", &u->upgrade_time, e);
}

/* --- what waits ---------------------------------------------------------------------------------- */

void apt_packages_done(struct apt_packages *p)
{
	for (size_t i = 0; i < p->count; i++)
		free(p->item[i].name);
	free(p->item);
}

static int by_name(const void *a, const void *b)
{
	return strcmp(((const struct apt_package *)a)->name, ((const struct apt_package *)b)->name);
}

static void package_add(struct apt_packages *p, const char *name, const char *version)
{
	size_t n = strlen(name) + 1;
	/* One allocation for both: there are thousands of them. */
	char *both = xasprintf("%s%c%s", name, '\0', version);

	if (p->count == p->room) {
		p->room = p->room ? p->room * 2 : 512;
		p->item = xrealloc(p->item, p->room, sizeof(*p->item));
	}
	p->item[p->count++] = (struct apt_package){ .name = both, .version = both + n };
}

int apt_installed(struct os *os, struct apt_packages *ret, struct err *e)
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

const struct apt_package *apt_package_find(const struct apt_packages *have, const char *name)
{
	const struct apt_package key = { .name = (char *)name };

	return have->count ? bsearch(&key, have->item, have->count, sizeof(key), by_name) : NULL;
}

static void take_candidate(const struct apt_packages *have, const char *name, const char *version,
			   struct apt_packages *newer)
{
	const struct apt_package *now = apt_package_find(have, name);

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

static void say_pending(const struct apt_packages *have, const struct apt_packages *newer,
			struct strv *ret)
{
	for (size_t i = 0; i < newer->count; i++) {
		const struct apt_package *now = apt_package_find(have, newer->item[i].name);

		strv_addf(ret, "%s %s -> %s", newer->item[i].name, now->version,
			  newer->item[i].version);
	}
	strv_sort(ret);
}

/* grep, since the lists are larger than any file we read ourselves; its output is a tenth of them. */
static int gather_pending(struct os *os, struct facts *f, struct err *e)
{
	CLEANUP(apt_packages_done) struct apt_packages have = { 0 };
	CLEANUP(apt_packages_done) struct apt_packages newer = { 0 };
	CLEANUP_STRV struct strv lists = { 0 };
	CLEANUP_STRV struct strv argv = { 0 };
	CLEANUP_RUN struct run_result r = { 0 };
	const char *name = "";
	char *rest, *line;

	if (os_list(os, APT_LISTS, &lists, e) < 0)
		return -1;
	strv_split(&argv, "grep,-h,-e,^Package: ,-e,^Version: ,--", ",");
	for (size_t i = 0; i < lists.count; i++)
		if (is_security_list(lists.item[i]))
			strv_addf(&argv, APT_LISTS "/%s", lists.item[i]);
	if (str_eq(argv.item[argv.count - 1], "--")) {
		strv_add(&f->not_measured,
			 _("waiting security updates: no list of them was fetched yet"));
		return 0;
	}
	if (apt_installed(os, &have, e) < 0 ||
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

/* Names, from a headline on, in lines that begin with blanks. apt before 2.9, and since. */
static void take_kept(const char *line, bool *in_list, struct strv *ret)
{
	if (line[0] == ' ' && *in_list)
		strv_split(ret, line, " ");
	else
		*in_list = str_starts(line, "The following packages have been kept back") ||
			   str_starts(line, "Not upgrading:");
}

static int gather_upgradable(struct os *os, struct updates_fact *u, struct err *e)
{
	CLEANUP_RUN struct run_result r = { 0 };
	bool in_list = false;
	char *rest, *line;

	if (os_run(os,
		   &(struct run){ .argv = ARGV("apt-get", "-s", "-q", "--with-new-pkgs", "-o",
					       "Debug::NoLocking=1", "upgrade") },
		   &r, e) < 0)
		return -1;
	u->upgradable_measured = r.status == 0 && !r.timed_out;
	rest = r.out;
	while ((line = str_line(&rest))) {
		u->upgradable += str_starts(line, "Inst ");
		take_kept(line, &in_list, &u->kept);
	}
	return 0;
}

int apt_gather(struct os *os, const struct facts_query *q, struct facts *f, struct err *e)
{
	struct updates_fact *u = &f->updates;
	int r = updates_is_there(os, "/usr/bin/unattended-upgrade", e);

	if (r < 0)
		return -1;
	u->unattended = r > 0;
	u->reboot_known = true;
	strv_add(&u->timers, "apt-daily.timer");
	strv_add(&u->timers, "apt-daily-upgrade.timer");
	r = apt_read_config(os, u, e);
	if (r != 0)
		return r;
	if (gather_times(os, u, e) < 0 || (q->upgradable && gather_upgradable(os, u, e) < 0))
		return -1;
	return q->pending ? gather_pending(os, f, e) : 0;
}

/* --- where packages come from, what is installed -------------------------------------------------- */

/* One line of sources.list(5), or one field of a deb822 file, that takes packages from somewhere. */
typedef void source_line_fn(const char *file, unsigned line, const char *text,
			    struct package_sources *ret);

static int walk_file(struct os *os, const char *path, source_line_fn *fn,
		     struct package_sources *ret, struct err *e)
{
	CLEANUP_FREE char *text = NULL;
	unsigned number = 0;
	char *rest, *line;

	if (os_read(os, path, &text, e) < 0)
		return -1;
	rest = text;
	while (rest && (line = str_line(&rest))) {
		number++;
		line = str_trim(line);
		if (line[0] != '#' && line[0] != '\0')
			fn(path, number, line, ret);
	}
	return 0;
}

static int walk_sources(struct os *os, source_line_fn *fn, struct package_sources *ret,
			struct err *e)
{
	static const char folder[] = "/etc/apt/sources.list.d";
	CLEANUP_STRV struct strv names = { 0 };

	if (walk_file(os, "/etc/apt/sources.list", fn, ret, e) < 0 ||
	    os_list(os, folder, &names, e) < 0)
		return -1;
	for (size_t i = 0; i < names.count; i++) {
		CLEANUP_FREE char *path = xasprintf("%s/%s", folder, names.item[i]);

		if ((str_ends(path, ".list") || str_ends(path, ".sources")) &&
		    walk_file(os, path, fn, ret, e) < 0)
			return -1;
	}
	return 0;
}

static void note_source(const char *file, unsigned line, const char *text,
			struct package_sources *ret)
{
	/* "deb http://… bookworm-security main", "Suites: noble-security", "…/debian-security" */
	if ((str_starts(text, "deb ") || str_starts(text, "deb\t") || str_starts(text, "deb [") ||
	     str_starts(text, "Suites:") || str_starts(text, "URIs:")) &&
	    strstr(text, "security"))
		strv_addf(&ret->security, "%s:%u", file, line);
	if (strstr(text, "trusted=yes") || strstr(text, "allow-insecure=yes") ||
	    str_starts(text, "Trusted: yes") || str_starts(text, "Allow-Insecure: yes"))
		strv_addf(&ret->unchecked, "%s:%u", file, line);
}

/* dpkg(1): "Status: WANT FLAG STATE". */
static void note_status(const char *package, const struct strv *status, struct package_sources *ret)
{
	const char *state = status->item[2];

	if (str_eq(status->item[0], "hold"))
		strv_add(&ret->held, package);
	if (!str_eq(state, "installed") && !str_eq(state, "config-files") &&
	    !str_eq(state, "not-installed") && !str_starts(state, "triggers-"))
		strv_add(&ret->broken, package);
}

int apt_sources(struct os *os, struct package_sources *ret, struct err *e)
{
	CLEANUP_FREE char *text = NULL;
	const char *package = "";
	char *rest, *line;

	if (walk_sources(os, note_source, ret, e) < 0 ||
	    os_read(os, "/var/lib/dpkg/status", &text, e) < 0)
		return -1;
	rest = text;
	while (rest && (line = str_line(&rest))) {
		CLEANUP_STRV struct strv status = { 0 };

		if (str_starts(line, "Package: "))
			package = line + strlen("Package: ");
		if (!str_starts(line, "Status: "))
			continue;
		strv_split(&status, line + strlen("Status: "), " ");
		if (status.count == 3)
			note_status(package, &status, ret);
	}
	return 0;
}
