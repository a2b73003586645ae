// SPDX-License-Identifier: MIT
/* The kinds "updates" and "services". */
#include "base/mem.h"
#include "lib/t.h"
#include "lib/trial.h"
#include "steps/services.h"
#include "steps/updates.h"

/* --- updates ------------------------------------------------------------------------------------- */

#define OWN   "/etc/apt/apt.conf.d/99kannuki-updates"
#define LATER "/etc/apt/apt.conf.d/zz-last"
#define NAME  "APT::Periodic::Unattended-Upgrade"

static json_t *args(void)
{
	const struct change change = {
		.path = OWN, .type = NODE_FILE, .text = NAME " \"1\";\n", .mode = 0644
	};

	return step_updates_args(&change, json_pack("{s:s}", NAME, "1"), true);
}

static void apt(struct pretend *p)
{
	pretend_dir(p, "/usr", 0755);
	pretend_dir(p, "/usr/bin", 0755);
	pretend_file(p, "/usr/bin/apt-get", "", 0755);
	pretend_dir(p, "/etc/apt", 0755);
	pretend_dir(p, "/etc/apt/apt.conf.d", 0755);
	pretend_dir(p, "/var/lib/apt", 0755);
	pretend_dir(p, "/var/lib/apt/periodic", 0755);
	pretend_file(p, "/etc/apt/apt.conf.d/20auto-upgrades", NAME " \"0\";\n", 0644);
}

static void apt_with_older(struct pretend *p)
{
	apt(p);
	pretend_file(p, OWN, "// of an earlier policy\n", 0600);
}

static int values_come_into_force_and_go(void)
{
	struct err e = { 0 };
	struct trial t;

	trial_init(&t, &step_updates, args(), apt);
	T_OK(trial_apply(&t, &e) == 0);
	T_OK(t.s.kind->apply(&t.c, &t.s, &e) == 0 && t.s.kind->verify(&t.c, &t.s, &e) == 0);
	T_OK(trial_undo(&t, true, &e) == 0 && trial_is_back(&t));
	T_OK(trial_undo(&t, true, &e) == 0 && trial_is_back(&t));
	trial_done(&t);
	return 0;
}

static int later_file_is_noticed(void)
{
	struct err e = { 0 };
	struct trial t;

	trial_init(&t, &step_updates, args(), apt);
	pretend_file(&t.p, LATER, NAME " \"0\";\n", 0644);
	T_OK(trial_apply(&t, &e) < 0 && e.kind == ERR_CONFLICT && strstr(e.msg, NAME " \"0\""));
	trial_done(&t);
	return 0;
}

static int dry_run_that_fails_is_quoted(void)
{
	struct err e = { 0 };
	struct trial t;

	trial_init(&t, &step_updates, args(), apt);
	t.p.dry_run_fails = true;
	T_OK(trial_apply(&t, &e) < 0 && strstr(e.msg, "--dry-run: no space left"));
	trial_done(&t);
	return 0;
}

static int updates_cut_anywhere_come_back(void)
{
	const struct trial_case fresh = { &step_updates, args, apt, NULL };
	const struct trial_case old = { &step_updates, args, apt_with_older, NULL };

	T_OK(trial_cut_everywhere(&fresh) > 20);
	T_OK(trial_cut_everywhere(&old) > 20);
	return 0;
}

/* --- services ------------------------------------------------------------------------------------ */

#define WANTS "/etc/systemd/system/multi-user.target.wants"

static json_t *both(void)
{
	CLEANUP_STRV struct strv v = { 0 };

	strv_split(&v, "rpcbind.service rpcbind.socket", " ");
	return step_services_args(&v);
}

static void enabled(struct pretend *p, const char *unit, bool active)
{
	CLEANUP_FREE char *link = xasprintf(WANTS "/%s", unit);
	CLEANUP_FREE char *target = xasprintf("/etc/systemd/system/%s", unit);
	struct node n = { .type = NODE_LINK, .data = target, .len = strlen(target) };
	struct err e = { 0 };

	pretend_file(p, target, "[Unit]\n", 0644);
	pretend_dir(p, WANTS, 0755);
	if (os_put(p->base, link, NULL, &n, &e) < 0)
		abort();
	snprintf(p->unit[p->unit_count].name, sizeof(p->unit[0].name), "%s", unit);
	p->unit[p->unit_count++].active = active;
}

static void running(struct pretend *p)
{
	enabled(p, "rpcbind.service", true);
	enabled(p, "rpcbind.socket", true);
}

/* Waits for its first client. */
static void idle(struct pretend *p)
{
	pretend_file(p, "/etc/systemd/system/rpcbind.service", "[Unit]\n", 0644);
	enabled(p, "rpcbind.socket", true);
}

static bool both_run(struct pretend *p)
{
	return pretend_is_active(p, "rpcbind.service") && pretend_is_active(p, "rpcbind.socket");
}

static bool only_the_socket(struct pretend *p)
{
	return !pretend_is_active(p, "rpcbind.service") && pretend_is_active(p, "rpcbind.socket");
}

static int service_and_socket_stop_as_one(void)
{
	struct node link CLEANUP_NODE = { 0 };
	struct err e = { 0 };
	struct trial t;

	trial_init(&t, &step_services, both(), running);
	T_OK(trial_apply(&t, &e) == 0);
	T_OK(!pretend_is_active(&t.p, "rpcbind.service") &&
	     !pretend_is_active(&t.p, "rpcbind.socket"));
	T_OK(os_get(t.base, WANTS "/rpcbind.socket", &link, &e) == 0 && link.type == NODE_ABSENT);
	T_OK(trial_undo(&t, true, &e) == 0 && trial_is_back(&t) && both_run(&t.p));
	T_OK(trial_undo(&t, false, &e) == 0 && trial_is_back(&t) && both_run(&t.p));
	trial_done(&t);
	return 0;
}

static int started_again_by_another_is_a_failure(void)
{
	struct err e = { 0 };
	struct trial t;

	trial_init(&t, &step_services, both(), running);
	T_OK(trial_apply(&t, &e) == 0);
	t.p.unit[0].active = true;
	T_OK(t.s.kind->verify(&t.c, &t.s, &e) < 0 && strstr(e.msg, "rpcbind.service is active"));
	trial_done(&t);
	return 0;
}

/* Early in a boot: files only; settle starts what ran. */
static int after_a_reboot_they_run_again(void)
{
	struct err e = { 0 };
	struct trial t;

	trial_init(&t, &step_services, both(), running);
	T_OK(trial_apply(&t, &e) == 0);
	pretend_boot(&t.p);
	t.c.boot = true;
	T_OK(trial_undo(&t, true, &e) == 0 && trial_is_back(&t) && !both_run(&t.p));
	t.c.boot = false;
	T_OK(t.s.kind->settle(&t.c, &t.s, &t.pre, &e) == 0 && both_run(&t.p));
	trial_done(&t);
	return 0;
}

/* They were stopped and confirmed so; taking that back is itself taken back, by whoever has to at that boot or without one. */
static int taken_back_and_that_taken_back(bool at_boot)
{
	CLEANUP_IMAGE struct image stopped = { 0 };
	struct err e = { 0 };
	struct trial t;

	trial_init(&t, &step_services, both(), running);
	T_OK(trial_apply(&t, &e) == 0);
	T_OK(t.s.kind->capture(&t.c, &t.s, &stopped, &e) == 0);
	T_OK(trial_undo(&t, true, &e) == 0 && both_run(&t.p));
	t.c.boot = at_boot;
	T_OK(t.s.kind->undo(&t.c, &t.s, &stopped, &t.pre, &e) == 0);
	t.c.boot = false;
	T_OK(!at_boot || t.s.kind->settle(&t.c, &t.s, &stopped, &e) == 0);
	T_OK(!pretend_is_active(&t.p, "rpcbind.service") &&
	     !pretend_is_active(&t.p, "rpcbind.socket"));
	T_OK(t.s.kind->verify(&t.c, &t.s, &e) == 0);
	trial_done(&t);
	return 0;
}

static int stopped_again_when_their_undo_is_undone(void)
{
	return taken_back_and_that_taken_back(false) || taken_back_and_that_taken_back(true);
}

/* It did not run before; a client may have come, or a person may want it. */
static int what_others_started_goes_on(void)
{
	struct err e = { 0 };
	struct trial t;

	trial_init(&t, &step_services, both(), idle);
	T_OK(trial_apply(&t, &e) == 0);
	for (size_t i = 0; i < t.p.unit_count; i++)
		t.p.unit[i].active |= str_eq(t.p.unit[i].name, "rpcbind.service");
	T_OK(pretend_is_active(&t.p, "rpcbind.service"));
	T_OK(trial_undo(&t, true, &e) == 0 && pretend_is_active(&t.p, "rpcbind.service"));
	T_OK(t.s.kind->settle(&t.c, &t.s, &t.pre, &e) == 0 &&
	     pretend_is_active(&t.p, "rpcbind.service"));
	trial_done(&t);
	return 0;
}

/* Of a service with a script of System V too; and it was killed within. */
static int link_that_was_staged_goes(void)
{
	struct node n = { .type = NODE_LINK, .data = (char *)"../init.d/rpcbind", .len = 17 };
	CLEANUP_NODE struct node left = { 0 };
	struct err e = { 0 };
	struct trial t;

	trial_init(&t, &step_services, both(), running);
	pretend_dir(&t.p, "/etc/rc2.d", 0755);
	T_OK(trial_apply(&t, &e) == 0);
	T_OK(os_put(t.base, "/etc/rc2.d/.S01rpcbind.kannuki~", NULL, &n, &e) == 0);
	T_OK(os_put(t.base, "/etc/rc2.d/.S01others.kannuki~", NULL, &n, &e) == 0);
	T_OK(trial_undo(&t, true, &e) == 0);
	T_OK(os_get(t.base, "/etc/rc2.d/.S01rpcbind.kannuki~", &left, &e) == 0 &&
	     left.type == NODE_ABSENT);
	T_OK(os_get(t.base, "/etc/rc2.d/.S01others.kannuki~", &left, &e) == 0 &&
	     left.type == NODE_LINK);
	trial_done(&t);
	return 0;
}

static bool told_to_stop;
static bool told_to_start; /* without waiting */

/* TimeoutStopSec=infinity, and no ear for SIGTERM. */
static int stubborn(struct pretend *p, const struct run *r, struct run_result *ret, struct err *e)
{
	(void)p;
	(void)e;
	if (!str_eq(r->argv[0], "systemctl"))
		return 1;
	*ret = (struct run_result){ .out = xstrdup(""), .err = xstrdup("") };
	if (str_eq(r->argv[1], "stop"))
		ret->timed_out = true;
	else if (str_eq(r->argv[1], "--no-block"))
		told_to_start =
			str_eq(r->argv[2], "start") && str_eq(r->argv[3], "rpcbind.service");
	else if (str_eq(r->argv[1], "start") && str_eq(r->argv[2], "rpcbind.service"))
		ret->timed_out = true; /* it waits for the end of what does not end */
	else if (str_eq(r->argv[1], "show")) {
		free(ret->out);
		ret->out = xasprintf("ActiveState=%s\nUnitFileState=enabled\n",
				     told_to_stop && str_eq(r->argv[4], "rpcbind.service")
					     ? "deactivating"
					     : "active");
	}
	told_to_stop = told_to_stop || str_eq(r->argv[1], "stop");
	return 0;
}

/* One clear error; undo waits for nobody, and says what is left. */
static int one_that_refuses_to_stop_is_said(void)
{
	struct err e = { 0 };
	struct trial t;

	trial_init(&t, &step_services, both(), running);
	t.p.program = stubborn;
	told_to_start = told_to_stop = false;
	T_OK(trial_apply(&t, &e) < 0 && strstr(e.msg, "systemctl stop rpcbind.service: did not"));
	e = (struct err){ 0 };
	T_OK(trial_undo(&t, false, &e) == 1 && told_to_start);
	T_OK(strstr(e.msg, "rpcbind.service") && strstr(e.msg, "starts again as soon as"));
	T_OK(trial_is_back(&t));
	trial_done(&t);
	return 0;
}

static int services_cut_anywhere_come_back(void)
{
	const struct trial_case ran = { &step_services, both, running, both_run };
	const struct trial_case waited = { &step_services, both, idle, only_the_socket };

	T_OK(trial_cut_everywhere(&ran) > 20);
	T_OK(trial_cut_everywhere(&waited) > 20);
	return 0;
}

int main(void)
{
	static const struct t_case cases[] = {
		T(values_come_into_force_and_go),
		T(later_file_is_noticed),
		T(dry_run_that_fails_is_quoted),
		T(updates_cut_anywhere_come_back),
		T(service_and_socket_stop_as_one),
		T(started_again_by_another_is_a_failure),
		T(after_a_reboot_they_run_again),
		T(one_that_refuses_to_stop_is_said),
		T(stopped_again_when_their_undo_is_undone),
		T(what_others_started_goes_on),
		T(link_that_was_staged_goes),
		T(services_cut_anywhere_come_back),
	};

	return t_main(cases, COUNT(cases));
}
