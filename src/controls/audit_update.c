// SPDX-License-Identifier: MIT
/* audit_update.c - whether faults that are known and mended are mended here. */
#include <stdio.h>
#include <string.h>
#include <time.h>

#include "base/i18n.h"
#include "controls/control.h"
#include "core/old_programs.h"
#include "core/package_manager.h"
#include "core/words.h"

#define DAY	   INT64_C(86400)
#define LISTS_DAYS 7
#define ROUND_DAYS 3

static bool was_asked(const struct control_in *in, struct finding *ret)
{
	if (in->facts->updates.measured)
		return true;
	finding_set(ret, VERDICT_NOT_MEASURED, "%s", _("no package manager known here answers"));
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
	if (!was_asked(in, ret))
		return 0;
	if (!in->facts->updates.pending_measured)
		finding_set(
			ret, VERDICT_NOT_MEASURED, "%s",
			_("the lists of security updates were never fetched, or there are none"));
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
	if (!was_asked(in, ret))
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
	const struct updates_fact *u = &in->facts->updates;
	CLEANUP_FREE char *good = NULL;
	CLEANUP_STRV struct strv bad = { 0 };

	(void)self;
	(void)e;
	if (!was_asked(in, ret))
		return 0;
	if (!u->unattended)
		strv_addf(&bad, _("%s is not installed"), u->manager->automatic);
	else if (!updates_are_automatic(u))
		strv_addf(&bad, "%s \"%s\"", u->manager->key, updates_config(u, u->manager->key));
	for (size_t i = 0; in->facts->systemd && i < u->timers.count; i++) {
		const struct unit_fact *t = facts_unit(in->facts, u->timers.item[i]);

		if (!t || !str_eq(t->active, "active"))
			strv_addf(&bad, "%s: %s", u->timers.item[i],
				  t ? t->active : _("not there"));
	}
	good = xasprintf(_("%s, by %s"), u->manager->automatic,
			 u->timers.count ? u->timers.item[u->timers.count - 1] : "-");
	finding_list(ret, &bad, good);
	return 0;
}

/* The service that the last of the timers starts ended in failure, this time. */
static const struct unit_fact *failed_round(const struct facts *f)
{
	const struct strv *timers = &f->updates.timers;
	const char *timer = timers->count ? timers->item[timers->count - 1] : "";
	size_t n = strlen(timer) - (str_ends(timer, ".timer") ? strlen(".timer") : 0);
	CLEANUP_FREE char *service = xasprintf("%.*s.service", (int)n, timer);
	const struct unit_fact *u = facts_unit(f, service);

	return u && str_eq(u->active, "failed") ? u : NULL;
}

/* What is set up and never runs: no network, a full disk, a lock that is held for ever. */
static int round_probe(const struct control_in *in, const struct control *self, struct finding *ret,
		       struct err *e)
{
	const struct updates_fact *u = &in->facts->updates;
	const struct unit_fact *failed = failed_round(in->facts);
	int64_t up = os_now(in->os, OS_BOOTTIME) / 1000000000;
	char when[32];

	(void)self;
	(void)e;
	if (!was_asked(in, ret))
		return 0;
	time_text(u->upgrade_time, when);
	if (!updates_are_automatic(u))
		finding_set(ret, VERDICT_PASS, "%s", _("nothing is set up to run by itself"));
	else if (failed)
		finding_set(ret, VERDICT_FAIL, _("%s failed: journalctl -u %s"), failed->name,
			    failed->name);
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
	if (!was_asked(in, ret))
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

/* --- where packages come from, what is installed --------------------------------------------------- */

static int security_source_probe(const struct control_in *in, const struct control *self,
				 struct finding *ret, struct err *e)
{
	const struct strv *found = &in->facts->updates.sources.security;

	(void)self;
	(void)e;
	if (was_asked(in, ret))
		finding_set(ret, found->count > 0 ? VERDICT_PASS : VERDICT_FAIL, "%s",
			    found->count > 0 ? found->item[0] : _("no line names one"));
	return 0;
}

static int signed_probe(const struct control_in *in, const struct control *self,
			struct finding *ret, struct err *e)
{
	(void)self;
	(void)e;
	if (was_asked(in, ret))
		finding_list(ret, &in->facts->updates.sources.unchecked,
			     _("every source is checked by its signature"));
	return 0;
}

static int held_probe(const struct control_in *in, const struct control *self, struct finding *ret,
		      struct err *e)
{
	(void)self;
	(void)e;
	if (was_asked(in, ret))
		finding_list(ret, &in->facts->updates.sources.held, _("none"));
	return 0;
}

static int broken_probe(const struct control_in *in, const struct control *self,
			struct finding *ret, struct err *e)
{
	(void)self;
	(void)e;
	if (was_asked(in, ret))
		finding_list(ret, &in->facts->updates.sources.broken, _("none"));
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

static int stale_probe(const struct control_in *in, const struct control *self, struct finding *ret,
		       struct err *e)
{
	CLEANUP(old_programs_done) struct old_programs old = { 0 };
	CLEANUP_STRV struct strv bad = { 0 };

	(void)self;
	if (!in->facts->as_root) {
		finding_set(ret, VERDICT_NOT_MEASURED, "%s", _("only root may look"));
		return 0;
	}
	if (old_programs_find(in->os, &old, e) < 0)
		return -1;
	for (size_t i = 0; i < old.count; i++)
		if (!strv_has(&bad, old.item[i].comm))
			strv_add(&bad, old.item[i].comm);
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
		.source = "apt-get(8), dnf(8)",
		.probe = waiting_probe,
	},
	{
		.id = "update.lists",
		.title = N_("The lists of packages are not older than a week"),
		.why = N_("what is not known cannot be installed"),
		.severity = SEVERITY_MEDIUM,
		.fix = N_("apt-get update, or: dnf makecache"),
		.source = "apt-get(8), dnf(8)",
		.probe = lists_probe,
	},
	{
		.id = "update.automatic",
		.title = N_("Security updates come by themselves"),
		.why = N_("nobody logs in every day to look"),
		.severity = SEVERITY_MEDIUM,
		.fix = N_("apply sets it up: [updates] automatic = security"),
		.by_apply = true,
		.source = "unattended-upgrade(8), dnf-automatic(8)",
		.probe = automatic_probe,
	},
	{
		.id = "update.last-round",
		.title = N_("The last automatic round was in these three days"),
		.why = N_("what is set up may still never run"),
		.severity = SEVERITY_MEDIUM,
		.fix = N_("read /var/log/unattended-upgrades, and: unattended-upgrade --dry-run "
			  "-d; of "
			  "dnf: journalctl -u dnf-automatic"),
		.source = "unattended-upgrade(8), dnf-automatic(8)",
		.probe = round_probe,
	},
	{
		.id = "update.security-source",
		.title = N_("Packages come from a source of security updates too"),
		.why = N_("without it none ever arrives"),
		.severity = SEVERITY_HIGH,
		.fix = N_("add the distribution's line to /etc/apt/sources.list, or its file to "
			  "/etc/yum.repos.d"),
		.source = "sources.list(5), dnf.conf(5)",
		.probe = security_source_probe,
	},
	{
		.id = "update.signed",
		.title = N_("Every source of packages is checked by its signature"),
		.why = N_("who is on the way could send programs of his own"),
		.severity = SEVERITY_HIGH,
		.fix = N_("take trusted=yes out, and name the key: signed-by (dnf: gpgcheck=1)"),
		.source = "apt-secure(8), dnf.conf(5)",
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
		.fix = N_("apt-mark unhold NAME, or: dnf versionlock delete NAME"),
		.source = "apt-mark(8), dnf.conf(5)",
		.probe = held_probe,
	},
	{
		.id = "update.broken",
		.title = N_("No package is half installed"),
		.why = N_("the package manager does nothing more until it is mended"),
		.severity = SEVERITY_MEDIUM,
		.fix = N_("dpkg --configure -a; apt-get -f install; or: dnf remove --duplicates"),
		.source = "dpkg(1), dnf(8)",
		.probe = broken_probe,
	},
	{ 0 },
};
