// SPDX-License-Identifier: MIT
/* fuzz_fail2ban.c - fail2ban's files. Four parts: jail.conf, jail.local, filter.d/f.conf, action.d/act.conf. */
#include <string.h>

#include "base/mem.h"
#include "fuzz/fuzz.h"
#include "guard/filter.h"
#include "guard/jail.h"
#include "lib/fake_os.h"

static void fake_free_p(struct fake **f)
{
	fake_free(*f);
}

static void check_place(struct origin at, char *const *part)
{
	static const char *const files[] = { "/etc/fail2ban/jail.conf", "/etc/fail2ban/jail.local",
					     "/etc/fail2ban/filter.d/f.conf",
					     "/etc/fail2ban/action.d/act.conf" };

	if (!at.file)
		return;
	for (size_t i = 0; i < COUNT(files); i++) {
		if (strcmp(at.file, files[i]) != 0)
			continue;
		/* Lines may end with a lone \r as well. */
		MUST(at.line >= 1 && at.line <= strlen(part[i]) + 1);
		return;
	}
	MUST(!"a place in a file that is not there");
}

static void check_jail(struct conf_folder *f, const struct jail *j, char *const *part)
{
	struct filter_mode mode = { .last_decade = 202 };
	CLEANUP_FILTER struct filter *filter = NULL;
	struct filter_line line = { .text = "Nov 14 22:13:20 a from 192.0.2.1", .len = 32 };
	struct err e = { 0 };

	check_place(j->from, part);
	for (size_t i = 0; i < j->setting.count; i++)
		check_place(j->setting.item[i].from, part);
	if (filter_new(&j->setting, mode, f, &filter, &e) < 0) {
		fuzz_check_err(&e);
		MUST(!filter && f->problem_count > 0);
		return;
	}
	CLEANUP_FILTER_RESULT struct filter_result r = { 0 };
	filter_line(filter, &line, 1700000000.0, 1.0, &r);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	CLEANUP(fake_free_p) struct fake *fake = fake_new();
	CLEANUP_CONF_FOLDER struct conf_folder f = { .os = &fake->os,
						     .path = xstrdup("/etc/fail2ban") };
	CLEANUP_JAILS struct jails jails = { 0 };
	struct jails_query all = { .all = true };
	struct err e = { 0 };
	char *part[4];

	fuzz_parts(data, size, part, COUNT(part));
	fake_file(fake, "/etc/fail2ban/jail.conf", part[0], 0644);
	fake_file(fake, "/etc/fail2ban/jail.local", part[1], 0644);
	fake_file(fake, "/etc/fail2ban/filter.d/f.conf", part[2], 0644);
	fake_file(fake, "/etc/fail2ban/action.d/act.conf", part[3], 0644);
	if (jails_read(&f, &all, &jails, &e) < 0)
		fuzz_check_err(&e);
	for (size_t i = 0; i < jails.count && i < 3; i++)
		if (!jails.item[i].wrong)
			check_jail(&f, &jails.item[i], part);
	for (size_t i = 0; i < f.problem_count; i++)
		check_place(f.problem[i].at, part);
	for (size_t i = 0; i < COUNT(part); i++)
		free(part[i]);
	return 0;
}
