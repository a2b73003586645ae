// SPDX-License-Identifier: MIT
/* dnf_facts.c - what dnf, dnf-automatic and rpm's database say; see dnf.h. */
#include <string.h>

#include "base/i18n.h"
#include "core/dnf.h"
#include "core/facts.h"

#define TIMER_STAMPS "/var/lib/systemd/timers/stamp-"
#define UP_TO_DATE   0
#define UPDATES_WAIT 100 /* dnf(8), check-update */

/* The lists of each repository are in a folder of its own below these. */
static const char *const caches[] = { "/var/cache/dnf", "/var/cache/libdnf5" };

int dnf_is_5(struct os *os, struct err *e)
{
	CLEANUP_NODE struct node n = { 0 };

	if (os_get(os, package_dnf.program, &n, e) < 0)
		return -1;
	return n.type == NODE_LINK && str_ends(n.data, "dnf5");
}

/* --- configuration ------------------------------------------------------------------------------- */

static int take_command(void *arg, const char *section, unsigned line, const char *key,
			const char *value)
{
	(void)line;
	if (str_eq(section, "commands"))
		strv_addf(arg, "commands.%s=%s", key, value);
	return 0;
}

int dnf_read_config(struct os *os, struct updates_fact *ret, struct err *e)
{
	static const char *const files[] = { DNF5_AUTOMATIC_CONF, DNF_AUTOMATIC_CONF };

	for (size_t i = 0; i < COUNT(files); i++) {
		CLEANUP_FREE char *text = NULL;

		if (os_read(os, files[i], &text, e) < 0)
			return -1;
		if (text)
			dnf_walk(text, take_command, &ret->config);
	}
	return 0;
}

/* A dnf-automatic of the fourth series before 4.15 reads the word and does nothing; the file that comes with one
 * that knows it names it, if only in a comment. */
static int gather_reboot_known(struct os *os, struct updates_fact *u, int five, struct err *e)
{
	CLEANUP_FREE char *text = NULL;

	if (os_read(os, DNF_AUTOMATIC_CONF, &text, e) < 0)
		return -1;
	u->reboot_known = five > 0 || (text && strstr(text, "reboot_command"));
	return 0;
}

static bool runs(const struct facts *f, const char *unit)
{
	const struct unit_fact *u = facts_unit(f, unit);

	return u && str_eq(u->active, "active");
}

static int gather_automatic(struct os *os, struct facts *f, struct err *e)
{
	struct updates_fact *u = &f->updates;
	int five = dnf_is_5(os, e), there = updates_is_there(os, "/usr/bin/dnf-automatic", e);
	CLEANUP_FREE char *stamp = NULL;

	if (five < 0 || there < 0 || dnf_read_config(os, u, e) < 0 ||
	    gather_reboot_known(os, u, five, e) < 0)
		return -1;
	u->unattended = there > 0 || facts_unit(f, "dnf5-automatic.timer");
	strv_add(&u->timers, runs(f, DNF_INSTALL_TIMER) ? DNF_INSTALL_TIMER
			     : five			? "dnf5-automatic.timer"
							: "dnf-automatic.timer");
	if (runs(f, DNF_INSTALL_TIMER))
		strv_add(&u->config, "commands.apply_updates=yes");
	stamp = xasprintf(TIMER_STAMPS "%s", u->timers.item[0]);
	return updates_time_of(os, stamp, &u->upgrade_time, e);
}

/* --- what waits ---------------------------------------------------------------------------------- */

/* *advisories: some repository says which updates are for security. */
static int gather_lists(struct os *os, struct updates_fact *u, bool *advisories, struct err *e)
{
	for (size_t i = 0; i < COUNT(caches); i++) {
		CLEANUP_STRV struct strv repositories = { 0 };
		CLEANUP_FREE char *last = xasprintf("%s/last_makecache", caches[i]);

		if (os_list(os, caches[i], &repositories, e) < 0)
			return -1;
		for (size_t k = 0; k < repositories.count; k++) {
			CLEANUP_FREE char *dir =
				xasprintf("%s/%s/repodata", caches[i], repositories.item[k]);
			CLEANUP_FREE char *index = xasprintf("%s/repomd.xml", dir);
			CLEANUP_STRV struct strv files = { 0 };

			if (os_list(os, dir, &files, e) < 0 ||
			    updates_time_of(os, index, &u->lists_time, e) < 0)
				return -1;
			for (size_t n = 0; n < files.count; n++)
				*advisories = *advisories || strstr(files.item[n], "updateinfo");
		}
		if (u->lists_time && updates_time_of(os, last, &u->lists_time, e) < 0)
			return -1;
	}
	return 0;
}

/* From the lists that are here: a plan fetches nothing. */
static int gather_upgradable(struct os *os, struct updates_fact *u, struct err *e)
{
	CLEANUP_RUN struct run_result r = { 0 };
	char *rest, *line;

	/* Without lists it refuses; that they have to be fetched is known then. */
	if (u->lists_time == 0) {
		u->upgradable_measured = true;
		return 0;
	}
	if (os_run(os,
		   &(struct run){ .argv = ARGV("dnf", "-q", "-C", "check-update"),
				  .timeout_ms = 120000 },
		   &r, e) < 0)
		return -1;
	u->upgradable_measured =
		(r.status == UP_TO_DATE || r.status == UPDATES_WAIT) && !r.timed_out;
	rest = r.out;
	/* "openssl.x86_64  1:3.0.7-28.el9  baseos"; what replaces another name follows, and is in it already. */
	while ((line = str_line(&rest)) && !str_starts(line, "Obsoleting Packages")) {
		CLEANUP_STRV struct strv words = { 0 };

		strv_split(&words, line, " \t");
		u->upgradable += words.count == 3 && strchr(words.item[0], '.');
	}
	return 0;
}

/* "openssl-1:3.0.7-28.el9_4.x86_64" */
static bool is_package(const char *word)
{
	static const char *const ends[] = { ".x86_64", ".aarch64", ".noarch",
					    ".i686",   ".ppc64le", ".s390x" };

	for (size_t i = 0; i < COUNT(ends); i++)
		if (str_ends(word, ends[i]))
			return true;
	return false;
}

static int gather_pending(struct os *os, struct facts *f, bool advisories, struct err *e)
{
	CLEANUP_RUN struct run_result r = { 0 };
	char *rest, *line;

	if (f->updates.lists_time == 0 || !advisories) {
		strv_add(
			&f->not_measured,
			f->updates.lists_time == 0
				? _("waiting security updates: no list of them was fetched yet")
				: _("waiting security updates: no repository says which they are"));
		return 0;
	}
	if (os_run(os,
		   &(struct run){
			   .argv = ARGV("dnf", "-q", "-C", "updateinfo", "list", "--security"),
			   .timeout_ms = 120000 },
		   &r, e) < 0)
		return -1;
	if (r.status != 0 || r.timed_out) {
		strv_add(&f->not_measured, _("waiting security updates: dnf does not answer"));
		return 0;
	}
	f->updates.pending_measured = true;
	rest = r.out;
	/* An advisory, its kind, its packages: of the fifth series the day comes after them. */
	while ((line = str_line(&rest))) {
		CLEANUP_STRV struct strv words = { 0 };

		strv_split(&words, line, " \t");
		for (size_t i = 1; i < words.count; i++)
			if (is_package(words.item[i]) &&
			    !strv_has(&f->updates.pending, words.item[i]))
				strv_add(&f->updates.pending, words.item[i]);
	}
	strv_sort(&f->updates.pending);
	return 0;
}

/* --- restart ------------------------------------------------------------------------------------- */

/* Installed since the boot: the packages that dnf's own needs-restarting(1) asks for a reboot of. */
static int gather_reboot(struct os *os, struct updates_fact *u, struct err *e)
{
	const struct run run = { .argv = ARGV("rpm", "-q", "--qf", "%{NAME} %{INSTALLTIME}\\n",
					      "kernel", "kernel-core", "kernel-rt", "glibc",
					      "linux-firmware", "systemd", "dbus", "dbus-broker",
					      "dbus-daemon") };
	int64_t boot = (os_now(os, OS_REALTIME) - os_now(os, OS_BOOTTIME)) / 1000000000;
	CLEANUP_RUN struct run_result r = { 0 };
	char *rest, *line;

	if (os_run(os, &run, &r, e) < 0)
		return -1;
	rest = r.out;
	/* "package kernel-rt is not installed" */
	while ((line = str_line(&rest))) {
		CLEANUP_STRV struct strv words = { 0 };
		uint64_t at;

		strv_split(&words, line, " ");
		if (words.count != 2 || str_to_u64(words.item[1], 0, INT64_MAX, &at) < 0 ||
		    (int64_t)at <= boot || strv_has(&u->reboot_packages, words.item[0]))
			continue;
		strv_add(&u->reboot_packages, words.item[0]);
		u->reboot_required = true;
	}
	return 0;
}

int dnf_gather(struct os *os, const struct facts_query *q, struct facts *f, struct err *e)
{
	bool advisories = false;

	if (gather_automatic(os, f, e) < 0 || gather_lists(os, &f->updates, &advisories, e) < 0 ||
	    gather_reboot(os, &f->updates, e) < 0 ||
	    (q->upgradable && gather_upgradable(os, &f->updates, e) < 0))
		return -1;
	return q->pending ? gather_pending(os, f, advisories, e) : 0;
}

/* --- what updates do not reach --------------------------------------------------------------------- */

/* "lab-tool.noarch  1.0-1  @@commandline" */
int dnf_unreached(struct os *os, const struct facts *f, struct strv *ret, struct err *e)
{
	const struct run run = { .argv = ARGV("dnf", "-q", "-C", "list", "--extras"),
				 .timeout_ms = 120000 };
	CLEANUP_RUN struct run_result r = { 0 };
	CLEANUP_STRV struct strv found = { 0 };
	CLEANUP_FREE char *all = NULL;
	char *rest, *line;

	if (f->updates.lists_time == 0)
		return 0;
	if (os_run(os, &run, &r, e) < 0)
		return -1;
	rest = r.status == 0 && !r.timed_out ? r.out : NULL;
	while (rest && (line = str_line(&rest))) {
		CLEANUP_STRV struct strv words = { 0 };

		strv_split(&words, line, " \t");
		if (words.count == 3 && is_package(words.item[0]))
			strv_addf(&found, "%.*s",
				  (int)(strrchr(words.item[0], '.') - words.item[0]),
				  words.item[0]);
	}
	all = package_names(&found);
	if (found.count > 0)
		strv_addf(ret, _("%s: no source of packages has them (any more)"), all);
	return 0;
}

/* Asked one by one: a file of several packages has a line for each of them. */
int dnf_owners(struct os *os, const struct strv *paths, struct strv *ret, struct err *e)
{
	for (size_t i = 0; i < paths->count; i++) {
		CLEANUP_RUN struct run_result r = { 0 };
		const struct run run = { .argv = ARGV("rpm", "-qf", "--qf", "%{NAME}\n",
						      paths->item[i]) };

		if (os_run(os, &run, &r, e) < 0)
			return -1;
		r.out[strcspn(r.out, "\n")] = '\0';
		strv_add(ret, r.status == 0 ? r.out : "");
	}
	return 0;
}

/* --- where packages come from, what is installed -------------------------------------------------- */

/* One file of repositories; a repository is judged where the next one begins. */
struct repository {
	struct package_sources *to;
	const char *file;
	bool check_all; /* what [main] says of signatures */
	char *id;
	unsigned line;
	bool enabled, check;
};

static void judge(struct repository *r)
{
	static const char *const bring[] = { "baseos", "updates", "appstream", "security" };

	if (!r->id || !r->enabled)
		return;
	if (!r->check)
		strv_addf(&r->to->unchecked, "%s:%u [%s]", r->file, r->line, r->id);
	for (size_t i = 0; i < COUNT(bring); i++) {
		if (!strstr(r->id, bring[i]))
			continue;
		strv_addf(&r->to->security, "%s:%u [%s]", r->file, r->line, r->id);
		break;
	}
}

static int note_repository(void *arg, const char *section, unsigned line, const char *key,
			   const char *value)
{
	struct repository *r = arg;

	if (!str_eq(r->id, section)) {
		judge(r);
		free(r->id);
		r->id = xstrdup(section);
		r->line = line;
		r->enabled = true;
		r->check = r->check_all;
	}
	if (str_eq(key, "enabled"))
		r->enabled = package_word_is_true(value);
	if (str_eq(key, "gpgcheck")) {
		r->check = package_word_is_true(value);
		r->line = line;
	}
	if (str_eq(key, "exclude") || str_eq(key, "excludepkgs"))
		strv_addf(&r->to->held, "%s (%s:%u)", value, r->file, line);
	return 0;
}

static int note_main(void *arg, const char *section, unsigned line, const char *key,
		     const char *value)
{
	struct repository *r = arg;

	if (!str_eq(section, "main"))
		return 0;
	if (str_eq(key, "gpgcheck"))
		r->check_all = package_word_is_true(value);
	if (str_eq(key, "exclude") || str_eq(key, "excludepkgs"))
		strv_addf(&r->to->held, "%s (%s:%u)", value, r->file, line);
	return 0;
}

static int look_at_repositories(struct os *os, struct package_sources *ret, struct err *e)
{
	static const char dir[] = "/etc/yum.repos.d", main_file[] = "/etc/dnf/dnf.conf";
	struct repository r = { .to = ret, .file = main_file };
	CLEANUP_FREE char *text = NULL;
	CLEANUP_STRV struct strv names = { 0 };

	if (os_read(os, main_file, &text, e) < 0 || os_list(os, dir, &names, e) < 0)
		return -1;
	dnf_walk(text ? text : "", note_main, &r);
	for (size_t i = 0; i < names.count; i++) {
		CLEANUP_FREE char *path = xasprintf("%s/%s", dir, names.item[i]);
		CLEANUP_FREE char *one = NULL;

		if (!str_ends(path, ".repo"))
			continue;
		if (os_read(os, path, &one, e) < 0)
			return -1;
		r.file = path;
		dnf_walk(one ? one : "", note_repository, &r);
		judge(&r);
		free(r.id);
		r.id = NULL;
	}
	return 0;
}

static int look_at_locked(struct os *os, struct strv *held, struct err *e)
{
	CLEANUP_FREE char *text = NULL;
	char *rest, *line;

	if (os_read(os, "/etc/dnf/plugins/versionlock.list", &text, e) < 0)
		return -1;
	rest = text;
	while (rest && (line = str_line(&rest))) {
		line = str_trim(line);
		if (line[0] && line[0] != '#')
			strv_add(held, line);
	}
	return 0;
}

/* An update that was cut off leaves the old beside the new. Of kernels and keys several are meant to be there. */
static int look_for_doubles(struct os *os, struct strv *broken, struct err *e)
{
	CLEANUP_RUN struct run_result r = { 0 };
	CLEANUP_STRV struct strv all = { 0 };

	if (os_run(os, &(struct run){ .argv = ARGV("rpm", "-qa", "--qf", "%{NAME}.%{ARCH}\\n") },
		   &r, e) < 0)
		return -1;
	strv_split(&all, r.out, "\n");
	if (all.count > 0)
		strv_sort(&all);
	for (size_t i = 1; i < all.count; i++)
		if (str_eq(all.item[i], all.item[i - 1]) && !str_starts(all.item[i], "kernel") &&
		    !str_starts(all.item[i], "gpg-pubkey") && !strv_has(broken, all.item[i]))
			strv_add(broken, all.item[i]);
	return 0;
}

int dnf_sources(struct os *os, struct package_sources *ret, struct err *e)
{
	if (look_at_repositories(os, ret, e) < 0 || look_at_locked(os, &ret->held, e) < 0)
		return -1;
	return look_for_doubles(os, &ret->broken, e);
}
