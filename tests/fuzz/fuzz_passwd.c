// SPDX-License-Identifier: MIT
/* fuzz_passwd.c - passwd, shadow, group: what is read, and a user's lines put back as they were. Three
 * parts: the text now, the text before, a user. */
#include <string.h>

#include "base/mem.h"
#include "base/str.h"
#include "core/passwd.h"
#include "fuzz/fuzz.h"

static bool is_of(const char *line, const char *user)
{
	size_t n = strlen(user);

	return strncmp(line, user, n) == 0 && line[n] == ':';
}

/* Lines of others, as they are. */
static char *of_others(const char *text, const char *user)
{
	CLEANUP_STR struct str s = { 0 };

	for (const char *p = text; *p;) {
		const char *end = strchrnul(p, '\n');

		if (!is_of(p, user))
			str_addf(&s, "%.*s\n", (int)(end - p), p);
		p = *end ? end + 1 : end;
	}
	return str_take(&s);
}

static void check_line_back(const char *now, const char *pre, const char *user)
{
	CLEANUP_FREE char *back = passwd_line_back(now, pre, user);
	CLEANUP_FREE char *twice = passwd_line_back(back, pre, user);
	CLEANUP_FREE char *a = of_others(now, user);
	CLEANUP_FREE char *b = of_others(back, user);
	CLEANUP_FREE char *want = passwd_field(pre, user, 1);
	CLEANUP_FREE char *have = passwd_field(back, user, 1);

	MUST(str_eq(back, twice));
	MUST(str_eq(a, b));
	MUST(str_eq(want, have));
}

static void check_groups_back(const char *now, const char *pre, const char *user)
{
	CLEANUP_FREE char *back = passwd_groups_back(now, pre, user, NULL);
	CLEANUP_FREE char *twice = passwd_groups_back(back, pre, user, NULL);
	CLEANUP_FREE char *one = passwd_groups_back(now, pre, user, "sudo");
	CLEANUP_FREE char *group = passwd_field(back, "sudo", 3);

	MUST(str_eq(back, twice));
	if (!group || str_eq(user, "sudo"))
		return;
	MUST(passwd_group_has(back, "sudo", user) == passwd_group_has(pre, "sudo", user));
	MUST(passwd_group_has(one, "sudo", user) == passwd_group_has(pre, "sudo", user));
	MUST(passwd_group_has(back, "sudo", "old") == passwd_group_has(now, "sudo", "old"));
}

static void check_read(const char *text)
{
	CLEANUP_FREE char *copy = xstrdup(text);
	CLEANUP_FREE char *name = passwd_name_of(text, 1000);
	char *rest = copy;
	struct passwd_line l;
	size_t lines = 0;

	while (passwd_next(&rest, &l)) {
		MUST(l.count >= 2 && l.count <= PASSWD_FIELDS && l.field[0][0]);
		for (size_t i = 0; i < PASSWD_FIELDS; i++)
			MUST(!strchr(l.field[i], '\n') && (i >= 7 || !strchr(l.field[i], ':')));
		lines++;
	}
	MUST(lines <= fuzz_count_lines(text));
	if (name) {
		CLEANUP_FREE char *start = xasprintf("%s:", name);

		MUST(strstr(text, start) && strstr(text, "1000"));
	}
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	char *part[3];

	fuzz_parts(data, size, part, 3);
	part[2][strcspn(part[2], ":,\n")] = '\0';
	check_read(part[0]);
	if (part[2][0] && !str_eq(part[2], "old")) {
		check_line_back(part[0], part[1], part[2]);
		check_groups_back(part[0], part[1], part[2]);
	}
	for (size_t i = 0; i < 3; i++)
		free(part[i]);
	return 0;
}
