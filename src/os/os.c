// SPDX-License-Identifier: MIT
/* os.c - what is the same for every host: nodes, and conveniences over the operations. */
#include "os/os.h"

#include <string.h>

#include "base/i18n.h"
#include "base/mem.h"
#include "base/str.h"

#define LINKS_MAX 16 /* one that leads to another, and so on */

void node_done(struct node *n)
{
	for (size_t i = 0; i < n->xattr_count; i++) {
		free(n->xattr[i].name);
		free(n->xattr[i].value);
	}
	free(n->xattr);
	free(n->data);
	*n = (struct node){ 0 };
}

void node_copy(const struct node *from, struct node *ret)
{
	*ret = *from;
	ret->data = from->data ? xmemdup(from->data, from->len) : NULL;
	ret->xattr = from->xattr_count ? xcalloc(from->xattr_count, sizeof(*ret->xattr)) : NULL;
	for (size_t i = 0; i < from->xattr_count; i++)
		ret->xattr[i] = (struct xattr){
			.name = xstrdup(from->xattr[i].name),
			.value = xmemdup(from->xattr[i].value, from->xattr[i].len),
			.len = from->xattr[i].len,
		};
}

char *os_unstaged(const char *name)
{
	static const char end[] = ".kannuki~";

	if (name[0] != '.' || !str_ends(name, end))
		return xstrdup(name);
	return xstrndup(name + 1, strlen(name) - sizeof(end));
}

static bool xattrs_eq(const struct node *a, const struct node *b)
{
	if (a->xattr_count != b->xattr_count)
		return false;
	for (size_t i = 0; i < a->xattr_count; i++)
		if (!str_eq(a->xattr[i].name, b->xattr[i].name) ||
		    a->xattr[i].len != b->xattr[i].len ||
		    memcmp(a->xattr[i].value, b->xattr[i].value, a->xattr[i].len) != 0)
			return false;
	return true;
}

bool node_eq(const struct node *a, const struct node *b)
{
	if (a->type != b->type)
		return false;
	if (a->type == NODE_ABSENT)
		return true;
	if (a->uid != b->uid || a->gid != b->gid || !xattrs_eq(a, b))
		return false;
	/* The mode of a link means nothing (symlink(7)). */
	if (a->type != NODE_LINK && a->mode != b->mode)
		return false;
	if (a->type == NODE_DIR || a->type == NODE_OTHER)
		return true;
	return a->len == b->len && (a->len == 0 || memcmp(a->data, b->data, a->len) == 0);
}

bool node_is(const struct node *found, const struct node *told)
{
	static const char label[] = "security.selinux";
	CLEANUP_FREE struct xattr *rest = NULL;
	struct node bare = *found;

	if (node_eq(found, told))
		return true;
	for (size_t i = 0; i < told->xattr_count; i++)
		if (str_eq(told->xattr[i].name, label))
			return false;
	rest = xcalloc(found->xattr_count, sizeof(*rest));
	bare.xattr = rest;
	bare.xattr_count = 0;
	for (size_t i = 0; i < found->xattr_count; i++)
		if (!str_eq(found->xattr[i].name, label))
			rest[bare.xattr_count++] = found->xattr[i];
	return node_eq(&bare, told);
}

void run_result_done(struct run_result *r)
{
	free(r->out);
	free(r->err);
	*r = (struct run_result){ 0 };
}

void process_done(struct process *p)
{
	free(p->exe);
	free(p->cgroup);
	*p = (struct process){ 0 };
}

/* What a link at path points to (.. is left to the next look). */
static char *link_target(const char *path, const char *target)
{
	const char *slash = strrchr(path, '/');

	if (target[0] == '/' || !slash)
		return xstrdup(target);
	return xasprintf("%.*s/%s", (int)(slash - path), path, target);
}

int os_get_followed(struct os *os, const char *path, struct node *ret, struct err *e)
{
	CLEANUP_FREE char *at = xstrdup(path);

	for (int i = 0; i < LINKS_MAX; i++) {
		CLEANUP_NODE struct node n = { 0 };
		char *next;

		if (os_get(os, at, &n, e) < 0)
			return -1;
		if (n.type != NODE_LINK) {
			*ret = n;
			n = (struct node){ 0 };
			return 0;
		}
		next = link_target(at, n.data);
		free(at);
		at = next;
	}
	return err_set(e, ERR_FAILED, _("%s: too many links"), path);
}

int os_read(struct os *os, const char *path, char **ret, struct err *e)
{
	CLEANUP_NODE struct node n = { 0 };

	if (os_get(os, path, &n, e) < 0)
		return -1;
	if (n.type != NODE_FILE)
		return 1;
	*ret = TAKE(n.data);
	return 0;
}

void node_file(struct node *ret, const char *text, mode_t mode)
{
	*ret = (struct node){
		.type = NODE_FILE, .mode = mode, .data = xstrdup(text), .len = strlen(text)
	};
}

int os_write(struct os *os, const char *path, const char *text, mode_t mode, struct err *e)
{
	CLEANUP_NODE struct node n = { 0 };

	node_file(&n, text, mode);
	return os_put(os, path, NULL, &n, e);
}

int os_remove(struct os *os, const char *path, struct err *e)
{
	const struct node absent = { .type = NODE_ABSENT };

	return os_put(os, path, NULL, &absent, e);
}

int os_mkdir(struct os *os, const char *path, mode_t mode, struct err *e)
{
	CLEANUP_NODE struct node now = { 0 };
	const struct node want = { .type = NODE_DIR, .mode = mode };

	if (os_get(os, path, &now, e) < 0)
		return -1;
	if (now.type == NODE_DIR)
		return 0;
	return os_put(os, path, &now, &want, e);
}

int os_program(struct os *os, struct node *ret, struct err *e)
{
	if (os->ops->program(os, ret, e) < 0)
		return err_ctx(e, _("own program"));
	return 0;
}

/* The line that says why is nearly always the last one. */
static const char *last_line(char *text)
{
	char *end = text + strlen(text);
	char *line;

	while (end > text && (end[-1] == '\n' || end[-1] == '\r'))
		*--end = '\0';
	line = strrchr(text, '\n');
	return line ? line + 1 : text;
}

int os_run_ok(struct os *os, const char *const *argv, struct run_result *ret, struct err *e)
{
	CLEANUP_RUN struct run_result r = { 0 };
	const struct run run = { .argv = argv };

	if (os_run(os, &run, &r, e) < 0)
		return -1;
	if (r.timed_out)
		return err_set(e, ERR_FAILED, _("%s: took too long and was ended"), argv[0]);
	if (r.status == 127 && r.err[0] == '\0')
		return err_set(e, ERR_FAILED, _("%s: no such program"), argv[0]);
	if (r.status != 0) {
		CLEANUP_FREE char *why = xstrdup(r.err[0] ? r.err : r.out);

		return err_set(e, ERR_FAILED, _("%s: %s (status %d)"), argv[0], last_line(why),
			       r.status);
	}
	if (ret) {
		*ret = r;
		r = (struct run_result){ 0 };
	}
	return 0;
}
