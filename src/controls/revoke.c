// SPDX-License-Identifier: MIT
/* revoke.c - see revoke.h. */
#include "controls/revoke.h"

#include <stdio.h>
#include <string.h>

#include "base/i18n.h"
#include "core/passwd.h"
#include "core/proof.h"
#include "core/txn.h"
#include "core/words.h"
#include "steps/account.h"

#define SUDOERS_DIR "/etc/sudoers.d"

/* --- who is left --------------------------------------------------------------------------------- */

static bool has_door_key(const struct account *a)
{
	for (size_t i = 0; i < a->key_count; i++)
		if (a->key[i].options[0] == '\0')
			return true;
	return false;
}

/* May log in by what sshd takes now, and is root then or becomes it by sudo. */
static bool can_become_root(const struct control_in *in, const struct account *a)
{
	const struct sshd_view *v = sshd_view_of(&in->facts->sshd, a->name, 0);
	struct sshd_ways w = { 0 };

	if (!v && in->policy->admin_user && str_eq(a->name, in->policy->admin_user))
		v = sshd_view_of(&in->facts->sshd, "admin", 0);
	if (!v || !a->can_login || a->account_expired || a->must_change || a->password_expired)
		return false;
	w = sshd_ways(v);
	if (!(w.key && has_door_key(a)) && !(w.password && a->password == PASSWORD_SET))
		return false;
	return a->uid == 0 || (a->sudo_any && (a->sudo_nopasswd || a->password == PASSWORD_SET));
}

/* Who this is, when the command is run in a login over SSH of somebody else than `user`. */
static int is_asking(const struct control_in *in, const struct account *a, struct err *e)
{
	const struct sshd *s = &in->facts->sshd;
	struct door door[SSH_PORT_MAX * 2];
	struct proof_query q = { .pid = os_self(in->os), .door = door, .command = "" };
	struct proof found = { 0 };
	struct err refused = { 0 };
	int r;

	for (size_t i = 0; i < s->port_count && i < SSH_PORT_MAX; i++) {
		door[q.door_count++] = (struct door){ a->name, s->port[i], (char *)"publickey" };
		door[q.door_count++] = (struct door){ a->name, s->port[i], (char *)"password" };
	}
	r = proof_check(in->os, &q, &found, &refused);
	if (r < 0)
		*e = refused;
	return r < 0 ? -1 : r == 0;
}

/* PROOF_WITNESS begins with who it was. */
static int was_proved(const struct control_in *in, const char *user, struct err *e)
{
	CLEANUP_FREE char *start = xasprintf("%s from ", user);
	CLEANUP_STRV struct strv ids = { 0 };

	if (txn_list(in->os, &ids, e) < 0)
		return -1;
	for (size_t i = 0; i < ids.count; i++) {
		CLEANUP_TXN struct txn t = { 0 };
		struct err unreadable = { 0 };
		const struct record *r;

		if (txn_open(in->os, ids.item[i], &t, &unreadable) < 0)
			continue;
		r = journal_last(&t.journal, RECORD_CONFIRM, JOURNAL_NO_STEP);
		if (r && str_starts(r->text, start))
			return 1;
	}
	return 0;
}

static int somebody_is_left(const struct control_in *in, const char *user, struct err *e)
{
	CLEANUP_STRV struct strv unproved = { 0 };
	CLEANUP_FREE char *all = NULL;

	for (size_t i = 0; i < in->facts->account_count; i++) {
		const struct account *a = &in->facts->account[i];
		int proved;

		if (str_eq(a->name, user) || !can_become_root(in, a))
			continue;
		proved = was_proved(in, a->name, e);
		if (proved == 0)
			proved = is_asking(in, a, e);
		if (proved != 0)
			return proved < 0 ? -1 : 0;
		strv_add(&unproved, a->name);
	}
	all = strv_join(&unproved, ", ");
	if (all[0])
		return err_set(
			e, ERR_CONFLICT,
			_("nobody but %s has been seen to get in and become root; log in over "
			  "SSH as another admin (%s) and run it there: sudo kannuki admin "
			  "revoke %s"),
			user, all, user);
	return err_set(
		e, ERR_CONFLICT,
		_("after that nobody could get in and become root; first make another admin: "
		  "[admin] user in the policy, then kannuki apply"));
}

/* --- what else lets the user become root ---------------------------------------------------------- */

/* "USER HOST=…", also in a list or an alias: any word before the first '=' or after User_Alias. */
static bool line_names(const char *line, const char *user)
{
	CLEANUP_STRV struct strv words = { 0 };
	bool alias = str_starts(line, "User_Alias");

	strv_split(&words, line, " \t,=");
	for (size_t i = alias ? 1 : 0; i < words.count; i++) {
		if (str_eq(words.item[i], user))
			return true;
		if (!alias && !strchr(line, ','))
			return false;
	}
	return false;
}

static int look_in(const struct control_in *in, const char *path, const char *user,
		   struct strv *ret, struct err *e)
{
	CLEANUP_FREE char *text = NULL;
	unsigned number = 0;
	char *rest, *line;

	if (os_read(in->os, path, &text, e) < 0)
		return -1;
	rest = text;
	while (rest && (line = str_line(&rest))) {
		number++;
		line = str_trim(line);
		if (line[0] == '#' || line[0] == '@' || !line_names(line, user))
			continue;
		strv_addf(ret, _("%s:%u still names %s: %s"), path, number, user, line);
	}
	return 0;
}

/* sudo leaves out names with a dot or a ~ at the end. */
static int leftovers(const struct control_in *in, const char *user, struct strv *ret, struct err *e)
{
	CLEANUP_STRV struct strv files = { 0 };

	if (look_in(in, "/etc/sudoers", user, ret, e) < 0 ||
	    os_list(in->os, SUDOERS_DIR, &files, e) < 0)
		return -1;
	for (size_t i = 0; i < files.count; i++) {
		CLEANUP_FREE char *path = xasprintf(SUDOERS_DIR "/%s", files.item[i]);

		if (strchr(files.item[i], '.') || str_ends(files.item[i], "~"))
			continue;
		if (look_in(in, path, user, ret, e) < 0)
			return -1;
	}
	return 0;
}

/* Over SSH by their sockets, elsewhere (a console, tmux) by the id that a login gives its processes. */
static int logins(const struct control_in *in, const struct account *a, struct strv *ret,
		  struct err *e)
{
	CLEANUP_STRV struct strv names = { 0 };
	size_t processes = 0;
	char text[ADDR_TEXT];

	for (size_t i = 0; i < in->facts->session_count; i++) {
		const struct session *s = &in->facts->session[i];

		if (str_eq(s->user, a->name))
			strv_addf(ret, _("%s is logged in from %s (process %d)"), a->name,
				  addr_text(&s->peer, text), (int)s->pid);
	}
	if (os_list(in->os, "/proc", &names, e) < 0)
		return -1;
	for (size_t i = 0; i < names.count; i++) {
		CLEANUP_PROCESS struct process p = { 0 };
		struct err gone = { 0 };
		uint64_t pid;

		if (str_to_u64(names.item[i], 2, INT32_MAX, &pid) == 0 &&
		    os_process(in->os, (pid_t)pid, &p, &gone) == 0)
			processes += p.uid == a->uid || p.loginuid == a->uid;
	}
	if (processes > 0)
		strv_addf(ret,
			  _("%zu processes of %s run with the groups they began with; to end them: "
			    "loginctl terminate-user %s"),
			  processes, a->name, a->name);
	return 0;
}

/* --- the plan ------------------------------------------------------------------------------------- */

static int groups_of(const struct control_in *in, const struct account *a, struct strv *ret,
		     struct err *e)
{
	static const char *const groups[] = { "sudo", "wheel" };
	CLEANUP_FREE char *text = NULL;

	if (os_read(in->os, "/etc/group", &text, e) < 0)
		return -1;
	for (size_t i = 0; text && i < COUNT(groups); i++) {
		CLEANUP_FREE char *gid = passwd_field(text, groups[i], 2);
		uint64_t number;

		if (gid && str_to_u64(gid, 0, UINT32_MAX, &number) == 0 && number == a->gid)
			return err_set(
				e, ERR_CONFLICT,
				_("%s is the primary group of %s; first give the user another "
				  "one: usermod -g users %s"),
				groups[i], a->name, a->name);
		if (passwd_group_has(text, groups[i], a->name))
			strv_add(ret, groups[i]);
	}
	return 0;
}

static void add_step(struct plan *p, const char *user, const char *group)
{
	const struct step_account_spec spec = {
		.user = user, .group = group, .leave = true, .password = PASSWORD_KEEP
	};
	CLEANUP_FREE char *title =
		xasprintf(_("take the user %s out of the group %s"), user, group);

	step_words(plan_add(p, &step_account, PHASE_ADD, "admin.revoke", step_account_args(&spec)),
		   title, _("you asked for it"), _("the membership comes back"));
}

int controls_revoke(const struct control_in *in, const char *user, struct plan *ret, struct err *e)
{
	const struct account *a = facts_account(in->facts, user);
	CLEANUP_PLAN struct plan p = { 0 };
	CLEANUP_STRV struct strv groups = { 0 };

	if (!a || a->uid == 0)
		return err_set(e, ERR_USAGE,
			       a ? _("%s is root itself; to keep root out: [ssh] root-login = no")
				 : _("there is no user %s"),
			       user);
	if (in->policy->admin_user && str_eq(in->policy->admin_user, user))
		return err_set(e, ERR_CONFLICT,
			       _("%s is the admin of the policy, and the next apply would give it "
				 "back; first name another one: [admin] user"),
			       user);
	if (groups_of(in, a, &groups, e) < 0 || leftovers(in, user, &p.warnings, e) < 0 ||
	    logins(in, a, &p.warnings, e) < 0)
		return -1;
	if (groups.count > 0 && somebody_is_left(in, user, e) < 0)
		return -1;
	for (size_t i = 0; i < groups.count; i++)
		add_step(&p, user, groups.item[i]);
	p.policy_text = xstrdup("");
	*ret = p;
	p = (struct plan){ 0 };
	return 0;
}
