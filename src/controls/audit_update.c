// SPDX-License-Identifier: MIT
/* audit_update.c - whether faults that are known and mended are mended here. */
#include <ctype.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

#include "base/i18n.h"
#include "controls/control.h"
#include "core/words.h"

#define DAY	      INT64_C(86400)
#define LISTS_DAYS    7
#define ROUND_DAYS    3
#define STALE_PID_MAX 4096

static bool apt_was_asked(const struct control_in *in, struct finding *ret)
{
	if (in->facts->updates.measured)
		return true;
	finding_set(ret, VERDICT_NOT_MEASURED, "%s", _("apt is not here, or does not answer"));
	return false;
}

static int64_t today(const struct control_in *in)
{
	return os_now(in->os, OS_REALTIME) / 1000000000;
}

/* "2026-11-25 20:08 UTC" */
static void time_text(int64_t seconds, char ret[32])
{
	const time_t t = (time_t)seconds;
	struct tm tm;

	if (!gmtime_r(&t, &tm) || strftime(ret, 32, "%Y-%m-%d %H:%M UTC", &tm) == 0)
		snprintf(ret, 32, "?");
}

static int waiting_probe(const struct control_in *in, const struct control *self,
			 struct finding *ret, struct err *e)
{
	(void)self;
	(void)e;
	if (!apt_was_asked(in, ret))
		return 0;
	if (!in->facts->updates.pending_measured)
		finding_set(ret, VERDICT_NOT_MEASURED, "%s",
			    _("the lists of security updates were never fetched: apt-get update"));
	else
		finding_list(ret, &in->facts->updates.pending, _("none waits"));
	return 0;
}

static int lists_probe(const struct control_in *in, const struct control *self, struct finding *ret,
		       struct err *e)
{
	int64_t fetched = in->facts->updates.lists_time;
	char when[32];

	(void)self;
	(void)e;
	if (!apt_was_asked(in, ret))
		return 0;
	time_text(fetched, when);
	if (fetched == 0)
		finding_set(ret, VERDICT_FAIL, "%s", _("never"));
	else
		finding_set(ret,
			    today(in) - fetched <= LISTS_DAYS * DAY ? VERDICT_PASS : VERDICT_FAIL,
			    "%s", when);
	return 0;
}

static int automatic_probe(const struct control_in *in, const struct control *self,
			   struct finding *ret, struct err *e)
{
	static const char *const timers[] = { "apt-daily.timer", "apt-daily-upgrade.timer" };
	const struct updates_fact *u = &in->facts->updates;
	CLEANUP_STRV struct strv bad = { 0 };

	(void)self;
	(void)e;
	if (!apt_was_asked(in, ret))
		return 0;
	if (!u->unattended)
		strv_add(&bad, _("unattended-upgrades is not installed"));
	else if (!updates_are_automatic(u))
		strv_addf(&bad, "APT::Periodic::Unattended-Upgrade \"%s\"",
			  updates_config(u, "APT::Periodic::Unattended-Upgrade"));
	for (size_t i = 0; in->facts->systemd && i < COUNT(timers); i++) {
		const struct unit_fact *t = facts_unit(in->facts, timers[i]);

		if (!t || !str_eq(t->active, "active"))
			strv_addf(&bad, "%s: %s", timers[i], t ? t->active : _("not there"));
	}
	finding_list(ret, &bad, _("unattended-upgrades, by apt-daily-upgrade.timer"));
	return 0;
}

/* What is set up and never runs: no network, a full disk, a lock that is held for ever. */
static int round_probe(const struct control_in *in, const struct control *self, struct finding *ret,
		       struct err *e)
{
	const struct updates_fact *u = &in->facts->updates;
	int64_t up = os_now(in->os, OS_BOOTTIME) / 1000000000;
	char when[32];

	(void)self;
	(void)e;
	if (!apt_was_asked(in, ret))
		return 0;
	time_text(u->upgrade_time, when);
	if (!updates_are_automatic(u))
		finding_set(ret, VERDICT_PASS, "%s", _("nothing is set up to run by itself"));
	else if (u->upgrade_time == 0 && up < 2 * DAY)
		finding_set(ret, VERDICT_NOT_MEASURED, "%s", _("the first round is not due yet"));
	else if (u->upgrade_time == 0)
		finding_set(ret, VERDICT_FAIL, "%s", _("never"));
	else
		finding_set(ret,
			    today(in) - u->upgrade_time <= ROUND_DAYS * DAY ? VERDICT_PASS
									    : VERDICT_FAIL,
			    "%s", when);
	return 0;
}

static int restart_probe(const struct control_in *in, const struct control *self,
			 struct finding *ret, struct err *e)
{
	const struct updates_fact *u = &in->facts->updates;
	CLEANUP_FREE char *packages = strv_join(&u->reboot_packages, ", ");

	(void)self;
	(void)e;
	if (!apt_was_asked(in, ret))
		return 0;
	if (u->kernel_waits)
		finding_set(ret, VERDICT_FAIL, _("kernel %s runs, %s is installed"),
			    u->kernel_running, u->kernel_newest);
	else if (u->reboot_required)
		finding_set(ret, VERDICT_FAIL, "/run/reboot-required: %s", packages);
	else
		finding_set(ret, VERDICT_PASS, "%s", _("none is due"));
	return 0;
}

/* --- where packages come from --------------------------------------------------------------------- */

/* One line of sources.list(5), or one field of a deb822 file, that takes packages from somewhere. */
typedef void source_line_fn(const char *file, unsigned line, const char *text, void *arg);

static int walk_file(struct os *os, const char *path, source_line_fn *fn, void *arg, struct err *e)
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
			fn(path, number, line, arg);
	}
	return 0;
}

static int walk_sources(struct os *os, source_line_fn *fn, void *arg, struct err *e)
{
	static const char folder[] = "/etc/apt/sources.list.d";
	CLEANUP_STRV struct strv names = { 0 };

	if (walk_file(os, "/etc/apt/sources.list", fn, arg, e) < 0 ||
	    os_list(os, folder, &names, e) < 0)
		return -1;
	for (size_t i = 0; i < names.count; i++) {
		CLEANUP_FREE char *path = xasprintf("%s/%s", folder, names.item[i]);

		if ((str_ends(path, ".list") || str_ends(path, ".sources")) &&
		    walk_file(os, path, fn, arg, e) < 0)
			return -1;
	}
	return 0;
}

static void note_security(const char *file, unsigned line, const char *text, void *arg)
{
	struct strv *found = arg;

	/* "deb http://… bookworm-security main", "Suites: noble-security", "…/debian-security" */
	if ((str_starts(text, "deb ") || str_starts(text, "deb\t") || str_starts(text, "deb [") ||
	     str_starts(text, "Suites:") || str_starts(text, "URIs:")) &&
	    strstr(text, "security"))
		strv_addf(found, "%s:%u", file, line);
}

static int security_source_probe(const struct control_in *in, const struct control *self,
				 struct finding *ret, struct err *e)
{
	CLEANUP_STRV struct strv found = { 0 };

	(void)self;
	if (!apt_was_asked(in, ret))
		return 0;
	if (walk_sources(in->os, note_security, &found, e) < 0)
		return -1;
	finding_set(ret, found.count > 0 ? VERDICT_PASS : VERDICT_FAIL, "%s",
		    found.count > 0 ? found.item[0] : _("no line names one"));
	return 0;
}

static void note_unsigned(const char *file, unsigned line, const char *text, void *arg)
{
	struct strv *found = arg;

	if (strstr(text, "trusted=yes") || strstr(text, "allow-insecure=yes") ||
	    str_starts(text, "Trusted: yes") || str_starts(text, "Allow-Insecure: yes"))
		strv_addf(found, "%s:%u", file, line);
}

static int signed_probe(const struct control_in *in, const struct control *self,
			struct finding *ret, struct err *e)
{
	CLEANUP_STRV struct strv bad = { 0 };

	(void)self;
	if (!apt_was_asked(in, ret))
		return 0;
	if (walk_sources(in->os, note_unsigned, &bad, e) < 0)
		return -1;
	finding_list(ret, &bad, _("every source is checked by its signature"));
	return 0;
}

/* --- what is installed ------------------------------------------------------------------------------ */

/* dpkg(1): "Status: WANT FLAG STATE" of every package that `is_bad` minds. */
static int look_at_packages(const struct control_in *in, bool (*is_bad)(const struct strv *status),
			    struct strv *bad, struct err *e)
{
	CLEANUP_FREE char *text = NULL;
	const char *package = "";
	char *rest, *line;

	if (os_read(in->os, "/var/lib/dpkg/status", &text, e) < 0)
		return -1;
	rest = text;
	while (rest && (line = str_line(&rest))) {
		CLEANUP_STRV struct strv status = { 0 };

		if (str_starts(line, "Package: "))
			package = line + strlen("Package: ");
		if (!str_starts(line, "Status: "))
			continue;
		strv_split(&status, line + strlen("Status: "), " ");
		if (status.count == 3 && is_bad(&status))
			strv_add(bad, package);
	}
	return 0;
}

static bool is_held(const struct strv *status)
{
	return str_eq(status->item[0], "hold");
}

static bool is_broken(const struct strv *status)
{
	const char *state = status->item[2];

	return !str_eq(state, "installed") && !str_eq(state, "config-files") &&
	       !str_eq(state, "not-installed") && !str_starts(state, "triggers-");
}

static int held_probe(const struct control_in *in, const struct control *self, struct finding *ret,
		      struct err *e)
{
	CLEANUP_STRV struct strv bad = { 0 };

	(void)self;
	if (!apt_was_asked(in, ret))
		return 0;
	if (look_at_packages(in, is_held, &bad, e) < 0)
		return -1;
	finding_list(ret, &bad, _("none"));
	return 0;
}

static int broken_probe(const struct control_in *in, const struct control *self,
			struct finding *ret, struct err *e)
{
	CLEANUP_STRV struct strv bad = { 0 };

	(void)self;
	if (!apt_was_asked(in, ret))
		return 0;
	if (look_at_packages(in, is_broken, &bad, e) < 0)
		return -1;
	finding_list(ret, &bad, _("none"));
	return 0;
}

/* The last day of free security updates, from the projects' own pages (Debian: of LTS). */
static const struct release {
	const char *id, *version; /* version: all of VERSION_ID, or what stands before its dot */
	const char *until;
} releases[] = {
	{ "debian", "10", "2024-06-30" },    { "debian", "11", "2026-08-31" },
	{ "debian", "12", "2028-06-30" },    { "debian", "13", "2030-06-30" },
	{ "ubuntu", "18.04", "2023-05-31" }, { "ubuntu", "20.04", "2025-05-31" },
	{ "ubuntu", "22.04", "2027-05-31" }, { "ubuntu", "24.04", "2029-05-31" },
	{ "ubuntu", "24.10", "2025-07-10" }, { "ubuntu", "25.04", "2026-01-15" },
	{ "ubuntu", "25.10", "2026-07-31" }, { "ubuntu", "26.04", "2031-05-31" },
	{ "centos", "7", "2024-06-30" },     { "centos", "8", "2024-05-31" },
	{ "centos", "9", "2027-05-31" },     { "almalinux", "8", "2029-05-31" },
	{ "almalinux", "9", "2032-05-31" },  { "almalinux", "10", "2035-05-31" },
	{ "rocky", "8", "2029-05-31" },	     { "rocky", "9", "2032-05-31" },
	{ "rocky", "10", "2035-05-31" },     { "rhel", "8", "2029-05-31" },
	{ "rhel", "9", "2032-05-31" },	     { "rhel", "10", "2035-05-31" },
};

static bool is_release(const struct release *r, const struct facts *f)
{
	const char *version = f->distro_version ? f->distro_version : "";
	size_t n = strcspn(version, ".");

	return str_eq(r->id, f->distro_id) &&
	       (str_eq(r->version, version) ||
		(strlen(r->version) == n && strncmp(r->version, version, n) == 0));
}

static int supported_probe(const struct control_in *in, const struct control *self,
			   struct finding *ret, struct err *e)
{
	CLEANUP_FREE char *text = NULL;
	CLEANUP_FREE char *own = NULL;
	const char *until = NULL;
	char now[32];

	(void)self;
	if (read_followed(in->os, "/etc/os-release", &text, e) < 0)
		return -1;
	own = text ? keyed_value(text, "SUPPORT_END") : NULL; /* os-release(5) */
	for (size_t i = 0; i < COUNT(releases); i++)
		if (is_release(&releases[i], in->facts))
			until = releases[i].until;
	if (own && own[0])
		until = own;
	time_text(today(in), now);
	if (!until)
		finding_set(ret, VERDICT_NOT_MEASURED, _("%s: not in this program's table"),
			    in->facts->distro_name);
	else
		finding_set(ret,
			    strncmp(now, until, strlen(until)) <= 0 ? VERDICT_PASS : VERDICT_FAIL,
			    _("%s: until %s"), in->facts->distro_name, until);
	return 0;
}

/* --- what runs ----------------------------------------------------------------------------------------- */

/* proc(5), maps: a file of a package that is not there any more as it was when it was loaded. */
static bool runs_old_code(struct os *os, const char *pid)
{
	static const char *const places[] = { "/usr/", "/lib", "/bin/", "/sbin/", "/opt/" };
	CLEANUP_FREE char *path = xasprintf("/proc/%s/maps", pid);
	CLEANUP_FREE char *text = NULL;
	struct err gone = { 0 };
	char *rest, *line;

	if (os_read(os, path, &text, &gone) != 0)
		return false;
	rest = text;
	while ((line = str_line(&rest))) {
		const char *file = strchr(line, '/');

		if (!file || !str_ends(line, " (deleted)") || !strstr(line, "r-xp"))
			continue;
		for (size_t i = 0; i < COUNT(places); i++)
			if (str_starts(file, places[i]))
				return true;
	}
	return false;
}

static int stale_probe(const struct control_in *in, const struct control *self, struct finding *ret,
		       struct err *e)
{
	CLEANUP_STRV struct strv pids = { 0 };
	CLEANUP_STRV struct strv bad = { 0 };

	(void)self;
	if (!in->facts->as_root) {
		finding_set(ret, VERDICT_NOT_MEASURED, "%s", _("only root may look"));
		return 0;
	}
	if (os_list(in->os, "/proc", &pids, e) < 0)
		return -1;
	for (size_t i = 0; i < pids.count && i < STALE_PID_MAX; i++) {
		CLEANUP_PROCESS struct process p = { 0 };
		struct err gone = { 0 };

		if (!isdigit((unsigned char)pids.item[i][0]) ||
		    !runs_old_code(in->os, pids.item[i]) ||
		    os_process(in->os, (pid_t)strtol(pids.item[i], NULL, 10), &p, &gone) != 0)
			continue;
		if (!strv_has(&bad, p.comm))
			strv_add(&bad, p.comm);
	}
	finding_list(ret, &bad, _("all run what is installed"));
	return 0;
}

const struct control audit_update_controls[] = {
	{
		.id = "update.security",
		.title = N_("No security update waits"),
		.why = N_("attackers read the same announcements"),
		.severity = SEVERITY_HIGH,
		.fix = N_("kannuki update, which asks nothing"),
		.source = "apt-get(8)",
		.probe = waiting_probe,
	},
	{
		.id = "update.lists",
		.title = N_("The lists of packages are not older than a week"),
		.why = N_("what is not known cannot be installed"),
		.severity = SEVERITY_MEDIUM,
		.fix = N_("apt-get update"),
		.source = "apt-get(8), update",
		.probe = lists_probe,
	},
	{
		.id = "update.automatic",
		.title = N_("Security updates come by themselves"),
		.why = N_("nobody logs in every day to look"),
		.severity = SEVERITY_MEDIUM,
		.fix = N_("apply sets it up: [updates] automatic = security"),
		.by_apply = true,
		.source = "unattended-upgrade(8)",
		.probe = automatic_probe,
	},
	{
		.id = "update.last-round",
		.title = N_("The last automatic round was in these three days"),
		.why = N_("what is set up may still never run"),
		.severity = SEVERITY_MEDIUM,
		.fix = N_(
			"read /var/log/unattended-upgrades, and: unattended-upgrade --dry-run -d"),
		.source = "unattended-upgrade(8)",
		.probe = round_probe,
	},
	{
		.id = "update.security-source",
		.title = N_("Packages come from a source of security updates too"),
		.why = N_("without it none ever arrives"),
		.severity = SEVERITY_HIGH,
		.fix = N_("add the distribution's line to /etc/apt/sources.list"),
		.source = "sources.list(5)",
		.probe = security_source_probe,
	},
	{
		.id = "update.signed",
		.title = N_("Every source of packages is checked by its signature"),
		.why = N_("who is on the way could send programs of his own"),
		.severity = SEVERITY_HIGH,
		.fix = N_("take trusted=yes out, and name the key: signed-by"),
		.source = "apt-secure(8)",
		.probe = signed_probe,
	},
	{
		.id = "update.supported",
		.title = N_("The release still gets security updates"),
		.why = N_("faults that are found from now on stay"),
		.severity = SEVERITY_HIGH,
		.fix = N_("move to a newer release"),
		.source = "endoflife.date, os-release(5)",
		.probe = supported_probe,
	},
	{
		.id = "update.restart",
		.title = N_("No restart of the server is due"),
		.why = N_("the old kernel runs on with its faults"),
		.severity = SEVERITY_MEDIUM,
		.fix = N_("systemctl reboot, when it suits"),
		.source = "reboot-notifier, uname(2)",
		.probe = restart_probe,
	},
	{
		.id = "update.old-programs",
		.title = N_("Programs run as they are installed"),
		.why = N_("an updated library helps only who has loaded it anew"),
		.severity = SEVERITY_MEDIUM,
		.fix = N_("restart their services, or the server"),
		.source = "proc(5), maps; needrestart",
		.probe = stale_probe,
	},
	{
		.id = "update.held",
		.title = N_("No package is held back"),
		.why = N_("it gets no security updates either"),
		.severity = SEVERITY_LOW,
		.fix = N_("apt-mark unhold NAME"),
		.source = "apt-mark(8)",
		.probe = held_probe,
	},
	{
		.id = "update.broken",
		.title = N_("No package is half installed"),
		.why = N_("apt does nothing more until it is mended"),
		.severity = SEVERITY_MEDIUM,
		.fix = N_("dpkg --configure -a; apt-get -f install"),
		.source = "dpkg(1)",
		.probe = broken_probe,
	},
	{ 0 },
};
