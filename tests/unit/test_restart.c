// SPDX-License-Identifier: MIT
/* The window for restarts (core/restart.h): at its time and at no other, never over a transaction that waits. */
#include "lib/t.h"

#include <stdlib.h>
#include <time.h>

#include "base/mem.h"
#include "core/restart.h"
#include "lib/txn_host.h"

#define SECOND INT64_C(1000000000)
#define DUE    "/run/reboot-required"

static void fake_free_p(struct fake **f)
{
	fake_free(*f);
}
#define CLEANUP_FAKE CLEANUP(fake_free_p)

static struct strv told;     /* by wall */
static int64_t restarted_at; /* seconds since 1970; 0: it was not */
static fake_run_fn *pid1;

static int wall(struct fake *f, const struct run *r, struct run_result *ret, struct err *e)
{
	(void)f;
	(void)ret;
	(void)e;
	strv_add(&told, r->argv[1]);
	return 0;
}

static int systemctl(struct fake *f, const struct run *r, struct run_result *ret, struct err *e)
{
	if (!str_eq(r->argv[1], "reboot"))
		return pid1(f, r, ret, e);
	restarted_at = f->clock[OS_REALTIME] / SECOND;
	return 0;
}

/* On it is this time of the first of June, in Tokyo; an update needs a restart. */
static struct fake *at(int hour, int minute, bool pending)
{
	struct fake *f = pending ? txn_host_pending() : txn_host();
	struct tm tm = { .tm_year = 126,
			 .tm_mon = 5,
			 .tm_mday = 1,
			 .tm_hour = hour,
			 .tm_min = minute,
			 .tm_isdst = -1 };

	setenv("TZ", "JST-9", 1);
	tzset();
	f->clock[OS_REALTIME] = (int64_t)mktime(&tm) * SECOND;
	for (size_t i = 0; i < f->program_count; i++)
		if (str_eq(f->program[i].name, "systemctl"))
			pid1 = f->program[i].fn;
	fake_on_run(f, "systemctl", systemctl);
	fake_on_run(f, "wall", wall);
	fake_file(f, DUE, "*** System restart required ***\n", 0644);
	fake_file(f, DUE ".pkgs", "libc6\n", 0644);
	strv_done(&told);
	told = (struct strv){ 0 };
	restarted_at = 0;
	return f;
}

static int it_waits_for_its_time_and_tells_who_is_there(void)
{
	CLEANUP_FAKE struct fake *f = at(3, 50, false);
	CLEANUP_FREE char *why = NULL;
	int64_t begun = f->clock[OS_REALTIME] / SECOND;
	struct err e = { 0 };

	T_OK(restart_in_window(&f->os, 4 * 60, &why, &e) == 0 && !why);
	T_OK(restarted_at >= begun + 600 && restarted_at <= begun + 602);
	T_OK(told.count == 2 && strstr(told.item[0], "in 10 min") && strstr(told.item[0], "libc6"));
	T_OK(strstr(told.item[1], "in 1 min") && strstr(told.item[1], "systemctl stop"));
	return 0;
}

static int at_no_other_time(void)
{
	static const struct {
		int hour, minute, window;
		bool restarts;
	} c[] = {
		{ 3, 50, 4 * 60, true }, { 4, 0, 4 * 60, true },	{ 4, 4, 4 * 60, true },
		{ 4, 6, 4 * 60, false }, { 3, 30, 4 * 60, false },	{ 15, 0, 4 * 60, false },
		{ 23, 55, 5, true }, /* over midnight */
		{ 23, 30, 5, false },	 { 0, 4, 23 * 60 + 59, false },
	};

	for (size_t i = 0; i < COUNT(c); i++) {
		CLEANUP_FAKE struct fake *f = at(c[i].hour, c[i].minute, false);
		CLEANUP_FREE char *why = NULL;
		struct err e = { 0 };

		printf("# %02d:%02d\n", c[i].hour, c[i].minute);
		T_OK(restart_in_window(&f->os, c[i].window, &why, &e) == (c[i].restarts ? 0 : 1));
		T_OK((restarted_at != 0) == c[i].restarts);
		T_OK(c[i].restarts || strstr(why, "not the time"));
	}
	return 0;
}

static int not_where_nothing_needs_it(void)
{
	CLEANUP_FAKE struct fake *f = at(3, 50, false);
	CLEANUP_FREE char *why = NULL;
	struct err e = { 0 };

	fake_remove(f, DUE);
	T_OK(restart_in_window(&f->os, 4 * 60, &why, &e) == 1 && strstr(why, "no update"));
	T_OK(restarted_at == 0 && told.count == 0);
	return 0;
}

/* It would undo what its owner has yet to prove. */
static int never_over_a_transaction_that_waits(void)
{
	CLEANUP_FAKE struct fake *f = at(4, 0, true);
	CLEANUP_FREE char *why = NULL;
	struct err e = { 0 };

	T_OK(restart_in_window(&f->os, 4 * 60, &why, &e) == 1);
	T_OK(strstr(why, "is under way") && restarted_at == 0);
	return 0;
}

/* One that is just being carried out holds the lock. */
static int nor_while_one_is_at_work(void)
{
	CLEANUP_FAKE struct fake *f = at(4, 0, false);
	CLEANUP_FREE char *why = NULL;
	struct err e = { 0 };

	fake_dir(f, "/run/kannuki", 0700);
	fake_process_add(f, 77, 1, "/var/lib/kannuki/txn/1/recover");
	fake_lock_by(f, "/run/kannuki/lock", 77);
	T_OK(restart_in_window(&f->os, 4 * 60, &why, &e) == 1);
	T_OK(why && restarted_at == 0);
	return 0;
}

static int nor_while_packages_are_installed(void)
{
	CLEANUP_FAKE struct fake *f = at(4, 0, false);
	CLEANUP_FREE char *why = NULL;
	struct err e = { 0 };

	fake_file(f, "/var/lib/dpkg/lock-frontend", "", 0640);
	fake_process_add(f, 78, 1, "/usr/bin/dpkg");
	fake_lock_by(f, "/var/lib/dpkg/lock-frontend", 78);
	T_OK(restart_in_window(&f->os, 4 * 60, &why, &e) == 1);
	T_OK(strstr(why, "packages are being installed") && restarted_at == 0);
	return 0;
}

static int only_a_time_of_day_is_taken(void)
{
	static const char *const bad[] = {
		"", "4:00", "24:00", "04:60", "04-00", "04:000", "a4:00"
	};
	int minutes = -1;

	T_OK(restart_time("23:59", &minutes) == 0 && minutes == 1439);
	T_OK(restart_time("00:00", &minutes) == 0 && minutes == 0);
	for (size_t i = 0; i < COUNT(bad); i++)
		T_OK(restart_time(bad[i], &minutes) < 0 && minutes == 0);
	return 0;
}

int main(void)
{
	static const struct t_case cases[] = {
		T(it_waits_for_its_time_and_tells_who_is_there),
		T(at_no_other_time),
		T(not_where_nothing_needs_it),
		T(never_over_a_transaction_that_waits),
		T(nor_while_one_is_at_work),
		T(nor_while_packages_are_installed),
		T(only_a_time_of_day_is_taken),
	};
	int r = t_main(cases, COUNT(cases));

	strv_done(&told);
	return r;
}
