// SPDX-License-Identifier: MIT
/* account.c - the admin user: that it exists, can become root, and holds its keys. */
#include "steps/account.h"

#include <string.h>

#include "base/i18n.h"
#include "controls/control.h"
#include "steps/file.h"

static const struct account *admin(const struct control_in *in)
{
	return in->policy->admin_user ? facts_account(in->facts, in->policy->admin_user) : NULL;
}

static const char *group_of(const struct control_in *in)
{
	return in->facts->distribution ? in->facts->distribution->admin_group : "sudo";
}

static int admin_probe(const struct control_in *in, const struct control *self, struct finding *ret,
		       struct err *e)
{
	const struct account *a = admin(in);

	(void)e;
	if (!in->policy->admin_user)
		finding_set(ret, VERDICT_PASS, "%s", _("the policy asks for no admin user"));
	else if (!a)
		finding_set(ret, VERDICT_FAIL, _("there is no user %s"), in->policy->admin_user);
	else
		finding_set(ret, a->in_admin_group ? VERDICT_PASS : VERDICT_FAIL,
			    a->in_admin_group ? _("%s is in group %s") : _("%s is not in group %s"),
			    a->name, group_of(in));
	return 0;
}

/* What ends a key login in a dialog or breaks sudo (traps 10, 21) is put right by its owner, not by
 * us: the account is somebody's. */
static int check_existing(const struct control_in *in, const struct account *a, struct err *e)
{
	const char *n = a->name;

	if (!a->can_login)
		return err_set(e, ERR_CONFLICT,
			       _("user %s has the shell %s and cannot log in; change it first: "
				 "usermod -s /bin/bash %s"),
			       n, a->shell, n);
	if (a->account_expired)
		return err_set(e, ERR_CONFLICT,
			       _("the account of user %s has expired; first: chage -E -1 %s"), n,
			       n);
	if (a->must_change || a->password_expired)
		return err_set(e, ERR_CONFLICT,
			       _("user %s must change the password at the next login, which breaks "
				 "sudo; first log in as %s and change it, or: passwd %s"),
			       n, n, n);
	if (a->password == PASSWORD_LOCKED)
		return err_set(e, ERR_CONFLICT,
			       _("the password of user %s is locked; first: passwd %s"), n, n);
	if (in->policy->admin_sudo == SUDO_PASSWORD && a->password != PASSWORD_SET)
		return err_set(
			e, ERR_CONFLICT,
			_("user %s has no password and could never use sudo; first: passwd %s "
			  "(or set [admin] sudo = nopasswd)"),
			n, n);
	if (in->policy->admin_sudo == SUDO_PASSWORD && a->in_admin_group && !a->sudo_any)
		return err_set(e, ERR_CONFLICT,
			       _("sudo lets user %s do nothing, though the group is %s; put the "
				 "group's line back first: visudo"),
			       n, group_of(in));
	return 0;
}

static int admin_propose(const struct control_in *in, const struct finding *found, struct draft *d,
			 struct err *e)
{
	const struct account *a = admin(in);

	if (!in->policy->admin_user)
		return 0;
	/* Without root the password state cannot be asked: plan still shows what it can. */
	if (a && in->facts->as_root && check_existing(in, a, e) < 0)
		return -1;
	d->create_admin = !a;
	d->join_group = found->verdict == VERDICT_FAIL;
	d->set_password = !a && in->policy->admin_sudo == SUDO_PASSWORD;
	if (!d->join_group)
		return 0;

	const struct step_account_spec spec = {
		.user = in->policy->admin_user,
		.create = !a,
		.group = group_of(in),
		.password = a		      ? PASSWORD_KEEP
			    : d->set_password ? PASSWORD_SECRET
					      : PASSWORD_NONE,
	};
	CLEANUP_FREE char *title = xasprintf(a ? _("put the user %s in the group %s")
					       : _("make the user %s, in the group %s"),
					     spec.user, spec.group);

	step_words(plan_add(d->plan, &step_account, PHASE_ADD, "account.admin",
			    step_account_args(&spec)),
		   title, _("who does what stays visible, and root need not log in"),
		   a ? _("the membership goes")
		     : _("the user goes; no file of a person is deleted"));
	return 0;
}

static char *sudoers_path(const struct policy *p)
{
	return xasprintf("/etc/sudoers.d/kannuki-%s", p->admin_user);
}

static char *sudoers_text(const struct policy *p)
{
	return xasprintf("# Written by kannuki: [admin] sudo = nopasswd\n"
			 "%s ALL=(ALL:ALL) NOPASSWD: ALL\n",
			 p->admin_user);
}

static bool nopasswd_wanted(const struct control_in *in)
{
	return in->policy->admin_user && in->policy->admin_sudo == SUDO_NOPASSWD;
}

static int sudo_probe(const struct control_in *in, const struct control *self, struct finding *ret,
		      struct err *e)
{
	CLEANUP_FREE char *path = NULL;
	CLEANUP_FREE char *want = NULL;
	CLEANUP_FREE char *now = NULL;
	const struct account *a = admin(in);

	if (!in->policy->admin_user) {
		finding_set(ret, VERDICT_PASS, "%s", _("the policy asks for no admin user"));
		return 0;
	}
	if (a && a->sudo_nopasswd) {
		finding_set(ret, nopasswd_wanted(in) ? VERDICT_PASS : VERDICT_FAIL,
			    _("%s becomes root without a password"), a->name);
		return 0;
	}
	path = sudoers_path(in->policy);
	want = sudoers_text(in->policy);
	if (os_read(in->os, path, &now, e) < 0)
		return -1;
	finding_set(ret, !nopasswd_wanted(in) || str_eq(now, want) ? VERDICT_PASS : VERDICT_FAIL,
		    "%s", nopasswd_wanted(in) ? path : _("sudo asks for the password"));
	return 0;
}

static int sudo_propose(const struct control_in *in, const struct finding *found, struct draft *d,
			struct err *e)
{
	CLEANUP_FREE char *path = NULL;
	CLEANUP_FREE char *text = NULL;

	(void)e;
	if (found->verdict != VERDICT_FAIL)
		return 0;
	if (!nopasswd_wanted(in)) {
		strv_addf(&d->plan->warnings,
			  _("%s; the policy asks for a password. The line with NOPASSWD in "
			    "/etc/sudoers.d is not Kannuki's and stays; remove it by hand if "
			    "nobody needs it"),
			  found->evidence);
		return 0;
	}
	path = sudoers_path(in->policy);
	text = sudoers_text(in->policy);

	const struct change change = {
		.path = path, .type = NODE_FILE, .text = text, .mode = 0440
	};
	CLEANUP_FREE char *title =
		xasprintf(_("let %s become root without a password"), in->policy->admin_user);

	step_words(plan_add(d->plan, &step_file, PHASE_ADD, "account.sudo",
			    step_file_args(&change, 1, "visudo")),
		   title, _("the policy says sudo = nopasswd"), _("the file goes"));
	return 0;
}

/* Where sshd looks for this user's keys (trap 8): the first pattern of AuthorizedKeysFile. */
static char *keys_path(const struct control_in *in, const char *user, const char *home)
{
	const struct sshd_view *v = sshd_view_of(&in->facts->sshd, "admin", 0);
	CLEANUP_STRV struct strv patterns = { 0 };
	CLEANUP_STR struct str s = { 0 };
	const char *p = ".ssh/authorized_keys";

	if (v)
		strv_split(&patterns, sshd_value(v, "authorizedkeysfile"), " ");
	if (patterns.count > 0 && !str_eq(patterns.item[0], "none"))
		p = patterns.item[0];
	if (p[0] != '/' && !str_starts(p, "%h"))
		str_addf(&s, "%s/", home);
	for (; *p; p++) {
		if (*p != '%' || !p[1]) {
			str_add_bytes(&s, p, 1);
			continue;
		}
		p++;
		str_add(&s, *p == 'u' ? user : *p == 'h' ? home : *p == '%' ? "%" : "");
	}
	return str_take(&s);
}

static char *admin_home(const struct control_in *in)
{
	const struct account *a = admin(in);

	return a ? xstrdup(a->home) : xasprintf("/home/%s", in->policy->admin_user);
}

/* The first line that names a key decides: with its options, such as a forced command, the key is
 * not one to get in by. NULL: no line names it. */
static const struct account_key *line_of(const struct account *a, const struct pubkey *k)
{
	for (size_t i = 0; a && i < a->key_count; i++)
		if (pubkey_same(&a->key[i].key, k))
			return &a->key[i];
	return NULL;
}

static bool has_key(const struct account *a, const struct pubkey *k)
{
	const struct account_key *line = line_of(a, k);

	return line && line->options[0] == '\0';
}

/* Where the admin's keys are: the file, its folder, and the home when the folder is in it. */
struct keys_place {
	char *file, *dir, *home;
};

static void keys_place_done(struct keys_place *p)
{
	free(p->file);
	free(p->dir);
	free(p->home);
}

static struct keys_place place_of_keys(const struct control_in *in)
{
	struct keys_place p = { .home = admin_home(in) };

	p.file = keys_path(in, in->policy->admin_user, p.home);
	p.dir = xstrndup(p.file, (size_t)(strrchr(p.file, '/') - p.file));
	/* A folder that many share (/etc/ssh/keys) is not the user's. */
	if (!str_starts(p.dir, p.home)) {
		free(p.home);
		p.home = NULL;
	}
	return p;
}

/* StrictModes (trap 8): what others than root and the user could change sshd does not obey. 1: so. */
static int is_loose(const struct control_in *in, const char *path, mode_t *ret_mode, struct err *e)
{
	CLEANUP_NODE struct node n = { 0 };

	if (os_get(in->os, path, &n, e) < 0)
		return -1;
	*ret_mode = n.mode & 07755;
	return (n.type == NODE_FILE || n.type == NODE_DIR) &&
	       ((n.mode & 022) || (n.uid != 0 && n.uid != admin(in)->uid));
}

/* The outermost of the places of the keys that others could change, in *ret; NULL: none. Only root
 * can look. */
static int loose_place(const struct control_in *in, char **ret, struct err *e)
{
	CLEANUP(keys_place_done) struct keys_place p = { 0 };
	mode_t mode;
	int r = 0;

	*ret = NULL;
	if (!admin(in) || !in->facts->as_root)
		return 0;
	p = place_of_keys(in);
	for (size_t i = 0; r == 0 && i < 3; i++) {
		const char *path = i == 0 ? p.home : i == 1 ? p.dir : p.file;

		r = path && (p.home || i == 2) ? is_loose(in, path, &mode, e) : 0;
		if (r > 0)
			*ret = xstrdup(path);
	}
	return r < 0 ? -1 : 0;
}

static int key_probe(const struct control_in *in, const struct control *self, struct finding *ret,
		     struct err *e)
{
	const struct account *a = admin(in);
	CLEANUP_FREE char *loose = NULL;
	size_t missing = 0;

	for (size_t i = 0; i < in->policy->admin_key_count; i++)
		missing += !has_key(a, &in->policy->admin_key[i]);
	if (in->policy->admin_key_count > 0 && loose_place(in, &loose, e) < 0)
		return -1;
	if (missing == 0 && loose)
		finding_set(ret, VERDICT_FAIL,
			    _("%s may be changed by others, so sshd does not obey it"), loose);
	else
		finding_set(ret, missing ? VERDICT_FAIL : VERDICT_PASS,
			    _("%zu of %zu keys are missing"), missing, in->policy->admin_key_count);
	return 0;
}

/* What is there stays, byte for byte; ours go behind it, but for those that a line with options names:
 * in front of it they decide. */
static int keys_text(const struct control_in *in, const char *path, struct node *ret_now,
		     char **ret, struct err *e)
{
	CLEANUP_STR struct str front = { 0 };
	CLEANUP_STR struct str behind = { 0 };

	if (os_get(in->os, path, ret_now, e) < 0)
		return -1;
	if (ret_now->type != NODE_FILE && ret_now->type != NODE_ABSENT)
		return err_set(e, ERR_CONFLICT, _("%s is not a regular file"), path);
	for (size_t i = 0; i < in->policy->admin_key_count; i++) {
		const struct pubkey *k = &in->policy->admin_key[i];
		CLEANUP_FREE char *line = pubkey_line(k);

		if (!has_key(admin(in), k))
			str_addf(line_of(admin(in), k) ? &front : &behind, "%s\n", line);
	}
	if (ret_now->type == NODE_FILE)
		str_add_bytes(&front, ret_now->data, ret_now->len);
	if (front.len > 0 && front.text[front.len - 1] != '\n' && behind.len > 0)
		str_add(&front, "\n");
	str_add(&front, behind.text ? behind.text : "");
	*ret = str_take(&front);
	return 0;
}

static int key_propose(const struct control_in *in, const struct finding *found, struct draft *d,
		       struct err *e)
{
	const char *user = in->policy->admin_user;
	CLEANUP(keys_place_done) struct keys_place p = { 0 };
	CLEANUP_FREE char *text = NULL;
	CLEANUP_FREE char *title = NULL;
	CLEANUP_FREE char *loose = NULL;
	CLEANUP_NODE struct node now = { 0 };
	struct change change[3];
	mode_t home_mode = 0;
	size_t n = 0;
	int home;

	if (!user || found->verdict != VERDICT_FAIL)
		return 0;
	p = place_of_keys(in);
	if (keys_text(in, p.file, &now, &text, e) < 0 || loose_place(in, &loose, e) < 0)
		return -1;
	home = p.home && loose ? is_loose(in, p.home, &home_mode, e) : 0;
	if (home < 0)
		return -1;
	if (home > 0)
		change[n++] = (struct change){
			.path = p.home, .type = NODE_DIR, .mode = home_mode, .owner = user
		};
	if (p.home)
		change[n++] = (struct change){
			.path = p.dir, .type = NODE_DIR, .mode = 0700, .owner = user
		};
	change[n++] = (struct change){
		.path = p.file,
		.type = NODE_FILE,
		.text = text,
		.mode = 0600,
		.owner = user,
		.expect = &now,
	};
	title = xasprintf(_("store %s's public keys: %s"), user, p.file);
	step_words(plan_add(d->plan, &step_file, PHASE_ADD, "account.key",
			    step_file_args(change, n, NULL)),
		   title, loose ? found->evidence : _("a key cannot be guessed, a password can"),
		   _("the former file comes back"));
	return 0;
}

const struct control account_controls[] = {
	{
		.id = "account.admin",
		.title = N_("An admin user exists and may use sudo"),
		.why = N_("who does what stays visible, and root need not log in"),
		.severity = SEVERITY_MEDIUM,
		.source = "sudo(8)",
		.plan_only = true,
		.probe = admin_probe,
		.propose = admin_propose,
	},
	{
		.id = "account.sudo",
		.title = N_("sudo asks as the policy says"),
		.why = N_("a stolen session should not be root at once"),
		.severity = SEVERITY_MEDIUM,
		.source = "sudoers(5)",
		.plan_only = true,
		.probe = sudo_probe,
		.propose = sudo_propose,
	},
	{
		.id = "account.key",
		.title = N_("The admin's public keys are in place"),
		.why = N_("a key cannot be guessed, a password can"),
		.severity = SEVERITY_MEDIUM,
		.source = "sshd(8), AUTHORIZED_KEYS FILE FORMAT",
		.plan_only = true,
		.probe = key_probe,
		.propose = key_propose,
	},
	{ 0 },
};
