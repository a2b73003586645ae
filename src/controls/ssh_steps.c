// SPDX-License-Identifier: MIT
/* ssh_steps.c - the draft's doors become steps: beside, closed while pending, gone at the end. */
#include <string.h>

#include "base/i18n.h"
#include "controls/control.h"
#include "controls/ssh_files.h"
#include "controls/ssh_socket.h"
#include "steps/sshd.h"

struct expectations {
	struct sshd_expect *row;
	size_t count;
};

static void add_expect(struct expectations *x, const struct sshd_view *v, unsigned port,
		       const char *keyword, const char *value)
{
	x->row = xrealloc(x->row, x->count + 1, sizeof(*x->row));
	x->row[x->count++] = (struct sshd_expect){
		.who = v->who,
		.user = v->user,
		.addr = v->addr,
		.port = port,
		.keyword = keyword,
		.value = value,
	};
}

static bool has_families(const struct facts *f, bool *ret_v6)
{
	bool v4 = false;

	*ret_v6 = false;
	for (size_t i = 0; i < f->socket_count; i++) {
		const struct socket_info *s = &f->socket[i];

		if (s->kind != SOCKET_TCP_LISTEN ||
		    (!str_starts(s->comm, "sshd") && !ssh_socket_holds(f, s)))
			continue;
		v4 = v4 || !s->v6 || (addr_is_any(&s->local) && !s->v6only);
		*ret_v6 = *ret_v6 || s->v6;
	}
	return v4 || !*ret_v6;
}

static const char *const compared[] = {
	"permitrootlogin",
	"passwordauthentication",
	"kbdinteractiveauthentication",
	"pubkeyauthentication",
};

static const char *shown_who(const struct sshd_view *v)
{
	if (str_eq(v->who, "stranger"))
		return _("a stranger");
	return v->user;
}

/* The role, asked about at the port of the draft. Borrowed: never sshd_view_done(). */
static struct sshd_view at_port(const struct sshd_view *role, unsigned port)
{
	struct sshd_view ask = *role;

	ask.port = port;
	return ask;
}

/* sshd judges the form, and says what it gives to whom `ask` names. */
static int view_form(const struct control_in *in, const struct ssh_files *files,
		     const struct sshd_view *ask, struct sshd_view *ret, struct err *e)
{
	CLEANUP_FREE struct run_stage *stage = ssh_files_stage(files);
	const struct sshd_form form = { &in->facts->sshd, stage, files->count };
	int r = sshd_view_staged(in->os, &form, ask, ret, e);

	return r < 0 ? err_ctx(e, _("sshd refuses the new configuration")) : 0;
}

/* Root may log in as root only: for the other roles PermitRootLogin says nothing. */
static bool concerns(const struct sshd_view *v, const char *keyword)
{
	return !str_eq(keyword, "permitrootlogin") || str_eq(v->who, "root");
}

static int role_effects(const struct control_in *in, struct draft *d, const struct ssh_files *files,
			const struct sshd_view *role, struct err *e)
{
	CLEANUP(sshd_view_done) struct sshd_view after = { 0 };
	const struct sshd_view ask = at_port(role, d->port);

	if (view_form(in, files, &ask, &after, e) < 0)
		return -1;
	for (size_t i = 0; i < COUNT(compared); i++) {
		const struct sshd_setting *b = sshd_setting(role, compared[i]);
		const struct sshd_setting *a = sshd_setting(&after, compared[i]);
		CLEANUP_FREE char *where = NULL;

		if (!a || !b || !concerns(role, compared[i]) || str_eq(a->value, b->value))
			continue;
		where = b->file ? xasprintf("%s:%u", b->file, b->line) : xstrdup("");
		plan_add_effect(d->plan, &(struct effect){ .who = (char *)shown_who(role),
							   .keyword = b->keyword,
							   .before = b->value,
							   .after = a->value,
							   .where = where });
	}
	return 0;
}

/* The form of the waiting time is not that of the end: sshd judges both before anything changes. */
static int waiting_form_is_good(const struct control_in *in, struct draft *d, struct err *e)
{
	const struct sshd_view *root = sshd_view_of(&in->facts->sshd, "root", 0);
	CLEANUP_SSH_FILES struct ssh_files files = { 0 };
	CLEANUP(sshd_view_done) struct sshd_view ignored = { 0 };
	struct sshd_view ask;

	if (!root)
		return 0;
	ask = at_port(root, d->port);
	if (ssh_files_make(in, d, SSH_RESTRICT, &files, e) < 0)
		return -1;
	return view_form(in, &files, &ask, &ignored, e);
}

static int final_effects(const struct control_in *in, struct draft *d, struct err *e)
{
	static const char *const roles[] = { "root", "admin", "stranger" };
	CLEANUP_SSH_FILES struct ssh_files files = { 0 };

	if (waiting_form_is_good(in, d, e) < 0 || ssh_files_make(in, d, SSH_FINAL, &files, e) < 0)
		return -1;
	for (size_t i = 0; i < COUNT(roles); i++) {
		const struct sshd_view *v = sshd_view_of(&in->facts->sshd, roles[i], 0);

		if (v && role_effects(in, d, &files, v, e) < 0)
			return -1;
	}
	return 0;
}

/* Which ports are open in this form, and what sshd has to say on them. */
struct form_ports {
	unsigned port[SSH_PORT_MAX + 1];
	size_t count;
};

static struct form_ports ports_of(const struct draft *d, enum ssh_form form)
{
	struct form_ports p = { .port = { d->port }, .count = 1 };

	for (size_t i = 0; i < d->old_port_count; i++)
		if (d->old_port[i] != d->port && (form != SSH_FINAL || !d->port_changes))
			p.port[p.count++] = d->old_port[i];
	return p;
}

/* The phase in which sshd takes each form. */
static const enum step_phase phase_of[] = {
	[SSH_ADD] = PHASE_ADD,
	[SSH_RESTRICT] = PHASE_RESTRICT,
	[SSH_FINAL] = PHASE_FINISH,
};

static int add_step(const struct control_in *in, struct draft *d, enum ssh_form form,
		    struct step **ret, struct err *e)
{
	CLEANUP_SSH_FILES struct ssh_files files = { 0 };
	CLEANUP_SSH_SOCKET struct ssh_socket socket = { 0 };
	CLEANUP_FREE struct change *changes = NULL;
	CLEANUP_STRV struct strv lower = { 0 };
	struct expectations x = { 0 };
	struct form_ports ports = ports_of(d, form);
	struct step_sshd_spec spec = { .sshd = &in->facts->sshd,
				       .port = ports.port,
				       .port_count = ports.count };

	spec.v4 = has_families(in->facts, &spec.v6);
	if (ssh_files_make(in, d, form, &files, e) < 0 ||
	    (d->port_changes && ssh_socket_make(in, &spec, &socket, e) < 0))
		return -1;
	changes = ssh_files_changes(&files);
	changes = xrealloc(changes, files.count + SSH_SOCKET_CHANGES, sizeof(*changes));
	spec.change_count = files.count + ssh_socket_changes(&socket, changes + files.count);
	/* The plan saw what is there now; later forms find what our own earlier form left. */
	for (size_t i = 0; form != SSH_ADD && i < spec.change_count; i++)
		changes[i].expect = NULL;
	for (size_t i = 0; form != SSH_ADD && i < d->ssh_count; i++) {
		const struct sshd_view *v = sshd_view_of(&in->facts->sshd, d->ssh[i].who, 0);

		strv_take(&lower, str_lower(xstrdup(d->ssh[i].keyword)));
		/* This one value has two spellings; the effects of the plan show it all the same. */
		if (v && !str_eq(d->ssh[i].after, "prohibit-password") &&
		    (form == SSH_FINAL || !ssh_waits_otherwise(d->ssh[i].keyword)))
			add_expect(&x, v, d->port, lower.item[i], d->ssh[i].after);
	}
	spec.change = changes;
	spec.expect = x.row;
	spec.expect_count = x.count;
	*ret = plan_add(d->plan, &step_sshd, phase_of[form],
			form == SSH_ADD ? "ssh.port" : "ssh.doors", step_sshd_args(&spec));
	free(x.row);
	return 0;
}

/* The doors by name, all else by its number: the difference of the file has them. */
static char *wanted_words(const struct draft *d)
{
	CLEANUP_STRV struct strv words = { 0 };
	size_t others = 0;

	for (size_t i = 0; i < d->ssh_count; i++) {
		const struct ssh_want *w = &d->ssh[i];

		if (str_eq(w->before, w->after) || !w->before[0])
			continue;
		if (w->plain)
			others++;
		else
			strv_addf(&words, "%s %s", w->keyword, w->after);
	}
	if (others > 0)
		strv_addf(&words, _("%zu settings that are no doors"), others);
	return strv_join(&words, ", ");
}

/* Does a door change? */
static bool changes_doors(const struct draft *d)
{
	for (size_t i = 0; i < d->ssh_count; i++)
		if (!d->ssh[i].plain && !str_eq(d->ssh[i].before, d->ssh[i].after))
			return true;
	return false;
}

/* At a port that stays, one reload would open and close at once: were the new door not to open, the old
 * one would be shut until the dead-man is back. */
static bool opens_and_closes(const struct draft *d)
{
	bool opens = false, closes = false;

	for (size_t i = 0; i < d->ssh_count; i++) {
		opens = opens || ssh_want_direction(&d->ssh[i]) > 0;
		closes = closes || ssh_want_direction(&d->ssh[i]) < 0;
	}
	return opens && closes && !d->port_changes;
}

static int add_opening_step(const struct control_in *in, struct draft *d, struct err *e)
{
	CLEANUP_STRV struct strv words = { 0 };
	CLEANUP_FREE char *joined = NULL;
	CLEANUP_FREE char *title = NULL;
	struct step *s;

	if (add_step(in, d, SSH_ADD, &s, e) < 0)
		return -1;
	for (size_t i = 0; i < d->ssh_count; i++)
		if (ssh_want_direction(&d->ssh[i]) > 0)
			strv_addf(&words, "%s %s", d->ssh[i].keyword, d->ssh[i].after);
	joined = strv_join(&words, ", ");
	title = xasprintf(_("sshd: %s, before anything is closed"), joined);
	step_words(s, title, _("the new door must be there before the old one goes"),
		   _("the former configuration comes back and sshd is asked"));
	return 0;
}

int draft_ssh_steps(const struct control_in *in, struct draft *d, struct err *e)
{
	struct step *s;

	if (!d->ssh_changes && !d->port_changes)
		return 0;
	if (final_effects(in, d, e) < 0)
		return -1;
	d->plan->needs_proof = true;
	if (d->port_changes) {
		CLEANUP_FREE char *title =
			xasprintf(_("let sshd listen on port %u beside the old one"), d->port);

		if (add_step(in, d, SSH_ADD, &s, e) < 0)
			return -1;
		step_words(s, title, _("the new door must be there before the old one goes"),
			   _("sshd listens as before"));
	}
	if (opens_and_closes(d) && add_opening_step(in, d, e) < 0)
		return -1;
	if (d->ssh_changes) {
		CLEANUP_FREE char *words = wanted_words(d);
		CLEANUP_FREE char *title = xasprintf(_("sshd: %s"), words);

		if (add_step(in, d, SSH_RESTRICT, &s, e) < 0)
			return -1;
		step_words(s, title,
			   d->port_changes
				   ? _("the old port keeps its old logins until you confirm")
			   : !changes_doors(d)
				   ? _("weak algorithms and generous limits help attackers")
				   : _("passwords are guessed all day on every rented server"),
			   _("the former configuration comes back and sshd is asked"));
	}
	return 0;
}

int draft_ssh_finish_steps(const struct control_in *in, struct draft *d, struct err *e)
{
	CLEANUP_FREE char *title = NULL;
	struct step *s;

	if (!d->ssh_changes && !d->port_changes)
		return 0;
	if (add_step(in, d, SSH_FINAL, &s, e) < 0)
		return -1;
	title = d->port_changes ? xasprintf(_("let sshd listen on port %u only"), d->port)
				: xstrdup(_("sshd: put out what was for the waiting time only"));
	step_words(s, title, _("after the proof the old door is not needed"),
		   _("the proven waiting form comes back"));
	return 0;
}
