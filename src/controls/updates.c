// SPDX-License-Identifier: MIT
/* updates.c - updates that come by themselves, by the means of the host's own package manager. */
#include "steps/updates.h"

#include <string.h>

#include "base/i18n.h"
#include "controls/control.h"
#include "controls/restart_units.h"
#include "core/package_manager.h"
#include "core/restart.h"
#include "steps/unit.h"

static bool is_asked_for(const struct control_in *in)
{
	return policy_gives(in->policy, "updates", "automatic");
}

/* --- what is in force ---------------------------------------------------------------------------- */

/* The line of this file that sets a value last, by the last part of its name. */
static int where_in_file(struct os *os, const char *path, const char *key, char **ret,
			 struct err *e)
{
	CLEANUP_FREE char *text = NULL;
	unsigned number = 0;
	char *rest, *line;

	if (os_read(os, path, &text, e) < 0)
		return -1;
	rest = text;
	while (rest && (line = str_line(&rest))) {
		const char *at = strcasestr(line, key);
		const char *behind = at ? at + strlen(key) : "";

		number++;
		line = str_trim(line);
		if (!at || str_starts(line, "//") || str_starts(line, "#") || !*behind ||
		    !strchr(" \t\"=", *behind))
			continue;
		free(*ret);
		*ret = xasprintf("%s:%u", path, number);
	}
	return 0;
}

static int where_set(const struct control_in *in, const char *name, char **ret, struct err *e)
{
	const struct package_manager *m = in->facts->updates.manager;
	const char *key = name + strlen(name);
	CLEANUP_STRV struct strv files = { 0 };

	while (key > name && !strchr(":.", key[-1]))
		key--;
	if (!m->config_dir)
		return where_in_file(in->os, m->config, key, ret, e);
	if (os_list(in->os, m->config_dir, &files, e) < 0)
		return -1;
	for (size_t i = 0; i < files.count; i++) {
		CLEANUP_FREE char *path = xasprintf("%s/%s", m->config_dir, files.item[i]);

		if (where_in_file(in->os, path, key, ret, e) < 0)
			return -1;
	}
	return 0;
}

static int value_is(const struct control_in *in, enum verdict v, const char *name,
		    struct finding *ret, struct err *e)
{
	const char *value = updates_config(&in->facts->updates, name);
	CLEANUP_FREE char *where = NULL;

	if (where_set(in, name, &where, e) < 0)
		return -1;
	finding_set(ret, v, "%s %s (%s)", name, value[0] ? value : "-",
		    where ? where : _("default"));
	return 0;
}

static bool was_asked(const struct control_in *in, struct finding *ret)
{
	if (in->facts->updates.measured)
		return true;
	finding_set(ret, VERDICT_NOT_MEASURED, "%s", _("no package manager known here answers"));
	return false;
}

static int automatic_probe(const struct control_in *in, const struct control *self,
			   struct finding *ret, struct err *e)
{
	const struct updates_fact *u = &in->facts->updates;
	enum automatic_updates want = in->policy->updates_automatic;
	bool on = updates_are_automatic(u);
	const char *other = NULL;
	int differs;

	(void)self;
	if (!was_asked(in, ret))
		return 0;
	if (want == UPDATES_NO)
		return value_is(in, on && is_asked_for(in) ? VERDICT_FAIL : VERDICT_PASS,
				u->manager->key, ret, e);
	if (!u->unattended) {
		finding_set(ret, VERDICT_FAIL, _("%s is not installed"), u->manager->automatic);
		return 0;
	}
	if (!on)
		return value_is(in, VERDICT_FAIL, u->manager->off(u), ret, e);
	differs = u->manager->differs(in->os, in->facts, want, &other, e);
	if (differs < 0)
		return -1;
	if (differs > 0) {
		finding_set(ret, VERDICT_FAIL, other, u->manager->key_which);
		return 0;
	}
	return value_is(in, VERDICT_PASS, u->manager->key, ret, e);
}

/* --- what is written ----------------------------------------------------------------------------- */

/* Where nobody marks updates that are for security, these are all there are. */
static bool takes_all(const struct control_in *in)
{
	return in->policy->updates_automatic == UPDATES_ALL ||
	       (in->facts->distribution && in->facts->distribution->no_advisories);
}

static char *title_of(const struct control_in *in)
{
	const struct policy *p = in->policy;
	const char *which = p->updates_automatic == UPDATES_NO ? _("automatic updates: none")
			    : takes_all(in)		       ? _("automatic updates: all")
					    : _("automatic updates: those for security");

	/* Where it is to restart at a time, another step says so. */
	return p->updates_automatic == UPDATES_NO || p->updates_reboot >= 0
		       ? xstrdup(which)
		       : xasprintf(_("%s; never restart by itself"), which);
}

static bool has_step(const struct draft *d)
{
	for (size_t i = 0; i < d->plan->count; i++)
		if (d->plan->step[i].kind == &step_updates)
			return true;
	return false;
}

/* One file for both controls: the first that wants it makes the step. */
static int add_step(const struct control_in *in, struct draft *d, const char *id, struct err *e)
{
	const struct package_manager *m = in->facts->updates.manager;
	CLEANUP(automatic_text_done) struct automatic_text wanted = { 0 };
	CLEANUP_FREE char *title = title_of(in);
	struct change change = { .path = m->config, .type = NODE_FILE, .mode = 0644 };

	if (has_step(d))
		return 0;
	if (m->wanted(in->os, in->policy, in->facts, &wanted, e) < 0)
		return -1;
	if (in->policy->updates_automatic == UPDATES_SECURITY && takes_all(in))
		strv_addf(&d->plan->warnings,
			  _("%s does not say which updates are for security: all come by "
			    "themselves"),
			  in->facts->distro_name);
	change.text = wanted.text;
	change.expect = wanted.replaces ? &wanted.now : NULL;
	step_words(plan_add(d->plan, &step_updates, PHASE_ADD, id,
			    step_updates_args(&change, json_incref(wanted.expect),
					      in->policy->updates_automatic != UPDATES_NO)),
		   title, _("most break-ins use holes that an update had closed long before"),
		   _("the file goes, or its former version comes back"));
	return 0;
}

/* A timer that installs whatever its configuration says: only without it nothing comes. */
static void stop_timers(const struct control_in *in, struct draft *d)
{
	const struct updates_fact *u = &in->facts->updates;

	for (size_t i = 0; !u->manager->config_dir && i < u->timers.count; i++) {
		CLEANUP_FREE char *title = xasprintf(_("stop %s"), u->timers.item[i]);

		if (facts_unit(in->facts, u->timers.item[i]))
			step_words(plan_add(d->plan, &step_unit, PHASE_ADD, "updates.automatic",
					    step_unit_args(u->timers.item[i], NULL, UNIT_OFF,
							   UNIT_OFF)),
				   title, _("the policy says automatic = no"),
				   _("it is on or off as it was"));
	}
}

static int automatic_propose(const struct control_in *in, const struct finding *found,
			     struct draft *d, struct err *e)
{
	bool asked = is_asked_for(in);

	if (found->verdict == VERDICT_NOT_MEASURED && asked &&
	    in->policy->updates_automatic != UPDATES_NO)
		return err_set(
			e, ERR_CONFLICT,
			_("[updates] automatic: no package manager known here answers; remove "
			  "the line and set up your own"));
	if (found->verdict != VERDICT_FAIL)
		return 0;
	if (in->policy->updates_automatic == UPDATES_NO) {
		stop_timers(in, d);
		return add_step(in, d, "updates.automatic", e);
	}
	/* By default nothing is installed: that needs the network, and somebody's wish. */
	if (!in->facts->updates.unattended && !asked) {
		strv_add(&d->plan->warnings,
			 _("security updates do not come by themselves; to have them: [updates] "
			   "automatic = security"));
		return 0;
	}
	if (!in->facts->updates.unattended)
		strv_add(&d->plan->packages, in->facts->updates.manager->automatic);
	return add_step(in, d, "updates.automatic", e);
}

/* --- restart ------------------------------------------------------------------------------------- */

/* The package manager never does it by itself; where the policy names a time, our own timer does. */
static int reboot_probe(const struct control_in *in, const struct control *self,
			struct finding *ret, struct err *e)
{
	const struct updates_fact *u = &in->facts->updates;
	int minutes = in->policy->updates_reboot;
	enum restart_units units;
	CLEANUP_FREE char *others = NULL;
	char at[6] = "-";

	(void)self;
	if (!was_asked(in, ret))
		return 0;
	if (restart_units_look(in, minutes, &units, e) < 0)
		return -1;
	others = u->unattended ? u->manager->reboots_at(u) : NULL;
	if (others)
		return value_is(in, VERDICT_FAIL, u->manager->key_reboot, ret, e);
	if (minutes >= 0)
		policy_time_text(minutes, at);
	finding_set(ret,
		    units == (minutes < 0 ? RESTART_UNITS_NONE : RESTART_UNITS_RIGHT)
			    ? VERDICT_PASS
			    : VERDICT_FAIL,
		    "%s: %s", RESTART_TIMER,
		    units == RESTART_UNITS_NONE	   ? _("not there")
		    : units == RESTART_UNITS_RIGHT ? at
		    : minutes < 0		   ? _("not asked for")
						   : _("its file is not as apply writes it"));
	return 0;
}

static int reboot_propose(const struct control_in *in, const struct finding *found, struct draft *d,
			  struct err *e)
{
	const struct updates_fact *u = &in->facts->updates;
	int minutes = in->policy->updates_reboot;
	CLEANUP_FREE char *others = NULL;
	enum restart_units units;

	if (found->verdict != VERDICT_FAIL)
		return 0;
	if (restart_units_look(in, minutes, &units, e) < 0)
		return -1;
	if (minutes < 0 && units != RESTART_UNITS_NONE)
		restart_units_off(d);
	if (in->policy->updates_automatic == UPDATES_NO)
		return 0;
	others = u->unattended ? u->manager->reboots_at(u) : NULL;
	if (others && add_step(in, d, "updates.reboot", e) < 0)
		return -1;
	if (minutes < 0 || units == RESTART_UNITS_RIGHT)
		return 0;
	if (u->unattended || d->plan->packages.count > 0)
		return restart_units_on(in, d, e);
	strv_add(&d->plan->warnings,
		 _("[updates] reboot does nothing without automatic updates; to have them: "
		   "[updates] automatic = security"));
	return 0;
}

/* --- now ----------------------------------------------------------------------------------------- */

#define LISTS_OLD_SECONDS INT64_C(86400)

static int now_probe(const struct control_in *in, const struct control *self, struct finding *ret,
		     struct err *e)
{
	const struct updates_fact *u = &in->facts->updates;
	int64_t age = os_now(in->os, OS_REALTIME) / 1000000000 - u->lists_time;

	(void)e;
	if (!in->policy->updates_now)
		finding_set(ret, VERDICT_PASS, "%s", _("the policy asks for no update now"));
	else if (!u->upgradable_measured)
		finding_set(ret, VERDICT_NOT_MEASURED, "%s",
			    _("no package manager known here answers"));
	else if (u->upgradable > 0)
		finding_set(ret, VERDICT_FAIL, _("%zu packages have a newer version"),
			    u->upgradable);
	else if (u->lists_time == 0 || age > LISTS_OLD_SECONDS)
		finding_set(ret, VERDICT_FAIL, "%s", _("the package lists are older than a day"));
	else
		finding_set(ret, VERDICT_PASS, "%s", _("no package has a newer version"));
	return 0;
}

static int now_propose(const struct control_in *in, const struct finding *found, struct draft *d,
		       struct err *e)
{
	const struct package_manager *m = in->facts->updates.manager;

	if (in->policy->updates_now && found->verdict == VERDICT_NOT_MEASURED)
		return err_set(e, ERR_CONFLICT,
			       _("[updates] now: %s does not say what it would update; look at: "
				 "%s"),
			       m ? m->name : "-", m ? m->simulates : "-");
	d->plan->updates_all = found->verdict == VERDICT_FAIL;
	return 0;
}

/* --- timers -------------------------------------------------------------------------------------- */

static bool is_on(const struct unit_fact *u)
{
	return u && str_starts(u->enabled, "enabled") && str_eq(u->active, "active");
}

static int timers_probe(const struct control_in *in, const struct control *self,
			struct finding *ret, struct err *e)
{
	const struct strv *timers = &in->facts->updates.timers;
	CLEANUP_FREE char *all = strv_join(timers, ", ");

	(void)self;
	(void)e;
	if (!was_asked(in, ret))
		return 0;
	if (!in->facts->systemd) {
		finding_set(ret, VERDICT_NOT_MEASURED, "%s",
			    _("PID 1 is not systemd, or does not answer"));
		return 0;
	}
	for (size_t i = 0; i < timers->count; i++) {
		const struct unit_fact *u = facts_unit(in->facts, timers->item[i]);

		if (is_on(u))
			continue;
		finding_set(ret, VERDICT_FAIL, "%s %s, %s", timers->item[i], u ? u->enabled : "-",
			    u ? u->active : "-");
		return 0;
	}
	finding_set(ret, VERDICT_PASS, "%s", all);
	return 0;
}

static int timers_propose(const struct control_in *in, const struct finding *found, struct draft *d,
			  struct err *e)
{
	const struct updates_fact *up = &in->facts->updates;
	/* What comes with a package that is yet to be installed is seen when the plan is made anew. */
	bool installs = up->manager && strv_has(&d->plan->packages, up->manager->automatic);

	if (found->verdict != VERDICT_FAIL || in->policy->updates_automatic == UPDATES_NO ||
	    (!up->unattended && !installs))
		return 0;
	for (size_t i = 0; i < up->timers.count; i++) {
		const char *timer = up->timers.item[i];
		const struct unit_fact *u = facts_unit(in->facts, timer);
		CLEANUP_FREE char *title = xasprintf(_("let %s run"), timer);

		if (is_on(u))
			continue;
		if ((!u && !installs) || (u && str_starts(u->enabled, "masked")))
			return err_set(e, ERR_CONFLICT,
				       _("%s is masked or missing, so no update comes by itself; "
					 "first: systemctl unmask %s (or set [updates] automatic = "
					 "no)"),
				       timer, timer);
		step_words(plan_add(d->plan, &step_unit, PHASE_ADD, "updates.timers",
				    step_unit_args(timer, NULL, UNIT_ON, UNIT_ON)),
			   title, _("it is what looks for updates"),
			   _("it is on or off as it was"));
	}
	return 0;
}

const struct control updates_controls[] = {
	{
		.id = "updates.now",
		.title = N_("Every package is up to date where the policy wants that"),
		.why = N_("most break-ins use holes that an update had closed long before"),
		.severity = SEVERITY_MEDIUM,
		.source = "apt-get(8), dnf(8)",
		.plan_only = true,
		.probe = now_probe,
		.propose = now_propose,
	},
	{
		.id = "updates.automatic",
		.title = N_("Updates come by themselves as the policy says"),
		.why = N_("most break-ins use holes that an update had closed long before"),
		.severity = SEVERITY_HIGH,
		.source = "unattended-upgrade(8), dnf-automatic(8)",
		.plan_only = true,
		.probe = automatic_probe,
		.propose = automatic_propose,
	},
	{
		.id = "updates.reboot",
		.title = N_("The host restarts by itself only when the policy says"),
		.why = N_("a restart nobody expects is an outage"),
		.severity = SEVERITY_LOW,
		.source = "kannuki-policy(5), [updates] reboot",
		.plan_only = true,
		.probe = reboot_probe,
		.propose = reboot_propose,
	},
	{
		.id = "updates.timers",
		.title = N_("The timers that look for updates run"),
		.why = N_("without them nothing asks whether there is an update"),
		.severity = SEVERITY_MEDIUM,
		.source = "systemd.timer(5)",
		.plan_only = true,
		.probe = timers_probe,
		.propose = timers_propose,
	},
	{ 0 },
};
