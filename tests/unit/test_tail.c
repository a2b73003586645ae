// SPDX-License-Identifier: MIT
/* A log is followed through every kind of rotation: each line is told once, in order. */
#include <fcntl.h>
#include <poll.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/str.h"
#include "lib/t.h"
#include "os/tail.h"

static char folder[] = "/tmp/kannuki-tail-XXXXXX";
static struct str told;	    /* all lines, "|" behind each */
static struct str position; /* of the file "log" */
static size_t longest;

static const char *in(const char *name)
{
	static char path[2][128];
	static unsigned which;
	char *p = path[which++ % 2];

	snprintf(p, sizeof(path[0]), "%s/%s", folder, name);
	return p;
}

static void put(const char *name, const char *text, int flags)
{
	int fd = open(in(name), O_WRONLY | O_CREAT | flags, 0600);

	if (fd < 0 || write(fd, text, strlen(text)) < 0)
		perror(name);
	close(fd);
}

static void append(const char *name, const char *text)
{
	put(name, text, O_APPEND);
}

static void move(const char *from, const char *to)
{
	rename(in(from), in(to));
}

static void on_line(void *arg, const struct tail_line *line)
{
	if (line->len > longest)
		longest = line->len;
	str_add_bytes(&told, line->text, line->len < 40 ? line->len : 40);
	str_add(&told, "|");
}

static void on_position(void *arg, unsigned source, const char *path, const char *text)
{
	if (!str_ends(path, "/log"))
		return;
	str_clear(&position);
	str_add(&position, text);
}

/* All that is told now. */
static const char *reads(struct tail *t)
{
	str_clear(&told);
	longest = 0;
	tail_heard(t);
	while (tail_read(t, on_line, NULL)) {
	}
	tail_positions(t, on_position, NULL);
	return told.text && told.len ? told.text : "";
}

static struct tail *follow(const char *where, bool fresh)
{
	struct tail *t = tail_new();

	tail_add(t, 1, in("log"), where, fresh);
	return t;
}

static void clean(void)
{
	static const char *const names[] = { "log", "log.1", "log.2", "other" };

	for (size_t i = 0; i < COUNT(names); i++)
		unlink(in(names[i]));
	str_clear(&position);
}

static int lines_as_they_come(void)
{
	struct tail *t;

	clean();
	append("log", "before\n");
	t = follow(NULL, true);
	T_STR(reads(t), "");
	append("log", "one\ntwo\n");
	T_STR(reads(t), "one|two|");
	append("log", "th");
	T_STR(reads(t), "");
	append("log", "ree\nfour");
	T_STR(reads(t), "three|");
	append("log", "\n\n");
	T_STR(reads(t), "four||");
	tail_free(t);
	return 0;
}

static int it_wakes_up(void)
{
	struct tail *t;
	struct pollfd p = { .events = POLLIN };

	clean();
	append("log", "before\n");
	t = follow(NULL, true);
	reads(t);
	p.fd = tail_fd(t);
	T_OK(p.fd >= 0 && poll(&p, 1, 0) == 0);
	append("log", "one\n");
	T_OK(poll(&p, 1, 1000) == 1);
	T_STR(reads(t), "one|");
	T_OK(poll(&p, 1, 0) == 0);
	tail_free(t);
	return 0;
}

static int renamed_and_made_anew(void)
{
	struct tail *t;
	int writer;

	clean();
	append("log", "a\n");
	t = follow(NULL, false);
	T_STR(reads(t), "a|");
	writer = open(in("log"), O_WRONLY | O_APPEND);
	append("log", "b\n");
	move("log", "log.1");
	T_STR(reads(t), "b|");
	/* Its writer has not noticed yet. */
	T_OK(write(writer, "c\n", 2) == 2);
	T_STR(reads(t), "c|");
	append("log", "e\n");
	T_OK(write(writer, "d\n", 2) == 2);
	T_STR(reads(t), "d|e|");
	T_OK(write(writer, "f\n", 2) == 2);
	append("log", "g\n");
	T_STR(reads(t), "f|g|");
	/* And once more. */
	move("log", "log.1");
	append("log", "h\n");
	T_STR(reads(t), "h|");
	close(writer);
	tail_free(t);
	return 0;
}

static int cut_short_in_place(void)
{
	struct tail *t;

	clean();
	append("log", "a long first line\nand a second\n");
	t = follow(NULL, false);
	reads(t);
	T_OK(truncate(in("log"), 0) == 0);
	T_STR(reads(t), "");
	append("log", "x\n");
	T_STR(reads(t), "x|");
	append("log", "half of ");
	T_STR(reads(t), "");
	T_OK(truncate(in("log"), 0) == 0);
	append("log", "y\n");
	T_STR(reads(t), "y|");
	/* It has grown beyond before anybody looked. */
	T_OK(truncate(in("log"), 0) == 0);
	append("log", "this line is longer than the other\n");
	T_STR(reads(t), "this line is longer than the other|");
	tail_free(t);
	return 0;
}

static int deleted_and_comes_again(void)
{
	struct tail *t;

	clean();
	t = follow(NULL, true);
	T_STR(reads(t), "");
	append("log", "comes later\n");
	T_STR(reads(t), "comes later|");
	unlink(in("log"));
	T_STR(reads(t), "");
	append("log", "anew\n");
	T_STR(reads(t), "anew|");
	/* Once a folder of that name: no log, no harm. */
	unlink(in("log"));
	mkdir(in("log"), 0700);
	T_STR(reads(t), "");
	rmdir(in("log"));
	append("log", "a file\n");
	T_STR(reads(t), "a file|");
	tail_free(t);
	return 0;
}

static int goes_on_after_a_restart(void)
{
	struct tail *t;

	clean();
	append("log", "a\nb\nhalf");
	t = follow(NULL, false);
	T_STR(reads(t), "a|b|");
	tail_free(t);
	append("log", " a line\nc\n");
	t = follow(position.text, true);
	T_STR(reads(t), "half a line|c|");
	tail_free(t);
	t = follow(position.text, true);
	T_STR(reads(t), "");
	tail_free(t);
	/* Renamed meanwhile: the rest of it, then the new one from its beginning. */
	append("log", "d\n");
	move("log", "log.1");
	append("log", "e\n");
	t = follow(position.text, true);
	T_STR(reads(t), "d|e|");
	tail_free(t);
	/* Cut short meanwhile, and grown again: it is not taken for the same. */
	T_OK(truncate(in("log"), 0) == 0);
	append("log", "f, which is another first line\n");
	t = follow(position.text, true);
	T_STR(reads(t), "f, which is another first line|");
	tail_free(t);
	/* Nonsense is no position: as if nothing were known. */
	t = follow("12 half", true);
	T_STR(reads(t), "");
	tail_free(t);
	return 0;
}

static int a_name_that_a_pattern_matches_later(void)
{
	struct tail *t;

	clean();
	append("log", "a\n");
	t = follow(NULL, false);
	T_STR(reads(t), "a|");
	move("log", "log.1");
	tail_add(t, 1, in("log.1"), NULL, false);
	append("log", "b\n");
	T_STR(reads(t), "b|");
	append("log.1", "late\n");
	T_STR(reads(t), "late|");
	/* Another one takes that name. */
	unlink(in("log.1"));
	append("log.1", "c\n");
	T_STR(reads(t), "c|");
	tail_free(t);
	return 0;
}

static const char *glob(const char *pattern)
{
	CLEANUP_STRV struct strv found = { 0 };
	CLEANUP_FREE char *path = xasprintf("%s/%s", folder, pattern);

	tail_glob(path, &found);
	str_clear(&told);
	for (size_t i = 0; i < found.count; i++)
		str_addf(&told, "%s|", strrchr(found.item[i], '/') + 1);
	return told.text && told.len ? told.text : "";
}

static int patterns(void)
{
	clean();
	append("log", "");
	append("log.1", "");
	append("other", "");
	T_STR(glob("log*"), "log|log.1|");
	T_STR(glob("*"), "log|log.1|other|");
	T_STR(glob("log.[2-9]"), "");
	T_OK(mkdir(in("sub"), 0700) == 0 && rename(in("other"), in("sub/other")) == 0);
	T_STR(glob("s*/o?her"), "other|");
	T_STR(glob("*"), "log|log.1|");
	T_OK(rename(in("sub/other"), in("other")) == 0 && rmdir(in("sub")) == 0);
	T_STR(glob("other"), "other|");
	T_STR(glob(""), "");
	return 0;
}

static int very_long_lines(void)
{
	struct tail *t;
	char *much = xcalloc(300001, 1);

	clean();
	memset(much, 'x', 300000);
	append("log", "a\n");
	append("log", much);
	append("log", "\nb\n");
	t = follow(NULL, false);
	T_STR(reads(t), "a|xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx|b|");
	T_OK(longest == TAIL_LINE_MAX);
	append("log", much);
	T_STR(reads(t), "");
	append("log", "\nc\n");
	T_STR(reads(t), "xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx|c|");
	T_OK(longest == TAIL_LINE_MAX);
	free(much);
	tail_free(t);
	return 0;
}

int main(void)
{
	static const struct t_case cases[] = {
		T(lines_as_they_come),
		T(it_wakes_up),
		T(renamed_and_made_anew),
		T(cut_short_in_place),
		T(deleted_and_comes_again),
		T(goes_on_after_a_restart),
		T(a_name_that_a_pattern_matches_later),
		T(very_long_lines),
		T(patterns),
	};
	int r;

	if (!mkdtemp(folder))
		return 1;
	r = t_main(cases, COUNT(cases));
	clean();
	rmdir(folder);
	str_done(&told);
	str_done(&position);
	return r;
}
