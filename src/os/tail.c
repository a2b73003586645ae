// SPDX-License-Identifier: MIT
/* tail.c - see tail.h. */
#include "os/tail.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>
#include <sys/inotify.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "base/crc32c.h"

#define HEAD_BYTES 128	       /* by which a file is known again */
#define READ_BYTES (128 << 10) /* of one file at a time */

#define LOOK_MS	     2000
#define LOOK_ONLY_MS 250 /* without inotify */
#define FOLDER_EVENTS \
	(IN_MODIFY | IN_CREATE | IN_MOVED_TO | IN_MOVED_FROM | IN_DELETE | IN_DELETE_SELF)

struct file {
	unsigned source;
	char *path;
	int fd; /* -1: not there */
	uint64_t inode;
	uint64_t offset; /* of what was read */
	struct str part; /* the beginning of a line whose end has not come */
	bool part_long;	 /* more of it was passed over */
	char head[HEAD_BYTES];
	size_t head_len;
	bool old;   /* has been rotated away */
	bool due;   /* may have more */
	bool moved; /* was read since positions were told */
	time_t last;
};

#define READ_OUT \
	64 /* rotated files that are known to have been read, so that no pattern brings them back */

struct position {
	uint64_t inode, offset;
	size_t head_len;
	uint32_t head_sum;
};

struct tail {
	int inotify;
	struct strv folders; /* watched; the watch's number is beside */
	int *watch;
	struct file *file;
	size_t count;
	struct position read_out[READ_OUT];
	size_t read_outs;
	time_t looked;
	bool look; /* at all paths, whether they are still what we read */
	char *buffer;
};

static time_t now(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return t.tv_sec;
}

struct tail *tail_new(void)
{
	struct tail *t = xcalloc(1, sizeof(*t));

	t->inotify = inotify_init1(IN_CLOEXEC | IN_NONBLOCK);
	t->buffer = xcalloc(1, READ_BYTES);
	t->look = true;
	return t;
}

static void file_done(struct file *f)
{
	close_p(&f->fd);
	free(f->path);
	str_done(&f->part);
}

void tail_free(struct tail *t)
{
	if (!t)
		return;
	close_p(&t->inotify);
	for (size_t i = 0; i < t->count; i++)
		file_done(&t->file[i]);
	strv_done(&t->folders);
	free(t->watch);
	free(t->file);
	free(t->buffer);
	free(t);
}

int tail_fd(const struct tail *t)
{
	return t->inotify;
}

static bool all_watched(const struct tail *t)
{
	for (size_t i = 0; i < t->folders.count; i++)
		if (t->watch[i] < 0)
			return false;
	return t->inotify >= 0;
}

unsigned tail_wait_ms(const struct tail *t)
{
	return all_watched(t) ? LOOK_MS : LOOK_ONLY_MS;
}

void tail_folder(struct tail *t, const char *path)
{
	if (strv_has(&t->folders, path))
		return;
	strv_add(&t->folders, path);
	t->watch = xrealloc(t->watch, t->folders.count, sizeof(*t->watch));
	t->watch[t->folders.count - 1] =
		t->inotify < 0 ? -1 : inotify_add_watch(t->inotify, path, FOLDER_EVENTS);
}

/* Folders that were not there, or are another one now. */
static void watch_again(struct tail *t)
{
	for (size_t i = 0; i < t->folders.count && t->inotify >= 0; i++)
		t->watch[i] = inotify_add_watch(t->inotify, t->folders.item[i], FOLDER_EVENTS);
}

static char *folder_of(const char *path)
{
	const char *slash = strrchr(path, '/');

	return slash && slash != path ? xstrndup(path, (size_t)(slash - path)) : xstrdup("/");
}

/* --- one file ------------------------------------------------------------------------------------ */

/* As many of the first bytes as there were when we looked are still the same. */
static bool same_head(const struct file *f, int fd)
{
	char head[HEAD_BYTES];

	return pread(fd, head, f->head_len, 0) == (ssize_t)f->head_len &&
	       memcmp(head, f->head, f->head_len) == 0;
}

static void learn_head(struct file *f)
{
	ssize_t n;

	if (f->head_len == HEAD_BYTES)
		return;
	n = pread(f->fd, f->head, f->offset < HEAD_BYTES ? f->offset : HEAD_BYTES, 0);
	f->head_len = n > 0 ? (size_t)n : 0;
}

static void start_anew(struct file *f)
{
	f->offset = 0;
	f->head_len = 0;
	f->part_long = false;
	str_clear(&f->part);
	f->due = true;
	f->moved = true;
}

static bool is_log(int fd, struct stat *ret)
{
	return fstat(fd, ret) == 0 && S_ISREG(ret->st_mode);
}

static int open_log(const char *path, struct stat *ret)
{
	CLEANUP_FD int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY);

	if (fd < 0 || !is_log(fd, ret))
		return -1;
	return TAKE_FD(fd);
}

static void take_fd(struct file *f, int fd, const struct stat *st)
{
	f->fd = fd;
	f->inode = st->st_ino;
	f->last = now();
	start_anew(f);
}

static struct file *add_file(struct tail *t, unsigned source, const char *path)
{
	struct file *f;

	t->file = xrealloc(t->file, t->count + 1, sizeof(*f));
	f = &t->file[t->count++];
	*f = (struct file){ .source = source, .path = xstrdup(path), .fd = -1 };
	return f;
}

/* A rotated one lives on behind it; the file itself begins anew. */
static void set_aside(struct tail *t, size_t i)
{
	struct file *old;

	if (t->count >= (size_t)2 * TAIL_FILES_MAX) {
		close_p(&t->file[i].fd);
		t->file[i].fd = -1;
		return;
	}
	old = add_file(t, t->file[i].source, t->file[i].path);
	free(old->path);
	*old = t->file[i];
	old->path = xstrdup(old->path);
	old->old = true;
	old->due = true;
	t->file[i].fd = -1;
	t->file[i].part = (struct str){ 0 };
}

/* --- where one was ------------------------------------------------------------------------------- */

static bool parse_position(const char *text, struct position *ret)
{
	unsigned long long inode, offset;
	unsigned head_len, sum;
	int end = 0;

	/* NOLINTNEXTLINE(cert-err34-c) what is out of range matches no file */
	if (sscanf(text, "%llu %llu %u %x%n", &inode, &offset, &head_len, &sum, &end) != 4 ||
	    text[end] || head_len > HEAD_BYTES)
		return false;
	*ret = (struct position){ inode, offset, head_len, sum };
	return true;
}

/* Is it the file of then, with all that was read? */
static bool continues(const struct position *p, int fd, const struct stat *st)
{
	char head[HEAD_BYTES];

	return st->st_ino == p->inode && (uint64_t)st->st_size >= p->offset &&
	       pread(fd, head, p->head_len, 0) == (ssize_t)p->head_len &&
	       crc32c(head, p->head_len) == p->head_sum;
}

static void go_on(struct file *f, const struct position *p)
{
	f->offset = p->offset;
	learn_head(f);
}

/* It was renamed while nobody read: what had not been read of it still stands there. */
static void read_renamed(struct tail *t, size_t i, const struct position *p)
{
	CLEANUP_FREE char *folder = folder_of(t->file[i].path);
	DIR *d = opendir(folder);
	struct dirent *one;

	while (d && (one = readdir(d))) {
		CLEANUP_FREE char *path = NULL;
		struct stat st;
		int fd;

		if (one->d_ino != p->inode)
			continue;
		path = xasprintf("%s/%s", folder, one->d_name);
		fd = open_log(path, &st);
		if (fd >= 0 && continues(p, fd, &st)) {
			struct file *f = add_file(t, t->file[i].source, t->file[i].path);

			take_fd(f, fd, &st);
			go_on(f, p);
			f->old = true;
			break;
		}
		close_p(&fd);
	}
	if (d)
		closedir(d);
}

static struct position position_of(const struct file *f, uint64_t offset)
{
	return (struct position){ f->inode, offset, f->head_len, crc32c(f->head, f->head_len) };
}

/* Is it read, or has it been, under another name? A pattern matches what was renamed too. */
static bool is_read(const struct tail *t, const struct file *f, int fd, const struct stat *st)
{
	for (size_t i = 0; i < t->count; i++)
		if (&t->file[i] != f && t->file[i].source == f->source && t->file[i].fd >= 0 &&
		    t->file[i].inode == st->st_ino)
			return true;
	for (size_t i = 0; i < READ_OUT; i++)
		if (t->read_out[i].inode == st->st_ino && continues(&t->read_out[i], fd, st))
			return true;
	return false;
}

int tail_add(struct tail *t, unsigned source, const char *path, const char *position, bool fresh)
{
	CLEANUP_FREE char *folder = folder_of(path);
	struct position p = { 0 };
	struct file *f;
	struct stat st;
	size_t at;
	int fd;

	for (size_t i = 0; i < t->count; i++)
		if (t->file[i].source == source && strcmp(t->file[i].path, path) == 0)
			return 0;
	if (t->count >= TAIL_FILES_MAX)
		return 1;
	tail_folder(t, folder);
	at = t->count;
	f = add_file(t, source, path);
	fd = open_log(path, &st);
	if (fd >= 0 && is_read(t, f, fd, &st)) {
		close(fd);
		return 0;
	}
	if (fd >= 0)
		take_fd(f, fd, &st);
	if (position && parse_position(position, &p)) {
		if (fd >= 0 && continues(&p, fd, &st))
			go_on(f, &p);
		else
			read_renamed(t, at, &p);
	} else if (fd >= 0 && fresh) {
		f->offset = (uint64_t)st.st_size;
		learn_head(f);
	}
	return 0;
}

/* --- looking ------------------------------------------------------------------------------------- */

static void look_at_path(struct tail *t, size_t i)
{
	struct file *f = &t->file[i];
	struct stat st;
	int fd;

	if (stat(f->path, &st) < 0 || !S_ISREG(st.st_mode))
		return;
	if (f->fd >= 0 && st.st_ino == f->inode)
		return;
	fd = open_log(f->path, &st);
	if (fd < 0)
		return;
	if (is_read(t, f, fd, &st)) {
		close(fd);
		return;
	}
	if (f->fd >= 0)
		set_aside(t, i);
	take_fd(&t->file[i], fd, &st);
}

static void look_at_content(struct file *f)
{
	struct stat st;

	if (f->fd < 0 || !is_log(f->fd, &st))
		return;
	if ((uint64_t)st.st_size < f->offset || !same_head(f, f->fd))
		start_anew(f);
	else if ((uint64_t)st.st_size > f->offset)
		f->due = true;
}

static void look(struct tail *t)
{
	t->look = false;
	t->looked = now();
	for (size_t i = 0; i < t->count; i++)
		if (!t->file[i].old)
			look_at_path(t, i);
	for (size_t i = 0; i < t->count; i++)
		look_at_content(&t->file[i]);
}

/* What happened to which name is not asked: to look at all is cheap, and done at most once for all that was said. */
static bool hear(struct tail *t)
{
	char buf[16384] __attribute__((aligned(8)));
	bool names = false;
	ssize_t n;

	while (t->inotify >= 0 && (n = read(t->inotify, buf, sizeof(buf))) > 0) {
		for (ssize_t at = 0; at + (ssize_t)sizeof(struct inotify_event) <= n;) {
			struct inotify_event one;

			memcpy(&one, buf + at, sizeof(one));
			names = names || (one.mask & ~(uint32_t)IN_MODIFY) != 0;
			at += (ssize_t)sizeof(one) + one.len;
		}
		t->look = true;
	}
	return names;
}

bool tail_heard(struct tail *t)
{
	bool names = hear(t);

	if (now() - t->looked >= LOOK_MS / 1000 || !all_watched(t)) {
		watch_again(t);
		names = true;
	}
	if (names || t->look)
		look(t);
	return names;
}

/* --- reading ------------------------------------------------------------------------------------- */

static void tell(struct file *f, const char *text, size_t len, tail_line_fn *fn, void *arg)
{
	fn(arg, &(struct tail_line){ f->source, text, len });
}

static void keep_part(struct file *f, const char *text, size_t len)
{
	size_t room = TAIL_LINE_MAX - f->part.len;

	f->part_long = f->part_long || len > room;
	str_add_bytes(&f->part, text, len < room ? len : room);
}

static void tell_part(struct file *f, tail_line_fn *fn, void *arg)
{
	tell(f, f->part.text, f->part.len, fn, arg);
	str_clear(&f->part);
	f->part_long = false;
}

static void split(struct file *f, const char *text, size_t len, tail_line_fn *fn, void *arg)
{
	while (len > 0) {
		const char *end = memchr(text, '\n', len);
		size_t n = end ? (size_t)(end - text) : len;

		if (!end || f->part.len > 0)
			keep_part(f, text, n);
		if (!end)
			return;
		if (f->part.len > 0)
			tell_part(f, fn, arg);
		else
			tell(f, text, n < TAIL_LINE_MAX ? n : TAIL_LINE_MAX, fn, arg);
		text += n + 1;
		len -= n + 1;
	}
}

static void read_some(struct tail *t, struct file *f, tail_line_fn *fn, void *arg)
{
	ssize_t n = pread(f->fd, t->buffer, READ_BYTES, (off_t)f->offset);

	f->due = n == READ_BYTES;
	if (n <= 0)
		return;
	f->offset += (uint64_t)n;
	f->moved = true;
	f->last = now();
	learn_head(f);
	split(f, t->buffer, (size_t)n, fn, arg);
}

static void forget_old(struct tail *t, tail_line_fn *fn, void *arg)
{
	for (size_t i = 0; i < t->count; i++) {
		struct file *f = &t->file[i];

		if (!f->old || f->due || now() - f->last < TAIL_OLD_SECONDS)
			continue;
		if (f->part.len > 0)
			tell_part(f, fn, arg);
		t->read_out[t->read_outs++ % READ_OUT] = position_of(f, f->offset);
		file_done(f);
		memmove(f, f + 1, (t->count - i - 1) * sizeof(*f));
		t->count--;
		i--;
	}
}

bool tail_read(struct tail *t, tail_line_fn *fn, void *arg)
{
	bool more = false;

	/* What was rotated away comes first: it is older. */
	for (unsigned young = 0; young < 2; young++)
		for (size_t i = 0; i < t->count; i++)
			if (t->file[i].old != young && t->file[i].fd >= 0 && t->file[i].due)
				read_some(t, &t->file[i], fn, arg);
	for (size_t i = 0; i < t->count; i++)
		more = more || t->file[i].due;
	forget_old(t, fn, arg);
	return more;
}

void tail_positions(struct tail *t, tail_position_fn *fn, void *arg)
{
	for (size_t i = 0; i < t->count; i++) {
		struct file *f = &t->file[i];
		uint64_t whole = f->offset - f->part.len;
		struct position p;
		char text[96];

		/* Of a line that is longer than what is kept of it the beginning is not known any more: behind it. */
		if (f->part_long)
			whole = f->offset;
		if (!f->moved || f->old || f->fd < 0)
			continue;
		f->moved = false;
		p = position_of(f, whole);
		snprintf(text, sizeof(text), "%" PRIu64 " %" PRIu64 " %zu %x", p.inode, p.offset,
			 p.head_len, p.head_sum);
		fn(arg, f->source, f->path, text);
	}
}
