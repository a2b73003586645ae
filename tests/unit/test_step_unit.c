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

int main(void)
{
	static const struct t_case cases[] = {
		T(new_unit_runs_and_is_enabled),
		T(cut_anywhere_comes_back),
		T(unit_that_is_turned_off_comes_back_exactly),
		T(early_boot_does_files_settle_the_rest),
		T(edited_unit_file_is_kept_aside),
		T(sysctl_is_live_and_stored_and_goes_back),
	};

	return t_main(cases, COUNT(cases));
}
