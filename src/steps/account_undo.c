// SPDX-License-Identifier: MIT
/*
 * account_undo.c - see account_undo.h.
 *
 * A database that nobody else wrote comes back whole, with its time; where somebody did, only the
 * lines of our user change. The backups ("/etc/passwd-") are written by the same programs: one that
 * holds what the database held before us is of our making and goes back too.
 */
#include "steps/account_undo.h"

#include <string.h>

#include "base/i18n.h"
#include "base/mem.h"
#include "core/passwd.h"
#include "steps/home.h"

#define PASSWD_LOCK "/etc/.pwd.lock" /* lckpwdf(3) */
#define HOLD_MS	    10000	     /* programs that hold it are done in moments */

const char *const account_files[] = {
	"/etc/passwd", "/etc/shadow",	"/etc/group",	"/etc/gshadow",
	"/etc/subuid", "/etc/subgid",	"/etc/passwd-", "/etc/shadow-",
	"/etc/group-", "/etc/gshadow-", "/etc/subuid-", "/etc/subgid-",
};
const size_t account_files_count = COUNT(account_files);

struct taking {
	const struct step_ctx *c;
	const struct image *pre, *post;
	const char *user, *group; /* group may be NULL */
	bool create, password;
};

static const char *text_of(const struct node *n)
{
	return n && n->type == NODE_FILE ? n->data : "";
}

/* What a text of this database is without what we may have done to it. */
static char *taken_back(const struct taking *t, const char *path, const char *now, const char *pre)
{
	bool groups = str_starts(path, "/etc/group") || str_starts(path, "/etc/gshadow");

	if (groups && t->create)
		return passwd_groups_back(now, pre, t->user, NULL);
	if (groups && t->group)
		return passwd_groups_back(now, pre, t->user, t->group);
	if (t->create || (t->password && str_starts(path, "/etc/shadow")))
		return passwd_line_back(now, pre, t->user);
	return xstrdup(now);
}

/* They write a backup in place: one that was killed leaves the beginning of what the database held,
 * perhaps with the beginning of our user's line. */
static bool is_torn(const struct taking *t, const char *text, const char *database)
{
	CLEANUP_FREE char *line = xasprintf("%s:", t->user);
	size_t len = strlen(database);

	if (!str_starts(text, database))
		return str_starts(database, text);
	text += len;
	return !strchr(text, '\n') && (str_starts(text, line) || str_starts(line, text));
}

/* A backup that the host's programs made of a database while they worked for us. */
static bool is_our_backup(const struct taking *t, const char *path, const struct node *now)
{
	CLEANUP_FREE char *database = xstrndup(path, strlen(path) - 1);
	const char *pre = text_of(image_node(t->pre, database));
	CLEANUP_FREE char *is = taken_back(t, path, text_of(now), pre);

	return strcmp(is, pre) == 0 || is_torn(t, text_of(now), pre);
}

/* Neither the password that was before us nor ours: its owner has set it meanwhile. */
static bool is_owners_password(const struct taking *t, const char *path, const struct node *now)
{
	const char *left = text_of(image_node(t->post, path));
	CLEANUP_FREE char *is = passwd_field(text_of(now), t->user, 1);
	CLEANUP_FREE char *was = passwd_field(text_of(image_node(t->pre, path)), t->user, 1);
	CLEANUP_FREE char *ours = passwd_field(left, t->user, 1);

	return t->password && !t->create && str_eq(path, "/etc/shadow") && is && ours &&
	       !str_eq(is, ours) && !str_eq(is, was);
}

static int file_back(const struct taking *t, const char *path, struct err *e)
{
	const struct node *before = image_node(t->pre, path), *left = image_node(t->post, path);
	struct node now CLEANUP_NODE = { 0 };
	struct node want CLEANUP_NODE = { 0 };
	char *text;

	if (!before)
		return err_set(e, ERR_FAILED, _("%s: its earlier state was not kept"), path);
	if (os_get(t->c->os, path, &now, e) < 0)
		return -1;
	/* One that was only written again comes back too: for its time. */
	if (now.type != NODE_FILE || node_eq(&now, before) || (left && node_eq(&now, left)) ||
	    (str_ends(path, "-") && is_our_backup(t, path, &now)))
		return os_put(t->c->os, path, &now, before, e);
	if (is_owners_password(t, path, &now)) {
		err_set(e, ERR_CONFLICT,
			_("the password of %s was changed by someone else meanwhile, and stays"),
			t->user);
		return 1;
	}
	text = taken_back(t, path, now.data, text_of(before));
	if (strcmp(text, text_of(before)) == 0) {
		free(text);
		return os_put(t->c->os, path, &now, before, e);
	}
	node_copy(&now, &want);
	want.mtime = (struct timespec){ 0 };
	free(want.data);
	want.data = text;
	want.len = strlen(text);
	return os_put(t->c->os, path, &now, &want, e);
}

/* Somebody may write the database at the same moment: put refuses then, and we look again. */
static int file_back_retry(const struct taking *t, const char *path, struct err *e)
{
	int r = -1;

	for (unsigned try = 0; r < 0 && try < 5; try++) {
		*e = (struct err){ 0 };
		r = file_back(t, path, e);
		if (r < 0 && e->kind != ERR_CONFLICT)
			return -1;
	}
	return r;
}

/* --- what killed programs leave ---------------------------------------------------------- */

/* shadow-utils writes its pid, NUL-ended, into NAME.lock (and NAME.PID before that). */
static bool holder_lives(struct os *os, const char *text)
{
	struct process p CLEANUP_PROCESS = { 0 };
	struct err ignored = { 0 };
	uint64_t pid;

	return str_to_u64(text, 1, INT32_MAX, &pid) == 0 &&
	       os_process(os, (pid_t)pid, &p, &ignored) == 0;
}

static int remove_stale(const struct step_ctx *c, const char *database, struct err *e)
{
	CLEANUP_FREE char *lock = xasprintf("%s.lock", database);
	CLEANUP_FREE char *staged = xasprintf("%s+", database);
	CLEANUP_FREE char *text = NULL;
	int r = os_read(c->os, lock, &text, e);

	if (r < 0)
		return -1;
	if (r == 0 && holder_lives(c->os, text))
		return 0;
	/* Also where it is gone: an undo that was killed may have got half-way with it. */
	if (os_remove(c->os, lock, e) < 0)
		return -1;
	return os_remove(c->os, staged, e);
}

static bool is_pid_file(const char *name)
{
	static const char *const of[] = { "passwd.",  "shadow.", "group.",
					  "gshadow.", "subuid.", "subgid." };
	uint64_t pid;

	for (size_t i = 0; i < COUNT(of); i++)
		if (str_starts(name, of[i]) &&
		    str_to_u64(name + strlen(of[i]), 1, INT32_MAX, &pid) == 0)
			return true;
	return false;
}

static int remove_leftovers(const struct step_ctx *c, struct err *e)
{
	struct strv names CLEANUP_STRV = { 0 };

	for (size_t i = 0; i < account_files_count / 2; i++)
		if (remove_stale(c, account_files[i], e) < 0)
			return -1;
	if (os_list(c->os, "/etc", &names, e) < 0)
		return -1;
	for (size_t i = 0; i < names.count; i++) {
		CLEANUP_FREE char *name = os_unstaged(names.item[i]);
		CLEANUP_FREE char *path = xasprintf("/etc/%s", name);

		/* nshadow, npasswd: pam_unix's staged files (chpasswd). */
		if (is_pid_file(name) && holder_lives(c->os, strchr(name, '.') + 1))
			continue;
		if (!is_pid_file(name) && !str_eq(name, "nshadow") && !str_eq(name, "npasswd"))
			continue;
		if (os_remove(c->os, path, e) < 0)
			return -1;
	}
	return 0;
}

/* sudo's notes on a user that will not be there: that it was lectured, that it proved itself. */
static int forget_sudo(const struct taking *t, struct err *e)
{
	static const char *const dirs[] = { "/var/lib/sudo/lectured", "/run/sudo/ts" };
	CLEANUP_FREE char *passwd = NULL;
	CLEANUP_FREE char *uid = NULL;

	if (os_read(t->c->os, "/etc/passwd", &passwd, e) < 0)
		return -1;
	uid = passwd_field(passwd, t->user, 2);
	for (size_t i = 0; i < COUNT(dirs); i++) {
		CLEANUP_FREE char *by_name = xasprintf("%s/%s", dirs[i], t->user);
		CLEANUP_FREE char *by_uid = xasprintf("%s/%s", dirs[i], uid ? uid : t->user);

		if (os_remove(t->c->os, by_name, e) < 0 || os_remove(t->c->os, by_uid, e) < 0)
			return -1;
	}
	return 0;
}

/* --- the whole --------------------------------------------------------------------------- */

int account_undo(const struct step_ctx *c, const struct step *s, const struct image *pre,
		 const struct image *post, struct err *e)
{
	struct taking t = { .c = c, .pre = pre, .post = post };
	struct err one = { 0 };
	const char *password, *home = image_text(pre, "home");
	int create, worst = 0, lock = -1;

	if (json_unpack(s->args, "{s:s, s:b, s:s}", "user", &t.user, "create", &create, "password",
			&password) < 0)
		return err_set(e, ERR_FAILED, _("the step is not complete"));
	t.group = json_string_value(json_object_get(s->args, "group"));
	t.create = create;
	t.password = strcmp(password, "secret") == 0;
	err_keep_worst(&worst, e, remove_leftovers(c, &one), &one);
	/* While the user has its line, which says that the home is its. */
	if (t.create && home) {
		err_keep_worst(&worst, e, home_take_back(c, home, &one), &one);
		err_keep_worst(&worst, e, forget_sudo(&t, &one), &one);
	}
	/* Who is writing has read them with our user's lines, and would bring those back. An editor may be open for
	 * hours: then without. */
	if (os_hold(c->os, PASSWD_LOCK, HOLD_MS, &lock, &one) != 0)
		lock = -1;
	for (size_t i = 0; i < account_files_count; i++) {
		struct err file = { 0 };

		err_keep_worst(&worst, e, file_back_retry(&t, account_files[i], &file), &file);
	}
	os_unlock(c->os, lock);
	return worst;
}
