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

#include "base/i18n.h"
#include "base/mem.h"
#include "os/linux.h"

#define RACES_MAX 16

struct place {
	struct os *os;
	const char *path;
	int dir;
	const char *name;
	char staged[300];
	bool keep; /* what is under the staged name is not ours */
};

static int rename_how(const struct place *p, const char *from, const char *to, unsigned how)
{
	return (int)syscall(SYS_renameat2, p->dir, from, p->dir, to, how);
}

/* Some network file systems know no exchange, very old kernels no renameat2. */
static bool is_unsupported(int errnum)
{
	return errnum == EINVAL || errnum == ENOSYS;
}

static bool names_xattr(const struct node *want, const char *name)
{
	for (size_t i = 0; i < want->xattr_count; i++)
		if (str_eq(want->xattr[i].name, name))
			return true;
	return false;
}

/* A folder's default ACL, or what an existing folder had, would make it another than the wanted one.
 * Labels and integrity marks are the kernel's: it gives them where nobody else does. */
static int drop_xattrs(int fd, const struct node *want)
{
	static const char *const kept[] = { "security.selinux", "security.ima", "security.evm" };
	char names[65536];
	ssize_t len = flistxattr(fd, names, sizeof(names));

	if (len < 0)
		return errno == ENOTSUP ? 0 : -1;
	for (const char *name = names; name < names + len; name += strlen(name) + 1) {
		bool keep = names_xattr(want, name);

		for (size_t i = 0; i < COUNT(kept); i++)
			keep = keep || str_eq(name, kept[i]);
		if (!keep && fremovexattr(fd, name) < 0 && errno != ENODATA)
			return -1;
	}
	return 0;
}

static int set_xattrs(int fd, const struct node *want)
{
	if (drop_xattrs(fd, want) < 0)
		return -1;
	for (size_t i = 0; i < want->xattr_count; i++) {
		const struct xattr *x = &want->xattr[i];

		if (fsetxattr(fd, x->name, x->value, x->len, 0) < 0)
			return -1;
	}
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

static bool has_time(const struct node *n)
{
	return n->type == NODE_FILE && (n->mtime.tv_sec || n->mtime.tv_nsec);
}

/* Owner first: chown clears set-id bits and capabilities. The mode after the ACL, so that a mode
 * that contradicts it narrows it and never the other way round. Time last. */
static int fill(int fd, const struct node *want)
{
	const struct timespec times[2] = { { .tv_nsec = UTIME_OMIT }, want->mtime };

	if (want->type == NODE_FILE && write_all(fd, want->data, want->len) < 0)
		return -1;
	if (fchown(fd, want->uid, want->gid) < 0 || set_xattrs(fd, want) < 0 ||
	    fchmod(fd, want->mode) < 0)
		return -1;
	if (has_time(want) && futimens(fd, times) < 0)
		return -1;
	return fsync(fd);
}

static int stage_file(const struct place *p, const struct node *want)
{
	CLEANUP_FD int fd = openat(p->dir, p->staged,
				   O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0600);

	return fd < 0 ? -1 : fill(fd, want);
}

static int stage_dir(const struct place *p, const struct node *want)
{
	CLEANUP_FD int fd = -1;

	if (mkdirat(p->dir, p->staged, 0700) < 0)
		return -1;
	fd = openat(p->dir, p->staged, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
	return fd < 0 ? -1 : fill(fd, want);
}

/* A link has no descriptor for writing, and no fsync of its own: the folder's does it. */
static int stage_link(const struct place *p, const struct node *want)
{
	char path[340];

	if (symlinkat(want->data, p->dir, p->staged) < 0 ||
	    fchownat(p->dir, p->staged, want->uid, want->gid, AT_SYMLINK_NOFOLLOW) < 0)
		return -1;
	snprintf(path, sizeof(path), "/proc/self/fd/%d/%s", p->dir, p->staged);
	for (size_t i = 0; i < want->xattr_count; i++) {
		const struct xattr *x = &want->xattr[i];

		if (lsetxattr(path, x->name, x->value, x->len, 0) < 0)
			return -1;
	}
	return 0;
}

static int stage(const struct place *p, const struct node *want)
{
	switch (want->type) {
	case NODE_FILE:
		return stage_file(p, want);
	case NODE_DIR:
		return stage_dir(p, want);
	case NODE_LINK:
		return stage_link(p, want);
	default:
		errno = EINVAL;
		return -1;
	}
}

/* The parent folder's path with another last part. */
static int get_named(const struct place *p, const char *name, struct node *ret, struct err *e)
{
	CLEANUP_FREE char *path = xasprintf("%.*s%s", (int)(p->name - p->path), p->path, name);

	return linux_get(p->os, path, ret, e);
}

static int conflict(const struct place *p, struct err *e)
{
	return err_set(e, ERR_CONFLICT, _("%s: someone else has changed it meanwhile"), p->path);
}

static int drop_staged(const struct place *p)
{
	/* A read-only file system says so before it looks whether there is anything. */
	if (unlinkat(p->dir, p->staged, 0) == 0 || errno == ENOENT || errno == EROFS)
		return 0;
	return errno == EISDIR || errno == EPERM ? unlinkat(p->dir, p->staged, AT_REMOVEDIR) : -1;
}

/* What was at the path is under the staged name now. It must be what was expected, else it goes
 * back (`how` as for renameat2) and the host is as found. */
static int judge(struct place *p, const struct node *expect, unsigned how, struct err *e)
{
	CLEANUP_NODE struct node out = { 0 };
	struct err back = { 0 };
	struct stat st;
	bool right;

	if (expect) {
		int r = get_named(p, p->staged, &out, e);

		right = r == 0 && node_is(&out, expect);
		if (r == 0 && !right)
			conflict(p, e);
	} else {
		right = fstatat(p->dir, p->staged, &st, AT_SYMLINK_NOFOLLOW) == 0 &&
			!S_ISDIR(st.st_mode);
		if (!right)
			conflict(p, e);
	}
	if (right)
		return drop_staged(p) < 0 ? err_sys(e, errno, "%s", p->path) : 0;
	if (rename_how(p, p->staged, p->name, how) < 0) {
		p->keep = true;
		err_sys(&back, errno, "%s", p->path);
		return err_ctx(e, _("what was there is now %s (%s)"), p->staged, back.msg);
	}
	return -1;
}

/* Without an exchange: looked at again at the last moment. */
static int replace_plainly(const struct place *p, const struct node *expect, struct err *e)
{
	CLEANUP_NODE struct node now = { 0 };

	if (expect && get_named(p, p->name, &now, e) < 0)
		return -1;
	if (expect && !node_is(&now, expect))
		return conflict(p, e);
	if (renameat(p->dir, p->staged, p->dir, p->name) < 0)
		return err_sys(e, errno, "%s", p->path);
	return 0;
}

/* 1: it is gone meanwhile. */
static int put_over(struct place *p, const struct node *expect, struct err *e)
{
	if (rename_how(p, p->staged, p->name, RENAME_EXCHANGE) == 0)
		return judge(p, expect, RENAME_EXCHANGE, e);
	if (errno == ENOENT)
		return 1;
	if (is_unsupported(errno))
		return replace_plainly(p, expect, e);
	return err_sys(e, errno, "%s", p->path);
}

/* 1: something is there meanwhile. */
static int put_new(const struct place *p, struct err *e)
{
	static const struct node absent = { .type = NODE_ABSENT };

	if (rename_how(p, p->staged, p->name, RENAME_NOREPLACE) == 0)
		return 0;
	if (errno == EEXIST)
		return 1;
	if (is_unsupported(errno))
		return replace_plainly(p, &absent, e);
	return err_sys(e, errno, "%s", p->path);
}

static int move_in(struct place *p, bool there, const struct node *expect, struct err *e)
{
	for (int i = 0; i < RACES_MAX; i++, there = !there) {
		int r = there ? put_over(p, expect, e) : put_new(p, e);

		if (r <= 0)
			return r;
		if (expect)
			break;
	}
	return conflict(p, e);
}

static int put_staged(struct place *p, const struct node *now, const struct node *expect,
		      const struct node *want, struct err *e)
{
	int r;

	if (now->type == NODE_DIR)
		return err_set(e, ERR_CONFLICT, _("%s: is a folder"), p->path);
	if (want->type == NODE_DIR && now->type != NODE_ABSENT)
		return err_set(e, ERR_CONFLICT, _("%s: is not a folder"), p->path);
	if (stage(p, want) < 0)
		r = err_sys(e, errno, "%s", p->path);
	else
		r = move_in(p, now->type != NODE_ABSENT, expect, e);
	if (r < 0 && !p->keep)
		drop_staged(p);
	return r;
}

static int change_dir(const struct place *p, const struct node *want, struct err *e)
{
	CLEANUP_FD int fd =
		openat(p->dir, p->name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);

	return fd < 0 || fill(fd, want) < 0 ? err_sys(e, errno, "%s", p->path) : 0;
}

static int put_absent(struct place *p, const struct node *now, const struct node *expect,
		      struct err *e)
{
	if (now->type == NODE_DIR) {
		if (unlinkat(p->dir, p->name, AT_REMOVEDIR) < 0 && errno != ENOENT)
			return err_sys(e, errno, "%s", p->path);
		return 0;
	}
	if (rename_how(p, p->name, p->staged, RENAME_NOREPLACE) == 0)
		return judge(p, expect, RENAME_NOREPLACE, e);
	if (errno == ENOENT)
		return 0;
	if (!is_unsupported(errno) || unlinkat(p->dir, p->name, 0) < 0)
		return err_sys(e, errno, "%s", p->path);
	return 0;
}

static bool holds(const struct node *now, const struct node *want)
{
	return node_is(now, want) &&
	       (!has_time(want) || (now->mtime.tv_sec == want->mtime.tv_sec &&
				    now->mtime.tv_nsec == want->mtime.tv_nsec));
}

/* It holds already, but perhaps not on the disk: a run that was killed may have made it so. */
static int settle(const struct place *p, const struct node *want, struct err *e)
{
	CLEANUP_FD int fd = -1;

	if (want->type == NODE_FILE)
		fd = openat(p->dir, p->name, O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC);
	if ((fd >= 0 && fsync(fd) < 0) || fsync(p->dir) < 0)
		return errno == EROFS || errno == EINVAL ? 0 : err_sys(e, errno, "%s", p->path);
	return 0;
}

static int put_in(struct place *p, const struct node *expect, const struct node *want,
		  struct err *e)
{
	CLEANUP_NODE struct node now = { 0 };
	int r;

	if (drop_staged(p) < 0)
		return err_sys(e, errno, "%s: %s", p->path, p->staged);
	if (linux_get(p->os, p->path, &now, e) < 0)
		return -1;
	if (holds(&now, want))
		return settle(p, want, e);
	/* Only its time is another one. */
	if (node_is(&now, want))
		expect = NULL;
	if (expect && !node_is(&now, expect))
		return conflict(p, e);
	if (want->type == NODE_ABSENT)
		r = put_absent(p, &now, expect, e);
	else if (want->type == NODE_DIR && now.type == NODE_DIR)
		r = change_dir(p, want, e);
	else
		r = put_staged(p, &now, expect, want, e);
	if (r == 0 && fsync(p->dir) < 0)
		return err_sys(e, errno, "%s: folder", p->path);
	return r;
}

static bool is_name(const char *name)
{
	return name[0] && !str_eq(name, ".") && !str_eq(name, "..");
}

int linux_put(struct os *os, const char *path, const struct node *expect, const struct node *want,
	      struct err *e)
{
	struct place p = { .os = os, .path = path };
	CLEANUP_FD int dir = -1;

	dir = p.dir = linux_open_parent(os, path, &p.name);
	if (dir < 0 && (errno == ENOENT || errno == ENOTDIR) && want->type == NODE_ABSENT)
		return 0;
	if (dir < 0 && errno == ELOOP)
		return err_set(e, ERR_CONFLICT,
			       _("%s: a link on the way there is not root's, and is not followed"),
			       path);
	if (dir < 0)
		return err_sys(e, errno, "%s", path);
	if (path[0] != '/' || !is_name(p.name) || want->type == NODE_OTHER ||
	    (want->type == NODE_LINK && !want->data))
		return err_sys(e, EINVAL, "%s", path);
	if ((size_t)snprintf(p.staged, sizeof(p.staged), ".%s.kannuki~", p.name) >=
	    sizeof(p.staged))
		return err_sys(e, ENAMETOOLONG, "%s", path);
	return put_in(&p, expect, want, e);
}

static int check_target(int fd, uint64_t offset, size_t len)
{
	struct stat st;

	if (fstat(fd, &st) < 0)
		return -1;
	errno = !S_ISREG(st.st_mode) ? EINVAL : offset + len > OS_FILE_MAX ? EFBIG : 0;
	return errno ? -1 : 0;
}

/* NOLINTNEXTLINE(readability-function-size): the parameters are those of os.h */
int linux_write_at(struct os *os, const char *path, uint64_t offset, const void *data, size_t len,
		   struct err *e)
{
	CLEANUP_FD int fd = linux_open(os, path, O_WRONLY | O_NOFOLLOW | O_NONBLOCK);
	const char *p = data;

	if (fd < 0 || check_target(fd, offset, len) < 0)
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
