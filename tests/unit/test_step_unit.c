// SPDX-License-Identifier: MIT
/* The kinds "unit" and "sysctl". */
#include "lib/t.h"

#include "base/mem.h"
#include "lib/trial.h"
#include "steps/sysctl.h"
#include "steps/unit.h"

#define NAME  "kannuki-filter.service"
#define FILE_ "/etc/systemd/system/" NAME
#define WANTS "/etc/systemd/system/multi-user.target.wants"

static json_t *args(void)
{
	return step_unit_args(NAME, "[Service]\nExecStart=/bin/true\n", UNIT_ON, UNIT_ON);
}

/* Another version of it is there, enabled, and runs. */
static void older(struct pretend *p)
{
	struct node link = { .type = NODE_LINK, .data = (char *)FILE_, .len = strlen(FILE_) };
	struct err e = { 0 };

	pretend_file(p, FILE_, "[Service]\nExecStart=/bin/older\n", 0600);
	pretend_dir(p, WANTS, 0755);
	if (os_put(p->base, WANTS "/" NAME, NULL, &link, &e) < 0)
		abort();
	snprintf(p->unit[p->unit_count++].name, sizeof(p->unit[0].name), NAME);
	p->unit[0].active = true;
}

static bool is_stopped(struct pretend *p)
{
	return !pretend_is_active(p, NAME);
}

static bool is_running(struct pretend *p)
{
	return pretend_is_active(p, NAME);
}

static int new_unit_runs_and_is_enabled(void)
{
	struct node link CLEANUP_NODE = { 0 };
	struct err e = { 0 };
	struct trial t;

	trial_init(&t, &step_unit, args(), NULL);
	T_OK(trial_apply(&t, &e) == 0 && is_running(&t.p));
	T_OK(os_get(t.base, WANTS "/" NAME, &link, &e) == 0 && link.type == NODE_LINK);
	T_OK(t.s.kind->apply(&t.c, &t.s, &e) == 0 && is_running(&t.p));
	/* The folder of the link goes too: it was not there. */
	T_OK(trial_undo(&t, true, &e) == 0 && trial_is_back(&t) && is_stopped(&t.p));
	T_OK(trial_undo(&t, true, &e) == 0 && trial_is_back(&t) && is_stopped(&t.p));
	trial_done(&t);
	return 0;
}

static int cut_anywhere_comes_back(void)
{
	const struct trial_case fresh = { &step_unit, args, NULL, is_stopped };
	const struct trial_case old = { &step_unit, args, older, is_running };

	T_OK(trial_cut_everywhere(&fresh) > 50);
	T_OK(trial_cut_everywhere(&old) > 50);
	return 0;
}

static json_t *off(void)
{
	return step_unit_args(NAME, NULL, UNIT_OFF, UNIT_OFF);
}

static int unit_that_is_turned_off_comes_back_exactly(void)
{
	const struct trial_case c = { &step_unit, off, older, is_running };
	char target[] = "../init.d/kannuki-filter";
	struct node rc = { .type = NODE_LINK, .data = target, .len = 24 };
	struct err e = { 0 };
	struct trial t;

	T_OK(trial_cut_everywhere(&c) > 50);
	trial_init(&t, &step_unit, off(), older);
	pretend_dir(&t.p, "/etc/rc2.d", 0755);
	T_OK(os_put(t.base, "/etc/rc2.d/S01kannuki-filter", NULL, &rc, &e) == 0);
	CLEANUP_FREE char *with_rc = pretend_disk(&t.p);
	T_OK(trial_apply(&t, &e) == 0 && is_stopped(&t.p));
	/* What update-rc.d does meanwhile. */
	T_OK(os_remove(t.base, "/etc/rc2.d/S01kannuki-filter", &e) == 0);
	T_OK(trial_undo(&t, true, &e) == 0 && is_running(&t.p));
	CLEANUP_FREE char *after = pretend_disk(&t.p);
	T_STR(with_rc, after);
	trial_done(&t);
	return 0;
}

static int early_boot_does_files_settle_the_rest(void)
{
	struct err e = { 0 };
	struct trial t;

	trial_init(&t, &step_unit, args(), older);
	T_OK(trial_apply(&t, &e) == 0);
	t.c.boot = true;
	t.p.unit[0].active = false;
	T_OK(trial_undo(&t, true, &e) == 0 && trial_is_back(&t) && is_stopped(&t.p));
	t.c.boot = false;
	T_OK(t.s.kind->settle(&t.c, &t.s, &t.pre, &e) == 0 && is_running(&t.p));
	trial_done(&t);
	return 0;
}

static int edited_unit_file_is_kept_aside(void)
{
	struct err e = { 0 };
	struct trial t;

	trial_init(&t, &step_unit, args(), NULL);
	T_OK(trial_apply(&t, &e) == 0);
	pretend_file(&t.p, FILE_, "[Service]\nExecStart=/bin/theirs\n", 0644);
	T_OK(trial_undo(&t, true, &e) == 1 && trial_is_back(&t) && is_stopped(&t.p));
	CLEANUP_FREE char *kept =
		pretend_text(&t.p, TRIAL_TXN "/displaced/etc%systemd%system%" NAME);
	T_STR(kept, "[Service]\nExecStart=/bin/theirs\n");
	trial_done(&t);
	return 0;
}

static json_t *reserved(void)
{
	return step_sysctl_args("net.ipv4.ip_local_reserved_ports", "47022",
				"/etc/sysctl.d/60-kannuki-ports.conf");
}

static bool is_old_value(struct pretend *p)
{
	return strcmp(p->sysctl, "8080") == 0 || p->sysctl[0] == '\0';
}

static int sysctl_is_live_and_stored_and_goes_back(void)
{
	const struct trial_case c = { &step_sysctl, reserved, NULL, is_old_value };
	struct err e = { 0 };
	struct trial t;

	trial_init(&t, &step_sysctl, reserved(), NULL);
	T_OK(trial_apply(&t, &e) == 0);
	CLEANUP_FREE char *text = pretend_text(&t.p, "/etc/sysctl.d/60-kannuki-ports.conf");
	T_STR(text, "net.ipv4.ip_local_reserved_ports = 47022\n");
	T_STR(t.p.sysctl, "47022");
	T_OK(trial_undo(&t, true, &e) == 0 && trial_is_back(&t) && is_old_value(&t.p));
	trial_done(&t);
	T_OK(trial_cut_everywhere(&c) > 20);
	return 0;
}

/* --- many at once ------------------------------------------------------------------------------- */

#define SETTINGS_FILE "/etc/sysctl.d/60-kannuki.conf"
#define SETTINGS      "# kernel.syn-cookies\nnet.ipv4.tcp_syncookies = 1\n"

static json_t *settings(void)
{
	return step_sysctls_args(json_pack("{s:s, s:s, s:s, s:s}", "net/ipv4/tcp_syncookies", "1",
					   "net/ipv4/conf/eth0.7/rp_filter", "2",
					   "kernel/kptr_restrict", "1",
					   "net/ipv4/conf/veth9/rp_filter", "2"),
				 SETTINGS_FILE, SETTINGS);
}

static void kernel_of_old(struct pretend *p)
{
	static const char *const dirs[] = { "/proc",
					    "/proc/sys",
					    "/proc/sys/net",
					    "/proc/sys/net/ipv4",
					    "/proc/sys/net/ipv4/conf",
					    "/proc/sys/net/ipv4/conf/eth0.7",
					    "/proc/sys/kernel" };

	for (size_t i = 0; i < COUNT(dirs); i++)
		pretend_dir(p, dirs[i], 0755);
	pretend_file(p, "/proc/sys/net/ipv4/tcp_syncookies", "0\n", 0644);
	pretend_file(p, "/proc/sys/net/ipv4/conf/eth0.7/rp_filter", "0\n", 0644);
	pretend_file(p, "/proc/sys/kernel/kptr_restrict", "2\n", 0644);
}

static bool settings_are(struct pretend *p, const char *cookies, const char *filter,
			 const char *pointers)
{
	CLEANUP_FREE char *a = pretend_text(p, "/proc/sys/net/ipv4/tcp_syncookies");
	CLEANUP_FREE char *b = pretend_text(p, "/proc/sys/net/ipv4/conf/eth0.7/rp_filter");
	CLEANUP_FREE char *c = pretend_text(p, "/proc/sys/kernel/kptr_restrict");

	return str_eq(a, cookies) && str_eq(b, filter) && str_eq(c, pointers);
}

/* Each at its own value again; what has gone with its interface is left out. */
static int many_settings_go_back_each_to_its_own(void)
{
	const struct trial_case c = { &step_sysctl, settings, kernel_of_old, NULL };
	struct err e = { 0 };
	struct trial t;

	trial_init(&t, &step_sysctl, settings(), kernel_of_old);
	T_OK(trial_apply(&t, &e) == 0 && settings_are(&t.p, "1\n", "2\n", "1\n"));
	CLEANUP_FREE char *text = pretend_text(&t.p, SETTINGS_FILE);
	T_STR(text, SETTINGS);
	T_OK(trial_undo(&t, true, &e) == 0 && trial_is_back(&t));
	T_OK(settings_are(&t.p, "0\n", "0\n", "2\n"));
	trial_done(&t);
	T_OK(trial_cut_everywhere(&c) > 20);
	return 0;
}

/* Somebody changed one of them while it waited: it goes back as well, for it was ours to change. */
static int setting_of_a_third_party_goes_back_too(void)
{
	struct err e = { 0 };
	struct trial t;

	trial_init(&t, &step_sysctl, settings(), kernel_of_old);
	T_OK(trial_apply(&t, &e) == 0);
	pretend_file(&t.p, "/proc/sys/kernel/kptr_restrict", "0\n", 0644);
	T_OK(trial_undo(&t, true, &e) == 0 && settings_are(&t.p, "0\n", "0\n", "2\n"));
	trial_done(&t);
	return 0;
}

/* Not all of /proc/sys need be writable then. */
static int early_boot_takes_the_file_settle_the_values(void)
{
	struct err e = { 0 };
	struct trial t;

	trial_init(&t, &step_sysctl, settings(), kernel_of_old);
	T_OK(trial_apply(&t, &e) == 0);
	t.c.boot = true;
	T_OK(trial_undo(&t, true, &e) == 0 && settings_are(&t.p, "1\n", "2\n", "1\n"));
	CLEANUP_FREE char *text = pretend_text(&t.p, SETTINGS_FILE);
	T_STR(text, "(none)");
	t.c.boot = false;
	T_OK(step_sysctl.settle(&t.c, &t.s, &t.pre, &e) == 0 && trial_is_back(&t));
	trial_done(&t);
	return 0;
}

/* The kernel's refusal is no success, and nothing of it is on the disk. */
static int refused_setting_is_an_error(void)
{
	struct err e = { 0 };
	struct trial t;

	trial_init(
		&t, &step_sysctl,
		step_sysctls_args(json_pack("{s:s}", "kernel/no_such", "1"), SETTINGS_FILE, "x\n"),
		kernel_of_old);
	T_OK(trial_apply(&t, &e) < 0);
	CLEANUP_FREE char *text = pretend_text(&t.p, SETTINGS_FILE);
	T_STR(text, "(none)");
	trial_done(&t);
	return 0;
}

int main(void)
{
	static const struct t_case cases[] = {
		T(new_unit_runs_and_is_enabled),
		T(cut_anywhere_comes_back),
		T(unit_that_is_turned_off_comes_back_exactly),
		T(early_boot_does_files_settle_the_rest),
		T(edited_unit_file_is_kept_aside),
		T(sysctl_is_live_and_stored_and_goes_back),
		T(many_settings_go_back_each_to_its_own),
		T(setting_of_a_third_party_goes_back_too),
		T(early_boot_takes_the_file_settle_the_values),
		T(refused_setting_is_an_error),
	};

	return t_main(cases, COUNT(cases));
}
