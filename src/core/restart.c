// SPDX-License-Identifier: MIT
/* restart.c - see restart.h. */
#include "core/restart.h"

#include <string.h>
#include <time.h>

#include "base/i18n.h"
#include "base/mem.h"
#include "core/facts.h"
#include "core/quiet.h"
#include "core/txn.h"

#define SECOND	     INT64_C(1000000000)
#define LATE_SECONDS 300
#define POLL_MS	     1000
/* PID 1 ends us long before: until then nothing may begin. */
#define GOING_MS 60000

int restart_time(const char *text, int *ret)
{
	CLEANUP_FREE char *hour = xstrndup(text, 2);
	uint64_t h, m;

	if (strlen(text) != 5 || text[2] != ':' || str_to_u64(hour, 0, 23, &h) < 0 ||
	    str_to_u64(text + 3, 0, 59, &m) < 0)
		return -1;
	*ret = (int)(h * 60 + m);
	return 0;
}

static int64_t now_seconds(struct os *os)
{
	return os_now(os, OS_REALTIME) / SECOND;
}

/* The next such time of day, or that of the last minutes: seconds since 1970. */
static int64_t time_of_day(struct os *os, int minutes)
{
	const time_t now = (time_t)now_seconds(os);
	struct tm tm;
	int64_t at;

	if (!localtime_r(&now, &tm))
		return INT64_MAX;
	tm.tm_hour = minutes / 60;
	tm.tm_min = minutes % 60;
	tm.tm_sec = 0;
	tm.tm_isdst = -1;
	at = mktime(&tm);
	if (at >= now - LATE_SECONDS)
		return at;
	tm.tm_mday++;
	tm.tm_isdst = -1;
	return mktime(&tm);
}

/* malloc'd; NULL: no update needs one. */
static int why_restart(struct os *os, char **ret, struct err *e)
{
	const struct facts_query q = { .updates = true };
	CLEANUP_FACTS struct facts f = { 0 };
	CLEANUP_FREE char *packages = NULL;

	if (facts_gather_updates(os, &q, &f, e) < 0)
		return -1;
	packages = strv_join(&f.updates.reboot_packages, ", ");
	if (f.updates.kernel_waits)
		*ret = xasprintf(_("kernel %s is installed"), f.updates.kernel_newest);
	else if (f.updates.reboot_required)
		*ret = xstrdup(packages[0] ? packages : "/run/reboot-required");
	return 0;
}

/* On every terminal where somebody is logged in. A host without wall(1) has the journal alone. */
static void tell(struct os *os, const char *text)
{
	struct err ignored = { 0 };

	os_run_ok(os, ARGV("wall", text), NULL, &ignored);
}

static void tell_when(struct os *os, int64_t seconds, const char *reason)
{
	CLEANUP_FREE char *text = xasprintf(
		_("This server restarts in %lld min, because an update needs it (%s). Not today: "
		  "sudo systemctl stop " RESTART_SERVICE),
		(long long)(seconds + 59) / 60, reason);

	tell(os, text);
}

static void wait_until(struct os *os, int64_t at, const char *reason)
{
	int64_t left = at - now_seconds(os);
	bool last = left <= 60;

	if (left > 0)
		tell_when(os, left, reason);
	while ((left = at - now_seconds(os)) > 0) {
		if (left <= 60 && !last)
			tell_when(os, left, reason);
		last = last || left <= 60;
		os_sleep(os, POLL_MS);
	}
}

/* Under the lock, so that no transaction can begin any more. 1: something is in the way. */
static int restart_now(struct os *os, char **ret_why, struct err *e)
{
	CLEANUP_FREE char *active = NULL;
	CLEANUP_FREE char *busy = NULL;
	int r = txn_active(os, &active, e);

	if (r < 0 || quiet_packages(os, &busy, e) < 0)
		return -1;
	if (r == 0) {
		*ret_why = xasprintf(_("transaction %s is under way"), active);
		return 1;
	}
	if (busy) {
		*ret_why = TAKE(busy);
		return 1;
	}
	if (os_run_ok(os, ARGV("systemctl", "reboot"), NULL, e) < 0)
		return -1;
	os_sleep(os, GOING_MS);
	return 0;
}

int restart_in_window(struct os *os, int minutes, char **ret_why, struct err *e)
{
	int64_t at = time_of_day(os, minutes);
	CLEANUP_FREE char *reason = NULL;
	int token, r;

	if (at - now_seconds(os) > INT64_C(60) * RESTART_NOTICE_MINUTES + 30) {
		*ret_why = xstrdup(_("it is not the time for it"));
		return 1;
	}
	if (why_restart(os, &reason, e) < 0)
		return -1;
	if (!reason) {
		*ret_why = xstrdup(_("no update needs it"));
		return 1;
	}
	wait_until(os, at, reason);
	/* Whoever holds it is at work on a transaction. */
	if (txn_lock(os, 10000, &token, e) < 0) {
		if (e->kind != ERR_CONFLICT)
			return -1;
		*ret_why = xstrdup(e->msg);
		*e = (struct err){ 0 };
		return 1;
	}
	r = restart_now(os, ret_why, e);
	os_unlock(os, token);
	return r;
}
