// SPDX-License-Identifier: MIT
/*
 * filter_owner.c - exactly one owner of default deny (trap 26): Kannuki's table.
 *
 * Another one's denial is taken out of input while ours is there already, in the kernel only; a boot
 * brings it back. Once confirmed a drop-in of its unit does the same after each of its starts, so that
 * its files, its forwarding, its NAT and its output rules stay in force (Oracle's images guard their
 * boot volume by the latter). ufw and firewalld have a way of their own to be off, which is taken.
 */
#include <string.h>

#include "base/i18n.h"
#include "controls/control.h"
#include "core/iptables.h"
#include "steps/file.h"
#include "steps/foreign.h"
#include "steps/unit.h"

#define UNIT_DIR "/etc/systemd/system"
#define UFW_DIR	 "/etc/ufw"
#define UFW_CONF UFW_DIR "/ufw.conf"

static bool is_firewalld(const struct filter_owner *o)
{
	return str_eq(o->unit, "firewalld.service");
}

static bool is_ufw(const struct filter_owner *o)
{
	return str_eq(o->unit, "ufw.service");
}

static int probe(const struct control_in *in, const struct control *self, struct finding *ret,
		 struct err *e)
{
	CLEANUP_STRV struct strv names = { 0 };
	CLEANUP_FREE char *all = NULL;

	(void)self;
	(void)e;
	for (size_t i = 0; i < in->facts->filter_count; i++) {
		const struct filter_owner *o = &in->facts->filter[i];

		if (filter_owner_denies(o))
			strv_addf(&names, "%s (%s)", o->name, o->evidence);
	}
	all = strv_join(&names, ", ");
	if (!in->facts->nft_works && names.count == 0)
		finding_set(ret, VERDICT_NOT_MEASURED, "%s",
			    in->facts->as_root ? _("nft is missing or may not list the rules")
					       : _("only root may list the rules"));
	else
		finding_set(ret, names.count ? VERDICT_FAIL : VERDICT_PASS, "%s",
			    names.count ? all : _("no other owner denies by default"));
	return 0;
}

/* --- what is refused ------------------------------------------------------------------------- */

static bool runs(const struct facts *f, const char *unit)
{
	const struct unit_fact *u = facts_unit(f, unit);

	return u && str_eq(u->active, "active");
}

/* What was said to the daemon only would be lost when it stops. 1: it cannot be asked. */
static int firewalld_says(struct os *os, const char *which, char **ret, struct err *e)
{
	const char *const argv[] = { "firewall-cmd", "--list-all-zones", which, NULL };
	CLEANUP_RUN struct run_result r = { 0 };

	if (os_run(os, &(struct run){ .argv = argv }, &r, e) < 0)
		return -1;
	if (r.status != 0)
		return 1;
	*ret = TAKE(r.out);
	return 0;
}

/* "public (active)" and the interfaces of it are of now by their nature. */
static char *lasting_lines(const char *text)
{
	CLEANUP_FREE char *copy = xstrdup(text);
	CLEANUP_STR struct str s = { 0 };
	char *rest = copy, *line;

	while ((line = str_line(&rest))) {
		size_t n = 0;

		if (line[0] != ' ')
			while (line[n] && line[n] != ' ')
				n++;
		if (n)
			line[n] = '\0';
		if (!str_starts(line, "  interfaces:"))
			str_addf(&s, "%s\n", line);
	}
	str_add(&s, "");
	return str_take(&s);
}

static int check_firewalld(const struct control_in *in, struct err *e)
{
	CLEANUP_FREE char *now = NULL, *lasting = NULL;
	CLEANUP_FREE char *a = NULL, *b = NULL;
	int r;

	if (runs(in->facts, "docker.service") || runs(in->facts, "libvirtd.service"))
		return err_set(e, ERR_CONFLICT,
			       _("firewalld cannot be replaced here: %s has put rules of its own "
				 "into it, and would lose them. Let it go on without: systemctl "
				 "disable --now firewalld.service, and start that anew"),
			       runs(in->facts, "docker.service") ? "docker.service"
								 : "libvirtd.service");
	if (!runs(in->facts, "firewalld.service"))
		return 0;
	r = firewalld_says(in->os, NULL, &now, e);
	if (r == 0)
		r = firewalld_says(in->os, "--permanent", &lasting, e);
	if (r != 0)
		return r < 0 ? r
			     : err_set(e, ERR_CONFLICT,
				       _("firewalld cannot be replaced: firewall-cmd does not "
					 "answer, so what it holds is not known. Turn it off "
					 "first: systemctl disable --now firewalld.service"));
	a = lasting_lines(now);
	b = lasting_lines(lasting);
	if (str_eq(a, b))
		return 0;
	return err_set(e, ERR_CONFLICT,
		       _("firewalld cannot be replaced: it holds rules that are in no file of it, "
			 "and undo could not bring them back. Keep them first (firewall-cmd "
			 "--runtime-to-permanent) or drop them (firewall-cmd --reload)"));
}

/* Turned off it would also forward and translate no more. */
static int check_ufw(const struct control_in *in, struct err *e)
{
	static const struct {
		const char *path, *what;
	} rows[] = {
		{ UFW_DIR "/before.rules", "\n*nat" },
		{ UFW_DIR "/before6.rules", "\n*nat" },
		{ UFW_DIR "/after.rules", "\n*nat" },
		{ UFW_DIR "/after6.rules", "\n*nat" },
		{ UFW_DIR "/user.rules", "### tuple ### route:" },
		{ UFW_DIR "/user6.rules", "### tuple ### route:" },
	};

	for (size_t i = 0; i < COUNT(rows); i++) {
		CLEANUP_FREE char *text = NULL;
		int r = os_read(in->os, rows[i].path, &text, e);

		if (r < 0)
			return r;
		if (r == 0 && strstr(text, rows[i].what))
			return err_set(
				e, ERR_CONFLICT,
				_("ufw cannot be replaced: %s also forwards or translates (%s), "
				  "and that would be gone with it. Move those rules to a file of "
				  "your own first, then: ufw disable"),
				rows[i].path,
				rows[i].what[0] == '\n' ? rows[i].what + 1 : rows[i].what);
	}
	return 0;
}

static int check_owner(const struct control_in *in, const struct filter_owner *o, struct err *e)
{
	if (is_firewalld(o))
		return check_firewalld(in, e);
	if (is_ufw(o))
		return check_ufw(in, e);
	if (!o->unit)
		return err_set(e, ERR_CONFLICT,
			       _("%s decides what may come in (%s), and it is not known who made "
				 "it: it cannot be replaced, because it would come back. Two "
				 "owners of the packet filter shut each other's ports. Take it "
				 "away first: nft delete %s"),
			       o->name, o->evidence, o->name);
	if (!o->iptables && o->chain.count == 0)
		return err_set(e, ERR_CONFLICT,
			       _("%s is enabled and not started, so where its rules deny is not "
				 "known yet. First: systemctl start %s - or systemctl disable %s"),
			       o->name, o->unit, o->unit);
	return 0;
}

static int propose(const struct control_in *in, const struct finding *found, struct draft *d,
		   struct err *e)
{
	if (found->verdict != VERDICT_FAIL)
		return 0;
	for (size_t i = 0; i < in->facts->filter_count; i++)
		if (filter_owner_denies(&in->facts->filter[i]) &&
		    check_owner(in, &in->facts->filter[i], e) < 0)
			return -1;
	d->owner_changes = true;
	return 0;
}

/* --- the steps ------------------------------------------------------------------------------- */

/* The first of several that have one unit (rules.v4 and rules.v6). */
static bool is_first(const struct facts *f, size_t at)
{
	for (size_t i = 0; i < at; i++)
		if (filter_owner_denies(&f->filter[i]) &&
		    str_eq(f->filter[i].name, f->filter[at].name))
			return false;
	return true;
}

static void add_stop(struct plan *p, enum step_phase phase, const struct filter_owner *o)
{
	bool now = phase == PHASE_RESTRICT;

	step_words(plan_add(p, &step_unit, phase, FILTER_OWNER_CONTROL,
			    step_unit_args(o->unit, NULL, now ? UNIT_LEAVE : UNIT_OFF,
					   now ? UNIT_OFF : UNIT_LEAVE)),
		   now ? _("stop firewalld: Kannuki's table decides what comes in")
		       : _("start firewalld at boot no more"),
		   _("two owners of the packet filter shut each other's ports"),
		   now ? _("it is started again, with its own files")
		       : _("it is enabled again, as it was"));
}

/* Where the ports that it lets in are not to be read. */
static void warn_of(const struct filter_owner *o, struct plan *p)
{
	if (!o->iptables)
		strv_addf(&p->warnings,
			  _("what %s lets in was not compared with the policy: not measured; look "
			    "at its rules"),
			  o->name);
}

int draft_owner_steps(const struct control_in *in, struct draft *d, struct err *e)
{
	CLEANUP_STRV struct strv names = { 0 };
	CLEANUP_STRV struct strv chains = { 0 }, units = { 0 };
	CLEANUP_FREE char *all = NULL, *title = NULL;
	bool iptables = false;

	(void)e;
	for (size_t i = 0; d->owner_changes && i < in->facts->filter_count; i++) {
		const struct filter_owner *o = &in->facts->filter[i];

		if (!filter_owner_denies(o))
			continue;
		strv_addf(
			&d->plan->replaces,
			str_eq(o->name, "ufw")
				? _("%s (%s); from then on kannuki open opens, ufw allow does not")
				: "%s (%s)",
			o->name, o->evidence);
		if (!is_first(in->facts, i))
			continue;
		warn_of(o, d->plan);
		if (is_firewalld(o)) {
			add_stop(d->plan, PHASE_RESTRICT, o);
			continue;
		}
		strv_add(&names, o->name);
		strv_add(&units, o->unit);
		iptables = iptables || o->iptables;
		for (size_t j = 0; j < o->chain.count && !o->iptables; j++)
			strv_add(&chains, o->chain.item[j]);
	}
	if (d->owner_changes)
		d->plan->needs_proof = true;
	if (names.count == 0)
		return 0;
	all = strv_join(&names, ", ");
	title = xasprintf(_("%s: take its rules for what comes in out; Kannuki's table decides"),
			  all);
	step_words(plan_add(d->plan, &step_foreign, PHASE_RESTRICT, FILTER_OWNER_CONTROL,
			    step_foreign_args(&(struct step_foreign_spec){
				    .iptables = iptables, .chain = &chains, .unit = &units })),
		   title, _("two owners of the packet filter shut each other's ports"),
		   _("those rules come back, one by one as they were"));
	return 0;
}

static char *dropin_text(const struct filter_owner *o)
{
	static const char *const programs[] = { "iptables", "ip6tables" };
	CLEANUP_STR struct str s = { 0 };

	str_add(&s, "# Written by kannuki: table inet kannuki decides what comes in.\n"
		    "# Without this file its rules for that are in force again at the next start.\n"
		    "[Service]\n");
	for (size_t i = 0; o->iptables && i < COUNT(programs); i++)
		str_addf(&s,
			 "ExecStartPost=-%s -w 10 -P INPUT ACCEPT\n"
			 "ExecStartPost=-%s -w 10 -F INPUT\n",
			 programs[i], programs[i]);
	for (size_t i = 0; !o->iptables && i < o->chain.count; i++)
		for (int reload = 0; reload < 2; reload++)
			str_addf(&s,
				 "%s=-nft \"flush chain %s; add chain %s { policy accept; }\"\n",
				 reload ? "ExecReload" : "ExecStartPost", o->chain.item[i],
				 o->chain.item[i]);
	return str_take(&s);
}

static int add_dropin(const struct control_in *in, const struct filter_owner *o, struct plan *p,
		      struct err *e)
{
	CLEANUP_FREE char *dir = xasprintf(UNIT_DIR "/%s.d", o->unit);
	CLEANUP_FREE char *path = xasprintf("%s/" FOREIGN_DROPIN, dir);
	CLEANUP_FREE char *text = dropin_text(o);
	CLEANUP_FREE char *title =
		xasprintf(_("%s: the same whenever it starts, so at every boot"), o->name);
	CLEANUP_NODE struct node now = { 0 };
	struct change change[2];
	size_t n = 0;

	if (os_get(in->os, dir, &now, e) < 0)
		return -1;
	if (now.type == NODE_ABSENT)
		change[n++] = (struct change){ .path = dir, .type = NODE_DIR, .mode = 0755 };
	change[n++] =
		(struct change){ .path = path, .type = NODE_FILE, .text = text, .mode = 0644 };
	step_words(plan_add(p, &step_foreign, PHASE_FINISH, FILTER_OWNER_CONTROL,
			    step_foreign_args(&(struct step_foreign_spec){ .change = change,
									   .change_count = n })),
		   title, _("two owners of the packet filter shut each other's ports"),
		   _("it starts as before"));
	return 0;
}

/* ufw turns itself off so: with a policy of its own in INPUT but not its chains any `ufw reload` would
 * shut all doors. */
static int add_ufw_off(const struct control_in *in, struct plan *p, struct err *e)
{
	CLEANUP_NODE struct node now = { 0 };
	CLEANUP_STR struct str text = { 0 };
	struct change change = { .path = UFW_CONF, .type = NODE_FILE, .expect = &now };
	char *rest, *line;
	CLEANUP_FREE char *copy = NULL;

	if (os_get(in->os, UFW_CONF, &now, e) < 0)
		return -1;
	copy = xstrdup(now.data ? now.data : "");
	rest = copy;
	while ((line = str_line(&rest)))
		str_addf(&text, "%s\n", str_eq(line, "ENABLED=yes") ? "ENABLED=no" : line);
	change.text = text.text;
	change.mode = now.mode;
	step_words(plan_add(p, &step_file, PHASE_FINISH, FILTER_OWNER_CONTROL,
			    step_file_args(&change, 1, NULL)),
		   _("ufw: off, as ufw disable leaves it; its rules stay stored"),
		   _("two owners of the packet filter shut each other's ports"),
		   _("it is on again"));
	return 0;
}

int draft_owner_finish_steps(const struct control_in *in, struct draft *d, struct err *e)
{
	for (size_t i = 0; d->owner_changes && i < in->facts->filter_count; i++) {
		const struct filter_owner *o = &in->facts->filter[i];

		if (!filter_owner_denies(o) || !is_first(in->facts, i))
			continue;
		if (is_firewalld(o)) {
			add_stop(d->plan, PHASE_FINISH, o);
			continue;
		}
		if ((is_ufw(o) ? add_ufw_off(in, d->plan, e) : add_dropin(in, o, d->plan, e)) < 0)
			return -1;
	}
	return 0;
}

const struct control filter_owner_controls[] = {
	{
		.id = FILTER_OWNER_CONTROL,
		.title = N_("Kannuki's table alone decides what comes in"),
		.why = N_("two owners of the packet filter shut each other's ports"),
		.severity = SEVERITY_HIGH,
		.source = "nft(8)",
		.plan_only = true,
		.probe = probe,
		.propose = propose,
	},
	{ 0 },
};
