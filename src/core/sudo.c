// SPDX-License-Identifier: MIT
/* sudo.c - see sudo.h. */
#include "core/sudo.h"

#include <string.h>

#include "base/str.h"

int sudo_ask(struct os *os, const char *user, struct sudo_rights *ret, struct err *e)
{
	const struct run run = { .argv = ARGV("sudo", "-n", "-l", "-U", user) };
	CLEANUP_RUN struct run_result r = { 0 };
	char *rest, *line;

	*ret = (struct sudo_rights){ 0 };
	if (os_run(os, &run, &r, e) < 0)
		return -1;
	if (r.status != 0)
		return 0;
	rest = r.out;
	while ((line = str_line(&rest))) {
		char *rule = str_trim(line);

		if (rule[0] != '(' || !str_ends(rule, "ALL"))
			continue;
		if (!str_starts(rule, "(ALL") && !str_starts(rule, "(root"))
			continue;
		/* sudoers(5): the last rule that fits a command decides about it. */
		if (str_ends(rule, "!ALL")) {
			*ret = (struct sudo_rights){ 0 };
			continue;
		}
		ret->all = true;
		ret->nopasswd = ret->nopasswd || strstr(rule, "NOPASSWD:") != NULL;
	}
	return 0;
}
