// SPDX-License-Identifier: MIT
/* apt.c - apt and unattended-upgrades: the row of Debian and Ubuntu. */
#include "core/apt.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/i18n.h"
#include "core/facts.h"

#define CONF_DIR "/etc/apt/apt.conf.d"
/* Last of all: names that begin with letters come after those of digits, and these are rare. */
#define CONF_PATH	CONF_DIR "/99kannuki-updates"
#define ON		"APT::Periodic::Unattended-Upgrade"
#define ENABLE		"APT::Periodic::Enable"
#define REBOOT		"Unattended-Upgrade::Automatic-Reboot"
#define STAMPS		"/var/lib/apt/periodic"
#define DRY_RUN_SECONDS 120

/* --- at work ------------------------------------------------------------------------------------- */

/* Trap 36: no dialog of debconf, of dpkg about a changed file, of ucf, of needrestart. */
#define APT                                                                       \
	"/usr/bin/apt-get -q -y -o DPkg::Lock::Timeout=120 -o Acquire::Retries=3" \
	" -o Dpkg::Options::=--force-confdef -o Dpkg::Options::=--force-confold"  \
	" -o Dpkg::Use-Pty=0 "

#define CONFIGURE "/usr/bin/dpkg --force-confdef --force-confold --configure -a"
#define ENVIRONMENT                                                         \
	"Environment=DEBIAN_FRONTEND=noninteractive UCF_FORCE_CONFFOLD=1\n" \
	"Environment=NEEDRESTART_MODE=a APT_LISTCHANGES_FRONTEND=none\n"

/* How far it is, as apt writes for the programs that drive it: README.progress-reporting of apt. By a shell, since
 * systemd gives no program another file; in front the stage that follows. */
#define LISTS_FOLLOW	"kannuki:lists"
#define PACKAGES_FOLLOW "kannuki:packages"
#define TELLING(stage)                                                                     \
	"ExecStart=/bin/sh -c 'exec 3>>" PACKAGES_STATUS "; echo " stage " >&3; exec " APT \
	"-o APT::Status-Fd=3 "

static void unit(const struct packages_job *job, struct str *ret)
{
	str_add(ret, ENVIRONMENT
		/* One that was interrupted, by a power cut say, is taken up first: apt does nothing until then. It has
		 * left files of these names (debSystem::CheckUpdates of apt); without any dpkg would write all the same. */
		"ExecStart=-/usr/bin/find /var/lib/dpkg/updates -name [0-9]* -exec " CONFIGURE
		" \\; -quit\n" TELLING(
			LISTS_FOLLOW) "-o APT::Update::Error-Mode=any update'\n"
				      /* As other programs do: lists that are fetched again unchanged keep their times. */
				      "ExecStart=-/usr/bin/touch " STAMPS
				      "/update-success-stamp\n");
	if (job->update_all)
		str_add(ret, TELLING(PACKAGES_FOLLOW) "--with-new-pkgs upgrade'\n");
	for (size_t i = 0; job->install && i < job->install->count; i++)
		str_addf(ret, TELLING(PACKAGES_FOLLOW) "install %s'\n", job->install->item[i]);
}

/* What was unpacked is set up, as far as it can be: no package stays between two versions. Where none does, nothing is
 * written. */
static void repair(struct str *ret)
{
	str_add(ret, ENVIRONMENT "ExecStart=/bin/sh -c 'test -z \"$$(/usr/bin/dpkg --audit)\" || "
				 "exec " CONFIGURE "'\n");
}

static bool progress(const char *line)
{
	static const char *const good[] = { "Get:",	   "Err:", "Unpacking ",
					    "Setting up ", "E: ",  "W: " };

	for (size_t i = 0; i < COUNT(good); i++)
		if (str_starts(line, good[i]))
			return true;
	return false;
}

/* "dlstatus:3:41.2:Retrieving file 3 of 7", "pmstatus:openssl:66.7:Unpacking openssl". */
static bool share(const char *line, struct packages_progress *now)
{
	bool downloads = str_starts(line, "dlstatus:");
	const char *number = strchr(line, ':');
	char *end;
	double percent;

	if (str_eq(line, LISTS_FOLLOW) || str_eq(line, PACKAGES_FOLLOW)) {
		*now = (struct packages_progress){ .stage = str_eq(line, LISTS_FOLLOW)
								    ? PACKAGES_LISTS
								    : PACKAGES_DOWNLOAD };
		return false;
	}
	if (!downloads && !str_starts(line, "pmstatus:"))
		return false;
	/* Behind the package's name, which may end in ":amd64". */
	for (number = strchr(number + 1, ':'); number; number = strchr(number + 1, ':')) {
		percent = strtod(number + 1, &end);
		if (end != number + 1 && *end == ':' && percent >= 0 && percent <= 100)
			break;
	}
	if (!number)
		return false;
	if (!downloads || now->stage == PACKAGES_INSTALL)
		now->stage = downloads ? PACKAGES_DOWNLOAD : PACKAGES_INSTALL;
	now->permille = (unsigned)(percent * 10);
	return true;
}

/* --- by itself ----------------------------------------------------------------------------------- */

/* apt.systemd.daily: days, or a number with a unit, or "always"; "0" and nothing are never. */
static bool is_never(const char *interval)
{
	return interval[0] == '\0' || strspn(interval, "0") == strcspn(interval, "smhd");
}

static bool is_automatic(const struct updates_fact *u)
{
	return !str_eq(updates_config(u, ENABLE), "0") &&
	       !is_never(updates_config(u, "APT::Periodic::Update-Package-Lists")) &&
	       !is_never(updates_config(u, ON));
}

static const char *off(const struct updates_fact *u)
{
	return str_eq(updates_config(u, ENABLE), "0") ? ENABLE : ON;
}

static bool has_origin(const struct updates_fact *u, const char *part)
{
	static const char *const lists[] = { APT_ORIGINS, APT_ALLOWED };
	bool found = false;

	for (size_t i = 0; i < COUNT(lists); i++) {
		CLEANUP_STRV struct strv all = { 0 };

		updates_config_list(u, lists[i], &all);
		for (size_t j = 0; j < all.count; j++)
			found = found || strcasestr(all.item[j], part);
	}
	return found;
}

static int differs(struct os *os, const struct facts *f, enum automatic_updates want,
		   const char **ret, struct err *e)
{
	CLEANUP_FREE char *text = NULL;

	/* Our own file of an earlier policy may ask for all, though only security updates are wanted now. */
	if (want != UPDATES_ALL && os_read(os, CONF_PATH, &text, e) < 0)
		return -1;
	*ret = text && strstr(text, "\"origin=*\"") ? _("all updates come by themselves (%s)")
	       : has_origin(&f->updates, want == UPDATES_ALL ? "origin=*" : "security")
		       ? NULL
		       : _("not the updates that are wanted (%s)");
	return *ret != NULL;
}

static char *reboots_at(const struct updates_fact *u)
{
	const char *at = updates_config(u, REBOOT "-Time");

	if (!package_word_is_true(updates_config(u, REBOOT)))
		return NULL;
	return xstrdup(at[0] ? at : "now");
}

static void add_value(struct str *text, json_t *expect, const char *name, const char *value)
{
	str_addf(text, "%s \"%s\";\n", name, value);
	json_object_set_new(expect, name, json_string(value));
}

/* Beside those that the distribution has; the same one twice does no harm. */
static void add_origins(const struct policy *p, struct str *text)
{
	if (p->updates_automatic == UPDATES_ALL) {
		str_addf(text, APT_ORIGINS " { \"origin=*\"; };\n");
		return;
	}
	str_add(text, APT_ORIGINS
		" {\n"
		"\t\"origin=Debian,codename=${distro_codename},label=Debian-Security\";\n"
		"\t\"origin=Debian,codename=${distro_codename}-security,label=Debian-Security\";\n"
		"\t\"origin=Ubuntu,archive=${distro_codename}-security\";\n"
		"};\n");
}

/* It never restarts the host: our own timer does, which knows of transactions (core/restart.h). */
static void add_wanted(const struct policy *p, struct str *s, json_t *expect)
{
	str_add(s, "// Written by kannuki: [updates] of /etc/kannuki/policy.conf\n");
	if (p->updates_automatic == UPDATES_NO) {
		add_value(s, expect, ON, "0");
		return;
	}
	add_value(s, expect, ENABLE, "1");
	add_value(s, expect, "APT::Periodic::Update-Package-Lists", "1");
	add_value(s, expect, ON, "1");
	add_origins(p, s);
	add_value(s, expect, REBOOT, "false");
}

static int wanted(struct os *os, const struct policy *p, const struct facts *f,
		  struct automatic_text *ret, struct err *e)
{
	CLEANUP_STR struct str s = { 0 };

	(void)os;
	(void)f;
	(void)e;
	ret->expect = json_object();
	add_wanted(p, &s, ret->expect);
	ret->text = str_take(&s);
	return 0;
}

/* On a copy of the stamps: a run that did nothing shall not count as one. */
static int prove(struct os *os, struct err *e)
{
	const struct run run = { .argv = ARGV("unattended-upgrade", "--dry-run", "-v"),
				 .timeout_ms = DRY_RUN_SECONDS * 1000,
				 .stage_dir = STAMPS };
	struct run_result r CLEANUP_RUN = { 0 };
	char *says, *last;

	if (os_run(os, &run, &r, e) < 0)
		return -1;
	if (r.status == 0 && !r.timed_out)
		return 0;
	says = str_trim(r.err[0] ? r.err : r.out);
	last = strrchr(says, '\n');
	return err_set(e, ERR_FAILED, "unattended-upgrade --dry-run: %s",
		       r.timed_out ? _("did not end in time")
		       : last	   ? last + 1
				   : says);
}

static const char *const locks[] = { "/var/lib/dpkg/lock-frontend", "/var/lib/dpkg/lock",
				     "/var/lib/apt/lists/lock", "/var/cache/apt/archives/lock",
				     NULL };
static const char *const no_pids[] = { NULL };

const struct package_manager package_apt = {
	.name = "apt",
	.program = "/usr/bin/apt-get",
	.installs = "apt-get install",
	.simulates = "apt-get -s upgrade",
	.automatic = "unattended-upgrades",
	.config = CONF_PATH,
	.config_dir = CONF_DIR,
	.key = ON,
	.key_which = APT_ORIGINS,
	.key_reboot = REBOOT,
	.locks = locks,
	.pids = no_pids,
	.error = "E:",
	.detail = "dpkg: error processing ",
	.unit = unit,
	.repair = repair,
	.progress = progress,
	.share = share,
	.gather = apt_gather,
	.read_config = apt_read_config,
	.is_automatic = is_automatic,
	.off = off,
	.differs = differs,
	.reboots_at = reboots_at,
	.wanted = wanted,
	.prove = prove,
	.sources = apt_sources,
	.unreached = apt_unreached,
	.owners = apt_owners,
};
