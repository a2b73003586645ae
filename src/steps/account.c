// SPDX-License-Identifier: MIT
/* account.c - see account.h. */
#include "steps/account.h"

#include <string.h>

#include "base/i18n.h"
#include "base/mem.h"
#include "core/passwd.h"
#include "core/selinux.h"
#include "core/sudo.h"
#include "steps/account_undo.h"
#include "steps/home.h"

#define LOCK_TRIES 10 /* a second apart: another program is writing the accounts */

static const char *const password_names[] = {
	[PASSWORD_KEEP] = "keep",
	[PASSWORD_NONE] = "none",
	[PASSWORD_SECRET] = "secret",
};

json_t *step_account_args(const struct step_account_spec *spec)
{
	json_t *args =
		json_pack("{s:s, s:b, s:s?, s:s}", "user", spec->user, "create", spec->create,
			  "group", spec->group, "password", password_names[spec->password]);

	if (spec->leave)
		json_object_set_new(args, "leave", json_true());
	return args;
}

static int spec_of(const struct step *s, struct step_account_spec *ret, struct err *e)
{
	struct step_account_spec spec = { 0 };
	const char *password;
	int create;

	if (json_unpack(s->args, "{s:s, s:b, s:s}", "user", &spec.user, "create", &create,
			"password", &password) < 0)
		return err_set(e, ERR_FAILED, _("the step is not complete"));
	spec.group = json_string_value(json_object_get(s->args, "group"));
	spec.create = create;
	spec.leave = json_is_true(json_object_get(s->args, "leave"));
	for (size_t i = 0; i < COUNT(password_names); i++) {
		if (strcmp(password_names[i], password) != 0)
			continue;
		spec.password = (enum account_password)i;
		*ret = spec;
		return 0;
	}
	return err_set(e, ERR_FAILED, _("unknown password \"%s\""), password);
}

/* --- capture ----------------------------------------------------------------------------- */

/* Where useradd puts homes: HOME= of /etc/default/useradd. */
static int home_of_new(const struct step_ctx *c, const char *user, char **ret, struct err *e)
{
	CLEANUP_FREE char *text = NULL;
	CLEANUP_FREE char *base = xstrdup("/home");
	char *rest, *line;

	if (os_read(c->os, "/etc/default/useradd", &text, e) < 0)
		return -1;
	rest = text;
	while (rest && (line = str_line(&rest)) != NULL) {
		line = str_trim(line);
		if (!str_starts(line, "HOME=/"))
			continue;
		free(base);
		base = xstrdup(line + strlen("HOME="));
	}
	*ret = xasprintf("%s/%s", base, user);
	return 0;
}

static int capture_home(const struct step_ctx *c, const struct step_account_spec *spec,
			struct image *ret, struct err *e)
{
	CLEANUP_FREE char *home = NULL;
	CLEANUP_FREE char *passwd = NULL;
	CLEANUP_FREE char *line = NULL;
	struct node n CLEANUP_NODE = { 0 };

	if (!spec->create)
		return 0;
	if (home_of_new(c, spec->user, &home, e) < 0 ||
	    os_read(c->os, "/etc/passwd", &passwd, e) < 0 || os_get(c->os, home, &n, e) < 0)
		return -1;
	line = passwd_field(passwd, spec->user, 0);
	if (!line && n.type != NODE_ABSENT)
		return err_set(e, ERR_CONFLICT,
			       _("%s is there already, though there is no user %s"), home,
			       spec->user);
	image_set_text(ret, "home", home);
	return 0;
}

static int capture(const struct step_ctx *c, const struct step *s, struct image *ret, struct err *e)
{
	struct step_account_spec spec;

	if (spec_of(s, &spec, e) < 0 || capture_home(c, &spec, ret, e) < 0)
		return -1;
	for (size_t i = 0; i < account_files_count; i++) {
		struct node n CLEANUP_NODE = { 0 };

		if (os_get(c->os, account_files[i], &n, e) < 0)
			return -1;
		image_add(ret, account_files[i], &n);
	}
	return 0;
}

/* --- apply ------------------------------------------------------------------------------- */

/* One of the host's account programs, once more while another one holds the databases. */
static int tool(const struct step_ctx *c, const struct run *run, struct err *e)
{
	for (unsigned try = 1;; try++) {
		struct run_result r CLEANUP_RUN = { 0 };
		const char *says;

		if (os_run(c->os, run, &r, e) < 0)
			return -1;
		if (r.status == 0 && !r.timed_out)
			return 0;
		if (r.timed_out)
			return err_set(e, ERR_FAILED, _("%s: took too long and was ended"),
				       run->argv[0]);
		says = str_trim(r.err[0] ? r.err : r.out);
		if (r.status == 127 && says[0] == '\0')
			return err_set(e, ERR_FAILED, _("%s: no such program"), run->argv[0]);
		if (try >= LOCK_TRIES || !strstr(says, "lock"))
			return err_set(e, ERR_FAILED, "%s: %s", run->argv[0], says);
		os_sleep(c->os, 1000);
	}
}

static int add_user(const struct step_ctx *c, const char *user, const char *group_file,
		    struct err *e)
{
	CLEANUP_FREE char *own_group = passwd_field(group_file, user, 0);
	struct strv argv CLEANUP_STRV = { 0 };
	char *home = NULL;

	if (home_of_new(c, user, &home, e) < 0)
		return -1;
	/* Not -m: the home is made by home_make, durably. "*" and not "!": trap 9. */
	strv_split(&argv, "useradd -M -l -s /bin/bash -p * -d", " ");
	strv_take(&argv, home);
	strv_add(&argv, own_group ? "-g" : "-U");
	if (own_group)
		strv_add(&argv, user);
	strv_add(&argv, "--");
	strv_add(&argv, user);
	return tool(c, &(struct run){ .argv = (const char *const *)argv.item }, e);
}

static int create(const struct step_ctx *c, const char *user, struct err *e)
{
	CLEANUP_FREE char *passwd = NULL;
	CLEANUP_FREE char *group = NULL;
	CLEANUP_FREE char *is = NULL;
	CLEANUP_FREE char *home = NULL;
	uid_t uid;
	gid_t gid;

	if (os_read(c->os, "/etc/passwd", &passwd, e) < 0 ||
	    os_read(c->os, "/etc/group", &group, e) < 0)
		return -1;
	is = passwd_field(passwd, user, 0);
	if (!is && add_user(c, user, group, e) < 0)
		return -1;
	if (passwd_ids(c->os, user, &uid, &gid, e) < 0 || home_of_new(c, user, &home, e) < 0)
		return -1;
	if (home_make(c, home, uid, gid, e) < 0)
		return -1;
	return selinux_label(c->os, (const char *[]){ home, NULL }, true, e);
}

static int join(const struct step_ctx *c, const char *user, const char *group, struct err *e)
{
	CLEANUP_FREE char *text = NULL;

	if (os_read(c->os, "/etc/group", &text, e) < 0)
		return -1;
	if (passwd_group_has(text, group, user))
		return 0;
	return tool(c, &(struct run){ .argv = ARGV("usermod", "-a", "-G", group, "--", user) }, e);
}

static int leave(const struct step_ctx *c, const char *user, const char *group, struct err *e)
{
	CLEANUP_FREE char *text = NULL;

	if (os_read(c->os, "/etc/group", &text, e) < 0)
		return -1;
	if (!passwd_group_has(text, group, user))
		return 0;
	return tool(c, &(struct run){ .argv = ARGV("gpasswd", "-d", user, group) }, e);
}

static int set_password(const struct step_ctx *c, const char *user, struct err *e)
{
	char *line;
	int r;

	if (!c->secret || !c->secret[0])
		return err_set(e, ERR_FAILED, _("there is no password for %s"), user);
	if (strchr(c->secret, '\n'))
		return err_set(e, ERR_USAGE, _("a password is one line"));
	line = xasprintf("%s:%s\n", user, c->secret);
	r = tool(
		c,
		&(struct run){ .argv = ARGV("chpasswd"), .input = line, .input_len = strlen(line) },
		e);
	str_wipe(line);
	free(line);
	return r;
}

static int apply(const struct step_ctx *c, const struct step *s, struct err *e)
{
	struct step_account_spec spec;

	if (spec_of(s, &spec, e) < 0 || (spec.create && create(c, spec.user, e) < 0) ||
	    (spec.group && (spec.leave ? leave : join)(c, spec.user, spec.group, e) < 0) ||
	    (spec.password == PASSWORD_SECRET && set_password(c, spec.user, e) < 0))
		return -1;
	/* They rename their files and leave it to the kernel when that reaches the disk. */
	return os_run_ok(c->os, ARGV("sync", "-f", "/etc"), NULL, e);
}

static int verify_password(const struct step_ctx *c, const struct step_account_spec *spec,
			   struct err *e)
{
	CLEANUP_FREE char *shadow = NULL;
	CLEANUP_FREE char *hash = NULL;

	if (os_read(c->os, "/etc/shadow", &shadow, e) < 0)
		return -1;
	hash = passwd_field(shadow, spec->user, 1);
	if (!hash)
		return err_set(e, ERR_FAILED, _("%s is not in /etc/shadow"), spec->user);
	if (spec->password == PASSWORD_SECRET && hash[0] != '$' && strlen(hash) < 13)
		return err_set(e, ERR_FAILED, _("the password of %s was not set"), spec->user);
	if (spec->password == PASSWORD_NONE && hash[0] == '!')
		return err_set(e, ERR_FAILED, _("%s is locked"), spec->user);
	return 0;
}

static int verify_sudo(const struct step_ctx *c, const struct step_account_spec *spec,
		       struct err *e)
{
	struct sudo_rights rights;

	if (sudo_ask(c->os, spec->user, &rights, e) < 0)
		return -1;
	return rights.all ? 0
			  : err_set(e, ERR_FAILED,
				    _("sudo lets %s do nothing, though it is in the group %s: its "
				      "line is missing from sudoers"),
				    spec->user, spec->group);
}

static int verify(const struct step_ctx *c, const struct step *s, struct err *e)
{
	CLEANUP_FREE char *group = NULL;
	struct step_account_spec spec;
	uid_t uid;
	gid_t gid;

	if (spec_of(s, &spec, e) < 0 || passwd_ids(c->os, spec.user, &uid, &gid, e) < 0 ||
	    os_read(c->os, "/etc/group", &group, e) < 0)
		return -1;
	if (spec.leave)
		return passwd_group_has(group, spec.group, spec.user)
			       ? err_set(e, ERR_FAILED, _("%s is still in the group %s"), spec.user,
					 spec.group)
			       : 0;
	if (spec.group && !passwd_group_has(group, spec.group, spec.user))
		return err_set(e, ERR_FAILED, _("%s is not in the group %s"), spec.user,
			       spec.group);
	if (verify_password(c, &spec, e) < 0)
		return -1;
	/* Without a password it is a line of its own in sudoers.d, another step, that lets it in. */
	return spec.group && spec.password != PASSWORD_NONE ? verify_sudo(c, &spec, e) : 0;
}

const struct step_kind step_account = {
	.name = "account",
	.capture = capture,
	.apply = apply,
	.undo = account_undo,
	.verify = verify,
};
