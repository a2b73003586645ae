// SPDX-License-Identifier: MIT
/*
 * fail2ban's files: where a value comes from, what is named as wrong, and that nothing in them is without
 * bounds (guard/jail.h, guard/conf.h). What they mean is compared with fail2ban itself in tests/guard.
 */
#include "base/mem.h"
#include "guard/duration.h"
#include "guard/jail.h"
#include "lib/fake_os.h"
#include "lib/t.h"

static void fake_free_p(struct fake **f)
{
	fake_free(*f);
}

struct host {
	struct fake *fake;
	struct conf_folder folder;
	struct jails jails;
	struct err e;
};

static void host_done(struct host *h)
{
	jails_done(&h->jails);
	conf_folder_done(&h->folder);
	fake_free_p(&h->fake);
}

static struct host host_new(const char *jail, const char *filter)
{
	struct host h = { .fake = fake_new() };

	h.folder.os = &h.fake->os;
	h.folder.path = xstrdup("/etc/fail2ban");
	fake_file(h.fake, "/etc/fail2ban/jail.conf", jail, 0644);
	if (filter)
		fake_file(h.fake, "/etc/fail2ban/filter.d/f.conf", filter, 0644);
	fake_file(h.fake, "/etc/fail2ban/action.d/act.conf", "[Definition]\nactionban = ban <ip>\n",
		  0644);
	return h;
}

static int read_jails(struct host *h)
{
	return jails_read(&h->folder, &(struct jails_query){ .all = true }, &h->jails, &h->e);
}

static const struct setting *find(const struct jail *j, const char *name)
{
	for (size_t i = 0; i < j->setting.count; i++)
		if (strcmp(j->setting.item[i].name, name) == 0)
			return &j->setting.item[i];
	return NULL;
}

/* Is there a problem at FILE:LINE with these words? */
static bool says(const struct host *h, const char *file, unsigned line, const char *words)
{
	for (size_t i = 0; i < h->folder.problem_count; i++) {
		const struct problem *p = &h->folder.problem[i];

		if (p->at.file && strcmp(p->at.file, file) == 0 && p->at.line == line &&
		    strstr(p->text, words))
			return true;
	}
	return false;
}

#define JAIL   "/etc/fail2ban/jail.conf"
#define FILTER "/etc/fail2ban/filter.d/f.conf"

static int every_value_has_its_place(void)
{
	CLEANUP(host_done)
	struct host h = host_new("[DEFAULT]\n"
				 "maxretry = 5\n"
				 "[a]\n"
				 "filter = f\n"
				 "action = act\n",
				 "[Definition]\n"
				 "failregex = ^a <HOST>\n"
				 "            ^b <HOST>\n"
				 "ignoreregex =\n");
	const struct setting *s;

	fake_file(h.fake, "/etc/fail2ban/jail.local", "\n[a]\nfindtime = 1h\n", 0644);
	T_OK(read_jails(&h) == 0 && h.jails.count == 1 && h.folder.problem_count == 0);
	s = find(&h.jails.item[0], "maxretry");
	T_OK(s && s->from.line == 2);
	T_STR(s->from.file, JAIL);
	s = find(&h.jails.item[0], "findtime");
	T_OK(s && s->from.line == 3);
	T_STR(s->from.file, "/etc/fail2ban/jail.local");
	s = find(&h.jails.item[0], "addfailregex");
	T_OK(s && s->from.line == 2 && s->value.count == 2);
	T_STR(s->from.file, FILTER);
	T_OK(h.jails.item[0].action_count == 1 && h.jails.item[0].action[0].from.line == 5);
	return 0;
}

static int a_wrong_jail_is_named_and_hides_no_other(void)
{
	CLEANUP(host_done)
	struct host h = host_new("[DEFAULT]\naction = act\n"
				 "[a]\nfilter = none\n"
				 "[b]\nfilter = f\nbantime = %(nowhere)s\n"
				 "[c]\nfilter = f\nmaxretry = many\n"
				 "[d]\nfilter = f[x\n"
				 "[e]\nfilter = f\n",
				 "[Definition]\nfailregex = <HOST>\n");

	T_OK(read_jails(&h) == 0 && h.jails.count == 5);
	T_OK(h.jails.item[0].wrong && says(&h, JAIL, 4, "there is no filter \"none\""));
	T_OK(h.jails.item[1].wrong && says(&h, JAIL, 6, "jail.conf:7: bantime: %(nowhere)s"));
	T_OK(!h.jails.item[2].wrong && says(&h, JAIL, 10, "maxretry = many is no number"));
	T_OK(h.jails.item[3].wrong && says(&h, JAIL, 12, "is not NAME[OPTION=VALUE"));
	T_OK(!h.jails.item[4].wrong && find(&h.jails.item[4], "addfailregex"));
	return 0;
}

static int what_is_not_supported_is_named(void)
{
	CLEANUP(host_done)
	struct host h = host_new("[a]\nfilter = f\n"
				 "ignorecommand = /bin/x <ip>\n"
				 "action = smtp.py[dest=a]\n",
				 "[Definition]\nfailregex = <HOST>\n");

	T_OK(read_jails(&h) == 0);
	T_OK(says(&h, JAIL, 3, "ignorecommand"));
	T_OK(says(&h, JAIL, 4, "smtp.py is a Python program"));
	return 0;
}

static int a_file_that_is_none_is_refused_with_its_line(void)
{
	static const struct {
		const char *text, *error;
	} cases[] = {
		{ "[a]\nx = 1\nX = 2\n", "jail.conf:3: x is set twice" },
		{ "[a]\nx = 1\n[a]\n", "jail.conf:3: the section [a] is there already" },
		{ "x = 1\n", "jail.conf:1: there is no [section]" },
		{ "[a]\n\n\nword\n", "jail.conf:4: this is neither" },
		{ "[a]\nx = \xff\n", "jail.conf:2: this line is not UTF-8" },
		{ "[INCLUDES]\nbefore = jail.conf\n[a]\nx = %(y\n", NULL },
	};

	for (size_t i = 0; i < COUNT(cases); i++) {
		CLEANUP(host_done) struct host h = host_new(cases[i].text, NULL);
		int r = read_jails(&h);

		T_OK(cases[i].error ? r < 0 && strstr(h.e.msg, cases[i].error) : r == 0);
	}
	return 0;
}

static int what_is_no_time_is_refused(void)
{
	static const char *const cases[] = {
		"",
		" ",
		"(",
		"(1h",
		"((1h)",
		"1h)",
		"1h(",
		"1/",
		"1/0",
		"1//0",
		"**2",
		"2**",
		"-",
		"1 +",
		"h",
		"1.2.3",
		".",
		"1x",
		"1e3",
		"((((((((((((((((((((((((((((((1))))))))))))))))))))))))))))))",
		"2**2**2**2**2**2**2**2**2**2**2**2**2**2**2**2**2**2**2**2**2**2**2**2**2**2",
		"9999999999999999999999999999999999999999",
		"99**9999",
	};

	for (size_t i = 0; i < COUNT(cases); i++) {
		/* To the byte, so that a look beyond is seen. */
		CLEANUP_FREE char *text = xstrdup(cases[i]);
		struct err e = { 0 };
		double seconds = 7;

		if (duration_parse(text, &seconds, &e) == 0)
			printf("# taken: %s\n", text);
		T_OK(seconds == 7 && e.kind == ERR_USAGE);
	}
	return 0;
}

static int values_that_grow_without_end_are_refused(void)
{
	CLEANUP_STR struct str text = { 0 }, tags = { 0 };

	/* Ten references in each of nine values: a thousand million copies of the first. */
	str_add(&text, "[a]\nfilter = f\nv0 = 0123456789\n");
	str_add(&tags, "[Definition]\nfailregex = <t9> <HOST>\nt0 = 0123456789\n");
	for (int i = 1; i < 10; i++) {
		str_addf(&text, "v%d = ", i);
		str_addf(&tags, "t%d = ", i);
		for (int j = 0; j < 10; j++) {
			str_addf(&text, "%%(v%d)s", i - 1);
			str_addf(&tags, "<t%d>", i - 1);
		}
		str_add(&text, "\n");
		str_add(&tags, "\n");
	}
	str_add(&text, "bantime = %(v9)s\n[b]\nfilter = f\naction = act\n");
	{
		CLEANUP(host_done)
		struct host h = host_new(text.text, "[Definition]\nfailregex = <HOST>\n");

		T_OK(read_jails(&h) == 0 && h.jails.count == 2);
		T_OK(h.jails.item[0].wrong && says(&h, JAIL, 2, "longer than 1 MiB"));
		T_OK(!h.jails.item[1].wrong);
	}
	{
		CLEANUP(host_done) struct host h = host_new("[a]\nfilter = f\n", tags.text);

		T_OK(read_jails(&h) == 0 && h.jails.item[0].wrong);
		T_OK(says(&h, JAIL, 2, "longer than 1 MiB"));
	}
	return 0;
}

static int what_refers_to_itself_comes_to_an_end(void)
{
	static const char *const filters[] = {
		"[Definition]\nfailregex = %(failregex)s <HOST>\n",
		"[Definition]\nfailregex = %(a)s <HOST>\na = %(b)s\nb = %(a)s\n",
		"[Definition]\nfailregex = <failregex> <HOST>\n",
		"[Definition]\nfailregex = <a> <HOST>\na = <b>\nb = <a>\n",
		"[Definition]\nfailregex = <a> <HOST>\na = <<a>>\n",
	};

	for (size_t i = 0; i < COUNT(filters); i++) {
		CLEANUP(host_done) struct host h = host_new("[a]\nfilter = f\n", filters[i]);

		T_OK(read_jails(&h) == 0 && h.jails.item[0].wrong);
		T_OK(h.folder.problem_count == 1);
	}
	return 0;
}

static int files_that_include_each_other_come_to_an_end(void)
{
	CLEANUP(host_done)
	struct host h = host_new("[INCLUDES]\nbefore = b.conf\nafter = jail.conf\n"
				 "         b.conf\n[a]\nmaxretry = 1\n",
				 NULL);

	fake_file(h.fake, "/etc/fail2ban/b.conf",
		  "[INCLUDES]\nbefore = jail.conf\n         b.conf\nafter = jail.conf\n", 0644);
	/* Read or refused, but not for ever. */
	read_jails(&h);
	T_OK(h.folder.files.count <= 2);
	return 0;
}

static int links_are_followed(void)
{
	CLEANUP(host_done) struct host h = host_new("[a]\nmaxretry = 1\n", NULL);
	struct node link = { .type = NODE_LINK, .mode = 0777, .data = (char *)"real", .len = 4 };

	fake_file(h.fake, "/etc/fail2ban/real", "[a]\nmaxretry = 2\nfilter =\n", 0644);
	T_OK(os_put(&h.fake->os, "/etc/fail2ban/jail.local", NULL, &link, &h.e) == 0);
	T_OK(read_jails(&h) == 0);
	T_OK(h.folder.files.count == 2);
	T_STR(settings_get(&h.jails.item[0].setting, "maxretry"), "2");
	return 0;
}

int main(void)
{
	static const struct t_case cases[] = {
		T(every_value_has_its_place),
		T(a_wrong_jail_is_named_and_hides_no_other),
		T(what_is_not_supported_is_named),
		T(a_file_that_is_none_is_refused_with_its_line),
		T(what_is_no_time_is_refused),
		T(values_that_grow_without_end_are_refused),
		T(what_refers_to_itself_comes_to_an_end),
		T(files_that_include_each_other_come_to_an_end),
		T(links_are_followed),
	};

	return t_main(cases, COUNT(cases));
}
