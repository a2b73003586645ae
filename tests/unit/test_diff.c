// SPDX-License-Identifier: MIT
/* Unified differences (report/diff.h): its text, and that it leads from one to the other. */
#include "base/mem.h"
#include "lib/t.h"
#include "report/diff.h"

static const char *diff(const char *a, const char *b)
{
	static struct str s;

	str_done(&s);
	diff_unified("a", a, "b", b, &s);
	return s.text ? s.text : "";
}

static int nothing_for_equal_texts(void)
{
	T_STR(diff("", ""), "");
	T_STR(diff("one\ntwo\n", "one\ntwo\n"), "");
	return 0;
}

static int from_and_to_nothing(void)
{
	T_STR(diff("", "one\ntwo\n"), "--- a\n+++ b\n@@ -0,0 +1,2 @@\n+one\n+two\n");
	T_STR(diff("one\n", ""), "--- a\n+++ b\n@@ -1,1 +0,0 @@\n-one\n");
	return 0;
}

static int three_lines_around_a_change(void)
{
	T_STR(diff("1\n2\n3\n4\n5\n6\n7\n8\n9\n", "1\n2\n3\n4\nfive\n6\n7\n8\n9\n"),
	      "--- a\n+++ b\n@@ -2,7 +2,7 @@\n 2\n 3\n 4\n-5\n+five\n 6\n 7\n 8\n");
	T_STR(diff("1\n2\n", "0\n1\n2\n"), "--- a\n+++ b\n@@ -1,2 +1,3 @@\n+0\n 1\n 2\n");
	T_STR(diff("1\n2\n", "1\n2\n3\n"), "--- a\n+++ b\n@@ -1,2 +1,3 @@\n 1\n 2\n+3\n");
	return 0;
}

static int far_changes_are_hunks_of_their_own(void)
{
	static const char lines[] = "1\n2\n3\n4\n5\n6\n7\n8\n9\n10\n11\n12\n";

	T_STR(diff(lines, "1\nX\n2\n3\n4\n5\n6\n7\n8\n9\n10\n11\n"),
	      "--- a\n+++ b\n@@ -1,4 +1,5 @@\n 1\n+X\n 2\n 3\n 4\n"
	      "@@ -9,4 +10,3 @@\n 9\n 10\n 11\n-12\n");
	/* Six kept lines between two changes: one hunk, or context would be printed twice. */
	T_STR(diff("a\n1\n2\n3\n4\n5\n6\nb\n", "A\n1\n2\n3\n4\n5\n6\nB\n"),
	      "--- a\n+++ b\n@@ -1,8 +1,8 @@\n-a\n+A\n 1\n 2\n 3\n 4\n 5\n 6\n-b\n+B\n");
	T_STR(diff("a\n1\n2\n3\n4\n5\n6\n7\nb\n", "A\n1\n2\n3\n4\n5\n6\n7\nB\n"),
	      "--- a\n+++ b\n@@ -1,4 +1,4 @@\n-a\n+A\n 1\n 2\n 3\n"
	      "@@ -6,4 +6,4 @@\n 5\n 6\n 7\n-b\n+B\n");
	return 0;
}

static int the_end_of_the_last_line(void)
{
	T_STR(diff("one\n", "one"),
	      "--- a\n+++ b\n@@ -1,1 +1,1 @@\n-one\n+one\n\\ No newline at end of file\n");
	T_STR(diff("one", "one\ntwo\n"),
	      "--- a\n+++ b\n@@ -1,1 +1,2 @@\n-one\n\\ No newline at end of file\n+one\n+two\n");
	T_STR(diff("one\ntwo", "ONE\ntwo"),
	      "--- a\n+++ b\n@@ -1,2 +1,2 @@\n-one\n+ONE\n two\n\\ No newline at end of file\n");
	T_STR(diff("\n", "\n\n"), "--- a\n+++ b\n@@ -1,1 +1,2 @@\n \n+\n");
	return 0;
}

/* Applies a difference to a; what comes out must be b. */
static bool leads_to(const char *a, const char *b)
{
	CLEANUP_STR struct str out = { 0 };
	CLEANUP_FREE char *script = xstrdup(diff(a, b));
	const char *from = a;
	char *rest = script, *line;
	unsigned long at = 1;

	while ((line = str_line(&rest))) {
		if (str_starts(line, "---") || str_starts(line, "+++"))
			continue;
		if (str_starts(line, "@@ -")) {
			unsigned long start = strtoul(line + 4, NULL, 10);

			for (; at < start; at++) {
				size_t n = strcspn(from, "\n") + 1;

				str_add_bytes(&out, from, n);
				from += n;
			}
			continue;
		}
		if (line[0] != '+') {
			size_t n = strlen(line + 1);

			if (strncmp(from, line + 1, n) != 0 || from[n] != '\n')
				return false;
			from += n + 1;
			at++;
		}
		if (line[0] != '-')
			str_addf(&out, "%s\n", line + 1);
	}
	str_add(&out, from);
	return strcmp(out.text, b) == 0;
}

static int random_texts_come_out_right(void)
{
	unsigned seed = 20261124;

	for (int round = 0; round < 2000; round++) {
		CLEANUP_STR struct str a = { 0 }, b = { 0 };

		str_add(&a, "begin\n");
		str_add(&b, "begin\n");
		for (int i = 0; i < 40; i++) {
			seed = seed * 1103515245 + 12345;
			if ((seed >> 16) % 8 != 0)
				str_addf(&a, "%u\n", (seed >> 20) % 5);
			if ((seed >> 17) % 8 != 0)
				str_addf(&b, "%u\n", (seed >> 20) % 5);
		}
		if (!leads_to(a.text, b.text)) {
			printf("# round %d:\n%s", round, diff(a.text, b.text));
			return 1;
		}
	}
	return 0;
}

/* Bounded: very long texts are one replaced block, between what is equal at both ends. */
static int long_texts_are_one_block(void)
{
	CLEANUP_STR struct str a = { 0 }, b = { 0 };

	str_add(&a, "head\n");
	str_add(&b, "head\n");
	for (int i = 0; i < 4100; i++) {
		str_addf(&a, "%d\n", i);
		str_addf(&b, "%d\n", i + 10000);
	}
	str_add(&a, "tail\n");
	str_add(&b, "tail\n");
	T_OK(str_starts(diff(a.text, b.text), "--- a\n+++ b\n@@ -1,4102 +1,4102 @@\n head\n-0\n"));
	T_OK(str_ends(diff(a.text, b.text), "+14099\n tail\n"));
	T_OK(leads_to(a.text, b.text));
	return 0;
}

int main(void)
{
	static const struct t_case cases[] = {
		T(nothing_for_equal_texts),	T(from_and_to_nothing),
		T(three_lines_around_a_change), T(far_changes_are_hunks_of_their_own),
		T(the_end_of_the_last_line),	T(random_texts_come_out_right),
		T(long_texts_are_one_block),
	};

	return t_main(cases, COUNT(cases));
}
