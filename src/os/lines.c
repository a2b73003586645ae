// SPDX-License-Identifier: MIT
/* lines.c - see lines.h. */
#include "os/lines.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/mem.h"
#include "base/str.h"

#define BLOCK ((size_t)64 << 10)

struct lines {
	int fd;
	char *path;
	size_t longest;
	bool ended;
	char block[BLOCK];
	size_t at, filled; /* of the block: what is not taken yet */
	struct str line;
};

int lines_open(const char *path, size_t longest, struct lines **ret, struct err *e)
{
	CLEANUP_FD int fd = -1;
	struct stat st;
	struct lines *l;

	if (strcmp(path, "-") == 0)
		fd = fcntl(STDIN_FILENO, F_DUPFD_CLOEXEC, 3);
	else
		fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY);
	if (fd < 0 && (errno == ENOENT || errno == ENOTDIR || errno == ENAMETOOLONG))
		return 1;
	if (fd < 0 || fstat(fd, &st) != 0)
		return err_sys(e, errno, "%s", path);
	if (strcmp(path, "-") != 0 && !S_ISREG(st.st_mode))
		return 1;
	l = xcalloc(1, sizeof(*l));
	l->fd = TAKE_FD(fd);
	l->path = xstrdup(path);
	l->longest = longest;
	*ret = l;
	return 0;
}

void lines_close(struct lines *l)
{
	if (!l)
		return;
	close(l->fd);
	free(l->path);
	str_done(&l->line);
	free(l);
}

static int fill(struct lines *l, struct err *e)
{
	ssize_t n;

	do
		n = read(l->fd, l->block, BLOCK);
	while (n < 0 && errno == EINTR);
	if (n < 0)
		return err_sys(e, errno, "%s", l->path);
	l->at = 0;
	l->filled = (size_t)n;
	l->ended = n == 0;
	return 0;
}

/* A line that is in the block as a whole, and not too long, need not be copied. */
static bool take_from_block(struct lines *l, struct line_read *ret)
{
	char *start = l->block + l->at, *end = memchr(start, '\n', l->filled - l->at);

	if (!end || (size_t)(end - start) > l->longest)
		return false;
	l->at += (size_t)(end - start) + 1;
	*end = '\0';
	while (end > start && end[-1] == '\r')
		*--end = '\0';
	*ret = (struct line_read){ start, (size_t)(end - start), false };
	return true;
}

int lines_next(struct lines *l, struct line_read *ret, struct err *e)
{
	bool some = false, whole = false;

	if (take_from_block(l, ret))
		return 0;
	*ret = (struct line_read){ 0 };
	str_clear(&l->line);
	while (!whole) {
		const char *newline;
		size_t n, room = l->longest + 2 - l->line.len;

		if (l->at == l->filled && !l->ended && fill(l, e) < 0)
			return -1;
		if (l->ended)
			break;
		some = true;
		newline = memchr(l->block + l->at, '\n', l->filled - l->at);
		whole = newline != NULL;
		n = whole ? (size_t)(newline - l->block) - l->at : l->filled - l->at;
		str_add_bytes(&l->line, l->block + l->at, n < room ? n : room);
		l->at += n + whole;
	}
	if (!some)
		return 1;
	while (l->line.len > 0 && l->line.text[l->line.len - 1] == '\r')
		l->line.text[--l->line.len] = '\0';
	ret->too_long = l->line.len > l->longest;
	ret->text = l->line.text;
	ret->len = l->line.len;
	return 0;
}
