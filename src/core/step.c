// SPDX-License-Identifier: MIT
/* step.c - see step.h. Images are JSON on the disk; every value that may hold any byte is base64. */
#include "core/step.h"

#include <string.h>

#include "base/base64.h"
#include "base/i18n.h"
#include "base/json.h"
#include "base/mem.h"
#include "core/pubkey.h"

static const char *const node_type_names[] = {
	[NODE_ABSENT] = "absent", [NODE_FILE] = "file",	  [NODE_DIR] = "dir",
	[NODE_LINK] = "link",	  [NODE_OTHER] = "other",
};

void step_done(struct step *s)
{
	free(s->id);
	free(s->title);
	free(s->why);
	free(s->undo);
	json_decref(s->args);
	*s = (struct step){ 0 };
}

const struct step_kind *step_kind_find(const char *name)
{
	for (size_t i = 0; i < step_kinds_count; i++)
		if (strcmp(step_kinds[i]->name, name) == 0)
			return step_kinds[i];
	return NULL;
}

void image_done(struct image *im)
{
	for (size_t i = 0; i < im->count; i++) {
		free(im->item[i].path);
		node_done(&im->item[i].node);
	}
	free(im->item);
	json_decref(im->text);
	*im = (struct image){ 0 };
}

void image_add(struct image *im, const char *path, const struct node *node)
{
	struct image_item *item;

	im->item = xrealloc(im->item, im->count + 1, sizeof(*im->item));
	item = &im->item[im->count++];
	item->path = xstrdup(path);
	node_copy(node, &item->node);
}

const struct node *image_node(const struct image *im, const char *path)
{
	for (size_t i = 0; im && i < im->count; i++)
		if (strcmp(im->item[i].path, path) == 0)
			return &im->item[i].node;
	return NULL;
}

void image_set_text(struct image *im, const char *name, const char *value)
{
	if (!im->text)
		im->text = json_object();
	json_object_set_new(im->text, name, json_bytes(value));
}

const char *image_text(const struct image *im, const char *name)
{
	return im ? json_string_value(json_object_get(im->text, name)) : NULL;
}

static json_t *bytes_json(const void *data, size_t len)
{
	CLEANUP_FREE char *text = base64_encode(data, len);

	return json_string(text);
}

json_t *node_json(const struct node *node)
{
	json_t *j = json_pack("{s:s}", "type", node_type_names[node->type]);

	if (node->type == NODE_ABSENT)
		return j;
	json_object_set_new(j, "mode", json_integer(node->mode));
	json_object_set_new(j, "uid", json_integer(node->uid));
	json_object_set_new(j, "gid", json_integer(node->gid));
	json_object_set_new(j, "mtime",
			    json_pack("[I, I]", (json_int_t)node->mtime.tv_sec,
				      (json_int_t)node->mtime.tv_nsec));
	if (node->data)
		json_object_set_new(j, "data", bytes_json(node->data, node->len));
	if (node->xattr_count) {
		json_t *list = json_array();

		for (size_t i = 0; i < node->xattr_count; i++)
			json_array_append_new(list, json_pack("[s, o]", node->xattr[i].name,
							      bytes_json(node->xattr[i].value,
									 node->xattr[i].len)));
		json_object_set_new(j, "xattr", list);
	}
	return j;
}

/* The bytes of a base64 string, with a NUL behind them. */
static int bytes_from_json(json_t *from, char **ret, size_t *ret_len, struct err *e)
{
	CLEANUP_FREE void *data = NULL;
	size_t len = 0;

	if (!json_is_string(from) ||
	    base64_decode(json_string_value(from), json_string_length(from), &data, &len) < 0)
		return err_set(e, ERR_FAILED, _("its bytes are not base64"));
	*ret = xcalloc(len + 1, 1);
	if (len)
		memcpy(*ret, data, len);
	*ret_len = len;
	return 0;
}

static int xattrs_from_json(json_t *list, struct node *n, struct err *e)
{
	json_t *pair;
	size_t i;

	json_array_foreach (list, i, pair) {
		const char *name = json_string_value(json_array_get(pair, 0));
		struct xattr x = { 0 };

		if (!name)
			return err_set(e, ERR_FAILED, _("an attribute has no name"));
		if (bytes_from_json(json_array_get(pair, 1), &x.value, &x.len, e) < 0)
			return -1;
		x.name = xstrdup(name);
		n->xattr = xrealloc(n->xattr, n->xattr_count + 1, sizeof(*n->xattr));
		n->xattr[n->xattr_count++] = x;
	}
	return 0;
}

static int node_type_from(const char *name, enum node_type *ret, struct err *e)
{
	for (size_t i = 0; i < COUNT(node_type_names); i++) {
		if (strcmp(node_type_names[i], name) == 0) {
			*ret = (enum node_type)i;
			return 0;
		}
	}
	return err_set(e, ERR_FAILED, _("unknown type of file \"%s\""), name);
}

static int node_fill(json_t *from, struct node *n, struct err *e)
{
	json_int_t mode, uid, gid, sec, nsec;
	const char *type;
	json_t *data;

	if (json_unpack(from, "{s:s}", "type", &type) < 0)
		return err_set(e, ERR_FAILED, _("it has no type"));
	if (node_type_from(type, &n->type, e) < 0)
		return -1;
	if (n->type == NODE_ABSENT)
		return 0;
	if (json_unpack(from, "{s:I, s:I, s:I, s:[I, I]}", "mode", &mode, "uid", &uid, "gid", &gid,
			"mtime", &sec, &nsec) < 0)
		return err_set(e, ERR_FAILED, _("it is not complete"));
	n->mode = (mode_t)mode;
	n->uid = (uid_t)uid;
	n->gid = (gid_t)gid;
	n->mtime = (struct timespec){ .tv_sec = sec, .tv_nsec = nsec };
	data = json_object_get(from, "data");
	if (data && bytes_from_json(data, &n->data, &n->len, e) < 0)
		return -1;
	if (!data && (n->type == NODE_FILE || n->type == NODE_LINK))
		return err_set(e, ERR_FAILED, _("it has no bytes"));
	return xattrs_from_json(json_object_get(from, "xattr"), n, e);
}

int node_from_json(json_t *from, struct node *ret, struct err *e)
{
	struct node n = { 0 };

	if (node_fill(from, &n, e) < 0) {
		node_done(&n);
		return -1;
	}
	*ret = n;
	return 0;
}

char *image_encode(const struct image *im)
{
	json_t *items = json_array(), *all;

	for (size_t i = 0; i < im->count; i++)
		json_array_append_new(items,
				      json_pack("{s:o, s:o}", "path", json_bytes(im->item[i].path),
						"node", node_json(&im->item[i].node)));
	all = json_pack("{s:o}", "items", items);
	if (im->text)
		json_object_set(all, "text", im->text);
	return json_store(all, JSON_INDENT(1) | JSON_SORT_KEYS);
}

static int image_fill(json_t *all, struct image *im, struct err *e)
{
	json_t *items = json_object_get(all, "items"), *one, *value;
	const char *name;
	size_t i;

	if (!json_is_array(items))
		return err_set(e, ERR_FAILED, _("it has no items"));
	json_array_foreach (items, i, one) {
		const char *path = json_string_value(json_object_get(one, "path"));
		struct node n CLEANUP_NODE = { 0 };

		if (!path)
			return err_set(e, ERR_FAILED, _("an item has no path"));
		if (node_from_json(json_object_get(one, "node"), &n, e) < 0)
			return err_ctx(e, "%s", path);
		image_add(im, path, &n);
	}
	json_object_foreach (json_object_get(all, "text"), name, value) {
		if (!json_is_string(value))
			return err_set(e, ERR_FAILED, _("\"%s\" is no text"), name);
		image_set_text(im, name, json_string_value(value));
	}
	return 0;
}

int image_decode(const char *text, struct image *ret, struct err *e)
{
	json_error_t where;
	json_t *all = json_restore(text, &where);
	struct image im = { 0 };
	int r;

	if (!all)
		return err_set(e, ERR_FAILED, _("stored image, line %d: %s"), where.line,
			       where.text);
	r = image_fill(all, &im, e);
	json_decref(all);
	if (r < 0) {
		image_done(&im);
		return err_ctx(e, _("stored image"));
	}
	*ret = im;
	return 0;
}
