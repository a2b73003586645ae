// SPDX-License-Identifier: MIT
/* accounts.c - see accounts.h; passwd(5), shadow(5), group(5), shells(5), sudo(8) -l. */
#include "core/accounts.h"

#include <stdio.h>
#include <string.h>

#include "base/i18n.h"
#include "core/passwd.h"
#include "core/sudo.h"

#define DAY_NS 86400000000000LL

struct databases {
	char *passwd, *shadow, *group, *shells;
	bool all; /* wanted of everybody, not only of who may matter for a plan */
};

static void databases_done(struct databases *d)
{
	free(d->passwd);
	free(d->shadow);
	free(d->group);
	free(d->shells);
}

void account_done(struct account *a)
{
	for (size_t i = 0; i < a->key_count; i++) {
		pubkey_done(&a->key[i].key);
		free(a->key[i].options);
		free(a->key[i].file);
	}
	free(a->key);
	free(a->name);
	free(a->home);
	free(a->shell);
	*a = (struct account){ 0 };
}

/* shadow(5): 0 name, 1 password, 2 day of last change, 4 maximum age, 7 day of expiry. */
static bool field_number(const char *shadow, const char *name, unsigned field, uint64_t *ret)
{
	CLEANUP_FREE char *text = passwd_field(shadow, name, field);

	return text && str_to_u64(text, 0, UINT32_MAX, ret) == 0;
}

static enum password_state password_of(const char *hash)
{
	if (!hash)
		return PASSWORD_UNKNOWN;
	if (hash[0] == '\0')
		return PASSWORD_EMPTY;
	if (hash[0] == '!')
		return hash[1] == '\0' || str_eq(hash, "!!") || str_eq(hash, "!*")
			       ? PASSWORD_NONE_SET
			       : PASSWORD_LOCKED;
	return hash[0] == '$' || strlen(hash) >= 13 ? PASSWORD_SET : PASSWORD_NONE_SET;
}

static void read_shadow(const struct databases *d, uint64_t today, struct account *a)
{
	CLEANUP_FREE char *hash = d->shadow ? passwd_field(d->shadow, a->name, 1) : NULL;
	uint64_t changed, maximum, expires;

	a->password = password_of(hash);
	if (!d->shadow)
		return;
	if (field_number(d->shadow, a->name, 2, &changed)) {
		a->must_change = changed == 0;
		a->password_expired = changed > 0 &&
				      field_number(d->shadow, a->name, 4, &maximum) &&
				      changed + maximum < today;
	}
	a->account_expired = field_number(d->shadow, a->name, 7, &expires) && expires <= today;
}

/* A shell that is listed in /etc/shells (every common one is); nologin and false never are doors. */
static bool is_login_shell(const struct databases *d, const char *shell)
{
	CLEANUP_FREE char *copy = xstrdup(d->shells ? d->shells : "/bin/sh\n/bin/bash\n");
	char *rest = copy, *line;

	if (str_ends(shell, "/nologin") || str_ends(shell, "/false"))
		return false;
	if (shell[0] == '\0')
		return true; /* passwd(5): then it is /bin/sh */
	while ((line = str_line(&rest)))
		if (str_eq(str_trim(line), shell))
			return true;
	return false;
}

static bool in_group(const struct databases *d, const struct account *a, const char *group)
{
	CLEANUP_FREE char *gid = d->group ? passwd_field(d->group, group, 2) : NULL;
	uint64_t n;

	if (gid && str_to_u64(gid, 0, UINT32_MAX, &n) == 0 && n == a->gid)
		return true;
	return d->group && passwd_group_has(d->group, group, a->name);
}

static int ask_sudo(struct os *os, struct account *a, struct err *e)
{
	struct sudo_rights rights;

	if (sudo_ask(os, a->name, &rights, e) < 0)
		return -1;
	a->sudo_any = rights.all;
	a->sudo_nopasswd = rights.nopasswd;
	return 0;
}

static char *expand(const char *pattern, const struct account *a)
{
	CLEANUP_STR struct str s = { 0 };

	if (pattern[0] != '/' && pattern[0] != '%')
		str_addf(&s, "%s/", a->home);
	for (const char *p = pattern; *p; p++) {
		if (*p != '%' || !p[1]) {
			str_add_bytes(&s, p, 1);
			continue;
		}
		p++;
		str_add(&s, *p == 'u' ? a->name : *p == 'h' ? a->home : *p == '%' ? "%" : "");
	}
	return str_take(&s);
}

static int read_keys_file(struct os *os, const char *path, struct account *a, struct err *e)
{
	CLEANUP_FREE char *text = NULL;
	char *rest, *line;
	unsigned number = 0;
	int r = os_read(os, path, &text, e);

	if (r != 0)
		return r < 0 ? r : 0;
	rest = text;
	while ((line = str_line(&rest))) {
		struct account_key k = { .line = ++number };
		struct err unreadable = { 0 };

		if (pubkey_parse_line(line, &k.key, &k.options, &unreadable) != 0)
			continue;
		k.file = xstrdup(path);
		a->key = xrealloc(a->key, a->key_count + 1, sizeof(k));
		a->key[a->key_count++] = k;
	}
	return 0;
}

/* The answer for that user, or for another where nobody asked for that one. */
static const struct sshd_view *view_of_user(const struct sshd *s, const char *user)
{
	for (size_t i = 0; i < s->view_count; i++)
		if (str_eq(s->view[i].user, user))
			return &s->view[i];
	return s->view_count ? &s->view[0] : NULL;
}

static int read_keys(struct os *os, const struct facts *f, struct account *a, struct err *e)
{
	const struct sshd_view *v = view_of_user(&f->sshd, a->name);
	CLEANUP_STRV struct strv patterns = { 0 };

	strv_split(&patterns, v ? sshd_value(v, "authorizedkeysfile") : ".ssh/authorized_keys",
		   " \n");
	for (size_t i = 0; i < patterns.count; i++) {
		CLEANUP_FREE char *path = expand(patterns.item[i], a);

		if (!str_eq(patterns.item[i], "none") && read_keys_file(os, path, a, e) < 0)
			return -1;
	}
	return 0;
}

/* Anybody may have a line of sudoers (trap 22); who is in no group of it is asked about only where all
 * is wanted. */
static bool sudo_matters(const struct databases *d, const struct facts *f, const struct account *a)
{
	return f->as_root && a->uid != 0 && (a->in_admin_group || d->all);
}

static int read_account(struct os *os, const struct databases *d, struct facts *f,
			struct account *a, struct err *e)
{
	const char *group = f->distribution ? f->distribution->admin_group : "sudo";
	uint64_t today = (uint64_t)(os_now(os, OS_REALTIME) / DAY_NS);

	a->can_login = is_login_shell(d, a->shell);
	read_shadow(d, today, a);
	a->in_admin_group =
		in_group(d, a, group) || in_group(d, a, "wheel") || in_group(d, a, "sudo");
	if (sudo_matters(d, f, a) && ask_sudo(os, a, e) < 0)
		return -1;
	if (!f->as_root)
		return 0;
	return read_keys(os, f, a, e);
}

/* One line of /etc/passwd: name:x:uid:gid:gecos:home:shell. False: not one. */
static bool parse_line(const char *line, struct account *ret)
{
	const char *p = line;
	CLEANUP_STRV struct strv w = { 0 };
	uint64_t uid, gid;

	for (;;) {
		size_t n = strcspn(p, ":");

		strv_take(&w, xstrndup(p, n));
		if (p[n] == '\0')
			break;
		p += n + 1;
	}
	if (w.count != 7 || str_to_u64(w.item[2], 0, UINT32_MAX, &uid) < 0 ||
	    str_to_u64(w.item[3], 0, UINT32_MAX, &gid) < 0)
		return false;
	*ret = (struct account){ .name = xstrdup(w.item[0]),
				 .uid = (uid_t)uid,
				 .gid = (gid_t)gid,
				 .home = xstrdup(w.item[5]),
				 .shell = xstrdup(w.item[6]) };
	return true;
}

static int read_databases(struct os *os, struct facts *f, struct databases *d, struct err *e)
{
	if (os_read(os, "/etc/passwd", &d->passwd, e) < 0 ||
	    os_read(os, "/etc/group", &d->group, e) < 0 ||
	    os_read(os, "/etc/shells", &d->shells, e) < 0)
		return -1;
	if (!f->as_root) {
		strv_add(&f->not_measured,
			 _("passwords, keys and sudo of the accounts: only root may look"));
		return 0;
	}
	return os_read(os, "/etc/shadow", &d->shadow, e) < 0 ? -1 : 0;
}

int accounts_gather(struct os *os, const struct facts_query *q, struct facts *f, struct err *e)
{
	CLEANUP(databases_done) struct databases d = { .all = !q->brief };
	CLEANUP_FREE char *copy = NULL;
	char *rest, *line;

	if (read_databases(os, f, &d, e) < 0)
		return err_ctx(e, _("accounts"));
	copy = xstrdup(d.passwd ? d.passwd : "");
	rest = copy;
	while ((line = str_line(&rest))) {
		struct account a = { 0 };
		int r;

		if (!parse_line(line, &a))
			continue;
		if (a.uid != 0 && !is_login_shell(&d, a.shell) && !str_eq(a.name, q->admin)) {
			account_done(&a);
			continue;
		}
		r = read_account(os, &d, f, &a, e);
		f->account = xrealloc(f->account, f->account_count + 1, sizeof(a));
		f->account[f->account_count++] = a;
		if (r < 0)
			return err_ctx(e, _("account %s"), a.name);
	}
	return 0;
}

int accounts_names(struct os *os, struct strv *ret, struct err *e)
{
	CLEANUP(databases_done) struct databases d = { 0 };
	char *rest, *line;

	if (os_read(os, "/etc/passwd", &d.passwd, e) < 0 ||
	    os_read(os, "/etc/shells", &d.shells, e) < 0)
		return -1;
	rest = d.passwd;
	while (rest && ret->count < ACCOUNTS_MAX && (line = str_line(&rest))) {
		struct account a = { 0 };

		if (parse_line(line, &a) && !str_eq(a.name, "root") && is_login_shell(&d, a.shell))
			strv_add(ret, a.name);
		account_done(&a);
	}
	return 0;
}
