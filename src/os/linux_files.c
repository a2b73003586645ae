// SPDX-License-Identifier: MIT
/* linux_files.c - looking at files; linux_put.c changes them. */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <linux/openat2.h>
#include <stdio.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/xattr.h>
#include <unistd.h>

#include "base/mem.h"
#include "os/linux.h"

static const char *relative(const char *path)
{
	while (*path == '/')
		path++;
	return *path ? path : ".";
}

#define RACES_MAX 64
#define LINKS_MAX 40

static char *without_links(struct os *os, const char *path);

static int open_how(struct os *os, const char *path, int flags, uint64_t resolve)
{
	struct open_how how = { .flags = (uint64_t)(flags | O_CLOEXEC),
				.resolve = RESOLVE_IN_ROOT | resolve };
	const struct os_linux *l = linux_of(os);
	int fd = -1;

	/* EAGAIN: something was renamed while ".." was being resolved (openat2(2)). */
	for (int i = 0; i < RACES_MAX; i++) {
		fd = (int)syscall(SYS_openat2, l->root, relative(path), &how, sizeof(how));
		if (fd >= 0 || errno != EAGAIN)
			break;
	}
	/* Kernels before 5.6 (RHEL 8) do not have it, and old containers refuse what they do not
	 * know. Below "/" a plain open is the same; another root is for tests. */
	if (fd < 0 && (errno == ENOSYS || errno == EPERM) && l->is_slash) {
		CLEANUP_FREE char *plain = resolve ? without_links(os, path) : xstrdup(path);

		return plain ? openat(l->root, relative(plain), flags | O_CLOEXEC) : -1;
	}
	return fd;
}

int linux_open(struct os *os, const char *path, int flags)
{
	return open_how(os, path, flags, 0);
}

/* Where a link leads, if it is root's (or ours, where we are not root). 1: it is no link, or not there. */
static int read_own_link(int root, const char *path, char *target, size_t size)
{
	struct stat st;
	ssize_t n;

	if (fstatat(root, relative(path), &st, AT_SYMLINK_NOFOLLOW) < 0)
		return errno == ENOENT || errno == ENOTDIR ? 1 : -1;
	if (!S_ISLNK(st.st_mode))
		return 1;
	if (st.st_uid != 0 && st.st_uid != geteuid()) {
		errno = ELOOP;
		return -1;
	}
	n = readlinkat(root, relative(path), target, size - 1);
	if (n < 0)
		return -1;
	target[n] = '\0';
	return 0;
}

/* One name further: "/etc" and "ssh" are "/etc/ssh". */
static void step_down(char **done, const char *name)
{
	char *slash = strrchr(*done, '/'), *longer;

	if (str_eq(name, "") || str_eq(name, "."))
		return;
	if (str_eq(name, "..")) {
		if (slash)
			*slash = '\0';
		return;
	}
	longer = xasprintf("%s/%s", *done, name);
	free(*done);
	*done = longer;
}

/* The same path without links, each of which was root's; NULL with errno set. malloc'd. */
static char *without_links(struct os *os, const char *path)
{
	CLEANUP_FREE char *done = xstrdup("");
	CLEANUP_FREE char *rest = xstrdup(path);
	unsigned links = 0;

	while (rest[0]) {
		size_t n = strcspn(rest, "/");
		CLEANUP_FREE char *name = xstrndup(rest, n);
		CLEANUP_FREE char *before = xstrdup(done);
		char target[4096], *next;
		int r;

		step_down(&done, name);
		r = str_eq(done, before)
			    ? 1
			    : read_own_link(linux_of(os)->root, done, target, sizeof(target));
		if (r < 0)
			return NULL;
		if (r == 0 && ++links > LINKS_MAX) {
			errno = ELOOP;
			return NULL;
		}
		next = r == 0 ? xasprintf("%s/%s", target, rest + n)
			      : xstrdup(rest + n + (rest[n] == '/'));
		free(rest);
		rest = next;
		if (r == 0) {
			free(done);
			done = xstrdup(target[0] == '/' ? "" : before);
		}
	}
	return xasprintf("%s/", done);
}

int linux_open_parent(struct os *os, const char *path, const char **ret_name)
{
	const char *slash = strrchr(path, '/');
	CLEANUP_FREE char *dir = xstrndup(path, slash ? (size_t)(slash - path) : 0);
	CLEANUP_FREE char *plain = NULL;
	int fd;

	*ret_name = slash ? slash + 1 : path;
	fd = open_how(os, dir[0] ? dir : "/", O_RDONLY | O_DIRECTORY, RESOLVE_NO_SYMLINKS);
	if (fd >= 0 || errno != ELOOP)
		return fd;
	/* Whoever may write a folder on the way could lead us anywhere. */
	plain = without_links(os, dir);
	return plain ? open_how(os, plain, O_RDONLY | O_DIRECTORY, RESOLVE_NO_SYMLINKS) : -1;
}

int read_all(int fd, char **ret, size_t *ret_len)
{
	CLEANUP_STR struct str s = { 0 };
	char buf[65536];
	ssize_t n;

	str_add(&s, "");
	while ((n = read(fd, buf, sizeof(buf))) != 0) {
		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			return -1;
		if (s.len + (size_t)n > OS_FILE_MAX) {
			errno = EFBIG;
			return -1;
		}
		str_add_bytes(&s, buf, (size_t)n);
	}
	*ret_len = s.len;
	*ret = str_take(&s);
	return 0;
}

static int by_name(const void *a, const void *b)
{
	return strcmp(((const struct xattr *)a)->name, ((const struct xattr *)b)->name);
}

/* Through /proc/self/fd so that an O_PATH descriptor of a link serves too. */
static int read_xattrs(int fd, struct node *n)
{
	char path[64], names[65536], value[65536];
	ssize_t len;

	snprintf(path, sizeof(path), "/proc/self/fd/%d", fd);
	len = listxattr(path, names, sizeof(names));
	if (len < 0)
		return errno == ENOTSUP ? 0 : -1;
	for (char *p = names; p < names + len; p += strlen(p) + 1) {
		ssize_t size = getxattr(path, p, value, sizeof(value));

		if (size < 0 && errno == ENODATA)
			continue;
		if (size < 0)
			return -1;
		n->xattr = xrealloc(n->xattr, n->xattr_count + 1, sizeof(*n->xattr));
		n->xattr[n->xattr_count++] = (struct xattr){ .name = xstrdup(p),
							     .value = xmemdup(value, (size_t)size),
							     .len = (size_t)size };
	}
	if (n->xattr_count > 1)
		qsort(n->xattr, n->xattr_count, sizeof(*n->xattr), by_name);
	return 0;
}

static int read_link(int fd, struct node *n)
{
	char target[4096];
	ssize_t len = readlinkat(fd, "", target, sizeof(target) - 1);

	if (len < 0)
		return -1;
	n->data = xmemdup(target, (size_t)len);
	n->len = (size_t)len;
	return 0;
}

static enum node_type type_of(mode_t mode)
{
	return S_ISREG(mode)   ? NODE_FILE
	       : S_ISDIR(mode) ? NODE_DIR
	       : S_ISLNK(mode) ? NODE_LINK
			       : NODE_OTHER;
}

static int read_bytes(int path_fd, struct node *n)
{
	char path[64];
	CLEANUP_FD int fd = -1;

	snprintf(path, sizeof(path), "/proc/self/fd/%d", path_fd);
	fd = open(path, O_RDONLY | O_CLOEXEC | O_NOCTTY | O_NONBLOCK);
	return fd < 0 ? -1 : read_all(fd, &n->data, &n->len);
}

/* fd is O_PATH | O_NOFOLLOW. */
static int node_of(int fd, struct node *ret)
{
	struct stat st;
	struct node n = { 0 };

	if (fstat(fd, &st) < 0)
		return -1;
	n = (struct node){ .type = type_of(st.st_mode),
			   .mode = st.st_mode & 07777,
			   .uid = st.st_uid,
			   .gid = st.st_gid,
			   .mtime = st.st_mtim };
	if (read_xattrs(fd, &n) < 0 || (n.type == NODE_LINK && read_link(fd, &n) < 0) ||
	    (n.type == NODE_FILE && read_bytes(fd, &n) < 0)) {
		int saved = errno;

		node_done(&n);
		errno = saved;
		return -1;
	}
	*ret = n;
	return 0;
}

int linux_get(struct os *os, const char *path, struct node *ret, struct err *e)
{
	CLEANUP_FD int fd = linux_open(os, path, O_PATH | O_NOFOLLOW);

	if (fd < 0 && (errno == ENOENT || errno == ENOTDIR)) {
		*ret = (struct node){ .type = NODE_ABSENT };
		return 0;
	}
	if (fd < 0)
		return err_sys(e, errno, "%s", path);
	if (node_of(fd, ret) < 0)
		return err_sys(e, errno, "%s", path);
	return 0;
}

int linux_list(struct os *os, const char *path, struct strv *ret, struct err *e)
{
	int fd = linux_open(os, path, O_RDONLY | O_DIRECTORY | O_NOFOLLOW);
	struct strv names CLEANUP_STRV = { 0 };
	struct dirent *d;
	DIR *dir;

	if (fd < 0 && (errno == ENOENT || errno == ENOTDIR))
		return 1;
	dir = fd < 0 ? NULL : fdopendir(fd);
	if (!dir) {
		if (fd >= 0)
			close(fd);
		return err_sys(e, errno, "%s", path);
	}
	errno = 0;
	while ((d = readdir(dir)))
		if (!str_eq(d->d_name, ".") && !str_eq(d->d_name, ".."))
			strv_add(&names, d->d_name);
	if (errno) {
		err_sys(e, errno, "%s", path);
		closedir(dir);
		return -1;
	}
	closedir(dir);
	strv_sort(&names);
	for (size_t i = 0; i < names.count; i++)
		strv_add(ret, names.item[i]);
	return 0;
}

int linux_program(struct os *os, struct node *ret, struct err *e)
{
	CLEANUP_FD int fd = open("/proc/self/exe", O_RDONLY | O_CLOEXEC);
	struct node n = { .type = NODE_FILE, .mode = 0755 };

	(void)os;
	if (fd < 0 || read_all(fd, &n.data, &n.len) < 0)
		return err_sys(e, errno, "/proc/self/exe");
	*ret = n;
	return 0;
}

static pid_t read_holder(int fd)
{
	char text[16] = "";
	uint64_t pid;

	if (pread(fd, text, sizeof(text) - 1, 0) <= 0 ||
	    str_to_u64(str_trim(text), 1, INT32_MAX, &pid) < 0)
		return 0;
	return (pid_t)pid;
}

/* NOLINTNEXTLINE(readability-function-size): the parameters are those of os.h */
int linux_lock(struct os *os, const char *path, unsigned wait_ms, int *ret_token, pid_t *ret_holder,
	       struct err *e)
{
	const char *name;
	CLEANUP_FD int dir = linux_open_parent(os, path, &name);
	CLEANUP_FD int fd = -1;
	char text[16];
	int n;

	fd = dir < 0 ? -1 : openat(dir, name, O_RDWR | O_CREAT | O_NOFOLLOW | O_CLOEXEC, 0600);
	if (fd < 0)
		return err_sys(e, errno, "%s", path);
	for (unsigned waited = 0; flock(fd, LOCK_EX | LOCK_NB) < 0; waited += 20) {
		if (errno != EWOULDBLOCK && errno != EINTR)
			return err_sys(e, errno, "%s", path);
		if (waited >= wait_ms) {
			*ret_holder = read_holder(fd);
			return 1;
		}
		usleep(20000);
	}
	n = snprintf(text, sizeof(text), "%d\n", (int)getpid());
	/* Only names the holder in a message: no failure if it cannot. */
	if (ftruncate(fd, 0) < 0 || pwrite(fd, text, (size_t)n, 0) < 0)
		errno = 0;
	*ret_token = TAKE_FD(fd);
	return 0;
}

int linux_hold(struct os *os, const char *path, unsigned wait_ms, int *ret_token, struct err *e)
{
	const struct flock whole = { .l_type = F_WRLCK, .l_whence = SEEK_SET };
	CLEANUP_FD int fd = linux_open(os, path, O_RDWR | O_NOFOLLOW | O_NONBLOCK | O_NOCTTY);

	if (fd < 0 && errno != ENOENT && errno != ENOTDIR)
		return err_sys(e, errno, "%s", path);
	for (unsigned waited = 0; fd >= 0 && fcntl(fd, F_SETLK, &whole) < 0; waited += 20) {
		if (errno != EAGAIN && errno != EACCES && errno != EINTR)
			return err_sys(e, errno, "%s", path);
		if (waited >= wait_ms)
			return 1;
		usleep(20000);
	}
	*ret_token = TAKE_FD(fd);
	return 0;
}

int linux_record_lock(struct os *os, const char *path, pid_t *ret_holder, struct err *e)
{
	CLEANUP_FD int fd = linux_open(os, path, O_RDONLY | O_NONBLOCK | O_NOCTTY);
	struct flock lock = { .l_type = F_WRLCK, .l_whence = SEEK_SET };

	if (fd < 0)
		return errno == ENOENT || errno == ENOTDIR ? 0 : err_sys(e, errno, "%s", path);
	if (fcntl(fd, F_GETLK, &lock) < 0)
		return err_sys(e, errno, "%s", path);
	if (lock.l_type == F_UNLCK)
		return 0;
	*ret_holder = lock.l_pid > 0 ? lock.l_pid : 0;
	return 1;
}
