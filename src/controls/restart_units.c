// SPDX-License-Identifier: MIT
/* restart_units.c - see restart_units.h. */
#include "controls/restart_units.h"

#include "base/i18n.h"
#include "core/package_manager.h"
#include "core/restart.h"
#include "core/words.h"
#include "steps/file.h"
#include "steps/unit.h"

#define CONTROL	     "updates.reboot"
#define SERVICE_PATH "/etc/systemd/system/" RESTART_SERVICE
#define TIMER_PATH   "/etc/systemd/system/" RESTART_TIMER
#define DAY_MINUTES  1440

/* It waits for the time itself. malloc'd. */
static int service_text(struct os *os, int minutes, char **ret, struct err *e)
{
	const char *program = NULL;
	char at[6];

	if (program_installed(os, &program, e) < 0)
		return -1;
	policy_time_text(minutes, at);
	*ret = xasprintf("[Unit]\n"
			 "Description=Kannuki: restart at %s where an update needs it\n"
			 "Documentation=man:kannuki-policy(5)\n"
			 "[Service]\n"
			 "Type=oneshot\n"
			 "ExecStart=%s " RESTART_COMMAND " %s\n"
			 "TimeoutStartSec=%d\n",
			 at, program ? program : PROGRAM_PATH, at,
			 60 * (RESTART_NOTICE_MINUTES + 10));
	return 0;
}

/* Not persistent: a server that was off at that time restarts at none other. malloc'd. */
static char *timer_text(int minutes)
{
	int early = (minutes - RESTART_NOTICE_MINUTES + DAY_MINUTES) % DAY_MINUTES;

	return xasprintf("[Unit]\n"
			 "Description=Kannuki: the window for restarts\n"
			 "Documentation=man:kannuki-policy(5)\n"
			 "[Timer]\n"
			 "OnCalendar=*-*-* %02d:%02d:00\n"
			 "AccuracySec=1s\n"
			 "[Install]\n"
			 "WantedBy=timers.target\n",
			 early / 60, early % 60);
}

int restart_units_look(const struct control_in *in, int minutes, enum restart_units *ret,
		       struct err *e)
{
	const struct unit_fact *u = facts_unit(in->facts, RESTART_TIMER);
	bool runs = u && str_eq(u->active, "active") && str_eq(u->enabled, "enabled");
	CLEANUP_FREE char *timer = timer_text(minutes < 0 ? 0 : minutes);
	CLEANUP_FREE char *service = NULL;
	int timer_is, service_is;

	if (service_text(in->os, minutes < 0 ? 0 : minutes, &service, e) < 0)
		return -1;
	timer_is = file_is(in->os, TIMER_PATH, timer, e);
	service_is = timer_is < 0 ? -1 : file_is(in->os, SERVICE_PATH, service, e);
	if (service_is < 0)
		return -1;
	if (!timer_is && !service_is)
		*ret = RESTART_UNITS_NONE;
	else
		*ret = minutes >= 0 && timer_is == 1 && service_is == 1 && runs
			       ? RESTART_UNITS_RIGHT
			       : RESTART_UNITS_OTHER;
	return 0;
}

int restart_units_on(const struct control_in *in, struct draft *d, struct err *e)
{
	int minutes = in->policy->updates_reboot;
	CLEANUP_FREE char *timer = timer_text(minutes);
	CLEANUP_FREE char *service = NULL;
	CLEANUP_FREE char *title = NULL;
	struct change change = { .path = SERVICE_PATH, .type = NODE_FILE, .mode = 0644 };
	char at[6];

	if (service_text(in->os, minutes, &service, e) < 0)
		return -1;
	change.text = service;
	policy_time_text(minutes, at);
	title = xasprintf(_("where an update needs it, restart at %s (%s), and at no other time"),
			  at, in->facts->updates.zone);
	step_words(
		plan_add(d->plan, &step_file, PHASE_ADD, CONTROL, step_file_args(&change, 1, NULL)),
		_("the unit that restarts this server"), _("the policy names a time for it"),
		_("the unit goes, or is as before"));
	step_words(plan_add(d->plan, &step_unit, PHASE_ADD, CONTROL,
			    step_unit_args(RESTART_TIMER, timer, UNIT_ON, UNIT_ON)),
		   title, _("the policy names a time for it"), _("the unit goes, or is as before"));
	return 0;
}

void restart_units_off(struct draft *d)
{
	const struct change change[] = { { .path = TIMER_PATH, .type = NODE_ABSENT },
					 { .path = SERVICE_PATH, .type = NODE_ABSENT } };

	step_words(plan_add(d->plan, &step_unit, PHASE_ADD, CONTROL,
			    step_unit_args(RESTART_TIMER, NULL, UNIT_OFF, UNIT_OFF)),
		   _("no restart by itself any more"), _("the policy asks for none"),
		   _("the timer runs again"));
	step_words(plan_add(d->plan, &step_file, PHASE_ADD, CONTROL,
			    step_file_args(change, COUNT(change), NULL)),
		   _("the units that restart this server go"), _("the policy asks for none"),
		   _("the units come back"));
}

int restart_units_leave(struct os *os, struct err *e)
{
	CLEANUP_NODE struct node timer = { 0 }, service = { 0 };

	if (os_get(os, TIMER_PATH, &timer, e) < 0 || os_get(os, SERVICE_PATH, &service, e) < 0)
		return -1;
	if (timer.type == NODE_ABSENT && service.type == NODE_ABSENT)
		return 0;
	if (timer.type != NODE_ABSENT &&
	    os_run_ok(os, ARGV("systemctl", "disable", "--now", RESTART_TIMER), NULL, e) < 0)
		return -1;
	if (os_remove(os, TIMER_PATH, e) < 0 || os_remove(os, SERVICE_PATH, e) < 0)
		return -1;
	return os_run_ok(os, ARGV("systemctl", "daemon-reload"), NULL, e);
}
