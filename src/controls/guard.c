// SPDX-License-Identifier: MIT
/* guard.c - kannuki-guard as the policy's [guard] says: installed, told what it watches, running. */
#include "controls/guard.h"

#include <string.h>

#include "base/i18n.h"
#include "base/json.h"
#include "base/sha256.h"
#include "core/words.h"
#include "steps/guard.h"

#define NAME	 "kannuki-guard"
#define CONF_DIR "/etc/kannuki"
/* By its first line a file of ours is known: people may write their own. */
#define MARK "# Written by kannuki from [guard] of its policy"

/* --- the program ---------------------------------------------------------------------------------- */

void guard_program_done(struct guard_program *g)
{
	free(g->source);
	free(g->sum);
	*g = (struct guard_program){ 0 };
}

/* In the folder of the program that runs; NULL: not known. malloc'd. */
static char *path_beside(struct os *os)
{
	CLEANUP_PROCESS struct process me = { 0 };
	struct err ignored = { 0 };
	const char *slash;

	if (os_process(os, os_self(os), &me, &ignored) != 0)
		return NULL;
	slash = me.exe ? strrchr(me.exe, '/') : NULL;
	return slash ? xasprintf("%.*s/" NAME, (int)(slash - me.exe), me.exe) : NULL;
}

/* > 0: the program beside us is another one than the one that is installed. */
static int differs(struct os *os, const struct node *source, struct err *e)
{
	CLEANUP_NODE struct node now = { 0 };

	if (os_get(os, GUARD_PROGRAM, &now, e) < 0)
		return -1;
	return now.type != NODE_FILE || now.mode != 0755 || now.len != source->len ||
	       memcmp(now.data, source->data, now.len) != 0;
}

int guard_program_find(struct os *os, struct guard_program *ret, struct err *e)
{
	CLEANUP_FREE char *beside = path_beside(os);
	CLEANUP_NODE struct node packaged = { 0 }, source = { 0 }, local = { 0 };
	int r;

	if (os_get(os, GUARD_PACKAGED, &packaged, e) < 0 ||
	    (beside && os_get(os, beside, &source, e) < 0) ||
	    os_get(os, GUARD_PROGRAM, &local, e) < 0)
		return -1;
	if (packaged.type == NODE_FILE) {
		ret->path = GUARD_PACKAGED;
		return 0;
	}
	if (source.type == NODE_FILE) {
		r = differs(os, &source, e);
		if (r < 0)
			return -1;
		ret->source = r ? TAKE(beside) : NULL;
		ret->sum = r ? sha256_text(source.data, source.len) : NULL;
		ret->path = GUARD_PROGRAM;
	} else if (local.type == NODE_FILE) {
		ret->path = GUARD_PROGRAM;
	}
	return 0;
}

/* Every place of one path is another's afterwards. malloc'd. */
static char *with_path(const char *text, const char *from, const char *to)
{
	CLEANUP_STR struct str s = { 0 };
	const char *at;

	while ((at = strstr(text, from))) {
		str_add_bytes(&s, text, (size_t)(at - text));
		str_add(&s, to);
		text = at + strlen(from);
	}
	str_add(&s, text);
	return str_take(&s);
}

/* It prints the unit for where it lies itself. */
int guard_unit_text(struct os *os, const struct guard_program *g, char **ret, struct err *e)
{
	static const char start[] = "\nExecStart=";
	const char *program = g->source ? g->source : g->path;
	CLEANUP_RUN struct run_result r = { 0 };
	CLEANUP_FREE char *own = NULL;
	const char *at;

	if (os_run_ok(os, ARGV(program, "unit"), &r, e) < 0)
		return -1;
	at = strstr(r.out, start);
	if (!at)
		return err_set(e, ERR_FAILED, _("%s unit prints no unit"), program);
	at += strlen(start);
	own = xstrndup(at, strcspn(at, " \n"));
	*ret = with_path(r.out, own, g->path);
	return 0;
}

/* --- what is wanted ------------------------------------------------------------------------------- */

static const struct strv *jails_of(const struct policy *p)
{
	static char sshd[] = "sshd";
	static char *only[] = { sshd, NULL };
	static const struct strv standard = { .item = only, .count = 1 };

	return p->guard_jails.count ? &p->guard_jails : &standard;
}

/* In fail2ban's language. sshd is watched also where nobody says so: who does not want it has to. malloc'd. */
static char *conf_text(const struct policy *p)
{
	const struct strv *jails = jails_of(p);
	CLEANUP_FREE char *ignore = strv_join(&p->guard_ignore, " ");
	CLEANUP_STR struct str s = { 0 };

	str_addf(&s,
		 MARK ": see kannuki-policy(5).\n[DEFAULT]\nbantime = %u\nfindtime = %u\n"
		      "maxretry = %u\n",
		 p->guard_bantime, p->guard_findtime, p->guard_maxretry);
	if (ignore[0])
		str_addf(&s, "ignoreip = %s\n", ignore);
	if (!strv_has(jails, "sshd"))
		str_add(&s, "\n[sshd]\nenabled = false\n");
	for (size_t i = 0; i < jails->count; i++)
		str_addf(&s, "\n[%s]\nenabled = true\n", jails->item[i]);
	return str_take(&s);
}

/* All that has to be so, and is not a question of who runs. */
struct wish {
	struct guard_program program;
	char *unit, *conf; /* conf NULL: it reads fail2ban's files */
};

static void wish_done(struct wish *w)
{
	guard_program_done(&w->program);
	free(w->unit);
	free(w->conf);
}
#define CLEANUP_WISH CLEANUP(wish_done)

/* With fail2ban's files here the guard reads these, and no others. */
static int reads_fail2ban(struct os *os, struct err *e)
{
	CLEANUP_NODE struct node n = { 0 };

	return os_get(os, FAIL2BAN_DIR, &n, e) < 0 ? -1 : n.type != NODE_ABSENT;
}

int guard_is_offered(struct os *os, struct err *e)
{
	CLEANUP_GUARD_PROGRAM struct guard_program g = { 0 };
	int theirs = reads_fail2ban(os, e);

	if (theirs < 0 || guard_program_find(os, &g, e) < 0)
		return -1;
	return !theirs && g.path;
}

/* 1: there is no program at hand; the texts are NULL then. */
static int wish_of(const struct control_in *in, struct wish *ret, struct err *e)
{
	int theirs = reads_fail2ban(in->os, e);

	if (theirs < 0 || guard_program_find(in->os, &ret->program, e) < 0)
		return -1;
	if (!ret->program.path)
		return 1;
	ret->conf = theirs ? NULL : conf_text(in->policy);
	return guard_unit_text(in->os, &ret->program, &ret->unit, e);
}

/* --- what is so ----------------------------------------------------------------------------------- */

/* It reads all anew when a transaction has ended. */
static bool runs(const struct unit_fact *u)
{
	return u && (str_eq(u->active, "active") || str_eq(u->active, "reloading"));
}

static bool is_enabled(const struct unit_fact *u)
{
	return u && str_starts(u->enabled, "enabled");
}

static bool is_on(const struct facts *f, const char *unit)
{
	const struct unit_fact *u = facts_unit(f, unit);

	return runs(u) || is_enabled(u);
}

static bool runs_at_boot_too(const struct facts *f)
{
	const struct unit_fact *u = facts_unit(f, GUARD_UNIT);

	return runs(u) && is_enabled(u);
}

/* > 0: our own file is there. */
static int has_own_conf(struct os *os, struct err *e)
{
	CLEANUP_FREE char *now = NULL;

	if (os_read(os, GUARD_CONF, &now, e) < 0)
		return -1;
	return now && str_starts(now, MARK);
}

/* Files as apply writes them, and who reads them runs. */
static int files_probe(const struct control_in *in, const struct wish *w, struct strv *bad,
		       struct err *e)
{
	int conf = w->conf ? file_is(in->os, GUARD_CONF, w->conf, e) : 1;
	int unit = conf < 0 ? -1 : file_is(in->os, GUARD_UNIT_PATH, w->unit, e);

	if (unit < 0)
		return -1;
	if (w->program.source)
		strv_addf(bad, _("%s is not there, or not as apply writes it"), GUARD_PROGRAM);
	if (conf != 1)
		strv_addf(bad, _("%s is not there, or not as apply writes it"), GUARD_CONF);
	if (unit != 1)
		strv_addf(bad, _("%s is not there, or not as apply writes it"), GUARD_UNIT_PATH);
	if (!runs_at_boot_too(in->facts))
		strv_addf(bad, "%s: %s", GUARD_UNIT, _("it does not run"));
	return 0;
}

/* The guard itself, where its files are right: it may have read others, or leave a jail out. */
static int live_probe(const struct control_in *in, const struct wish *w, struct strv *watched,
		      struct strv *bad, struct err *e)
{
	const struct strv *jails = jails_of(in->policy);
	struct err says = { 0 };
	int r;

	if (bad->count > 0 || !in->facts->as_root)
		return 0;
	r = guard_watches(in->os, w->program.path, watched, &says);
	if (r < 0) {
		*e = says;
		return -1;
	}
	if (r > 0)
		strv_add(bad, says.msg);
	for (size_t i = 0; r == 0 && w->conf && i < jails->count; i++)
		if (!strv_has(watched, jails->item[i]))
			strv_addf(bad, _("it does not watch the jail %s"), jails->item[i]);
	return 0;
}

static int on_probe(const struct control_in *in, struct finding *ret, struct err *e)
{
	CLEANUP_WISH struct wish w = { 0 };
	CLEANUP_STRV struct strv bad = { 0 }, watched = { 0 };
	CLEANUP_FREE char *names = NULL;
	CLEANUP_FREE char *good = NULL;
	int r = wish_of(in, &w, e);

	if (r > 0) {
		finding_set(ret, VERDICT_FAIL, "%s: %s", NAME, _("not there"));
		return 0;
	}
	if (r < 0 || files_probe(in, &w, &bad, e) < 0 || live_probe(in, &w, &watched, &bad, e) < 0)
		return -1;
	names = strv_join(&watched, ", ");
	good = xasprintf(watched.count ? _("%s is active and watches %s") : _("%s is active"),
			 GUARD_UNIT, names);
	finding_list(ret, &bad, good);
	return 0;
}

static int guard_probe(const struct control_in *in, const struct control *self, struct finding *ret,
		       struct err *e)
{
	bool asked = policy_gives(in->policy, "guard", "enabled");
	bool on = is_on(in->facts, GUARD_UNIT);
	int own;

	(void)self;
	if (in->policy->guard_enabled)
		return on_probe(in, ret, e);
	own = has_own_conf(in->os, e);
	if (own < 0)
		return -1;
	if (own || (asked && on))
		finding_set(ret, VERDICT_FAIL, "%s: %s", own ? GUARD_CONF : GUARD_UNIT,
			    _("not asked for"));
	else
		finding_set(ret, VERDICT_PASS, "%s: %s", GUARD_UNIT,
			    on ? _("active") : _("not there"));
	return 0;
}

/* --- on ------------------------------------------------------------------------------------------- */

static int refused_for_fail2ban(struct err *e)
{
	return err_set(e, ERR_CONFLICT,
		       _("[guard] enabled = yes: fail2ban is set up on this host (%s). To hand it "
			 "over, with its bans: sudo kannuki guard import. Or set [guard] enabled = "
			 "no"),
		       FAIL2BAN_DIR);
}

/* Handed over: what is banned and when say fail2ban's files, not the policy. */
static int check_handed_over(const struct control_in *in, struct err *e)
{
	static const char *const names[] = { "jails", "bantime", "findtime", "maxretry", "ignore" };

	if (is_on(in->facts, "fail2ban.service") || !facts_unit(in->facts, GUARD_UNIT))
		return refused_for_fail2ban(e);
	for (size_t i = 0; i < COUNT(names); i++)
		if (policy_gives(in->policy, "guard", names[i]))
			return err_set(e, ERR_CONFLICT,
				       _("[guard] %s: on this host the guard reads %s; set it "
					 "there, and remove the line"),
				       names[i], FAIL2BAN_DIR);
	return 0;
}

static int check_host(const struct control_in *in, const struct wish *w, struct err *e)
{
	int theirs = reads_fail2ban(in->os, e);

	if (theirs < 0)
		return -1;
	if (theirs || is_on(in->facts, "fail2ban.service"))
		return theirs ? check_handed_over(in, e) : refused_for_fail2ban(e);
	if (!in->facts->systemd)
		return err_set(
			e, ERR_CONFLICT,
			_("[guard] enabled = yes: PID 1 is not systemd, or does not answer"));
	if (!w->program.path)
		return err_set(
			e, ERR_CONFLICT,
			_("[guard] enabled = yes: the program kannuki-guard is not here; put "
			  "it beside kannuki, install the package kannuki-guard, or set "
			  "enabled = no"));
	return 0;
}

/* Names of all jails that there are, as the program says; none where it does not. */
static int known_jails(const struct control_in *in, const struct wish *w, struct strv *ret,
		       struct err *e)
{
	const char *program = w->program.source ? w->program.source : w->program.path;
	const struct run run = { .argv = ARGV(program, "config", "--all", "--format", "json") };
	CLEANUP_RUN struct run_result r = { 0 };

	if (os_run(in->os, &run, &r, e) < 0)
		return -1;
	guard_jail_names(r.out, ret);
	return 0;
}

static int check_jails(const struct control_in *in, const struct wish *w, struct err *e)
{
	const struct strv *jails = jails_of(in->policy);
	CLEANUP_STRV struct strv known = { 0 };
	CLEANUP_FREE char *all = NULL;

	if (known_jails(in, w, &known, e) < 0)
		return -1;
	all = strv_join(&known, ", ");
	for (size_t i = 0; known.count > 0 && i < jails->count; i++)
		if (!strv_has(&known, jails->item[i]))
			return err_set(e, ERR_USAGE,
				       _("[guard] jails = %s is not possible; allowed: %s"),
				       jails->item[i], all);
	return 0;
}

static void add_step_on(const struct wish *w, const struct strv *jails, struct plan *p)
{
	CLEANUP_FREE char *names = strv_join(jails, ", ");
	CLEANUP_FREE char *title = w->conf ? xasprintf(_("the guard: ban who attacks (%s)"), names)
					   : xstrdup(_("the guard: ban who attacks, by fail2ban's "
						       "files"));
	struct change change[4];
	struct step_guard_spec spec = { .change = change,
					.on = true,
					.program = w->program.path,
					.jails = w->conf ? jails : NULL };

	if (w->program.source)
		change[spec.change_count++] = (struct change){ .path = GUARD_PROGRAM,
							       .type = NODE_FILE,
							       .mode = 0755,
							       .from = w->program.source,
							       .sum = w->program.sum };
	if (w->conf) {
		change[spec.change_count++] =
			(struct change){ .path = CONF_DIR, .type = NODE_DIR, .mode = 0755 };
		change[spec.change_count++] = (struct change){
			.path = GUARD_CONF, .type = NODE_FILE, .text = w->conf, .mode = 0644
		};
	}
	change[spec.change_count++] = (struct change){
		.path = GUARD_UNIT_PATH, .type = NODE_FILE, .text = w->unit, .mode = 0644
	};
	step_words(plan_add(p, &step_guard, PHASE_ADD, "guard.enabled", step_guard_args(&spec)),
		   title, _("passwords and holes are tried all day long by the same few addresses"),
		   _("it stops, and it and its bans go, or it is as before"));
}

/* What this host does not allow is said also where all runs. */
static int turn_on(const struct control_in *in, bool is_so, struct draft *d, struct err *e)
{
	CLEANUP_WISH struct wish w = { 0 };

	if (wish_of(in, &w, e) < 0 || check_host(in, &w, e) < 0)
		return -1;
	if (is_so)
		return 0;
	if (w.conf && check_jails(in, &w, e) < 0)
		return -1;
	add_step_on(&w, jails_of(in->policy), d->plan);
	return 0;
}

/* --- off ------------------------------------------------------------------------------------------ */

static int turn_off(const struct control_in *in, struct draft *d, struct err *e)
{
	int own = has_own_conf(in->os, e);
	const struct change change[] = { { .path = GUARD_UNIT_PATH, .type = NODE_ABSENT },
					 { .path = GUARD_CONF, .type = NODE_ABSENT } };
	const struct step_guard_spec spec = { .change = change,
					      .change_count = own > 0 ? 2 : 1,
					      .program = GUARD_PROGRAM };

	if (own < 0)
		return -1;
	step_words(
		plan_add(d->plan, &step_guard, PHASE_ADD, "guard.enabled", step_guard_args(&spec)),
		_("no guard any more: its bans end"), _("the policy asks for none"),
		_("it runs again, with its bans"));
	return 0;
}

static int guard_propose(const struct control_in *in, const struct finding *found, struct draft *d,
			 struct err *e)
{
	bool is_so = found->verdict != VERDICT_FAIL;

	if (in->policy->guard_enabled)
		return turn_on(in, is_so, d, e);
	return is_so ? 0 : turn_off(in, d, e);
}

const struct control guard_controls[] = {
	{
		.id = "guard.enabled",
		.title = N_("The guard bans who attacks, as the policy says"),
		.why = N_("passwords and holes are tried all day long by the same few addresses"),
		.severity = SEVERITY_MEDIUM,
		.source = "kannuki-policy(5), [guard]",
		.plan_only = true,
		.probe = guard_probe,
		.propose = guard_propose,
	},
	{ 0 },
};
