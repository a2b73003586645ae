// SPDX-License-Identifier: MIT
/* audit_daily.c - an audit each day by a timer, where the policy asks for it; see setup/tell.h for what it tells. */
#include "controls/audit_daily.h"

#include "base/i18n.h"
#include "controls/control.h"
#include "core/words.h"
#include "steps/file.h"
#include "steps/unit.h"

#define UNITS "/etc/systemd/system/"

static char *service_text(const char *program)
{
	return xasprintf("[Unit]\n"
			 "Description=Kannuki audit\n"
			 "Documentation=man:kannuki(8)\n"
			 "[Service]\n"
			 "Type=oneshot\n"
			 "ExecStart=%s audit-run\n"
			 "TimeoutStartSec=600\n"
			 "Nice=10\n"
			 "PrivateTmp=yes\n",
			 program);
}

/* With the program that is there; NULL: the one that apply puts there. */
static int program_of(struct os *os, const char **ret, struct err *e)
{
	const char *program = NULL;

	if (program_installed(os, &program, e) < 0)
		return -1;
	*ret = program ? program : PROGRAM_PATH;
	return 0;
}

/* As file_is. One that was written before a package came names the file that the package took the place of, and the
 * package's own drop-in says where the program is since: that one is right too. */
static int service_is(struct os *os, struct err *e)
{
	CLEANUP_FREE char *text = NULL, *before = service_text(PROGRAM_PATH);
	const char *program = NULL;
	int is;

	if (program_of(os, &program, e) < 0)
		return -1;
	text = service_text(program);
	is = file_is(os, UNITS AUDIT_SERVICE, text, e);
	return is == 2 && str_eq(program, PROGRAM_PACKAGED)
		       ? file_is(os, UNITS AUDIT_SERVICE, before, e)
		       : is;
}

/* Persistent: a server that was off at that time is asked when it is up again. malloc'd. */
static char *timer_text(int minutes)
{
	return xasprintf("[Unit]\n"
			 "Description=Kannuki audit, each day\n"
			 "Documentation=man:kannuki(8)\n"
			 "[Timer]\n"
			 "OnCalendar=*-*-* %02d:%02d:00\n"
			 "Persistent=yes\n"
			 "[Install]\n"
			 "WantedBy=timers.target\n",
			 minutes / 60, minutes % 60);
}

static int daily_probe(const struct control_in *in, const struct control *self, struct finding *ret,
		       struct err *e)
{
	const struct unit_fact *u = facts_unit(in->facts, AUDIT_TIMER);
	int minutes = in->policy->audit_daily;
	CLEANUP_FREE char *text = timer_text(minutes < 0 ? 0 : minutes);
	int timer = file_is(in->os, UNITS AUDIT_TIMER, text, e);
	int service = timer < 0 ? -1 : service_is(in->os, e);
	bool runs = u && str_eq(u->active, "active") && str_eq(u->enabled, "enabled");

	(void)self;
	if (service < 0)
		return -1;
	if (minutes < 0)
		finding_set(ret, timer || service ? VERDICT_FAIL : VERDICT_PASS, "%s: %s",
			    AUDIT_TIMER, timer || service ? _("not asked for") : _("not there"));
	else
		finding_set(ret, timer == 1 && service == 1 && runs ? VERDICT_PASS : VERDICT_FAIL,
			    "%s: %s", AUDIT_TIMER,
			    !timer || !service		 ? _("not there")
			    : timer == 2 || service == 2 ? _("its file is not as apply writes it")
			    : runs			 ? _("active")
							 : _("it does not run"));
	return 0;
}

static int turn_on(struct os *os, struct draft *d, int minutes, struct err *e)
{
	const char *program = NULL;
	int found = program_of(os, &program, e);
	CLEANUP_FREE char *service = found < 0 ? NULL : service_text(program);
	CLEANUP_FREE char *text = timer_text(minutes);
	CLEANUP_FREE char *title =
		xasprintf(_("audit each day at %02d:%02d, and tell what has changed"), minutes / 60,
			  minutes % 60);
	const struct change change = {
		.path = UNITS AUDIT_SERVICE, .type = NODE_FILE, .text = service, .mode = 0644
	};

	if (found < 0)
		return -1;
	step_words(plan_add(d->plan, &step_file, PHASE_ADD, "audit.daily",
			    step_file_args(&change, 1, NULL)),
		   _("the unit of a daily audit"), _("the policy asks for a daily audit"),
		   _("the unit goes, or is as before"));
	step_words(plan_add(d->plan, &step_unit, PHASE_ADD, "audit.daily",
			    step_unit_args(AUDIT_TIMER, text, UNIT_ON, UNIT_ON)),
		   title, _("the policy asks for a daily audit"),
		   _("the unit goes, or is as before"));
	return 0;
}

static void turn_off(struct draft *d)
{
	const struct change change[] = { { .path = UNITS AUDIT_TIMER, .type = NODE_ABSENT },
					 { .path = UNITS AUDIT_SERVICE, .type = NODE_ABSENT } };

	step_words(plan_add(d->plan, &step_unit, PHASE_ADD, "audit.daily",
			    step_unit_args(AUDIT_TIMER, NULL, UNIT_OFF, UNIT_OFF)),
		   _("no daily audit any more"), _("the policy asks for none"),
		   _("the timer runs again"));
	step_words(plan_add(d->plan, &step_file, PHASE_ADD, "audit.daily",
			    step_file_args(change, COUNT(change), NULL)),
		   _("the units of the daily audit go"), _("the policy asks for none"),
		   _("the units come back"));
}

static int daily_propose(const struct control_in *in, const struct finding *found, struct draft *d,
			 struct err *e)
{
	if (found->verdict != VERDICT_FAIL)
		return 0;
	if (in->policy->audit_daily >= 0)
		return turn_on(in->os, d, in->policy->audit_daily, e);
	turn_off(d);
	return 0;
}

int audit_daily_leave(struct os *os, struct err *e)
{
	CLEANUP_NODE struct node timer = { 0 }, service = { 0 };

	if (os_get(os, UNITS AUDIT_TIMER, &timer, e) < 0 ||
	    os_get(os, UNITS AUDIT_SERVICE, &service, e) < 0)
		return -1;
	if (timer.type == NODE_ABSENT && service.type == NODE_ABSENT)
		return 0;
	if (timer.type != NODE_ABSENT &&
	    os_run_ok(os, ARGV("systemctl", "disable", "--now", AUDIT_TIMER), NULL, e) < 0)
		return -1;
	if (os_remove(os, UNITS AUDIT_TIMER, e) < 0 || os_remove(os, UNITS AUDIT_SERVICE, e) < 0)
		return -1;
	return os_run_ok(os, ARGV("systemctl", "daemon-reload"), NULL, e);
}

const struct control audit_daily_controls[] = {
	{
		.id = "audit.daily",
		.title = N_("The daily audit runs as the policy says"),
		.why = N_("what was safe once is changed by updates, images and people"),
		.severity = SEVERITY_LOW,
		.source = "kannuki-policy(5), [audit] daily",
		.plan_only = true,
		.probe = daily_probe,
		.propose = daily_propose,
	},
	{ 0 },
};
