// SPDX-License-Identifier: MIT
/* change.c - see change.h. */
#include "steps/change.h"

#include <string.h>

#include "base/i18n.h"
#include "base/json.h"
#include "base/mem.h"
#include "base/sha256.h"
#include "core/passwd.h"
#include "core/selinux.h"

#define MOVE_MS 120000 /* a rename, unless it is another file system */

static const char *const type_names[] = {
	[NODE_ABSENT] = "absent",
	[NODE_FILE] = "file",
	[NODE_DIR] = "dir",
	[NODE_LINK] = "link",
};

/* --- args -------------------------------------------------------------------------------- */

json_t *changes_json(const struct change *change, size_t count)
{
	json_t *list = json_array();

	for (size_t i = 0; i < count; i++) {
		const struct change *c = &change[i];
		json_t *j = json_pack("{s:o, s:s, s:I}", "path", json_bytes(c->path), "type",
				      type_names[c->type], "mode", (json_int_t)c->mode);

		if (c->text)
			json_object_set_new(j, "text", json_bytes(c->text));
		if (c->owner)
			json_object_set_new(j, "owner", json_string(c->owner));
		if (c->from_recover)
			json_object_set_new(j, "from", json_string("recover"));
		if (c->from) {
			json_object_set_new(j, "from", json_bytes(c->from));
			json_object_set_new(j, "sha256", json_string(c->sum));
		}
		json_object_set_new(j, "expect",
				    c->expect ? node_json(c->expect) : json_string("any"));
		json_array_append_new(list, j);
	}
	return list;
}

static const char *change_path(json_t *change)
{
	const char *path = json_string_value(json_object_get(change, "path"));

	return path ? path : "";
}

int changes_expect_present(struct os *os, json_t *changes, struct err *e)
{
	json_t *one;
	size_t i;

	json_array_foreach (changes, i, one) {
		struct node now CLEANUP_NODE = { 0 };

		if (os_get(os, change_path(one), &now, e) < 0)
			return -1;
		json_object_set_new(one, "expect", node_json(&now));
	}
	return 0;
}

static int change_type(json_t *change, enum node_type *ret, struct err *e)
{
	const char *name = json_string_value(json_object_get(change, "type"));

	for (size_t i = 0; name && i < COUNT(type_names); i++) {
		if (strcmp(type_names[i], name) == 0) {
			*ret = (enum node_type)i;
			return 0;
		}
	}
	return err_set(e, ERR_FAILED, _("%s: unknown type of change"), change_path(change));
}

static bool is_to_go(json_t *change)
{
	return str_eq(json_string_value(json_object_get(change, "type")), "absent");
}

/* The changes in the order of apply: folders, outer ones first, then the rest as given, and what shall
 * go from the inside out. Borrowed elements in a malloc'd array. */
static json_t **in_order(json_t *changes, size_t *ret_count)
{
	json_t **list = xcalloc(json_array_size(changes) + 1, sizeof(json_t *)), *one;
	size_t count = 0, dirs, i;

	json_array_foreach (changes, i, one) {
		size_t at = count;

		if (!str_eq(json_string_value(json_object_get(one, "type")), "dir"))
			continue;
		for (; at > 0 && strcmp(change_path(list[at - 1]), change_path(one)) > 0; at--)
			list[at] = list[at - 1];
		list[at] = one;
		count++;
	}
	dirs = count;
	json_array_foreach (changes, i, one) {
		bool placed = is_to_go(one);

		for (size_t k = 0; k < dirs; k++)
			placed |= list[k] == one;
		if (!placed)
			list[count++] = one;
	}
	dirs = count;
	json_array_foreach (changes, i, one) {
		size_t at = count;

		if (!is_to_go(one))
			continue;
		for (; at > dirs && strcmp(change_path(list[at - 1]), change_path(one)) < 0; at--)
			list[at] = list[at - 1];
		list[at] = one;
		count++;
	}
	*ret_count = count;
	return list;
}

/* --- what is wanted ---------------------------------------------------------------------- */

/* Has the file the sum that the change names? Without one any has. */
static bool has_sum(json_t *change, const struct node *n)
{
	const char *sum = json_string_value(json_object_get(change, "sha256"));
	CLEANUP_FREE char *is = sum ? sha256_text(n->data, n->len) : NULL;

	return !sum || str_eq(is, sum);
}

static int wanted_bytes(const struct step_ctx *c, json_t *change, struct node *n, struct err *e)
{
	const char *text = json_string_value(json_object_get(change, "text"));
	const char *from = json_string_value(json_object_get(change, "from"));
	CLEANUP_FREE char *path = NULL;
	struct node program CLEANUP_NODE = { 0 };

	if (!from) {
		n->len = json_string_length(json_object_get(change, "text"));
		n->data = xstrdup(text ? text : "");
		return 0;
	}
	path = str_eq(from, "recover") ? xasprintf("%s/recover", c->txn_dir) : xstrdup(from);
	if (os_get(c->os, path, &program, e) < 0)
		return -1;
	if (program.type != NODE_FILE)
		return err_set(e, ERR_FAILED, _("%s is missing"), path);
	if (!has_sum(change, &program))
		return err_set(e, ERR_CONFLICT, _("%s was changed since the plan was made"), path);
	n->data = TAKE(program.data);
	n->len = program.len;
	return 0;
}

/* Labels and the like stay with the path; a POSIX ACL would undo the mode that is wanted. */
static void keep_xattrs(const struct node *now, struct node *n)
{
	for (size_t i = 0; i < now->xattr_count; i++) {
		const struct xattr *x = &now->xattr[i];

		if (n->type == NODE_FILE && str_starts(x->name, "system.posix_acl_"))
			continue;
		n->xattr = xrealloc(n->xattr, n->xattr_count + 1, sizeof(*n->xattr));
		n->xattr[n->xattr_count++] = (struct xattr){
			.name = xstrdup(x->name),
			.value = xmemdup(x->value, x->len),
			.len = x->len,
		};
	}
}

static int wanted(const struct step_ctx *c, json_t *change, const struct node *now, struct node *n,
		  struct err *e)
{
	const char *owner = json_string_value(json_object_get(change, "owner"));

	if (change_type(change, &n->type, e) < 0)
		return -1;
	if (n->type == NODE_ABSENT)
		return 0;
	if (owner && passwd_ids(c->os, owner, &n->uid, &n->gid, e) < 0)
		return -1;
	if (n->type == NODE_LINK) {
		n->mode = 0777;
		return wanted_bytes(c, change, n, e);
	}
	n->mode = (mode_t)json_integer_value(json_object_get(change, "mode")) & 07777;
	if (now->type == n->type)
		keep_xattrs(now, n);
	return n->type == NODE_FILE ? wanted_bytes(c, change, n, e) : 0;
}

int change_wanted(const struct step_ctx *c, json_t *change, const struct node *now,
		  struct node *ret, struct err *e)
{
	struct node n = { 0 };

	if (wanted(c, change, now, &n, e) < 0) {
		node_done(&n);
		return err_ctx(e, "%s", change_path(change));
	}
	*ret = n;
	return 0;
}

/* What a folder holds is not its own; its attributes are the file system's. */
static bool holds(const struct node *now, const struct node *want)
{
	if (want->type == NODE_DIR)
		return now->type == NODE_DIR && now->mode == want->mode && now->uid == want->uid &&
		       now->gid == want->gid;
	return node_eq(now, want);
}

/* --- capture, apply, verify -------------------------------------------------------------- */

int changes_capture(const struct step_ctx *c, json_t *changes, struct image *ret, struct err *e)
{
	json_t *one;
	size_t i;

	json_array_foreach (changes, i, one) {
		struct node now CLEANUP_NODE = { 0 };

		if (os_get(c->os, change_path(one), &now, e) < 0)
			return -1;
		image_add(ret, change_path(one), &now);
	}
	return 0;
}

/* Is the host still what the plan saw, as far as this change goes? */
static int as_planned(json_t *change, const struct node *now, const struct node *want,
		      struct err *e)
{
	json_t *expect = json_object_get(change, "expect");
	struct node seen CLEANUP_NODE = { 0 };
	const char *path = change_path(change);

	if (holds(now, want))
		return 0;
	if (now->type == NODE_OTHER || (now->type == NODE_DIR && want->type == NODE_FILE) ||
	    (want->type == NODE_DIR && now->type != NODE_ABSENT && now->type != NODE_DIR))
		return err_set(e, ERR_CONFLICT, _("%s is something else than a file or folder"),
			       path);
	if (!json_is_object(expect))
		return 0;
	if (node_from_json(expect, &seen, e) < 0)
		return err_ctx(e, "%s", path);
	if (!holds(now, &seen))
		return err_set(e, ERR_CONFLICT, _("%s was changed since the plan was made"), path);
	return 0;
}

static int check_one(const struct step_ctx *c, json_t *change, struct err *e)
{
	struct node now CLEANUP_NODE = { 0 };
	struct node want CLEANUP_NODE = { 0 };

	if (os_get(c->os, change_path(change), &now, e) < 0 ||
	    change_wanted(c, change, &now, &want, e) < 0)
		return -1;
	return as_planned(change, &now, &want, e);
}

static int apply_one(const struct step_ctx *c, json_t *change, struct err *e)
{
	struct node now CLEANUP_NODE = { 0 };
	struct node want CLEANUP_NODE = { 0 };

	if (os_get(c->os, change_path(change), &now, e) < 0 ||
	    change_wanted(c, change, &now, &want, e) < 0)
		return -1;
	/* A file also when it is so already: beside it may lie what a killed run staged. */
	if (want.type == NODE_DIR && holds(&now, &want))
		return 0;
	return os_put(c->os, change_path(change), &now, &want, e);
}

/* Where SELinux is: what was put has the label of its folder, sshd wants that of the path. */
static int label_all(const struct step_ctx *c, json_t *const *list, size_t count, struct err *e)
{
	CLEANUP_STRV struct strv paths = { 0 };

	for (size_t i = 0; i < count; i++)
		if (!is_to_go(list[i]))
			strv_add(&paths, change_path(list[i]));
	return selinux_label(c->os, (const char *const *)paths.item, false, e);
}

int changes_apply(const struct step_ctx *c, json_t *changes, struct err *e)
{
	size_t count;
	CLEANUP_FREE json_t **list = in_order(changes, &count);

	for (size_t i = 0; i < count; i++)
		if (check_one(c, list[i], e) < 0)
			return -1;
	for (size_t i = 0; i < count; i++)
		if (apply_one(c, list[i], e) < 0)
			return -1;
	return label_all(c, list, count, e);
}

int changes_verify(const struct step_ctx *c, json_t *changes, struct err *e)
{
	json_t *one;
	size_t i;

	json_array_foreach (changes, i, one) {
		struct node now CLEANUP_NODE = { 0 };
		struct node want CLEANUP_NODE = { 0 };

		if (os_get(c->os, change_path(one), &now, e) < 0 ||
		    change_wanted(c, one, &now, &want, e) < 0)
			return -1;
		if (!holds(&now, &want))
			return err_set(e, ERR_FAILED, _("%s is not as it was put"),
				       change_path(one));
	}
	return 0;
}

/* --- undo -------------------------------------------------------------------------------- */

static char *displaced_path(const struct step_ctx *c, const char *path)
{
	char *to = xasprintf("%s/displaced/%s", c->txn_dir, path + (path[0] == '/'));

	for (char *p = to + strlen(c->txn_dir) + strlen("/displaced/"); *p; p++)
		if (*p == '/')
			*p = '%';
	return to;
}

int displaced_keep(const struct step_ctx *c, const char *path, const struct node *node,
		   struct err *e)
{
	CLEANUP_FREE char *dir = xasprintf("%s/displaced", c->txn_dir);
	CLEANUP_FREE char *to = displaced_path(c, path);

	if (os_mkdir(c->os, dir, 0700, e) < 0)
		return -1;
	return os_put(c->os, to, NULL, node, e);
}

/* "var%log%journal"; where that is taken, "var%log%journal.1". */
static int displaced_free_path(const struct step_ctx *c, const char *path, char **ret,
			       struct err *e)
{
	CLEANUP_FREE char *first = displaced_path(c, path);

	for (unsigned n = 0;; n++) {
		CLEANUP_FREE char *to = n ? xasprintf("%s.%u", first, n) : xstrdup(first);
		struct node there CLEANUP_NODE = { 0 };

		if (os_get(c->os, to, &there, e) < 0)
			return -1;
		if (there.type != NODE_ABSENT)
			continue;
		*ret = TAKE(to);
		return 0;
	}
}

int displaced_move(const struct step_ctx *c, const char *path, char **ret_to, struct err *e)
{
	CLEANUP_FREE char *dir = xasprintf("%s/displaced", c->txn_dir);
	CLEANUP_FREE char *to = NULL;
	struct run_result r CLEANUP_RUN = { 0 };

	if (os_mkdir(c->os, dir, 0700, e) < 0 || displaced_free_path(c, path, &to, e) < 0 ||
	    os_run(c->os,
		   &(struct run){ .argv = ARGV("mv", "-T", "--", path, to), .timeout_ms = MOVE_MS },
		   &r, e) < 0)
		return -1;
	if (r.status != 0 || r.timed_out) {
		err_set(e, ERR_CONFLICT, _("the folder %s stays, it could not be moved: %s"), path,
			str_trim(r.err));
		return 1;
	}
	*ret_to = TAKE(to);
	return 0;
}

int displaced_return(const struct step_ctx *c, const char *path, struct err *e)
{
	CLEANUP_FREE char *from = displaced_path(c, path);
	struct run_result r CLEANUP_RUN = { 0 };

	if (!displaced_has(c, path))
		return 1;
	if (os_run(c->os,
		   &(struct run){ .argv = ARGV("mv", "-T", "--", from, path),
				  .timeout_ms = MOVE_MS },
		   &r, e) < 0)
		return -1;
	return r.status != 0 || r.timed_out;
}

bool displaced_has(const struct step_ctx *c, const char *path)
{
	CLEANUP_FREE char *at = displaced_path(c, path);
	struct node n CLEANUP_NODE = { 0 };
	struct err ignored = { 0 };

	return os_get(c->os, at, &n, &ignored) == 0 && n.type != NODE_ABSENT;
}

static int displaced_words(const struct step_ctx *c, const char *path, struct err *e)
{
	CLEANUP_FREE char *at = displaced_path(c, path);

	err_set(e, ERR_CONFLICT,
		_("%s had been changed by someone else; that version is kept as %s"), path, at);
	return 1;
}

/* A folder that apply made. */
static int dir_restore(const struct step_ctx *c, const char *path, const struct node *before,
		       struct err *e)
{
	struct strv names CLEANUP_STRV = { 0 };

	if (os_list(c->os, path, &names, e) < 0)
		return -1;
	if (names.count == 0)
		return os_put(c->os, path, NULL, before, e);
	err_set(e, ERR_CONFLICT,
		_("the folder %s stays: it holds %s, which someone else put there"), path,
		names.item[0]);
	return 1;
}

/* A user whose folder it is may have put a link there, to what is not theirs. 1: one is on the way to path. */
static int users_link_before(struct os *os, const char *path, char **ret, struct err *e)
{
	CLEANUP_FREE char *part = xstrdup(path);

	for (char *p = strchr(part + 1, '/'); p; p = strchr(p + 1, '/')) {
		struct node now CLEANUP_NODE = { 0 };

		*p = '\0';
		if (os_get(os, part, &now, e) < 0)
			return -1;
		if (now.type == NODE_LINK && now.uid != 0) {
			*ret = xstrdup(part);
			return 1;
		}
		*p = '/';
	}
	return 0;
}

/* A folder, or what has no bytes to keep (a pipe, a socket), where a file or nothing was; or the reverse. */
static int other_restore(const struct step_ctx *c, const char *path, const struct node *now,
			 const struct node *before, struct err *e)
{
	static const struct node absent = { .type = NODE_ABSENT };

	if (now->type == NODE_DIR && before->type != NODE_ABSENT) {
		err_set(e, ERR_CONFLICT, _("%s is a folder now, which is left alone"), path);
		/* A user could keep us trying for ever. */
		return now->uid != 0 ? 1 : -1;
	}
	if (now->type == NODE_DIR)
		return dir_restore(c, path, before, e);
	if (now->type != NODE_OTHER && displaced_keep(c, path, now, e) < 0)
		return -1;
	/* What is none of a folder's can only make room for one. */
	if ((before->type == NODE_DIR && os_put(c->os, path, NULL, &absent, e) < 0) ||
	    os_put(c->os, path, NULL, before, e) < 0)
		return -1;
	if (now->type != NODE_OTHER)
		return displaced_words(c, path, e);
	err_set(e, ERR_CONFLICT, _("%s was a pipe or a socket, which someone else had put there"),
		path);
	return 1;
}

int node_restore(const struct step_ctx *c, const char *path, const struct node *before,
		 const struct node *ours, struct err *e)
{
	struct node now CLEANUP_NODE = { 0 };
	CLEANUP_FREE char *link = NULL;
	int r = users_link_before(c->os, path, &link, e);

	if (r > 0)
		err_set(e, ERR_CONFLICT,
			_("%s is a link now, which someone else put there: what it leads to is "
			  "left alone"),
			link);
	if (r != 0)
		return r;
	if (os_get(c->os, path, &now, e) < 0)
		return -1;
	if (holds(&now, before)) {
		/* Its time may still be another, and beside it may lie what a killed run staged. */
		if (before->type != NODE_DIR && os_put(c->os, path, &now, before, e) < 0)
			return -1;
		return displaced_has(c, path) ? displaced_words(c, path, e) : 0;
	}
	if (now.type == NODE_DIR && before->type == NODE_DIR)
		return os_put(c->os, path, NULL, before, e);
	if (now.type == NODE_DIR || now.type == NODE_OTHER ||
	    (before->type == NODE_DIR && now.type != NODE_ABSENT))
		return other_restore(c, path, &now, before, e);
	if (now.type == NODE_ABSENT || (ours && node_eq(&now, ours)))
		return os_put(c->os, path, &now, before, e);
	if (displaced_keep(c, path, &now, e) < 0 || os_put(c->os, path, &now, before, e) < 0)
		return -1;
	return displaced_words(c, path, e);
}

static int undo_one(const struct step_ctx *c, json_t *change, const struct image *pre,
		    const struct image *post, struct err *e)
{
	const char *path = change_path(change);
	const struct node *before = image_node(pre, path), *left = image_node(post, path);
	struct node want CLEANUP_NODE = { 0 };
	struct err unknown = { 0 };

	if (!before)
		return err_set(e, ERR_FAILED, _("%s: its earlier state was not kept"), path);
	/* Where post was never written, what is wanted is what apply may have left. A program that came from
	 * elsewhere may be gone there by now, and is known by its sum. */
	if (!left && json_object_get(change, "sha256")) {
		if (os_get(c->os, path, &want, &unknown) == 0 && want.type == NODE_FILE &&
		    has_sum(change, &want))
			left = &want;
	} else if (!left && change_wanted(c, change, before, &want, &unknown) == 0) {
		left = &want;
	}
	return node_restore(c, path, before, left, e);
}

int changes_undo(const struct step_ctx *c, json_t *changes, const struct image *pre,
		 const struct image *post, struct err *e)
{
	size_t count;
	CLEANUP_FREE json_t **list = in_order(changes, &count);
	int worst = 0;

	/* Folders that were there first: what was in them has to find its place. */
	for (size_t i = 0; i < count; i++) {
		const struct node *before = image_node(pre, change_path(list[i]));
		struct err one = { 0 };

		if (before && before->type == NODE_DIR)
			err_keep_worst(&worst, e, undo_one(c, list[i], pre, post, &one), &one);
	}
	while (count-- > 0) {
		struct err one = { 0 };
		int r = undo_one(c, list[count], pre, post, &one);

		err_keep_worst(&worst, e, r, &one);
	}
	return worst;
}
