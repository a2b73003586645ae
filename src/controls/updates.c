// SPDX-License-Identifier: MIT
/* updates.c - updates that come by themselves, by unattended-upgrades and apt's own timers. */
#include "steps/updates.h"

#include <ctype.h>
#include <stdio.h>
#include <string.h>

#include "base/i18n.h"
#include "controls/control.h"
#include "steps/unit.h"

#define CONF_DIR "/etc/apt/apt.conf.d"
/* Last of all: names that begin with letters come after those of digits, and these are rare. */
#define CONF_PATH CONF_DIR "/99kannuki-updates"
#define ORIGINS	  "Unattended-Upgrade::Origins-Pattern"
#define PACKAGE	  "unattended-upgrades"

static bool is_asked_for(const struct control_in *in)
{
	return policy_gives(in->policy, "updates", "automatic");
}

/* --- what is in force ---------------------------------------------------------------------------- */

/* The file and line that set a value last: by the last part of its name, in the order of apt. */
static int where_set(const struct control_in *in, const char *name, char **ret, struct err *e)
{
	const char *key = strrchr(name, ':') + 1;
	CLEANUP_STRV struct strv files = { 0 };

	if (os_list(in->os, CONF_DIR, &files, e) < 0)
		return -1;
	for (size_t i = 0; i < files.count; i++) {
		CLEANUP_FREE char *path = xasprintf(CONF_DIR "/%s", files.item[i]);
		CLEANUP_FREE char *text = NULL;
		unsigned number = 0;
		char *rest, *line;

		if (os_read(in->os, path, &text, e) < 0)
			return -1;
		rest = text;
		while (rest && (line = str_line(&rest))) {
			const char *at = strcasestr(line, key);
			const char *behind = at ? at + strlen(key) : "";

			number++;
			line = str_trim(line);
			if (!at || str_starts(line, "//") || str_starts(line, "#") ||
			    !(*behind == ' ' || *behind == '\t' || *behind == '"'))
				continue;
			free(*ret);
			*ret = xasprintf("%s:%u", path, number);
		}
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

static bool has_origin(const struct control_in *in, const char *part)
{
	static const char *const lists[] = { ORIGINS, "Unattended-Upgrade::Allowed-Origins" };
	bool found = false;

	for (size_t i = 0; i < COUNT(lists); i++) {
		CLEANUP_STRV struct strv all = { 0 };

		updates_config_list(&in->facts->updates, lists[i], &all);
		for (size_t j = 0; j < all.count; j++)
			found = found || strcasestr(all.item[j], part);
	}
	return found;
}

/* Our own file of an earlier policy asks for all, though only security updates are wanted now. */
static int ours_takes_all(const struct control_in *in, struct err *e)
{
	CLEANUP_FREE char *text = NULL;

	if (in->policy->updates_automatic == UPDATES_ALL)
		return 0;
	if (os_read(in->os, CONF_PATH, &text, e) < 0)
		return -1;
	return text && strstr(text, "\"origin=*\"");
}

static int automatic_probe(const struct control_in *in, const struct control *self,
			   struct finding *ret, struct err *e)
{
	const struct updates_fact *u = &in->facts->updates;
	enum automatic_updates want = in->policy->updates_automatic;
	bool on = updates_are_automatic(u);
	int all;

	if (!u->measured) {
		finding_set(ret, VERDICT_NOT_MEASURED, "%s",
			    _("apt is not the package manager here"));
		return 0;
	}
	if (want == UPDATES_NO)
		return value_is(in, on && is_asked_for(in) ? VERDICT_FAIL : VERDICT_PASS,
				"APT::Periodic::Unattended-Upgrade", ret, e);
	if (!u->unattended) {
		finding_set(ret, VERDICT_FAIL, "%s", _("unattended-upgrades is not installed"));
		return 0;
	}
	if (!on)
		return value_is(in, VERDICT_FAIL,
				str_eq(updates_config(u, "APT::Periodic::Enable"), "0")
					? "APT::Periodic::Enable"
					: "APT::Periodic::Unattended-Upgrade",
				ret, e);
	all = ours_takes_all(in, e);
	if (all < 0)
		return -1;
	if (all > 0 || !has_origin(in, want == UPDATES_ALL ? "origin=*" : "security")) {
		finding_set(ret, VERDICT_FAIL,
			    all > 0 ? _("all updates come by themselves (%s)")
				    : _("not the updates that are wanted (%s)"),
			    ORIGINS);
		return 0;
	}
	return value_is(in, VERDICT_PASS, "APT::Periodic::Unattended-Upgrade", ret, e);
}

/* --- what is written ----------------------------------------------------------------------------- */

static void add_value(struct str *text, json_t *expect, const char *name, const char *value)
{
	str_addf(text, "%s \"%s\";\n", name, value);
	json_object_set_new(expect, name, json_string(value));
}

/* Beside those that the distribution has; the same one twice does no harm. */
static void add_origins(const struct control_in *in, struct str *text)
{
	if (in->policy->updates_automatic == UPDATES_ALL) {
		str_addf(text, ORIGINS " { \"origin=*\"; };\n");
		return;
	}
	str_add(text, ORIGINS
		" {\n"
		"\t\"origin=Debian,codename=${distro_codename},label=Debian-Security\";\n"
		"\t\"origin=Debian,codename=${distro_codename}-security,label=Debian-Security\";\n"
		"\t\"origin=Ubuntu,archive=${distro_codename}-security\";\n"
		"};\n");
}

/* unattended-upgrade takes the zone of the host. */
static void reboot_time(const struct policy *p, char ret[6])
{
	unsigned minute = (unsigned)p->updates_reboot % (24 * 60);

	snprintf(ret, 6, "%02u:%02u", minute / 60, minute % 60);
}

static char *wanted_text(const struct control_in *in, json_t *expect)
{
	const struct policy *p = in->policy;
	CLEANUP_STR struct str s = { 0 };

	str_add(&s, "// Written by kannuki: [updates] of /etc/kannuki/policy.conf\n");
	if (p->updates_automatic == UPDATES_NO) {
		add_value(&s, expect, "APT::Periodic::Unattended-Upgrade", "0");
		return str_take(&s);
	}
	add_value(&s, expect, "APT::Periodic::Enable", "1");
	add_value(&s, expect, "APT::Periodic::Update-Package-Lists", "1");
	add_value(&s, expect, "APT::Periodic::Unattended-Upgrade", "1");
	add_origins(in, &s);
	add_value(&s, expect, "Unattended-Upgrade::Automatic-Reboot",
		  p->updates_reboot < 0 ? "false" : "true");
	if (p->updates_reboot >= 0) {
		char at[6];

		reboot_time(p, at);
		add_value(&s, expect, "Unattended-Upgrade::Automatic-Reboot-Time", at);
	}
	return str_take(&s);
}

static char *title_of(const struct control_in *in)
{
	const struct policy *p = in->policy;
	const char *which = p->updates_automatic == UPDATES_NO ? _("automatic updates: none")
			    : p->updates_automatic == UPDATES_ALL
				    ? _("automatic updates: all")
				    : _("automatic updates: those for security");
	char at[6];

	if (p->updates_automatic == UPDATES_NO)
		return xstrdup(which);
	if (p->updates_reboot < 0)
		return xasprintf(_("%s; never restart by itself"), which);
	reboot_time(p, at);
	return xasprintf(_("%s; where one needs it, restart at %s (%s)"), which, at,
			 in->facts->updates.zone);
}

/* One file for both controls: the first that wants it makes the step. */
static void add_step(const struct control_in *in, struct draft *d, const char *id)
{
	json_t *expect = json_object();
	CLEANUP_FREE char *text = wanted_text(in, expect);
	CLEANUP_FREE char *title = title_of(in);
	const struct change change = {
		.path = CONF_PATH, .type = NODE_FILE, .text = text, .mode = 0644
	};
	bool dry_run = in->policy->updates_automatic != UPDATES_NO;

	for (size_t i = 0; i < d->plan->count; i++) {
		if (d->plan->step[i].kind != &step_updates)
			continue;
		json_decref(expect);
		return;
	}
	step_words(plan_add(d->plan, &step_updates, PHASE_ADD, id,
			    step_updates_args(&change, expect, dry_run)),
		   title, _("most break-ins use holes that an update had closed long before"),
		   _("the file goes, or its former version comes back"));
}

static int automatic_propose(const struct control_in *in, const struct finding *found,
			     struct draft *d, struct err *e)
{
	bool asked = is_asked_for(in);

	if (found->verdict == VERDICT_NOT_MEASURED && asked &&
	    in->policy->updates_automatic != UPDATES_NO)
		return err_set(
			e, ERR_CONFLICT,
			_("[updates] automatic: this version knows apt only; remove the line "
			  "and set up your own package manager"));
	if (found->verdict != VERDICT_FAIL)
		return 0;
	if (in->policy->updates_automatic == UPDATES_NO) {
		add_step(in, d, "updates.automatic");
		return 0;
	}
	/* By default nothing is installed: that needs the network, and somebody's wish. */
	if (!in->facts->updates.unattended && !asked) {
		strv_add(&d->plan->warnings,
			 _("security updates do not come by themselves; to have them: [updates] "
			   "automatic = security"));
		return 0;
	}
	if (!in->facts->updates.unattended)
		strv_add(&d->plan->packages, PACKAGE);
	add_step(in, d, "updates.automatic");
	return 0;
}

/* --- restart ------------------------------------------------------------------------------------- */

static bool is_true(const char *value)
{
	static const char *const words[] = { "1", "yes", "true", "with", "on", "enable" };

	for (size_t i = 0; i < COUNT(words); i++)
		if (str_case_eq(value, words[i]))
			return true;
	return false;
}

static int reboot_probe(const struct control_in *in, const struct control *self,
			struct finding *ret, struct err *e)
{
	const struct updates_fact *u = &in->facts->updates;
	const char *name = "Unattended-Upgrade::Automatic-Reboot";
	bool on = is_true(updates_config(u, name)), wanted = in->policy->updates_reboot >= 0;
	bool good = on == wanted;
	char at[6] = "";

	if (!u->measured) {
		finding_set(ret, VERDICT_NOT_MEASURED, "%s",
			    _("apt is not the package manager here"));
		return 0;
	}
	if (wanted && on) {
		reboot_time(in->policy, at);
		name = "Unattended-Upgrade::Automatic-Reboot-Time";
		good = str_eq(updates_config(u, name), at);
	}
	if (!u->unattended && !wanted)
		good = true;
	return value_is(in, good ? VERDICT_PASS : VERDICT_FAIL, name, ret, e);
}

static int reboot_propose(const struct control_in *in, const struct finding *found, struct draft *d,
			  struct err *e)
{
	(void)e;
	if (found->verdict != VERDICT_FAIL || in->policy->updates_automatic == UPDATES_NO)
		return 0;
	if (in->facts->updates.unattended || d->plan->packages.count > 0)
		add_step(in, d, "updates.reboot");
	else
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
			    _("apt is not the package manager here"));
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
	if (in->policy->updates_now && found->verdict == VERDICT_NOT_MEASURED)
		return err_set(e, ERR_CONFLICT,
			       _("[updates] now: apt does not say what it would update; look at: "
				 "apt-get -s upgrade"));
	d->plan->updates_all = found->verdict == VERDICT_FAIL;
	return 0;
}

/* --- timers -------------------------------------------------------------------------------------- */

static const char *const timers[] = { "apt-daily.timer", "apt-daily-upgrade.timer" };

static bool is_on(const struct unit_fact *u)
{
	return str_starts(u->enabled, "enabled") && str_eq(u->active, "active");
}

static int timers_probe(const struct control_in *in, const struct control *self,
			struct finding *ret, struct err *e)
{
	if (!in->facts->updates.measured || !in->facts->systemd) {
		finding_set(ret, VERDICT_NOT_MEASURED, "%s",
			    _("apt is not the package manager here"));
		return 0;
	}
	for (size_t i = 0; i < COUNT(timers); i++) {
		const struct unit_fact *u = facts_unit(in->facts, timers[i]);

		if (u && is_on(u))
			continue;
		finding_set(ret, VERDICT_FAIL, "%s %s, %s", timers[i], u ? u->enabled : "-",
			    u ? u->active : "-");
		return 0;
	}
	finding_set(ret, VERDICT_PASS, "%s, %s", timers[0], timers[1]);
	return 0;
}

static int timers_propose(const struct control_in *in, const struct finding *found, struct draft *d,
			  struct err *e)
{
	bool comes = in->facts->updates.unattended || d->plan->packages.count > 0;

	if (found->verdict != VERDICT_FAIL || in->policy->updates_automatic == UPDATES_NO || !comes)
		return 0;
	for (size_t i = 0; i < COUNT(timers); i++) {
		const struct unit_fact *u = facts_unit(in->facts, timers[i]);
		CLEANUP_FREE char *title = xasprintf(_("let %s run"), timers[i]);

		if (u && is_on(u))
			continue;
		if (!u || str_starts(u->enabled, "masked"))
			return err_set(e, ERR_CONFLICT,
				       _("%s is masked or missing, so no update comes by itself; "
					 "first: systemctl unmask %s (or set [updates] automatic = "
					 "no)"),
				       timers[i], timers[i]);
		step_words(plan_add(d->plan, &step_unit, PHASE_ADD, "updates.timers",
				    step_unit_args(timers[i], NULL, UNIT_ON, UNIT_ON)),
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
		.source = "apt-get(8)",
		.plan_only = true,
		.probe = now_probe,
		.propose = now_propose,
	},
	{
		.id = "updates.automatic",
		.title = N_("Updates come by themselves as the policy says"),
		.why = N_("most break-ins use holes that an update had closed long before"),
		.severity = SEVERITY_HIGH,
		.source = "unattended-upgrade(8)",
		.plan_only = true,
		.probe = automatic_probe,
		.propose = automatic_propose,
	},
	{
		.id = "updates.reboot",
		.title = N_("The host restarts by itself only when the policy says"),
		.why = N_("a restart nobody expects is an outage"),
		.severity = SEVERITY_LOW,
		.source = "unattended-upgrade(8)",
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
