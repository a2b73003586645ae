// SPDX-License-Identifier: MIT
/* change.c - see change.h. */
#include "steps/change.h"

#include <string.h>

#include "base/i18n.h"
#include "base/mem.h"
#include "core/passwd.h"

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
		json_t *j = json_pack("{s:s, s:s, s:I}", "path", c->path, "type",
				      type_names[c->type], "mode", (json_int_t)c->mode);

		if (c->text)
			json_object_set_new(j, "text", json_string(c->text));
		if (c->owner)
			json_object_set_new(j, "owner", json_string(c->owner));
		if (c->from_recover)
			json_object_set_new(j, "from", json_string("recover"));
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

static int wanted_bytes(const struct step_ctx *c, json_t *change, struct node *n, struct err *e)
{
	const char *text = json_string_value(json_object_get(change, "text"));
	CLEANUP_FREE char *path = NULL;
	struct node program CLEANUP_NODE = { 0 };

	if (!json_object_get(change, "from")) {
		n->len = json_string_length(json_object_get(change, "text"));
		n->data = xstrdup(text ? text : "");
		return 0;
	}
	path = xasprintf("%s/recover", c->txn_dir);
	if (os_get(c->os, path, &program, e) < 0)
		return -1;
	if (program.type != NODE_FILE)
		return err_set(e, ERR_FAILED, _("%s is missing"), path);
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
	return 0;
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

/* A folder that apply made, or gave a mode. */
static int dir_restore(const struct step_ctx *c, const char *path, const struct node *before,
		       struct err *e)
{
	struct strv names CLEANUP_STRV = { 0 };

	if (before->type == NODE_DIR)
		return os_put(c->os, path, NULL, before, e);
	if (before->type != NODE_ABSENT)
		return err_set(e, ERR_CONFLICT, _("%s is a folder now, which is left alone"), path);
	if (os_list(c->os, path, &names, e) < 0)
		return -1;
	if (names.count == 0)
		return os_put(c->os, path, NULL, before, e);
	err_set(e, ERR_CONFLICT,
		_("the folder %s stays: it holds %s, which someone else put there"), path,
		names.item[0]);
	return 1;
}

int node_restore(const struct step_ctx *c, const char *path, const struct node *before,
		 const struct node *ours, struct err *e)
{
	struct node now CLEANUP_NODE = { 0 };

	if (os_get(c->os, path, &now, e) < 0)
		return -1;
	if (holds(&now, before)) {
		/* Its time may still be another, and beside it may lie what a killed run staged. */
		if (before->type != NODE_DIR && os_put(c->os, path, &now, before, e) < 0)
			return -1;
		return displaced_has(c, path) ? displaced_words(c, path, e) : 0;
	}
	if (now.type == NODE_DIR)
		return dir_restore(c, path, before, e);
	if (now.type == NODE_OTHER)
		return err_set(e, ERR_CONFLICT, _("%s is something else than a file or folder"),
			       path);
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
	/* Where post was never written, what is wanted is what apply may have left. */
	if (!left && change_wanted(c, change, before, &want, &unknown) == 0)
		left = &want;
	return node_restore(c, path, before, left, e);
}

int changes_undo(const struct step_ctx *c, json_t *changes, const struct image *pre,
		 const struct image *post, struct err *e)
{
	size_t count;
	CLEANUP_FREE json_t **list = in_order(changes, &count);
	int worst = 0;

	while (count-- > 0) {
		struct err one = { 0 };
		int r = undo_one(c, list[count], pre, post, &one);

		err_keep_worst(&worst, e, r, &one);
	}
	return worst;
}
