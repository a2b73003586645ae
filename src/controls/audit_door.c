// SPDX-License-Identifier: MIT
/*
 * audit_door.c - who gets in over SSH whatever the policy says, and what the doors hang on: files,
 * host keys, exceptions. What the policy allows on purpose is waived, not passed.
 */
#include <fnmatch.h>
#include <string.h>

#include "base/i18n.h"
#include "controls/audit_files.h"
#include "controls/audit_sshd.h"
#include "controls/ssh_files.h"

/* --- who gets in ---------------------------------------------------------------------------- */

/* A list of sshd's (AllowUsers, …) names this user; a pattern with @HOST may hold for some address. */
static bool list_has(const char *list, const char *user)
{
	CLEANUP_STRV struct strv words = { 0 };

	strv_split(&words, list, " \n");
	for (size_t i = 0; i < words.count; i++) {
		char *at = strchr(words.item[i], '@');

		if (at)
			*at = '\0';
		if (fnmatch(words.item[i], user, 0) == 0)
			return true;
	}
	return false;
}

/* Certainly shut out by AllowUsers or DenyUsers; where it hangs on an address or a group: no. */
static bool is_shut_out(const struct sshd_view *v)
{
	const char *allowed = sshd_value(v, "allowusers");
	const char *denied = sshd_value(v, "denyusers");

	if (allowed[0] && !list_has(allowed, v->user))
		return true;
	return denied[0] && !strchr(denied, '@') && list_has(denied, v->user);
}

static void found_open(const struct control_in *in, const struct sshd_view *v,
		       const struct sshd_setting *s, bool allowed, struct finding *ret)
{
	CLEANUP_FREE char *from = NULL;
	char address[ADDR_TEXT];
	CLEANUP_FREE char *what = s ? sshd_setting_evidence(s) : xstrdup("");

	/* The first address of the matrix is a stranger's. */
	if (!addr_eq(&v->addr, &in->facts->sshd.view[0].addr))
		from = xasprintf(_(" from %s"), addr_text(&v->addr, address));
	finding_set(ret, allowed ? VERDICT_WAIVED : VERDICT_FAIL, _("%s%s, port %u: %s%s"),
		    str_eq(v->who, "stranger") ? _("any user") : v->user, from ? from : "", v->port,
		    what, allowed ? _("; the policy allows it") : "");
}

static bool has_door(const struct control_in *in, struct finding *ret)
{
	if (!sshd_was_asked(in, ret))
		return false;
	for (size_t i = 0; i < in->facts->socket_count; i++) {
		const struct socket_info *s = &in->facts->socket[i];

		for (size_t k = 0; k < in->facts->sshd.port_count; k++)
			if (s->kind == SOCKET_TCP_LISTEN && !addr_is_loopback(&s->local) &&
			    s->local_port == in->facts->sshd.port[k])
				return true;
	}
	finding_set(ret, VERDICT_PASS, "%s", _("sshd does not listen"));
	return false;
}

static bool method_is_dialog(const struct sshd_ways *w)
{
	return w->decides && (str_eq(w->decides->keyword, "kbdinteractiveauthentication") ||
			      str_eq(w->decides->keyword, "challengeresponseauthentication"));
}

/* The first view of root, or of anybody else, in which a password opens. */
static const struct sshd_view *view_with_password(const struct control_in *in, bool dialog,
						  bool root)
{
	for (size_t i = 0; i < in->facts->sshd.view_count; i++) {
		const struct sshd_view *v = &in->facts->sshd.view[i];
		struct sshd_ways w = sshd_ways(v);

		if (str_eq(v->user, "root") == root && w.password &&
		    method_is_dialog(&w) == dialog && !is_shut_out(v))
			return v;
	}
	return NULL;
}

/* By PasswordAuthentication, or (dialog) by keyboard-interactive alone. */
static void look_for_passwords(const struct control_in *in, bool dialog, struct finding *ret)
{
	const struct sshd_view *v = view_with_password(in, dialog, false);

	if (!v) /* what is open to all says more than what is to root */
		v = view_with_password(in, dialog, true);
	if (v)
		found_open(in, v,
			   dialog ? sshd_ways(v).decides
				  : sshd_setting(v, "passwordauthentication"),
			   in->policy->password_login, ret);
	else
		finding_set(ret, VERDICT_PASS, "%s",
			    _("not offered to any user, address and port that was asked about"));
}

static int password_probe(const struct control_in *in, const struct control *self,
			  struct finding *ret, struct err *e)
{
	(void)self;
	(void)e;
	if (has_door(in, ret))
		look_for_passwords(in, false, ret);
	return 0;
}

static int dialog_probe(const struct control_in *in, const struct control *self,
			struct finding *ret, struct err *e)
{
	(void)self;
	(void)e;
	if (has_door(in, ret))
		look_for_passwords(in, true, ret);
	return 0;
}

static bool root_is_wanted(const struct policy *p, const struct sshd_ways *w)
{
	return p->root_login == ROOT_LOGIN_YES || (p->root_login == ROOT_LOGIN_KEY && !w->password);
}

static int root_probe(const struct control_in *in, const struct control *self, struct finding *ret,
		      struct err *e)
{
	(void)self;
	(void)e;
	if (!has_door(in, ret))
		return 0;
	for (size_t i = 0; i < in->facts->sshd.view_count; i++) {
		const struct sshd_view *v = &in->facts->sshd.view[i];
		struct sshd_ways w = sshd_ways(v);

		if (!str_eq(v->user, "root") || !(w.key || w.password) || is_shut_out(v))
			continue;
		found_open(in, v, sshd_setting(v, "permitrootlogin"),
			   root_is_wanted(in->policy, &w), ret);
		return 0;
	}
	finding_set(ret, VERDICT_PASS, "%s", _("sshd lets root in by no method"));
	return 0;
}

/* A Match may let in whom no question of the matrix was about. */
static int exceptions_probe(const struct control_in *in, const struct control *self,
			    struct finding *ret, struct err *e)
{
	static const char *const keywords[] = { "passwordauthentication",
						"kbdinteractiveauthentication",
						"challengeresponseauthentication",
						"permitrootlogin" };
	CLEANUP_STRV struct strv bad = { 0 };

	(void)self;
	(void)e;
	if (!sshd_was_asked(in, ret))
		return 0;
	for (size_t k = 0; k < COUNT(keywords); k++) {
		struct sshd_place *place;
		size_t count = sshd_places(&in->facts->sshd, keywords[k], &place);

		for (size_t i = 0; i < count; i++) {
			if (place[i].in_match && !str_case_eq(place[i].value, "no") &&
			    !str_eq(place[i].file, SSH_DROPIN))
				strv_addf(&bad, "%s %s (%s:%u)", keywords[k], place[i].value,
					  place[i].file, place[i].line);
			free(place[i].value);
		}
		free(place);
	}
	finding_list(ret, &bad, _("no Match opens what is closed for all"));
	return 0;
}

/* --- what the doors hang on ------------------------------------------------------------------ */

static int valid_probe(const struct control_in *in, const struct control *self, struct finding *ret,
		       struct err *e)
{
	(void)self;
	(void)e;
	if (in->facts->sshd_refuses)
		finding_set(ret, VERDICT_FAIL, "%s", in->facts->sshd_refuses);
	else if (sshd_was_asked(in, ret))
		finding_set(ret, VERDICT_PASS, "%s", in->facts->sshd.version);
	return 0;
}

static int port_probe(const struct control_in *in, const struct control *self, struct finding *ret,
		      struct err *e)
{
	CLEANUP_STR struct str ports = { 0 };
	bool usual = false;

	(void)self;
	(void)e;
	for (size_t i = 0; i < in->facts->sshd.port_count; i++) {
		usual = usual || in->facts->sshd.port[i] == 22;
		str_addf(&ports, "%s%u", i ? ", " : "", in->facts->sshd.port[i]);
	}
	if (ports.len == 0)
		finding_set(ret, VERDICT_PASS, "%s", _("sshd does not listen"));
	else
		finding_set(ret, usual ? VERDICT_FAIL : VERDICT_PASS, _("sshd listens on %s"),
			    ports.text);
	return 0;
}

static int config_files_probe(const struct control_in *in, const struct control *self,
			      struct finding *ret, struct err *e)
{
	static const char *const folders[] = { "/etc/ssh", "/etc/ssh/sshd_config.d" };
	CLEANUP_STRV struct strv bad = { 0 };

	(void)self;
	for (size_t i = 0; i < in->facts->sshd.file_count; i++) {
		const struct sshd_file *f = &in->facts->sshd.file[i];

		if ((f->node.mode & 022) != 0 || f->node.uid != 0)
			strv_addf(&bad, _("%s: mode %04o, owner %u"), f->path,
				  (unsigned)f->node.mode, (unsigned)f->node.uid);
	}
	for (size_t i = 0; i < COUNT(folders); i++)
		if (audit_file(in->os, &(struct file_rule){ .path = folders[i], .never = 022 },
			       &bad, e) < 0)
			return -1;
	finding_list(ret, &bad, _("only root may write them"));
	return 0;
}

static void host_key_files(const struct control_in *in, struct strv *ret)
{
	const struct sshd *s = &in->facts->sshd;

	if (s->view_count > 0)
		strv_split(ret, sshd_value(&s->view[0], "hostkey"), "\n");
}

static int host_key_modes_probe(const struct control_in *in, const struct control *self,
				struct finding *ret, struct err *e)
{
	CLEANUP_STRV struct strv files = { 0 };
	CLEANUP_STRV struct strv bad = { 0 };

	(void)self;
	if (!sshd_was_asked(in, ret))
		return 0;
	host_key_files(in, &files);
	for (size_t i = 0; i < files.count; i++)
		/* RHEL's belong to a group of their own, by which it may read (ssh_keys). */
		if (audit_file(in->os, &(struct file_rule){ .path = files.item[i], .never = 037 },
			       &bad, e) < 0)
			return -1;
	finding_list(ret, &bad, _("only root may read them"));
	return 0;
}

static int weak_host_key(struct os *os, const char *file, struct strv *bad, struct err *e)
{
	CLEANUP_FREE char *path = xasprintf("%s.pub", file);
	CLEANUP_FREE char *text = NULL;
	struct pubkey key = { 0 };
	struct err unreadable = { 0 };
	int r = os_read(os, path, &text, e);

	if (r != 0)
		return r < 0 ? -1 : 0;
	if (pubkey_parse_line(str_trim(text), &key, NULL, &unreadable) != 0)
		return 0;
	if (str_eq(key.type, "ssh-dss") || (str_eq(key.type, "ssh-rsa") && key.bits < 2048))
		strv_addf(bad, "%s: %s, %u bits", file, key.type, key.bits);
	pubkey_done(&key);
	return 0;
}

static int host_key_strength_probe(const struct control_in *in, const struct control *self,
				   struct finding *ret, struct err *e)
{
	CLEANUP_STRV struct strv files = { 0 };
	CLEANUP_STRV struct strv bad = { 0 };

	(void)self;
	if (!sshd_was_asked(in, ret))
		return 0;
	host_key_files(in, &files);
	for (size_t i = 0; i < files.count; i++)
		if (weak_host_key(in->os, files.item[i], &bad, e) < 0)
			return -1;
	finding_list(ret, &bad, _("Ed25519, ECDSA, or RSA of 2048 bits and more"));
	return 0;
}

static int vsock_probe(const struct control_in *in, const struct control *self, struct finding *ret,
		       struct err *e)
{
	const struct unit_fact *vsock = facts_unit(in->facts, "sshd-vsock.socket");
	const struct unit_fact *local = facts_unit(in->facts, "sshd-unix-local.socket");

	(void)self;
	(void)e;
	if (!in->facts->systemd)
		finding_set(ret, VERDICT_NOT_MEASURED, "%s", _("systemd does not answer"));
	else if (vsock && str_eq(vsock->active, "active"))
		finding_set(ret, VERDICT_FAIL, "%s", "sshd-vsock.socket: active");
	else
		finding_set(ret, VERDICT_PASS, "%s",
			    local && str_eq(local->active, "active")
				    ? _("none; sshd-unix-local.socket serves this server only")
				    : _("none"));
	return 0;
}

/* AllowUsers that names nobody of here is a slip that shuts its owner out. */
static int allow_users_probe(const struct control_in *in, const struct control *self,
			     struct finding *ret, struct err *e)
{
	CLEANUP_STRV struct strv bad = { 0 };
	struct sshd_place *place;
	size_t count;

	(void)self;
	(void)e;
	if (!sshd_was_asked(in, ret))
		return 0;
	count = sshd_places(&in->facts->sshd, "allowusers", &place);
	for (size_t i = 0; i < count; i++) {
		CLEANUP_STRV struct strv names = { 0 };

		strv_split(&names, place[i].value, " \t");
		for (size_t k = 0; k < names.count; k++) {
			names.item[k][strcspn(names.item[k], "@")] = '\0';
			if (!strpbrk(names.item[k], "*?!") &&
			    !facts_account(in->facts, names.item[k]))
				strv_addf(&bad, "AllowUsers %s (%s:%u)", names.item[k],
					  place[i].file, place[i].line);
		}
		free(place[i].value);
	}
	free(place);
	finding_list(ret, &bad, _("every name in it is a user who can log in"));
	return 0;
}

const struct control audit_door_controls[] = {
	{
		.id = "door.password",
		.title = N_("No password opens SSH"),
		.why = N_("passwords are guessed all day on every rented server"),
		.severity = SEVERITY_CRITICAL,
		.fix = N_("apply turns password login off"),
		.by_apply = true,
		.source = "sshd_config(5), PasswordAuthentication",
		.probe = password_probe,
	},
	{
		.id = "door.keyboard-interactive",
		.title = N_("No password dialog opens SSH"),
		.why = N_("keyboard-interactive asks for the same password by another name"),
		.severity = SEVERITY_CRITICAL,
		.fix = N_("apply turns password login off"),
		.by_apply = true,
		.source = "sshd_config(5), KbdInteractiveAuthentication",
		.probe = dialog_probe,
	},
	{
		.id = "door.root",
		.title = N_("Root does not log in over SSH"),
		.why = N_("guessers try root first, and root hides who did what"),
		.severity = SEVERITY_CRITICAL,
		.fix = N_("apply makes an admin user and turns root login off"),
		.by_apply = true,
		.source = "sshd_config(5), PermitRootLogin",
		.probe = root_probe,
	},
	{
		.id = "door.exceptions",
		.title = N_("No Match block lets passwords or root in again"),
		.why = N_("an exception for an address or a user is easily forgotten"),
		.severity = SEVERITY_MEDIUM,
		.fix = N_("remove the line, if it shall be no exception"),
		.source = "sshd_config(5), Match",
		.probe = exceptions_probe,
	},
	{
		.id = "door.config-valid",
		.title = N_("sshd takes its configuration"),
		.why = N_("at its next restart nothing would listen, and nobody gets in"),
		.severity = SEVERITY_HIGH,
		.fix = N_("correct the named line; sshd -t tells when it is right"),
		.source = "sshd(8), -t",
		.probe = valid_probe,
	},
	{
		.id = "door.port",
		.title = N_("SSH is not on port 22"),
		.why = N_("most guessing goes to port 22"),
		.severity = SEVERITY_LOW,
		.fix = N_("apply moves it: [ssh] port"),
		.by_apply = true,
		.source = "sshd_config(5), Port",
		.probe = port_probe,
	},
	{
		.id = "door.config-files",
		.title = N_("Only root may write sshd's configuration"),
		.why = N_("who may write it may open the server"),
		.severity = SEVERITY_HIGH,
		.fix = N_("chown root:root and chmod go-w"),
		.source = "sshd_config(5), FILES",
		.probe = config_files_probe,
	},
	{
		.id = "door.host-key-files",
		.title = N_("Only root may read the host keys"),
		.why = N_("who has them can play this server to its users"),
		.severity = SEVERITY_HIGH,
		.fix = N_("chown root:root and chmod 600; better make new keys"),
		.source = "sshd(8), FILES",
		.probe = host_key_modes_probe,
	},
	{
		.id = "door.host-key-strength",
		.title = N_("No host key is weak"),
		.why = N_("a weak key can be computed, and this server be played"),
		.severity = SEVERITY_HIGH,
		.fix = N_("remove it and make a new one: ssh-keygen -A"),
		.source = "RFC 8332, NIST SP 800-57",
		.probe = host_key_strength_probe,
	},
	{
		.id = "door.vsock",
		.title = N_("No SSH door outside of the network"),
		.why = N_("the packet filter sees nothing of logins over vsock"),
		.severity = SEVERITY_LOW,
		.fix = N_("systemctl mask --now sshd-vsock.socket"),
		.source = "systemd-ssh-generator(8)",
		.probe = vsock_probe,
	},
	{
		.id = "door.allow-users",
		.title = N_("AllowUsers names users who are here"),
		.why = N_("a name that is not there shuts out whom it was meant for"),
		.severity = SEVERITY_LOW,
		.fix = N_("correct the name"),
		.source = "sshd_config(5), AllowUsers",
		.probe = allow_users_probe,
	},
	{ 0 },
};
