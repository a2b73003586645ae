// SPDX-License-Identifier: MIT
/* packages.c - see packages.h. */
#include "core/packages.h"

#include <string.h>

#include "base/i18n.h"
#include "core/quiet.h"
#include "core/words.h"

#define UNIT_PATH     "/run/systemd/system/" PACKAGES_UNIT
#define LOG_PATH      "/run/kannuki/packages.log"
#define POLL_MS	      400
#define LIMIT_SECONDS 3600

/* Trap 36: no dialog of debconf, of dpkg about a changed file, of ucf, of needrestart. */
#define APT                                                                       \
	"/usr/bin/apt-get -q -y -o DPkg::Lock::Timeout=120 -o Acquire::Retries=3" \
	" -o Dpkg::Options::=--force-confdef -o Dpkg::Options::=--force-confold"  \
	" -o Dpkg::Use-Pty=0 "

static char *unit_text(const struct packages_job *job)
{
	CLEANUP_STR struct str s = { 0 };

	str_add(&s,
		"[Unit]\nDescription=Kannuki: packages\n[Service]\nType=oneshot\n"
		"RemainAfterExit=yes\nTimeoutStartSec=infinity\n"
		"Environment=DEBIAN_FRONTEND=noninteractive UCF_FORCE_CONFFOLD=1\n"
		"Environment=NEEDRESTART_MODE=a APT_LISTCHANGES_FRONTEND=none LANG=C.UTF-8\n"
		"StandardInput=null\nStandardOutput=append:" LOG_PATH "\n"
		"StandardError=inherit\n"
		"ExecStart=" APT "-o APT::Update::Error-Mode=any update\n"
		/* As other programs do: lists that are fetched again unchanged keep their times. */
		"ExecStart=-/usr/bin/touch /var/lib/apt/periodic/update-success-stamp\n");
	if (job->update_all)
		str_add(&s, "ExecStart=" APT "--with-new-pkgs upgrade\n");
	for (size_t i = 0; job->install && i < job->install->count; i++)
		str_addf(&s, "ExecStart=" APT "install %s\n", job->install->item[i]);
	return str_take(&s);
}

static int systemctl(struct os *os, const char *verb, const char *option, struct err *e)
{
	const char *const argv[] = { "systemctl", verb, option, PACKAGES_UNIT, NULL };
	const char *const reload[] = { "systemctl", verb, NULL };

	return os_run_ok(os, option ? argv : reload, NULL, e);
}

static int state(struct os *os, char **ret, struct err *e)
{
	CLEANUP_RUN struct run_result r = { 0 };

	if (os_run_ok(os, ARGV("systemctl", "show", "-p", "ActiveState", PACKAGES_UNIT), &r, e) < 0)
		return -1;
	*ret = show_value(r.out, "ActiveState");
	return 0;
}

/* What is worth a line of a person's terminal; the rest is in the log. */
static bool is_progress(const char *line)
{
	static const char *const good[] = { "Get:",	   "Err:", "Unpacking ",
					    "Setting up ", "E: ",  "W: " };

	for (size_t i = 0; i < COUNT(good); i++)
		if (str_starts(line, good[i]))
			return true;
	return false;
}

/* Says the whole lines from *at on, and keeps the last error. */
static int say_new(struct os *os, size_t *at, char **error, void (*say)(const char *line),
		   struct err *e)
{
	CLEANUP_FREE char *text = NULL;
	char *line, *end;

	if (os_read(os, LOG_PATH, &text, e) < 0)
		return -1;
	if (!text || strlen(text) < *at)
		return 0;
	for (line = text + *at; (end = strchr(line, '\n')); line = end + 1) {
		*end = '\0';
		*at += (size_t)(end - line) + 1;
		str_make_clean(line);
		if (is_progress(line))
			say(line);
		if (str_starts(line, "E: ")) {
			free(*error);
			*error = xstrdup(line + strlen("E: "));
		}
	}
	return 0;
}

/* 1: it failed, *error says why. */
static int follow(struct os *os, char **error, void (*say)(const char *line), struct err *e)
{
	int64_t end = os_now(os, OS_MONOTONIC) + LIMIT_SECONDS * INT64_C(1000000000);
	size_t at = 0;

	for (;;) {
		CLEANUP_FREE char *now = NULL;

		/* First the state: what the log lacks then comes in the look that follows. */
		if (state(os, &now, e) < 0 || say_new(os, &at, error, say, e) < 0)
			return -1;
		if (str_eq(now, "active"))
			return 0;
		if (str_eq(now, "failed"))
			return 1;
		if (os_now(os, OS_MONOTONIC) >= end)
			return err_set(e, ERR_FAILED,
				       _("packages are still being installed after %d minutes; it "
					 "goes on by itself: systemctl status %s"),
				       LIMIT_SECONDS / 60, PACKAGES_UNIT);
		os_sleep(os, POLL_MS);
	}
}

/* What an earlier run left goes; one that works still is somebody's. */
static int begin(struct os *os, const struct packages_job *job, struct err *e)
{
	CLEANUP_FREE char *text = unit_text(job);
	CLEANUP_FREE char *now = NULL;
	struct err ignored = { 0 };

	if (state(os, &now, e) < 0)
		return -1;
	if (str_eq(now, "activating"))
		return err_set(e, ERR_CONFLICT,
			       _("another kannuki installs packages already: systemctl status %s"),
			       PACKAGES_UNIT);
	systemctl(os, "stop", "--quiet", &ignored);
	systemctl(os, "reset-failed", "--quiet", &ignored);
	if (os_mkdir(os, "/run/kannuki", 0700, e) < 0 || os_remove(os, LOG_PATH, e) < 0 ||
	    os_write(os, LOG_PATH, "", 0600, e) < 0 || os_write(os, UNIT_PATH, text, 0644, e) < 0 ||
	    systemctl(os, "daemon-reload", NULL, e) < 0)
		return -1;
	return systemctl(os, "start", "--no-block", e);
}

static void tidy(struct os *os)
{
	struct err ignored = { 0 };

	systemctl(os, "stop", "--quiet", &ignored);
	systemctl(os, "reset-failed", "--quiet", &ignored);
	os_remove(os, UNIT_PATH, &ignored);
	systemctl(os, "daemon-reload", NULL, &ignored);
}

int packages_run(struct os *os, const struct packages_job *job, void (*say)(const char *line),
		 struct err *e)
{
	CLEANUP_NODE struct node apt = { 0 };
	CLEANUP_FREE char *error = NULL;
	int r;

	if (os_get(os, "/usr/bin/apt-get", &apt, e) < 0)
		return -1;
	if (apt.type == NODE_ABSENT)
		return err_set(
			e, ERR_CONFLICT,
			_("this version knows apt only; use this host's own package manager"));
	if (quiet_wait(os, say, e) < 0 || begin(os, job, e) < 0)
		return -1;
	r = follow(os, &error, say, e);
	if (r < 0)
		return -1;
	tidy(os);
	if (r > 0)
		return err_set(e, ERR_FAILED, _("apt failed: %s (all of it: %s)"),
			       error ? error : "?", LOG_PATH);
	return 0;
}
