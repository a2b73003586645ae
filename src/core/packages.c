// SPDX-License-Identifier: MIT
/* packages.c - see packages.h. */
#include "core/packages.h"

#include <string.h>

#include "base/i18n.h"
#include "core/package_manager.h"
#include "core/quiet.h"
#include "core/words.h"

#define UNIT_PATH      "/run/systemd/system/" PACKAGES_UNIT
#define LOG_PATH       "/run/kannuki/packages.log"
#define POLL_MS	       400
#define LIMIT_SECONDS  3600
#define SILENT_SECONDS 60
/* Room for dpkg to end what it began on a disk that is full by then, taken before and given back at the end. A file
 * system that cannot do so takes none. */
#define ROOM_PATH  "/var/cache/kannuki-room"
#define ROOM_BYTES "16777216"
#define GIVE_BACK  "/usr/bin/rm -f " ROOM_PATH "\n"

/* job NULL: what finishes one that failed. */
static char *unit_text(const struct package_manager *m, const struct packages_job *job)
{
	CLEANUP_STR struct str s = { 0 };

	/* systemd before 240 has no "append" and takes the line before it, by which the second program
	 * writes over the words of the first. */
	str_add(&s, "[Unit]\nDescription=Kannuki: packages\n[Service]\nType=oneshot\n"
		    "RemainAfterExit=yes\nTimeoutStartSec=infinity\nEnvironment=LANG=C.UTF-8\n"
		    "StandardInput=null\nStandardOutput=file:" LOG_PATH "\n"
		    "StandardOutput=append:" LOG_PATH "\nStandardError=inherit\n");
	if (!job) {
		m->repair(&s);
		return str_take(&s);
	}
	if (m->repair)
		str_add(&s, "ExecStartPre=-/usr/bin/fallocate -l " ROOM_BYTES " " ROOM_PATH "\n");
	m->unit(job, &s);
	/* By the unit itself, so that it is free again whoever has died, and before its failure is seen. */
	if (m->repair)
		str_add(&s, "ExecStart=-" GIVE_BACK "ExecStopPost=-" GIVE_BACK);
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

/* What is read of the log: how far, what went wrong first, and whom it waits for since when. */
struct reader {
	const struct package_manager *m;
	const struct packages_show *show;
	size_t at, status_at;
	struct packages_progress now, shown;
	bool shares; /* it has said how far it is */
	char *error;
	bool error_follows; /* in the next line */
	char *detail;	    /* the first: what came of it is none */
	bool detail_follows;
	char *waits;
	int64_t waits_since;
};

static void reader_done(struct reader *r)
{
	free(r->error);
	free(r->detail);
	free(r->waits);
}

/* Blanks that make columns become one; both ends are cut. */
static char *squeeze(char *line)
{
	char *to = line = str_trim(line);

	for (const char *p = line; *p; p++)
		if (!(*p == ' ' && p[1] == ' '))
			*to++ = *p;
	*to = '\0';
	return line;
}

/* "package lab-tool (--configure):", and in the next line why. */
static void read_detail(struct reader *r, const char *line)
{
	if (r->detail_follows) {
		char *whole = xasprintf("%s %s", r->detail, line);

		free(r->detail);
		r->detail = whole;
		r->detail_follows = false;
	} else if (r->m->detail && !r->detail && str_starts(line, r->m->detail)) {
		r->detail = xstrdup(line + strlen(r->m->detail));
		r->detail_follows = true;
	}
}

static void read_line(struct os *os, struct reader *r, const char *line)
{
	bool is_error = str_starts(line, r->m->error) || (r->error_follows && line[0]);
	const char *words = str_starts(line, r->m->error) ? line + strlen(r->m->error) : line;

	if (r->show && r->m->progress(line))
		r->show->line(line);
	r->shares = r->m->share(line, &r->now) || r->shares;
	read_detail(r, line);
	free(r->waits);
	r->waits = r->m->waits && str_starts(line, r->m->waits) ? xstrdup(line) : NULL;
	r->waits_since = os_now(os, OS_MONOTONIC);
	if (!is_error)
		return;
	words += strspn(words, " ");
	r->error_follows = !*words;
	/* What follows the first came of it ("Some index files failed to download"). */
	if (*words && !r->error)
		r->error = xstrdup(words);
}

/* The whole lines of this file from *at on. */
static int read_new(struct os *os, const char *path, size_t *at, struct reader *r, struct err *e)
{
	CLEANUP_FREE char *text = NULL;
	char *line, *end;

	if (os_read(os, path, &text, e) < 0)
		return -1;
	if (!text || strlen(text) < *at)
		return 0;
	for (line = text + *at; (end = strchr(line, '\n')); line = end + 1) {
		*end = '\0';
		*at += (size_t)(end - line) + 1;
		str_make_clean(line);
		if (at == &r->at)
			read_line(os, r, squeeze(line));
		else
			r->shares = r->m->share(line, &r->now) || r->shares;
	}
	return 0;
}

static void show_progress(struct reader *r)
{
	bool same = r->now.stage == r->shown.stage && r->now.permille == r->shown.permille;

	if (!r->shares || same || !r->show || !r->show->progress)
		return;
	r->shown = r->now;
	r->show->progress(&r->now);
}

static int say_new(struct os *os, struct reader *r, struct err *e)
{
	if (read_new(os, LOG_PATH, &r->at, r, e) < 0 ||
	    read_new(os, PACKAGES_STATUS, &r->status_at, r, e) < 0)
		return -1;
	show_progress(r);
	return 0;
}

static void tidy(struct os *os)
{
	struct err ignored = { 0 };

	systemctl(os, "stop", "--quiet", &ignored);
	systemctl(os, "reset-failed", "--quiet", &ignored);
	os_remove(os, UNIT_PATH, &ignored);
	os_remove(os, PACKAGES_STATUS, &ignored);
	systemctl(os, "daemon-reload", NULL, &ignored);
}

/* Another one that began after we had looked: it waits for that before it changes anything, so it may be
 * stopped. 1: not too long yet. */
static int waits_too_long(struct os *os, const struct reader *r, struct err *e)
{
	int64_t waited = (os_now(os, OS_MONOTONIC) - r->waits_since) / 1000000000;

	if (!r->waits || waited < QUIET_PACKAGE_SECONDS)
		return 1;
	tidy(os);
	return err_set(e, ERR_CONFLICT,
		       _("%s, after %u seconds of waiting; try again when it has ended"), r->waits,
		       (unsigned)QUIET_PACKAGE_SECONDS);
}

/* PID 1 answers nobody while it starts itself anew, as needrestart has it do where an update replaced what it runs
 * on. */
static int state_soon(struct os *os, char **ret, struct err *e)
{
	int64_t end = os_now(os, OS_MONOTONIC) + SILENT_SECONDS * INT64_C(1000000000);

	for (;;) {
		struct err why = { 0 };

		if (state(os, ret, &why) == 0)
			return 0;
		if (os_now(os, OS_MONOTONIC) >= end) {
			*e = why;
			return -1;
		}
		os_sleep(os, POLL_MS);
	}
}

/* 1: it failed, r->error says why. */
static int follow(struct os *os, struct reader *r, struct err *e)
{
	int64_t end = os_now(os, OS_MONOTONIC) + LIMIT_SECONDS * INT64_C(1000000000);

	for (;;) {
		CLEANUP_FREE char *now = NULL;

		/* First the state: what the log lacks then comes in the look that follows. */
		if (state_soon(os, &now, e) < 0 || say_new(os, r, e) < 0)
			return -1;
		if (str_eq(now, "active"))
			return 0;
		if (str_eq(now, "failed"))
			return 1;
		if (waits_too_long(os, r, e) < 0)
			return -1;
		if (os_now(os, OS_MONOTONIC) >= end)
			return err_set(e, ERR_FAILED,
				       _("packages are still being installed after %d minutes; it "
					 "goes on by itself: systemctl status %s"),
				       LIMIT_SECONDS / 60, PACKAGES_UNIT);
		os_sleep(os, POLL_MS);
	}
}

static int start(struct os *os, const char *text, struct err *e)
{
	struct err ignored = { 0 };

	systemctl(os, "stop", "--quiet", &ignored);
	systemctl(os, "reset-failed", "--quiet", &ignored);
	if (os_write(os, UNIT_PATH, text, 0644, e) < 0 ||
	    systemctl(os, "daemon-reload", NULL, e) < 0)
		return -1;
	return systemctl(os, "start", "--no-block", e);
}

/* What an earlier run left goes; one that works still is somebody's. */
static int begin(struct os *os, const struct package_manager *m, const struct packages_job *job,
		 struct err *e)
{
	CLEANUP_FREE char *text = unit_text(m, job);
	CLEANUP_FREE char *now = NULL;

	if (state(os, &now, e) < 0)
		return -1;
	if (str_eq(now, "activating"))
		return err_set(e, ERR_CONFLICT,
			       _("another kannuki installs packages already: systemctl status %s"),
			       PACKAGES_UNIT);
	if (os_mkdir(os, "/run/kannuki", 0700, e) < 0 || os_remove(os, LOG_PATH, e) < 0 ||
	    os_write(os, LOG_PATH, "", 0600, e) < 0 ||
	    os_write(os, PACKAGES_STATUS, "", 0600, e) < 0)
		return -1;
	return start(os, text, e);
}

static const char *reason(const struct reader *r)
{
	return r->detail ? r->detail : r->error ? r->error : "?";
}

/* After a failure. In the same log, behind it. */
static int finish_what_was_begun(struct os *os, const struct reader *failed, struct err *e)
{
	CLEANUP(reader_done) struct reader reader = { .m = failed->m, .at = failed->at };
	CLEANUP_FREE char *text = unit_text(failed->m, NULL);
	int r;

	if (start(os, text, e) < 0)
		return -1;
	r = follow(os, &reader, e);
	if (r <= 0)
		return r;
	return err_set(e, ERR_FAILED, "%s", reason(&reader));
}

static int say_failure(struct os *os, const struct reader *r, struct err *e)
{
	struct err left = { 0 };
	bool half = r->m->repair && finish_what_was_begun(os, r, &left) < 0;

	tidy(os);
	if (half && str_eq(left.msg, reason(r)))
		return err_set(e, ERR_FAILED,
			       _("%s failed: %s; that package stays half installed until it is "
				 "put right (all of it: %s)"),
			       r->m->name, reason(r), LOG_PATH);
	if (half)
		return err_set(e, ERR_FAILED,
			       _("%s failed: %s; and what it had begun could not be finished: %s "
				 "(all of it: %s)"),
			       r->m->name, reason(r), left.msg, LOG_PATH);
	return err_set(e, ERR_FAILED, _("%s failed: %s (all of it: %s)"), r->m->name, reason(r),
		       LOG_PATH);
}

/* Neither manager says that it is at the end of its work. */
static void show_end(struct reader *r)
{
	if (r->now.stage == PACKAGES_INSTALL)
		r->now.permille = 1000;
	show_progress(r);
}

int packages_run(struct os *os, const struct packages_job *job, const struct packages_show *show,
		 struct err *e)
{
	CLEANUP(reader_done) struct reader reader = { .show = show };
	int r = package_manager_find(os, &reader.m, e);

	if (r < 0)
		return -1;
	if (r > 0)
		return err_set(e, ERR_CONFLICT,
			       _("no package manager known here answers; use this host's own"));
	if (quiet_wait(os, show->line, e) < 0 || begin(os, reader.m, job, e) < 0)
		return -1;
	r = follow(os, &reader, e);
	if (r > 0)
		return say_failure(os, &reader, e);
	if (r < 0)
		return -1;
	show_end(&reader);
	tidy(os);
	return 0;
}
