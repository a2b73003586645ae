// SPDX-License-Identifier: MIT
/* The guard as a part of the host: [guard] of the policy (controls/guard.h), fail2ban handed over (guard_import.h). */
#include "base/mem.h"
#include "controls/guard.h"
#include "controls/guard_import.h"
#include "lib/fake_os.h"
#include "lib/t.h"
#include "steps/guard.h"
#include "steps/guard_bans.h"
#include "steps/services.h"

#define BESIDE "/root/kannuki-guard"
#define UNIT_OF(path)                                               \
	"[Unit]\nDescription=guard\n[Service]\nExecStartPre=+" path \
	" role prepare\nExecStart=" path " run\n"

extern const struct control guard_controls[];

static struct fake *f;
static struct facts facts;
static struct policy policy;
static struct plan plan;
static struct finding found;
static struct err e;
static const char *says_status, *says_config; /* NULL: it does not run, or cannot read */

static int run_guard(struct fake *host, const struct run *r, struct run_result *ret,
		     struct err *err)
{
	const char *text = NULL;
	CLEANUP_FREE char *unit = NULL;

	(void)host;
	(void)err;
	if (str_eq(r->argv[1], "unit")) {
		unit = xasprintf(
			"[Unit]\nDescription=guard\n[Service]\nExecStartPre=+%s role prepare\n"
			"ExecStart=%s run\n",
			r->argv[0], r->argv[0]);
		text = unit;
	} else if (str_eq(r->argv[1], "status")) {
		text = says_status;
	} else if (str_eq(r->argv[1], "config")) {
		text = says_config;
	}
	ret->out = xstrdup(text ? text : "");
	ret->out_len = strlen(ret->out);
	ret->err = xstrdup(text ? "" : "kannuki-guard: it does not run\n");
	return text ? 0 : 1;
}

static void has_unit(const char *name, const char *active, const char *enabled)
{
	facts.unit = xrealloc(facts.unit, facts.unit_count + 1, sizeof(*facts.unit));
	facts.unit[facts.unit_count++] = (struct unit_fact){ .name = xstrdup(name),
							     .load = xstrdup("loaded"),
							     .active = xstrdup(active),
							     .enabled = xstrdup(enabled) };
}

static void end(void)
{
	fake_free(f);
	facts_done(&facts);
	policy_done(&policy);
	plan_done(&plan);
	f = NULL;
}

/* A host with the two programs side by side, and a policy. */
static void begin(const char *policy_text)
{
	if (f)
		end();
	f = fake_new();
	fake_process_add(f, f->self, 1, "/root/kannuki");
	fake_file(f, BESIDE, "program", 0755);
	fake_on_run(f, "kannuki-guard", run_guard);
	facts = (struct facts){ .as_root = true, .systemd = true };
	plan = (struct plan){ 0 };
	says_status = says_config = NULL;
	if (policy_parse("FILE", policy_text, &policy, &e) < 0) {
		printf("# %s\n", e.msg);
		abort();
	}
}

static int ask(void)
{
	const struct control_in in = { .os = &f->os, .facts = &facts, .policy = &policy };
	struct draft draft = { .plan = &plan, .asks = guard_controls };

	plan_done(&plan);
	plan = (struct plan){ 0 };
	found = (struct finding){ 0 };
	e = (struct err){ 0 };
	if (guard_controls->probe(&in, guard_controls, &found, &e) < 0)
		return -1;
	return guard_controls->propose(&in, &found, &draft, &e);
}

static bool is_refused(enum err_kind kind, const char *words)
{
	if (ask() < 0 && e.kind == kind && strstr(e.msg, words))
		return true;
	printf("# kind %d: %s\n", e.kind, e.msg);
	return false;
}

/* The change of that path in the step, or NULL. */
static json_t *change_of(size_t step, const char *path)
{
	json_t *one;
	size_t i;

	json_array_foreach (json_object_get(plan.step[step].args, "changes"), i, one)
		if (str_eq(json_string_value(json_object_get(one, "path")), path))
			return one;
	return NULL;
}

static const char *text_of(size_t step, const char *path)
{
	const char *text = json_string_value(json_object_get(change_of(step, path), "text"));

	return text ? text : "(none)";
}

static const char *type_of(size_t step, const char *path)
{
	const char *type = json_string_value(json_object_get(change_of(step, path), "type"));

	return type ? type : "(none)";
}

/* --- on ------------------------------------------------------------------------------------------- */

static int off_unless_it_is_asked_for(void)
{
	begin("");
	T_OK(ask() == 0 && found.verdict == VERDICT_PASS && plan.count == 0);
	has_unit(GUARD_UNIT, "active", "enabled"); /* somebody else's wish */
	T_OK(ask() == 0 && found.verdict == VERDICT_PASS && plan.count == 0);
	return 0;
}

static int it_is_installed_told_and_started(void)
{
	const char *conf;

	begin("[guard]\nenabled = yes\n");
	T_OK(ask() == 0 && found.verdict == VERDICT_FAIL && plan.count == 1);
	T_OK(plan.step[0].kind == &step_guard && plan.step[0].phase == PHASE_ADD);
	T_OK(json_is_true(json_object_get(plan.step[0].args, "on")));
	T_STR(json_string_value(json_object_get(change_of(0, GUARD_PROGRAM), "from")), BESIDE);
	T_STR(text_of(0, GUARD_UNIT_PATH), UNIT_OF(GUARD_PROGRAM));
	conf = text_of(0, GUARD_CONF);
	T_OK(str_starts(conf, "# Written by kannuki"));
	T_OK(strstr(conf, "\n[DEFAULT]\nbantime = 3600\nfindtime = 600\nmaxretry = 5\n\n[sshd]\n"
			  "enabled = true\n"));
	T_OK(strstr(plan.step[0].title, "sshd"));
	return 0;
}

static int all_keys_reach_its_configuration(void)
{
	begin("[guard]\nenabled = yes\njails = postfix, recidive\nbantime = 2d\nfindtime = 90\n"
	      "maxretry = 2\nignore = 192.0.2.0/24 2001:db8::1\n");
	T_OK(ask() == 0 && plan.count == 1);
	T_OK(strstr(text_of(0, GUARD_CONF),
		    "\n[DEFAULT]\nbantime = 172800\nfindtime = 90\nmaxretry = 2\n"
		    "ignoreip = 192.0.2.0/24 2001:db8::1/128\n\n[sshd]\nenabled = false\n\n"
		    "[postfix]\nenabled = true\n\n[recidive]\nenabled = true\n"));
	return 0;
}

static void is_in_force(void)
{
	CLEANUP_FREE char *conf = NULL;

	ask();
	conf = xstrdup(text_of(0, GUARD_CONF));
	fake_file(f, GUARD_CONF, conf, 0644);
	fake_file(f, GUARD_UNIT_PATH, UNIT_OF(GUARD_PROGRAM), 0644);
	fake_file(f, GUARD_PROGRAM, "program", 0755);
	has_unit(GUARD_UNIT, "active", "enabled");
	says_status = "{\"jails\": [{\"name\": \"sshd\"}]}";
}

static int what_is_so_needs_no_step_and_drift_is_found(void)
{
	begin("[guard]\nenabled = yes\n");
	is_in_force();
	T_OK(ask() == 0 && found.verdict == VERDICT_PASS && plan.count == 0);
	T_OK(strstr(found.evidence, "is active and watches sshd"));
	/* As it does when the transaction that brought it has just ended. */
	free(facts.unit[0].active);
	facts.unit[0].active = xstrdup("reloading");
	T_OK(ask() == 0 && found.verdict == VERDICT_PASS && plan.count == 0);
	fake_file(f, GUARD_CONF, "[DEFAULT]\nmaxretry = 900\n", 0644);
	T_OK(ask() == 0 && plan.count == 1 && strstr(found.evidence, GUARD_CONF));
	is_in_force();
	fake_file(f, GUARD_UNIT_PATH, "[Unit]\n", 0644);
	T_OK(ask() == 0 && plan.count == 1 && strstr(found.evidence, GUARD_UNIT_PATH));
	is_in_force();
	fake_file(f, GUARD_PROGRAM, "another", 0755);
	T_OK(ask() == 0 && plan.count == 1 && strstr(found.evidence, GUARD_PROGRAM));
	is_in_force();
	says_status = NULL;
	T_OK(ask() == 0 && plan.count == 1 && strstr(found.evidence, "does not answer"));
	says_status = "{\"jails\": [{\"name\": \"sudo\"}]}";
	T_OK(ask() == 0 && plan.count == 1 && strstr(found.evidence, "the jail sshd"));
	is_in_force();
	free(facts.unit[0].active);
	facts.unit[0].active = xstrdup("failed");
	T_OK(ask() == 0 && plan.count == 1 && strstr(found.evidence, "does not run"));
	return 0;
}

static int a_packages_program_is_used_where_it_is(void)
{
	begin("[guard]\nenabled = yes\n");
	fake_file(f, GUARD_PACKAGED, "packaged", 0755);
	T_OK(ask() == 0 && plan.count == 1 && !change_of(0, GUARD_PROGRAM));
	T_STR(text_of(0, GUARD_UNIT_PATH), UNIT_OF(GUARD_PACKAGED));
	fake_remove(f, GUARD_PACKAGED);
	fake_remove(f, BESIDE);
	fake_file(f, GUARD_PROGRAM, "there already", 0755);
	T_OK(ask() == 0 && plan.count == 1 && !change_of(0, GUARD_PROGRAM));
	T_STR(text_of(0, GUARD_UNIT_PATH), UNIT_OF(GUARD_PROGRAM));
	return 0;
}

static int what_cannot_be_is_refused_by_name(void)
{
	begin("[guard]\nenabled = yes\njails = sshd, ssh\n");
	says_config = "{\"jails\": [{\"name\": \"sshd\"}, {\"name\": \"sudo\"}]}";
	T_OK(is_refused(ERR_USAGE, "[guard] jails = ssh is not possible; allowed: sshd, sudo"));
	fake_remove(f, BESIDE);
	T_OK(is_refused(ERR_CONFLICT, "kannuki-guard is not here"));
	begin("[guard]\nenabled = yes\n");
	facts.systemd = false;
	T_OK(is_refused(ERR_CONFLICT, "systemd"));
	return 0;
}

/* --- beside fail2ban ------------------------------------------------------------------------------ */

static int beside_fail2ban_it_is_refused_with_what_to_type(void)
{
	begin("[guard]\nenabled = yes\n");
	fake_dir(f, FAIL2BAN_DIR, 0755);
	T_OK(is_refused(ERR_CONFLICT, "sudo kannuki guard import"));
	T_OK(guard_is_offered(&f->os, &e) == 0);
	begin("[guard]\nenabled = yes\n");
	T_OK(guard_is_offered(&f->os, &e) == 1);
	has_unit("fail2ban.service", "active", "enabled");
	T_OK(is_refused(ERR_CONFLICT, "sudo kannuki guard import"));
	return 0;
}

/* Then fail2ban's files say what, and the policy only that it shall be so. */
static int handed_over_it_stays_so(void)
{
	begin("[guard]\nenabled = yes\n");
	fake_dir(f, FAIL2BAN_DIR, 0755);
	fake_file(f, GUARD_PROGRAM, "program", 0755);
	fake_file(f, GUARD_UNIT_PATH, UNIT_OF(GUARD_PROGRAM), 0644);
	has_unit(GUARD_UNIT, "active", "enabled");
	has_unit("fail2ban.service", "inactive", "disabled");
	says_status = "{\"jails\": [{\"name\": \"their-jail\"}]}";
	T_OK(ask() == 0 && found.verdict == VERDICT_PASS && plan.count == 0);
	free(facts.unit[0].active);
	facts.unit[0].active = xstrdup("inactive");
	T_OK(ask() == 0 && plan.count == 1 && !change_of(0, GUARD_CONF));
	policy_done(&policy);
	T_OK(policy_parse("FILE", "[guard]\nenabled = yes\nbantime = 1d\n", &policy, &e) == 0);
	T_OK(is_refused(ERR_CONFLICT, "[guard] bantime: on this host the guard reads"));
	return 0;
}

/* --- off ------------------------------------------------------------------------------------------ */

static int what_apply_had_put_there_goes(void)
{
	begin("[guard]\nenabled = yes\n");
	is_in_force();
	policy.guard_enabled = false;
	T_OK(ask() == 0 && found.verdict == VERDICT_FAIL && plan.count == 1);
	T_OK(!json_is_true(json_object_get(plan.step[0].args, "on")));
	T_STR(type_of(0, GUARD_CONF), "absent");
	T_STR(type_of(0, GUARD_UNIT_PATH), "absent");
	return 0;
}

static int a_persons_own_guard_is_left_alone(void)
{
	begin("");
	fake_file(f, GUARD_CONF, "# mine\n[sshd]\nmaxretry = 2\n", 0644);
	has_unit(GUARD_UNIT, "active", "enabled");
	T_OK(ask() == 0 && found.verdict == VERDICT_PASS && plan.count == 0);
	begin("[guard]\nenabled = no\n");
	fake_file(f, GUARD_CONF, "# mine\n[sshd]\nmaxretry = 2\n", 0644);
	has_unit(GUARD_UNIT, "active", "enabled");
	T_OK(ask() == 0 && found.verdict == VERDICT_FAIL && plan.count == 1);
	T_OK(!change_of(0, GUARD_CONF));
	return 0;
}

/* --- import --------------------------------------------------------------------------------------- */

static int import(void)
{
	const struct control_in in = { .os = &f->os, .facts = &facts, .policy = &policy };

	plan_done(&plan);
	plan = (struct plan){ 0 };
	e = (struct err){ 0 };
	return controls_guard_import(&in, &plan, &e);
}

static const char theirs[] =
	"{\"problems\": [{\"at\": \"/etc/fail2ban/jail.local:7\", \"text\": \"not supported\"}],"
	" \"jails\": [{\"name\": \"sshd\", \"enabled\": true, \"left_out\": false, \"actions\": ["
	"{\"file\": \"nftables-multiport\", \"from\": \"/etc/fail2ban/jail.conf:200\"},"
	"{\"file\": \"sendmail-whois\", \"from\": \"/etc/fail2ban/jail.local:9\"}]},"
	"{\"name\": \"off\", \"enabled\": false, \"actions\": [{\"file\": \"mail\"}]}]}";

static void has_fail2ban(void)
{
	begin("");
	fake_dir(f, FAIL2BAN_DIR, 0755);
	has_unit("fail2ban.service", "active", "enabled");
	facts.bans.measured = true;
	facts.bans.jail = xcalloc(1, sizeof(*facts.bans.jail));
	facts.bans.jail[0].name = xstrdup("sshd");
	facts.bans.jail_count = 1;
	says_config = theirs;
}

static int fail2ban_is_handed_over_in_order(void)
{
	has_fail2ban();
	T_OK(import() == 0 && plan.count == 3 && !plan.needs_proof);
	T_OK(plan.step[0].kind == &step_guard && plan.step[1].kind == &step_guard_bans);
	T_OK(plan.step[2].kind == &step_services && !change_of(0, GUARD_CONF));
	T_STR(text_of(0, GUARD_UNIT_PATH), UNIT_OF(GUARD_PROGRAM));
	T_OK(plan.warnings.count == 2);
	T_STR(plan.warnings.item[0], "/etc/fail2ban/jail.local:7: not supported");
	T_OK(str_starts(plan.warnings.item[1], "/etc/fail2ban/jail.local:9: the action "
					       "sendmail-whois of jail sshd"));
	return 0;
}

/* Its package was removed, its files were not. */
static int files_alone_are_taken_over_too(void)
{
	begin("");
	fake_dir(f, FAIL2BAN_DIR, 0755);
	says_config = theirs;
	T_OK(import() == 0 && plan.count == 1 && plan.step[0].kind == &step_guard);
	return 0;
}

static int what_is_handed_over_is_not_again(void)
{
	has_fail2ban();
	has_unit(GUARD_UNIT, "active", "enabled");
	free(facts.unit[0].active);
	free(facts.unit[0].enabled);
	facts.unit[0].active = xstrdup("inactive");
	facts.unit[0].enabled = xstrdup("disabled");
	T_OK(import() == 0 && plan.count == 0);
	return 0;
}

static int nothing_is_handed_over_blindly(void)
{
	begin("");
	T_OK(import() < 0 && e.kind == ERR_CONFLICT && strstr(e.msg, "there is no fail2ban here"));
	has_fail2ban();
	facts.bans.measured = false;
	T_OK(import() < 0 && e.kind == ERR_CONFLICT && strstr(e.msg, "whom it has banned"));
	has_fail2ban();
	says_config = NULL;
	T_OK(import() < 0 && strstr(e.msg, "cannot read /etc/fail2ban"));
	has_fail2ban();
	says_config = "{\"problems\": [], \"jails\": [{\"name\": \"sshd\", \"enabled\": true, "
		      "\"unusable\": true}]}";
	T_OK(import() < 0 && e.kind == ERR_CONFLICT && strstr(e.msg, "none of fail2ban's jails"));
	has_fail2ban();
	fake_remove(f, BESIDE);
	T_OK(import() < 0 && e.kind == ERR_CONFLICT && strstr(e.msg, "kannuki-guard is not here"));
	return 0;
}

int main(void)
{
	static const struct t_case cases[] = {
		T(off_unless_it_is_asked_for),
		T(it_is_installed_told_and_started),
		T(all_keys_reach_its_configuration),
		T(what_is_so_needs_no_step_and_drift_is_found),
		T(a_packages_program_is_used_where_it_is),
		T(what_cannot_be_is_refused_by_name),
		T(beside_fail2ban_it_is_refused_with_what_to_type),
		T(handed_over_it_stays_so),
		T(what_apply_had_put_there_goes),
		T(a_persons_own_guard_is_left_alone),
		T(fail2ban_is_handed_over_in_order),
		T(files_alone_are_taken_over_too),
		T(what_is_handed_over_is_not_again),
		T(nothing_is_handed_over_blindly),
	};
	int bad = t_main(cases, COUNT(cases));

	end();
	return bad;
}
