// SPDX-License-Identifier: MIT
/* guard_import.c - see guard_import.h. */
#include "controls/guard_import.h"

#include <string.h>

#include "base/i18n.h"
#include "base/json.h"
#include "controls/guard.h"
#include "steps/guard.h"
#include "steps/guard_bans.h"
#include "steps/services.h"

#define FAIL2BAN  "fail2ban.service"
#define CONTROL	  "guard.import"
#define CONFIG_MS 60000

static bool is_active(const struct facts *f, const char *unit)
{
	const struct unit_fact *u = facts_unit(f, unit);

	return u && str_eq(u->active, "active");
}

static bool is_enabled(const struct facts *f, const char *unit)
{
	const struct unit_fact *u = facts_unit(f, unit);

	return u && str_starts(u->enabled, "enabled");
}

/* --- what it does not do -------------------------------------------------------------------------- */

/* An action that bans at some packet filter: the guard's own table does what it is for. */
static bool is_a_ban(const char *file)
{
	static const char *const families[] = { "iptables", "nftables",	 "ufw",	     "firewallcmd",
						"route",    "shorewall", "hostsdeny" };

	for (size_t i = 0; i < COUNT(families); i++)
		if (str_starts(file, families[i]))
			return true;
	return false;
}

static void warn_of_actions(const json_t *jail, struct strv *warnings)
{
	const char *name = json_string_value(json_object_get(jail, "name"));
	json_t *action;
	size_t i;

	json_array_foreach (json_object_get(jail, "actions"), i, action) {
		const char *file = json_string_value(json_object_get(action, "file"));
		const char *at = json_string_value(json_object_get(action, "from"));

		if (file && !is_a_ban(file))
			strv_addf(warnings, _("%s: the action %s of jail %s is not run any more"),
				  at ? at : FAIL2BAN_DIR, file, name ? name : "?");
	}
}

static bool is_watched(const json_t *jail)
{
	return json_is_true(json_object_get(jail, "enabled")) &&
	       !json_is_true(json_object_get(jail, "left_out")) &&
	       !json_is_true(json_object_get(jail, "unusable"));
}

/* How many jails would be watched; what of the files is not carried out goes to warnings. */
static size_t read_config(const json_t *all, struct strv *warnings)
{
	json_t *jail, *problem;
	size_t count = 0, i;

	json_array_foreach (json_object_get(all, "problems"), i, problem) {
		const char *at = json_string_value(json_object_get(problem, "at"));
		const char *text = json_string_value(json_object_get(problem, "text"));

		strv_addf(warnings, "%s: %s", at ? at : FAIL2BAN_DIR, text ? text : "?");
	}
	json_array_foreach (json_object_get(all, "jails"), i, jail) {
		if (!is_watched(jail))
			continue;
		warn_of_actions(jail, warnings);
		count++;
	}
	return count;
}

static int ask_config(const struct control_in *in, const struct guard_program *g, struct plan *p,
		      struct err *e)
{
	const char *program = g->source ? g->source : g->path;
	const struct run run = { .argv = ARGV(program, "config", "--config", FAIL2BAN_DIR,
					      "--format", "json"),
				 .timeout_ms = CONFIG_MS };
	CLEANUP_RUN struct run_result r = { 0 };
	json_t *all;
	size_t count;

	if (os_run(in->os, &run, &r, e) < 0)
		return -1;
	all = json_said(r.out);
	str_make_clean(r.err);
	if (!all)
		return err_set(e, ERR_FAILED, _("kannuki-guard cannot read %s: %s"), FAIL2BAN_DIR,
			       str_trim(r.err));
	count = read_config(all, &p->warnings);
	json_decref(all);
	if (count == 0)
		return err_set(e, ERR_CONFLICT,
			       _("none of fail2ban's jails could be watched by kannuki-guard; what "
				 "is wrong says: kannuki guard config"));
	return 0;
}

/* --- the plan ------------------------------------------------------------------------------------- */

static int add_guard(const struct control_in *in, const struct guard_program *g, struct plan *p,
		     struct err *e)
{
	CLEANUP_FREE char *unit = NULL;
	struct change change[2];
	struct step_guard_spec spec = { .change = change, .on = true, .program = g->path };

	if (guard_unit_text(in->os, g, &unit, e) < 0)
		return -1;
	if (g->source)
		change[spec.change_count++] = (struct change){ .path = GUARD_PROGRAM,
							       .type = NODE_FILE,
							       .mode = 0755,
							       .from = g->source,
							       .sum = g->sum };
	change[spec.change_count++] = (struct change){
		.path = GUARD_UNIT_PATH, .type = NODE_FILE, .text = unit, .mode = 0644
	};
	step_words(plan_add(p, &step_guard, PHASE_ADD, CONTROL, step_guard_args(&spec)),
		   _("start kannuki-guard with fail2ban's files"),
		   _("it finds in the logs what fail2ban finds there, and bans at once"),
		   _("it stops, and it and its bans go"));
	return 0;
}

static void add_bans(const struct facts *f, const struct guard_program *g, struct plan *p)
{
	CLEANUP_STRV struct strv jails = { 0 };

	for (size_t i = 0; i < f->bans.jail_count; i++)
		strv_add(&jails, f->bans.jail[i].name);
	if (jails.count > 0)
		step_words(plan_add(p, &step_guard_bans, PHASE_ADD, CONTROL,
				    step_guard_bans_args(g->path, &jails)),
			   _("take over whom fail2ban has banned, for as long as is left"),
			   _("who is banned stays banned"),
			   _("nothing to take back: fail2ban has its own"));
}

static void add_stop(const struct facts *f, struct plan *p)
{
	CLEANUP_STRV struct strv units = { 0 };

	if (!is_active(f, FAIL2BAN) && !is_enabled(f, FAIL2BAN))
		return;
	strv_add(&units, FAIL2BAN);
	step_words(plan_add(p, &step_services, PHASE_ADD, CONTROL, step_services_args(&units)),
		   _("stop fail2ban, and start it at no boot; its files stay"),
		   _("two that read the same logs would ban twice"),
		   _("it runs again, with the bans that it remembers"));
}

static int check(const struct control_in *in, const struct guard_program *g, struct err *e)
{
	CLEANUP_NODE struct node folder = { 0 };

	if (os_get(in->os, FAIL2BAN_DIR, &folder, e) < 0)
		return -1;
	if (folder.type == NODE_ABSENT)
		return err_set(e, ERR_CONFLICT,
			       _("there is no fail2ban here (%s); to have the guard: [guard] "
				 "enabled = yes in the policy, and kannuki apply"),
			       FAIL2BAN_DIR);
	if (!in->facts->systemd)
		return err_set(e, ERR_CONFLICT, "%s",
			       _("PID 1 is not systemd, or does not answer"));
	if (!g->path)
		return err_set(e, ERR_CONFLICT,
			       _("the program kannuki-guard is not here; put it beside kannuki, or "
				 "install the package kannuki-guard"));
	if (is_active(in->facts, FAIL2BAN) && !in->facts->bans.measured)
		return err_set(e, ERR_CONFLICT,
			       _("fail2ban runs and does not say whom it has banned; first: "
				 "systemctl restart fail2ban"));
	return 0;
}

int controls_guard_import(const struct control_in *in, struct plan *ret, struct err *e)
{
	CLEANUP_GUARD_PROGRAM struct guard_program g = { 0 };
	CLEANUP_PLAN struct plan p = { 0 };
	bool is_so = is_active(in->facts, GUARD_UNIT) && !is_active(in->facts, FAIL2BAN) &&
		     !is_enabled(in->facts, FAIL2BAN);

	if (guard_program_find(in->os, &g, e) < 0 || check(in, &g, e) < 0)
		return -1;
	if (!is_so) {
		if (ask_config(in, &g, &p, e) < 0 || add_guard(in, &g, &p, e) < 0)
			return -1;
		add_bans(in->facts, &g, &p);
		add_stop(in->facts, &p);
	}
	p.policy_text = xstrdup("");
	*ret = p;
	p = (struct plan){ 0 };
	return 0;
}
