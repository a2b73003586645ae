// SPDX-License-Identifier: MIT
/* ssh.c - the doors of sshd: on which port, and who gets in by what. */
#include <string.h>

#include "base/i18n.h"
#include "controls/control.h"
#include "controls/ssh_files.h"
#include "controls/ssh_socket.h"

unsigned ssh_port_wanted(const struct control_in *in)
{
	if (in->policy->ssh_port)
		return in->policy->ssh_port;
	return in->facts->sshd.port_count > 0 ? in->facts->sshd.port[0] : 22;
}

/* The effective value that decides for a role now, asked on the first port it listens on. */
static const struct sshd_setting *now(const struct control_in *in, const char *who,
				      const char *keyword)
{
	const struct sshd_view *v = sshd_view_of(&in->facts->sshd, who, 0);

	return v ? sshd_setting(v, keyword) : NULL;
}

static void evidence(struct finding *ret, const struct sshd_setting *s, const char *keyword,
		     bool good)
{
	if (!s)
		finding_set(ret, VERDICT_NOT_MEASURED, "%s", keyword);
	else if (s->file)
		finding_set(ret, good ? VERDICT_PASS : VERDICT_FAIL, "%s %s (%s:%u)", s->keyword,
			    s->value, s->file, s->line);
	else
		finding_set(ret, good ? VERDICT_PASS : VERDICT_FAIL, "%s %s (%s)", s->keyword,
			    s->value, _("default"));
}

static bool means(const char *value, const char *want)
{
	/* Two spellings of one value: sshd -T of OpenSSH before 9.? prints the old one. */
	if (str_eq(want, "prohibit-password"))
		return str_eq(value, "prohibit-password") || str_eq(value, "without-password");
	return str_eq(value, want);
}

static int probe_value(const struct control_in *in, const char *who, const char *keyword,
		       const char *want, struct finding *ret)
{
	const struct sshd_setting *s = now(in, who, keyword);

	evidence(ret, s, keyword, s && means(s->value, want));
	return 0;
}

/* The values of all wants go into the file together: one that passes today by an image's drop-in
 * must not hang on that drop-in tomorrow - but what passes is no reason to change anything. */
static void want(const struct control_in *in, struct draft *d, const struct ssh_want *w,
		 const struct finding *found)
{
	CLEANUP_FREE char *lower = str_lower(xstrdup(w->keyword));
	const struct sshd_setting *s;

	s = now(in, w->who, lower);
	d->ssh[d->ssh_count] = *w;
	d->ssh[d->ssh_count].before = s ? s->value : "";
	d->ssh_count++;
	d->ssh_changes = d->ssh_changes || found->verdict == VERDICT_FAIL;
}

static int port_probe(const struct control_in *in, const struct control *self, struct finding *ret,
		      struct err *e)
{
	CLEANUP_STR struct str s = { 0 };
	unsigned port = ssh_port_wanted(in);
	const struct sshd *d = &in->facts->sshd;
	bool good = d->port_count == 1 && d->port[0] == port;

	(void)e;
	for (size_t i = 0; i < d->port_count; i++)
		str_addf(&s, "%s%u", i ? ", " : "", d->port[i]);
	finding_set(ret, good || !in->policy->ssh_port ? VERDICT_PASS : VERDICT_FAIL,
		    _("sshd listens on %s"), s.text ? s.text : _("no port"));
	return 0;
}

static int port_is_free(const struct control_in *in, unsigned port, struct err *e)
{
	for (size_t i = 0; i < in->facts->socket_count; i++) {
		const struct socket_info *s = &in->facts->socket[i];

		if (s->kind != SOCKET_TCP_LISTEN || s->local_port != port ||
		    addr_is_loopback(&s->local) || str_starts(s->comm, "sshd") ||
		    str_eq(s->comm, "systemd"))
			continue;
		return err_set(
			e, ERR_USAGE,
			_("[ssh] port = %u: %s (process %d) listens there; take a free port"), port,
			s->comm[0] ? s->comm : _("a program"), (int)s->pid);
	}
	return 0;
}

/* What is led elsewhere by DNAT never comes to a program of this host. */
static int port_comes_here(const struct control_in *in, unsigned port, struct err *e)
{
	const struct foreign_ports *p = &in->facts->published;

	for (size_t i = 0; i < p->count; i++)
		if (p->item[i].range.transport == TRANSPORT_TCP && p->item[i].range.from <= port &&
		    port <= p->item[i].range.to)
			return err_set(e, ERR_USAGE,
				       _("[ssh] port = %u: %s leads it elsewhere (a container?); "
					 "take a free port"),
				       port, p->item[i].by);
	return 0;
}

static int port_propose(const struct control_in *in, const struct finding *found, struct draft *d,
			struct err *e)
{
	const struct sshd *s = &in->facts->sshd;
	struct sshd_place *place;
	size_t count;

	d->port = ssh_port_wanted(in);
	d->port_changes = found->verdict == VERDICT_FAIL;
	for (size_t i = 0; i < s->port_count && d->old_port_count < SSH_PORT_MAX; i++)
		d->old_port[d->old_port_count++] = s->port[i];
	if (!d->port_changes)
		return 0;
	if (ssh_socket_check(in, e) < 0)
		return -1;
	count = sshd_places(s, "listenaddress", &place);
	for (size_t i = 0; i < count; i++) {
		err_set(e, ERR_CONFLICT,
			_("%s:%u: ListenAddress %s: with it a new Port may not be heard; remove "
			  "the line "
			  "first"),
			place[i].file, place[i].line, place[i].value);
		free(place[i].value);
	}
	free(place);
	if (count > 0 || port_comes_here(in, d->port, e) < 0)
		return -1;
	return port_is_free(in, d->port, e);
}

/* What of sshd's lists (trap 2) may keep the policy's user outside, by whatever port; NULL: nothing. No
 * file of ours has such a list, so what is so now stays so. */
static const struct sshd_setting *list_against(const struct control_in *in)
{
	static const char *const lists[] = { "allowusers", "denyusers", "allowgroups",
					     "denygroups" };
	const char *user = door_user(in->policy);

	for (size_t i = 0; i < in->facts->sshd.view_count; i++) {
		const struct sshd_view *v = &in->facts->sshd.view[i];

		for (size_t k = 0; str_eq(v->user, user) && k < COUNT(lists); k++) {
			const struct sshd_setting *s = sshd_setting(v, lists[k]);
			CLEANUP_STRV struct strv names = { 0 };

			if (!s || s->value[0] == '\0')
				continue;
			strv_split(&names, s->value, " \n");
			if (k > 0 || !strv_has(&names, user))
				return s;
		}
	}
	return NULL;
}

static int lists_probe(const struct control_in *in, const struct control *self, struct finding *ret,
		       struct err *e)
{
	const struct sshd_setting *s = list_against(in);

	(void)self;
	(void)e;
	if (s)
		evidence(ret, s, s->keyword, false);
	else
		finding_set(ret, VERDICT_PASS, "%s", _("none keeps the policy's user outside"));
	return 0;
}

static int lists_propose(const struct control_in *in, const struct finding *found, struct draft *d,
			 struct err *e)
{
	const struct sshd_setting *s = list_against(in);
	const char *user = door_user(in->policy);

	(void)found;
	(void)d;
	if (!s)
		return 0;
	return err_set(e, ERR_CONFLICT,
		       _("%s:%u: %s %s: this may keep %s outside; name %s there, or remove the "
			 "line, first"),
		       s->file ? s->file : SSH_MAIN, s->line, s->keyword, s->value, user, user);
}

/* Whose door it is: without an admin user it is root's. */
static const char *door_role(const struct control_in *in)
{
	return in->policy->admin_user ? "admin" : "root";
}

static int public_key_probe(const struct control_in *in, const struct control *self,
			    struct finding *ret, struct err *e)
{
	(void)e;
	return probe_value(in, door_role(in), "pubkeyauthentication", "yes", ret);
}

static int public_key_propose(const struct control_in *in, const struct finding *found,
			      struct draft *d, struct err *e)
{
	(void)e;
	want(in, d,
	     &(struct ssh_want){ .keyword = "PubkeyAuthentication",
				 .after = "yes",
				 .control = "ssh.public-key",
				 .who = door_role(in) },
	     found);
	return 0;
}

static const char *password_wanted(const struct control_in *in)
{
	return in->policy->password_login ? "yes" : "no";
}

static int password_probe(const struct control_in *in, const struct control *self,
			  struct finding *ret, struct err *e)
{
	(void)e;
	return probe_value(in, "stranger", "passwordauthentication", password_wanted(in), ret);
}

static int password_propose(const struct control_in *in, const struct finding *found,
			    struct draft *d, struct err *e)
{
	(void)e;
	want(in, d,
	     &(struct ssh_want){ .keyword = "PasswordAuthentication",
				 .after = password_wanted(in),
				 .control = "ssh.password-login",
				 .who = "stranger" },
	     found);
	return 0;
}

/* With password login on, the dialog is the host's own affair. */
static int keyboard_probe(const struct control_in *in, const struct control *self,
			  struct finding *ret, struct err *e)
{
	const struct sshd_setting *s = now(in, "stranger", "kbdinteractiveauthentication");

	(void)e;
	evidence(ret, s, "kbdinteractiveauthentication",
		 in->policy->password_login || (s && str_eq(s->value, "no")));
	return 0;
}

static int keyboard_propose(const struct control_in *in, const struct finding *found,
			    struct draft *d, struct err *e)
{
	(void)e;
	if (in->policy->password_login)
		return 0;
	want(in, d,
	     &(struct ssh_want){ .keyword = "KbdInteractiveAuthentication",
				 .after = "no",
				 .control = "ssh.keyboard-interactive",
				 .who = "stranger" },
	     found);
	/* OpenSSH before 8.7 has the two apart. */
	if (now(in, "stranger", "challengeresponseauthentication"))
		want(in, d,
		     &(struct ssh_want){ .keyword = "ChallengeResponseAuthentication",
					 .after = "no",
					 .control = "ssh.keyboard-interactive",
					 .who = "stranger" },
		     found);
	return 0;
}

static const char *root_wanted(const struct control_in *in)
{
	static const char *const values[] = {
		[ROOT_LOGIN_NO] = "no",
		[ROOT_LOGIN_KEY] = "prohibit-password",
		[ROOT_LOGIN_YES] = "yes",
	};

	return values[in->policy->root_login];
}

static int root_probe(const struct control_in *in, const struct control *self, struct finding *ret,
		      struct err *e)
{
	(void)e;
	return probe_value(in, "root", "permitrootlogin", root_wanted(in), ret);
}

static int root_propose(const struct control_in *in, const struct finding *found, struct draft *d,
			struct err *e)
{
	(void)e;
	want(in, d,
	     &(struct ssh_want){ .keyword = "PermitRootLogin",
				 .after = root_wanted(in),
				 .control = "ssh.root-login",
				 .who = "root" },
	     found);
	return 0;
}

static void warn_of(const struct control_in *in, const char *keyword, const char *wanted,
		    struct plan *p)
{
	CLEANUP_FREE char *lower = str_lower(xstrdup(keyword));
	struct sshd_place *place;
	size_t count = sshd_places(&in->facts->sshd, lower, &place);

	for (size_t i = 0; i < count; i++) {
		CLEANUP_FREE char *value = str_lower(place[i].value);

		/* Ours of the waiting time goes by itself. */
		if (place[i].in_match && !means(value, wanted) &&
		    !str_eq(place[i].file, SSH_DROPIN))
			strv_addf(&p->warnings,
				  _("%s:%u: %s %s stays for those that its Match names; remove the "
				    "line if they shall be no exception"),
				  place[i].file, place[i].line, keyword, value);
	}
	free(place);
}

void ssh_warn_of_exceptions(const struct control_in *in, struct plan *p)
{
	warn_of(in, "PermitRootLogin", root_wanted(in), p);
	warn_of(in, "PubkeyAuthentication", "yes", p);
	if (in->policy->password_login)
		return;
	warn_of(in, "PasswordAuthentication", "no", p);
	warn_of(in, "KbdInteractiveAuthentication", "no", p);
	warn_of(in, "ChallengeResponseAuthentication", "no", p);
}

const struct control ssh_controls[] = {
	{
		.id = "ssh.port",
		.title = N_("sshd listens on the policy's port only"),
		.why = N_("most guessing goes to port 22"),
		.severity = SEVERITY_LOW,
		.source = "sshd_config(5), Port",
		.plan_only = true,
		.probe = port_probe,
		.propose = port_propose,
	},
	{
		.id = "ssh.lists",
		.title = N_("sshd's lists of users let the admin in"),
		.why = N_("an image's AllowUsers names the image's user only"),
		.severity = SEVERITY_HIGH,
		.source = "sshd_config(5), AllowUsers",
		.plan_only = true,
		.probe = lists_probe,
		.propose = lists_propose,
	},
	{
		.id = "ssh.public-key",
		.title = N_("The admin may log in by public key"),
		.why = N_("it is the door that stays"),
		.severity = SEVERITY_HIGH,
		.source = "sshd_config(5), PubkeyAuthentication",
		.plan_only = true,
		.probe = public_key_probe,
		.propose = public_key_propose,
	},
	{
		.id = "ssh.password-login",
		.title = N_("Nobody logs in by password"),
		.why = N_("passwords are guessed all day on every rented server"),
		.severity = SEVERITY_CRITICAL,
		.source = "sshd_config(5), PasswordAuthentication",
		.plan_only = true,
		.probe = password_probe,
		.propose = password_propose,
	},
	{
		.id = "ssh.keyboard-interactive",
		.title = N_("Nobody logs in by a password dialog"),
		.why = N_("keyboard-interactive asks for the same password by another name"),
		.severity = SEVERITY_CRITICAL,
		.source = "sshd_config(5), KbdInteractiveAuthentication",
		.plan_only = true,
		.probe = keyboard_probe,
		.propose = keyboard_propose,
	},
	{
		.id = "ssh.root-login",
		.title = N_("Root does not log in over SSH"),
		.why = N_("guessers try root first, and root hides who did what"),
		.severity = SEVERITY_CRITICAL,
		.source = "sshd_config(5), PermitRootLogin",
		.plan_only = true,
		.probe = root_probe,
		.propose = root_propose,
	},
	{ 0 },
};
