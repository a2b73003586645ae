// SPDX-License-Identifier: MIT
/*
 * linux_put.c - the one way to change what is at a path.
 *
 * A staged inode with everything set -> fsync -> exchange -> what came out is compared with what
 * was expected -> fsync of the folder. The staged name is the same for every run, so that the next
 * one finds what a killed one left.
 */
#include <errno.h>
#include <fcntl.h>
#include <linux/fs.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/xattr.h>
#include <unistd.h>

#include "base/mem.h"
#include "os/linux.h"

struct place {
	struct os *os;
	const char *path;
	int dir;
	const char *name;
	char staged[300];
};

static int rename_how(const struct place *p, const char *from, const char *to, unsigned how)
{
	return (int)syscall(SYS_renameat2, p->dir, from, p->dir, to, how);
}

static int set_xattrs(int fd, const struct node *want)
{
	for (size_t i = 0; i < want->xattr_count; i++) {
		const struct xattr *x = &want->xattr[i];

		if (fsetxattr(fd, x->name, x->value, x->len, 0) < 0)
			return -1;
	}
	return 0;
}

/* A folder's default ACL or label would otherwise make the new file another than the wanted one. */
static int drop_inherited_acl(int fd, const struct node *want)
{
	for (size_t i = 0; i < want->xattr_count; i++)
		if (str_eq(want->xattr[i].name, "system.posix_acl_access"))
			return 0;
	if (fremovexattr(fd, "system.posix_acl_access") < 0 && errno != ENODATA && errno != ENOTSUP)
		return -1;
	return 0;
}

static int write_all(int fd, const char *data, size_t len)
{
	while (len > 0) {
		ssize_t n = write(fd, data, len);

		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			return -1;
		data += n;
		len -= (size_t)n;
	}
	return 0;
}

/* Owner before mode: chown clears set-id bits. Time last. */
static int fill(int fd, const struct node *want)
{
	const struct timespec times[2] = { { .tv_nsec = UTIME_OMIT }, want->mtime };

	if (want->type == NODE_FILE && write_all(fd, want->data, want->len) < 0)
		return -1;
	if (fchown(fd, want->uid, want->gid) < 0 || drop_inherited_acl(fd, want) < 0 ||
	    fchmod(fd, want->mode) < 0 || set_xattrs(fd, want) < 0)
		return -1;
	if (want->type == NODE_FILE && (want->mtime.tv_sec || want->mtime.tv_nsec) &&
	    futimens(fd, times) < 0)
		return -1;
	return fsync(fd);
}

static int stage_file(const struct place *p, const struct node *want)
{
	CLEANUP_FD int fd = openat(p->dir, p->staged,
				   O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0600);

	return fd < 0 ? -1 : fill(fd, want);
}

static int stage(const struct place *p, const struct node *want)
{
	if (want->type == NODE_FILE)
		return stage_file(p, want);
	if (symlinkat(want->data, p->dir, p->staged) < 0)
		return -1;
	return fchownat(p->dir, p->staged, want->uid, want->gid, AT_SYMLINK_NOFOLLOW);
}

/* The parent folder's path with another last part. */
static int get_named(const struct place *p, const char *name, struct node *ret, struct err *e)
{
	CLEANUP_FREE char *path = xasprintf("%.*s%s", (int)(p->name - p->path), p->path, name);

	return linux_get(p->os, path, ret, e);
}

static int conflict(const struct place *p, struct err *e)
{
	return err_set(e, ERR_CONFLICT, "%s: someone else has changed it meanwhile", p->path);
}

static int drop_staged(const struct place *p)
{
	if (unlinkat(p->dir, p->staged, 0) == 0 || errno == ENOENT)
		return 0;
	/* A folder that a killed run had moved aside. */
	return errno == EISDIR || errno == EPERM ? unlinkat(p->dir, p->staged, AT_REMOVEDIR) : -1;
}

/* Something was there: it comes out under the staged name and must be what was expected. */
static int exchange(const struct place *p, const struct node *expect, struct err *e)
{
	CLEANUP_NODE struct node out = { 0 };

	if (rename_how(p, p->staged, p->name, RENAME_EXCHANGE) < 0) {
		/* A file system without it (some network ones): the check before has to do. */
		if (errno != EINVAL && errno != ENOSYS)
			return err_sys(e, errno, "%s", p->path);
		if (renameat(p->dir, p->staged, p->dir, p->name) < 0)
			return err_sys(e, errno, "%s", p->path);
		return 0;
	}
	if (expect) {
		if (get_named(p, p->staged, &out, e) < 0)
			return -1;
		if (!node_eq(&out, expect)) {
			rename_how(p, p->staged, p->name, RENAME_EXCHANGE);
			return conflict(p, e);
		}
	}
	return drop_staged(p) < 0 ? err_sys(e, errno, "%s", p->path) : 0;
}

static int put_new(const struct place *p, struct err *e)
{
	if (rename_how(p, p->staged, p->name, RENAME_NOREPLACE) == 0)
		return 0;
	if (errno == EEXIST)
		return conflict(p, e);
	if (errno != EINVAL && errno != ENOSYS)
		return err_sys(e, errno, "%s", p->path);
	if (renameat(p->dir, p->staged, p->dir, p->name) < 0)
		return err_sys(e, errno, "%s", p->path);
	return 0;
}

static int put_staged(const struct place *p, const struct node *now, const struct node *expect,
		      const struct node *want, struct err *e)
{
	int r;

	if (now->type == NODE_DIR)
		return err_set(e, ERR_CONFLICT, "%s: is a folder", p->path);
	if (stage(p, want) < 0)
		r = err_sys(e, errno, "%s", p->path);
	else
		r = now->type == NODE_ABSENT ? put_new(p, e) : exchange(p, expect, e);
	if (r < 0)
		drop_staged(p);
	return r;
}

static int put_dir(const struct place *p, const struct node *now, const struct node *want,
		   struct err *e)
{
	CLEANUP_FD int fd = -1;

	if (now->type != NODE_ABSENT && now->type != NODE_DIR)
		return err_set(e, ERR_CONFLICT, "%s: is not a folder", p->path);
	if (now->type == NODE_ABSENT && mkdirat(p->dir, p->name, 0700) < 0)
		return err_sys(e, errno, "%s", p->path);
	fd = openat(p->dir, p->name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
	if (fd < 0 || fill(fd, want) < 0)
		return err_sys(e, errno, "%s", p->path);
	return 0;
}

static int put_absent(const struct place *p, const struct node *now, const struct node *expect,
		      struct err *e)
{
	CLEANUP_NODE struct node out = { 0 };

	if (now->type == NODE_ABSENT)
		return 0;
	if (now->type == NODE_DIR)
		return unlinkat(p->dir, p->name, AT_REMOVEDIR) < 0
			       ? err_sys(e, errno, "%s", p->path)
			       : 0;
	if (rename_how(p, p->name, p->staged, RENAME_NOREPLACE) < 0)
		return err_sys(e, errno, "%s", p->path);
	if (expect) {
		if (get_named(p, p->staged, &out, e) < 0)
			return -1;
		if (!node_eq(&out, expect)) {
			rename_how(p, p->staged, p->name, RENAME_NOREPLACE);
			return conflict(p, e);
		}
	}
	return drop_staged(p) < 0 ? err_sys(e, errno, "%s", p->path) : 0;
}

int linux_put(struct os *os, const char *path, const struct node *expect, const struct node *want,
	      struct err *e)
{
	CLEANUP_NODE struct node now = { 0 };
	struct place p = { .os = os, .path = path };
	CLEANUP_FD int dir = -1;
	int r;

	dir = p.dir = linux_open_parent(os, path, &p.name);
	if (dir < 0 && errno == ENOENT && want->type == NODE_ABSENT)
		return 0;
	if (dir < 0)
		return err_sys(e, errno, "%s", path);
	if ((size_t)snprintf(p.staged, sizeof(p.staged), ".%s.kannuki~", p.name) >=
	    sizeof(p.staged))
		return err_set(e, ERR_FAILED, "%s: the name is too long", path);
	if (drop_staged(&p) < 0)
		return err_sys(e, errno, "%s: leftover of an earlier run", path);
	if (linux_get(os, path, &now, e) < 0)
		return -1;
	if (node_eq(&now, want) && (!want->mtime.tv_sec || now.mtime.tv_sec == want->mtime.tv_sec))
		return 0;
	if (expect && !node_eq(&now, expect) && !node_eq(&now, want))
		return conflict(&p, e);
	if (want->type == NODE_ABSENT)
		r = put_absent(&p, &now, expect, e);
	else if (want->type == NODE_DIR)
		r = put_dir(&p, &now, want, e);
	else
		r = put_staged(&p, &now, node_eq(&now, want) ? NULL : expect, want, e);
	if (r == 0 && fsync(dir) < 0)
		return err_sys(e, errno, "%s: folder", path);
	return r;
}

int linux_write_at(struct os *os, const char *path, uint64_t offset, const void *data, size_t len,
		   struct err *e)
{
	CLEANUP_FD int fd = linux_open(os, path, O_WRONLY | O_NOFOLLOW);
	const char *p = data;

	if (fd < 0)
		return err_sys(e, errno, "%s", path);
	while (len > 0) {
		ssize_t n = pwrite(fd, p, len, (off_t)offset);

		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			return err_sys(e, errno, "%s", path);
		p += n;
		offset += (uint64_t)n;
		len -= (size_t)n;
	}
	return fdatasync(fd) < 0 ? err_sys(e, errno, "%s", path) : 0;
}
