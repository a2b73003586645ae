// SPDX-License-Identifier: MIT
/* A file line by line, whatever is in it (os/lines.h). */
#include <fcntl.h>
#include <unistd.h>

#include "base/mem.h"
#include "base/str.h"
#include "lib/t.h"
#include "os/lines.h"

static char path[] = "/tmp/test_lines.XXXXXX";

static int fill(const char *data, size_t len)
{
	int fd = open(path, O_WRONLY | O_TRUNC | O_CLOEXEC);
	bool good = fd >= 0 && write(fd, data, len) == (ssize_t)len;

	if (fd >= 0)
		close(fd);
	return good ? 0 : -1;
}

/* The lines with '|' between, '!' before one that was too long. */
static char *all(size_t longest)
{
	CLEANUP_LINES struct lines *l = NULL;
	CLEANUP_STR struct str out = { 0 };
	struct line_read line;
	struct err e = { 0 };
	size_t count = 0;

	if (lines_open(path, longest, &l, &e) != 0)
		return xstrdup("not opened");
	while (lines_next(l, &line, &e) == 0) {
		str_addf(&out, "%s%s", count++ ? "|" : "", line.too_long ? "!" : "");
		if (!line.too_long)
			str_add_bytes(&out, line.text, line.len);
	}
	return str_take(&out);
}

static int lines_end_as_they_do(void)
{
	static const char *const cases[][2] = {
		{ "", "" },
		{ "a", "a" },
		{ "a\nb\n", "a|b" },
		{ "a\r\nb\r\r\n", "a|b" },
		{ "\n\na\n", "||a" },
		{ "a\rb\n", "a\rb" },
		{ "12345\n", "12345" },
		{ "123456\nb\n", "!|b" },
		{ "12345\r\nb", "12345|b" },
		{ "12345678", "!" },
	};

	for (size_t i = 0; i < COUNT(cases); i++) {
		CLEANUP_FREE char *got = NULL;

		T_OK(fill(cases[i][0], strlen(cases[i][0])) == 0);
		got = all(5);
		if (strcmp(got, cases[i][1]) != 0)
			printf("# case %zu: %s\n", i, got);
		T_STR(got, cases[i][1]);
	}
	return 0;
}

static int a_line_longer_than_every_buffer_is_passed_over(void)
{
	CLEANUP_STR struct str text = { 0 };
	CLEANUP_FREE char *got = NULL;

	for (int i = 0; i < 3000000; i++)
		str_add_bytes(&text, "x", 1);
	str_add(&text, "\nafter\n");
	T_OK(fill(text.text, text.len) == 0);
	got = all(1000);
	T_STR(got, "!|after");
	return 0;
}

static int no_file_and_no_folder(void)
{
	struct lines *l = NULL;
	struct err e = { 0 };

	T_OK(lines_open("/tmp/test_lines-nowhere/x", 10, &l, &e) == 1);
	T_OK(lines_open("/tmp", 10, &l, &e) == 1);
	return 0;
}

int main(void)
{
	static const struct t_case cases[] = {
		T(lines_end_as_they_do),
		T(a_line_longer_than_every_buffer_is_passed_over),
		T(no_file_and_no_folder),
	};
	int r;

	close(mkstemp(path));
	r = t_main(cases, COUNT(cases));
	unlink(path);
	return r;
}
