// SPDX-License-Identifier: MIT
/*
 * stage.c - see stage.h.
 *
 * The folder is read into memory first, because the tmpfs that holds the copy is mounted over the
 * very folder that it is a copy of: no other place of the host is touched.
 */
#include "os/stage.h"

#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/i18n.h"
#include "base/mem.h"

#define DEPTH_MAX   8
#define ENTRIES_MAX 4096
#define BYTES_MAX   ((size_t)16 << 20)

struct staged {
	char *path;
	struct node node;
};

/* Folders stand before what is in them. Never freed: the child execs or ends. */
struct tree {
	struct staged *item;
	size_t count, bytes;
};

static int collect(struct os *os, const char *path, int depth, struct tree *t, struct err *e)
{
	struct strv names CLEANUP_STRV = { 0 };
	struct staged *at;

	if (depth > DEPTH_MAX || t->count == ENTRIES_MAX || t->bytes > BYTES_MAX)
		return err_set(e, ERR_FAILED, _("%s: too large to be staged"), path);
	t->item = xrealloc(t->item, t->count + 1, sizeof(*t->item));
	at = &t->item[t->count++];
	*at = (struct staged){ .path = xstrdup(path) };
	if (os_get(os, path, &at->node, e) < 0)
		return -1;
	t->bytes += at->node.len;
	if (at->node.type != NODE_DIR)
		return 0;
	if (os_list(os, path, &names, e) < 0)
		return -1;
	for (size_t i = 0; i < names.count; i++) {
		CLEANUP_FREE char *below = xasprintf("%s/%s", path, names.item[i]);

		if (collect(os, below, depth + 1, t, e) < 0)
			return -1;
	}
	return 0;
}

static int make_file(const char *path, const struct node *n)
{
	CLEANUP_FD int fd = open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600);

	if (fd < 0 || (n->len > 0 && write(fd, n->data, n->len) != (ssize_t)n->len))
		return -1;
	return fchown(fd, n->uid, n->gid) < 0 || fchmod(fd, n->mode) < 0 ? -1 : 0;
}

static int make_dir(const char *path, const struct node *n)
{
	if (mkdir(path, 0700) < 0 && errno != EEXIST)
		return -1;
	return chown(path, n->uid, n->gid) < 0 || chmod(path, n->mode) < 0 ? -1 : 0;
}

static int make(const struct staged *s, struct err *e)
{
	const struct node *n = &s->node;
	int r = 0;

	if (n->type == NODE_FILE)
		r = make_file(s->path, n);
	else if (n->type == NODE_DIR)
		r = make_dir(s->path, n);
	else if (n->type == NODE_LINK)
		r = symlink(n->data, s->path) < 0 ? -1 : lchown(s->path, n->uid, n->gid);
	return r < 0 ? err_sys(e, errno, _("staging %s"), s->path) : 0;
}

static int make_parents(const char *path, size_t from)
{
	CLEANUP_FREE char *copy = xstrdup(path);

	for (char *p = copy + from + 1; (p = strchr(p, '/')); p++) {
		*p = '\0';
		if (mkdir(copy, 0755) < 0 && errno != EEXIST)
			return -1;
		*p = '/';
	}
	return 0;
}

static int put_difference(const struct run *r, const struct run_stage *s, struct err *e)
{
	struct staged new = { .path = (char *)s->path,
			      .node = { .type = NODE_FILE,
					.mode = s->mode,
					.data = (char *)s->data,
					.len = s->data ? strlen(s->data) : 0 } };
	size_t len = strlen(r->stage_dir);

	if (strncmp(s->path, r->stage_dir, len) != 0 || s->path[len] != '/')
		return err_set(e, ERR_FAILED, _("%s is not below %s"), s->path, r->stage_dir);
	if (make_parents(s->path, len) < 0 || (unlink(s->path) < 0 && errno != ENOENT))
		return err_sys(e, errno, _("staging %s"), s->path);
	return s->data ? make(&new, e) : 0;
}

int stage_enter(struct os *os, const struct run *r, struct err *e)
{
	struct tree t = { 0 };

	if (collect(os, r->stage_dir, 0, &t, e) < 0)
		return -1;
	if (t.item[0].node.type != NODE_DIR)
		return err_set(e, ERR_FAILED, _("%s: is not a folder"), r->stage_dir);
	if (unshare(CLONE_NEWNS) < 0 || mount(NULL, "/", NULL, MS_REC | MS_PRIVATE, NULL) < 0)
		return err_sys(e, errno, "mount namespace");
	if (mount("kannuki", r->stage_dir, "tmpfs", MS_NOSUID | MS_NODEV, "mode=0755,size=32m") < 0)
		return err_sys(e, errno, "tmpfs on %s", r->stage_dir);
	for (size_t i = 0; i < t.count; i++)
		if (make(&t.item[i], e) < 0)
			return -1;
	for (size_t i = 0; i < r->stage_count; i++)
		if (put_difference(r, &r->stage[i], e) < 0)
			return -1;
	return 0;
}
