// SPDX-License-Identifier: MIT
/* stage.c - see stage.h. */
#include "os/stage.h"

#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/mem.h"

#define DEPTH_MAX 8

/* The copy is made over the very folder it hides, so it goes through a folder that every host has
 * and that no program we stage for looks into. */
#define SCRATCH "/mnt"

static int copy_file(const char *to, const struct node *n)
{
	CLEANUP_FD int fd = open(to, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);

	if (fd < 0 || (n->len > 0 && write(fd, n->data, n->len) != (ssize_t)n->len))
		return -1;
	return fchown(fd, n->uid, n->gid) < 0 || fchmod(fd, n->mode) < 0 ? -1 : 0;
}

static int copy_tree(struct os *os, const char *from, const char *to, int depth, struct err *e)
{
	CLEANUP_STRV struct strv names = { 0 };

	if (depth > DEPTH_MAX || os_list(os, from, &names, e) < 0)
		return depth > DEPTH_MAX ? err_set(e, ERR_FAILED, "%s: too deep", from) : -1;
	for (size_t i = 0; i < names.count; i++) {
		CLEANUP_FREE char *a = xasprintf("%s/%s", from, names.item[i]);
		CLEANUP_FREE char *b = xasprintf("%s/%s", to, names.item[i]);
		CLEANUP_NODE struct node n = { 0 };
		int r = 0;

		if (os_get(os, a, &n, e) < 0)
			return -1;
		if (n.type == NODE_FILE)
			r = copy_file(b, &n);
		else if (n.type == NODE_LINK)
			r = symlink(n.data, b);
		else if (n.type == NODE_DIR)
			r = mkdir(b, n.mode);
		if (r < 0)
			return err_sys(e, errno, "staging %s", a);
		if (n.type == NODE_DIR && copy_tree(os, a, b, depth + 1, e) < 0)
			return -1;
	}
	return 0;
}

static int make_parents(char *path, size_t from)
{
	for (char *p = path + from; (p = strchr(p + 1, '/'));) {
		*p = '\0';
		if (mkdir(path, 0755) < 0 && errno != EEXIST)
			return -1;
		*p = '/';
	}
	return 0;
}

static int put_differences(const struct run *r, struct err *e)
{
	for (size_t i = 0; i < r->stage_count; i++) {
		const struct run_stage *s = &r->stage[i];
		const char *below = s->path + strlen(r->stage_dir);
		CLEANUP_FREE char *to = xasprintf("%s%s", SCRATCH, below);
		struct node n = { .type = NODE_FILE, .mode = s->mode, .data = (char *)s->data };

		if (!str_starts(s->path, r->stage_dir) || below[0] != '/')
			return err_set(e, ERR_FAILED, "%s is not below %s", s->path, r->stage_dir);
		n.len = s->data ? strlen(s->data) : 0;
		if (make_parents(to, strlen(SCRATCH)) < 0)
			return err_sys(e, errno, "staging %s", s->path);
		if (unlink(to) < 0 && errno != ENOENT)
			return err_sys(e, errno, "staging %s", s->path);
		if (s->data && copy_file(to, &n) < 0)
			return err_sys(e, errno, "staging %s", s->path);
	}
	return 0;
}

int stage_enter(struct os *os, const struct run *r, struct err *e)
{
	if (unshare(CLONE_NEWNS) < 0 || mount(NULL, "/", NULL, MS_REC | MS_PRIVATE, NULL) < 0)
		return err_sys(e, errno, "mount namespace");
	if (mount("kannuki", SCRATCH, "tmpfs", MS_NOSUID | MS_NODEV, "mode=0755,size=16m") < 0)
		return err_sys(e, errno, "tmpfs on " SCRATCH);
	if (copy_tree(os, r->stage_dir, SCRATCH, 0, e) < 0 || put_differences(r, e) < 0)
		return -1;
	if (mount(SCRATCH, r->stage_dir, NULL, MS_BIND | MS_REC, NULL) < 0)
		return err_sys(e, errno, "bind on %s", r->stage_dir);
	return 0;
}
