// SPDX-License-Identifier: MIT
/*
 * The configuration that is compiled in (src/guard/built-in): which lines of the real programs count, for whom, and that
 * nothing a client says in them can name somebody else.
 */
#include <stdlib.h>

#include "base/mem.h"
#include "guard/conf.h"
#include "guard/dump.h"
#include "guard/filter.h"
#include "guard/orders.h"
#include "lib/fake_os.h"
#include "lib/guard_messages.h"
#include "lib/t.h"

#define NOW    1795662600.0 /* 2026-11-26 03:10 */
#define REAL   GUARD_MESSAGES_FROM
#define VICTIM "203.0.113.9"

/* --- the configuration -------------------------------------------------------------------------------------- */

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
	fake_free(h->fake);
}

static struct host host_new(const char *over)
{
	struct host h = { .fake = fake_new() };

	h.folder.os = &h.fake->os;
	if (over)
		fake_file(h.fake, CONF_OVER, over, 0644);
	h.folder.path = xstrdup(conf_choose(h.folder.os, NULL));
	return h;
}

static int read_jails(struct host *h)
{
	return jails_read(&h->folder, &(struct jails_query){ .all = true }, &h->jails, &h->e);
}

static const struct jail *jail_of(const struct host *h, const char *name)
{
	for (size_t i = 0; i < h->jails.count; i++)
		if (str_eq(h->jails.item[i].name, name))
			return &h->jails.item[i];
	return NULL;
}

static int the_folder_decides(void)
{
	CLEANUP(host_done) struct host h = host_new(NULL);

	T_STR(h.folder.path, CONF_BUILT_IN);
	fake_dir(h.fake, CONF_FAIL2BAN, 0755);
	T_STR(conf_choose(h.folder.os, NULL), CONF_FAIL2BAN);
	T_STR(conf_choose(h.folder.os, CONF_BUILT_IN), CONF_BUILT_IN);
	T_STR(conf_choose(h.folder.os, "/tmp/x"), "/tmp/x");
	return 0;
}

static int sshd_is_watched_and_the_others_by_name(void)
{
	static const char *const others[] = { "sshd-aggressive", "sudo",	"nginx-auth",
					      "nginx-bots",	 "apache-auth", "apache-bots",
					      "postfix",	 "dovecot",	"vsftpd",
					      "recidive" };
	CLEANUP(host_done) struct host h = host_new(NULL);

	T_OK(read_jails(&h) == 0 && h.jails.count == 1 + COUNT(others));
	T_OK(jail_of(&h, "sshd")->enabled);
	T_STR(settings_get(&jail_of(&h, "sshd")->setting, "bantime"), "1h");
	T_STR(jail_of(&h, "sshd")->backend, "systemd");
	for (size_t i = 0; i < COUNT(others); i++) {
		T_OK(jail_of(&h, others[i]));
		T_OK(!jail_of(&h, others[i])->enabled && !jail_of(&h, others[i])->wrong);
	}
	/* All that can be wrong is that there are no logs. */
	for (size_t i = 0; i < h.folder.problem_count; i++)
		T_OK(strstr(h.folder.problem[i].text, "logpath: no such file now"));
	T_OK(h.folder.problem_count == 5);
	return 0;
}

static int every_jail_can_be_used(void)
{
	CLEANUP(host_done) struct host h = host_new(NULL);

	T_OK(read_jails(&h) == 0);
	for (size_t i = 0; i < h.jails.count; i++) {
		CLEANUP_FILTER struct filter *f = NULL;
		int r = filter_new(&h.jails.item[i].setting,
				   (struct filter_mode){ .last_decade = 202 }, &h.folder, &f, &h.e);

		if (r < 0)
			printf("# [%s] %s\n", h.jails.item[i].name, h.e.msg);
		T_OK(r == 0 && filter_count(f, false) > 0);
	}
	return 0;
}

static int the_hosts_own_file_lies_over_it(void)
{
	CLEANUP(host_done)
	struct host h = host_new("[DEFAULT]\nbantime = 2h\nignoreip = 192.0.2.0/24\n"
				 "[postfix]\nenabled = true\nmode = aggressive\n"
				 "[recidive]\nenabled = true\n");
	CLEANUP_STR struct str text = { 0 };

	T_OK(read_jails(&h) == 0);
	T_OK(jail_of(&h, "sshd")->enabled && jail_of(&h, "postfix")->enabled);
	T_STR(settings_get(&jail_of(&h, "sshd")->setting, "bantime"), "2h");
	T_STR(settings_get(&jail_of(&h, "sshd")->setting, "addignoreip"), "192.0.2.0/24");
	T_STR(settings_get(&jail_of(&h, "recidive")->setting, "bantime"), "1w");
	T_STR(jail_of(&h, "postfix")->filter, "postfix[mode=aggressive]");
	dump_jail(jail_of(&h, "sshd"), &text);
	T_OK(strstr(text.text, "  bantime = 2h") && strstr(text.text, "# " CONF_OVER ":2\n"));
	T_OK(strstr(text.text, "  maxretry = 5") && strstr(text.text, "# built in\n"));
	T_OK(!strstr(text.text, CONF_BUILT_IN));
	return 0;
}

static int what_is_wrong_in_it_is_named(void)
{
	CLEANUP(host_done)
	struct host h = host_new("[nginx]\nenabled = true\n[sshd]\nmode = fierce\n");
	CLEANUP_STR struct str text = { 0 };

	T_OK(read_jails(&h) == 0 && jail_of(&h, "nginx") && jail_of(&h, "sudo"));
	T_OK(jail_of(&h, "nginx")->wrong && !jail_of(&h, "sudo")->wrong);
	dump_problems(&h.folder, &text);
	T_OK(strstr(text.text, CONF_OVER ":2: [nginx] is left out: there is no filter \"nginx\"; "
					 "built in are dovecot, http-auth, "));
	T_OK(jail_of(&h, "sshd")->wrong);
	T_OK(strstr(text.text, CONF_OVER ":4: [sshd] is left out: sshd: mode = fierce: there "
					 "are normal, aggressive\n"));
	CLEANUP(host_done) struct host bad = host_new("[sshd]\nenabled\n");
	T_OK(read_jails(&bad) < 0 && strstr(bad.e.msg, CONF_OVER ":2: "));
	return 0;
}

static int what_is_no_such_word_is_named(void)
{
	CLEANUP(host_done)
	struct host h = host_new("[sshd]\nbackend = sistemd\nmaxretry = many\n"
				 "[sudo]\nenabled = perhaps\n"
				 "[vsftpd]\nenabled = yes\nusedns = maybe\nbantime = 2x\n"
				 "[dovecot]\nenabled = on\nfilter = dovecot[mode=agressive]\n"
				 "[postfix]\nenabled = on\nbackend = SystemD\nmode = normal\n");
	static const char *const named[] = {
		":2: [sshd] is left out: backend = sistemd: there are auto, systemd, ",
		":5: [sudo] enabled = perhaps: there are yes, no, ",
		":8: [vsftpd] usedns = maybe: there are yes, warn, no, raw; taken as no\n",
		":9: [vsftpd] bantime: \"2x\" is no time\n",
		":12: [dovecot] is left out: dovecot: mode = agressive: there are normal, ",
	};
	CLEANUP_STR struct str text = { 0 };

	T_OK(read_jails(&h) == 0);
	dump_problems(&h.folder, &text);
	for (size_t i = 0; i < COUNT(named); i++) {
		CLEANUP_FREE char *whole = xasprintf(CONF_OVER "%s", named[i]);

		if (!strstr(text.text, whole))
			printf("# not there: %s\n# %s\n", whole, text.text);
		T_OK(strstr(text.text, whole));
	}
	T_OK(jail_of(&h, "sshd")->wrong && jail_of(&h, "dovecot")->wrong);
	T_OK(!jail_of(&h, "sudo")->enabled && !jail_of(&h, "sudo")->wrong);
	T_OK(!jail_of(&h, "postfix")->wrong && !strstr(text.text, "[postfix] is left out"));
	return 0;
}

static int orders_are_made_of_it(void)
{
	CLEANUP_ORDERS struct orders o = { 0 };
	struct fake *fake = fake_new();
	struct err e = { 0 };

	T_OK(orders_read(&fake->os, CONF_BUILT_IN, &o, &e) == 0);
	T_OK(o.count == 1 && o.journal && o.sources == 0);
	T_STR(o.item[0].name, "sshd");
	T_OK(o.item[0].max_retry == 5 && o.item[0].find_time == 600 && o.item[0].ban_time == 3600);
	T_OK(o.item[0].match.count == 1 && o.item[0].more.on && o.item[0].more.most == 604800);
	T_STR(o.item[0].match.item[0], "_COMM=sshd");
	fake_free(fake);
	return 0;
}

/* --- lines through a filter ------------------------------------------------------------------------------------ */

struct trying {
	struct fake *fake;
	struct conf_folder folder;
	struct filter *filter;
	char *name; /* of it */
};

static void trying_done(struct trying *t)
{
	filter_free(t->filter);
	free(t->name);
	conf_folder_done(&t->folder);
	fake_free(t->fake);
}

static struct trying trying_new(void)
{
	struct trying t = { .fake = fake_new() };

	setenv("TZ", "UTC", 1);
	t.folder.os = &t.fake->os;
	t.folder.path = xstrdup(CONF_BUILT_IN);
	return t;
}

static int use_filter(struct trying *t, const char *name)
{
	struct settings s = { 0 };
	struct err e = { 0 };
	int r;

	if (str_eq(t->name, name))
		return 0;
	filter_free(t->filter);
	t->filter = NULL;
	free(t->name);
	t->name = xstrdup(name);
	r = filter_read(&t->folder, name, NULL, &s, &e);
	if (r == 0)
		r = filter_new(&s, (struct filter_mode){ .last_decade = 202 }, &t->folder,
			       &t->filter, &e);
	settings_done(&s);
	if (r != 0)
		printf("# %s: %s\n", name, e.msg);
	return r;
}

/* Who failed, until the next line; NULL: nobody. *ret_time may be NULL. */
static const char *who_failed(const struct trying *t, const struct str *line, bool dated,
			      double *ret_time)
{
	struct filter_line l = { line->text, line->len, dated, NOW, false };
	struct filter_result r;
	static double clock;

	/* Each long after the last one: no two are of one connection. */
	filter_look(t->filter, &l, NOW, clock += 1000, &r);
	for (size_t i = 0; i < r.count; i++) {
		if (!r.found[i].id || r.found[i].harmless)
			continue;
		if (ret_time)
			*ret_time = r.found[i].time;
		return r.found[i].id;
	}
	return NULL;
}

static bool is_said(const struct trying *t, const struct guard_message *m, enum form form)
{
	CLEANUP_STR struct str line = { 0 };
	const char *who, *wanted = m->who ? REAL : NULL;

	guard_message_say(m, form, "bob", &line);
	who = who_failed(t, &line, guard_message_is_dated(m, form), NULL);
	if (!str_eq(who, wanted))
		printf("# %s: %s, not %s: %s\n", m->filter, who ? who : "nobody",
		       wanted ? wanted : "nobody", line.text);
	return str_eq(who, wanted);
}

static int each_message_counts_for_who_sent_it(void)
{
	CLEANUP(trying_done) struct trying t = trying_new();
	bool good = true;

	for (size_t i = 0; i < guard_messages_count; i++) {
		const struct guard_message *m = &guard_messages[i];

		T_OK(use_filter(&t, m->filter) == 0);
		for (enum form form = 0; form < (m->program ? FORMS : 1); form++)
			good = is_said(&t, m, form) && good;
	}
	T_OK(good);
	return 0;
}

static int other_forms_of_an_address(void)
{
	static const struct {
		const char *filter, *line, *who;
	} cases[] = {
		{ "sshd", "host sshd[7]: Invalid user x from 2001:db8::7 port 4711",
		  "2001:db8::7" },
		{ "sshd",
		  "host sshd-session[7]: Failed password for root from ::ffff:198.51.100.7 port 1 "
		  "ssh2",
		  REAL },
		{ "sshd", "host sshd[7]: Invalid user x from host.example.org port 4711", NULL },
		{ "sshd", "host sshd[7]: Invalid user  from " REAL " port 4711", REAL },
		{ "sshd[mode=aggressive]",
		  "host sshd[7]: drop connection #3 from [2001:db8::7]:4711 on [2001:db8::1]:22 "
		  "penalty: x",
		  "2001:db8::7" },
		{ "sshd", "host xsshd[7]: Invalid user x from " REAL " port 4711", NULL },
		{ "sshd", "host app[7]: sshd[7]: Invalid user x from " REAL " port 4711", NULL },
		{ "http-auth",
		  "2001:db8::7 - bob [26/Nov/2026:03:04:05 +0000] \"GET / HTTP/1.1\" 401 1 \"-\" "
		  "\"x\"",
		  "2001:db8::7" },
		{ "postfix",
		  "host postfix/smtpd[7]: warning: unknown[2001:db8::7]: SASL LOGIN authentication "
		  "failed: x",
		  "2001:db8::7" },
		{ "dovecot",
		  "host dovecot: imap-login: Disconnected (auth failed, 1 attempts in 2 secs): "
		  "user=<x>, "
		  "method=PLAIN, rip=2001:db8::7, lip=2001:db8::1, TLS, session=<x>",
		  "2001:db8::7" },
		{ "recidive",
		  "host kannuki-guard[7]: store: [sshd] ban 2001:db8:0:1::/64 (5 failures)",
		  "2001:db8:0:1::/64" },
	};
	CLEANUP(trying_done) struct trying t = trying_new();

	for (size_t i = 0; i < COUNT(cases); i++) {
		CLEANUP_STR struct str line = { 0 };
		const char *who;

		T_OK(use_filter(&t, cases[i].filter) == 0);
		str_add(&line, cases[i].line);
		who = who_failed(&t, &line, true, NULL);
		if (!str_eq(who, cases[i].who))
			printf("# %s: %s\n", who ? who : "nobody", line.text);
		T_OK(str_eq(who, cases[i].who));
	}
	return 0;
}

/* --- one attempt is one failure ------------------------------------------------------------------------------------ */

/* How many failures of REAL the lines are, one after another. */
static unsigned count_failures(const struct trying *t, const char *lines)
{
	static double clock;
	CLEANUP_STRV struct strv each = { 0 };
	unsigned count = 0;

	clock += 1000;
	strv_split(&each, lines, "\n");
	for (size_t i = 0; i < each.count; i++) {
		CLEANUP_FREE char *text = xasprintf("host %s", each.item[i]);
		struct filter_line l = { text, strlen(text), true, NOW, false };
		struct filter_result r;

		filter_look(t->filter, &l, NOW, clock, &r);
		for (size_t k = 0; k < r.count; k++)
			count += str_eq(r.found[k].id, REAL) && !r.found[k].harmless;
	}
	return count;
}

static int one_attempt_is_one_failure(void)
{
	CLEANUP(trying_done) struct trying t = trying_new();
	bool good = true;

	for (int aggressive = 0; aggressive < 2; aggressive++) {
		T_OK(use_filter(&t, aggressive ? "sshd[mode=aggressive]" : "sshd") == 0);
		for (size_t i = 0; i < guard_connections_count; i++) {
			unsigned is = count_failures(&t, guard_connections[i].lines);
			unsigned wanted = aggressive ? guard_connections[i].aggressive
						     : guard_connections[i].normal;

			if (is != wanted)
				printf("# %u, not %u: %s\n", is, wanted,
				       guard_connections[i].lines);
			good = good && is == wanted;
		}
	}
	T_OK(good);
	return 0;
}

/* --- what a client says of others --------------------------------------------------------------------------------- */

static bool same_family(const struct guard_message *a, const struct guard_message *b)
{
	size_t len = strcspn(a->filter, "[");

	return strcspn(b->filter, "[") == len && strncmp(a->filter, b->filter, len) == 0;
}

/* A whole line about somebody else, as words. */
static void words_about_another(const struct guard_message *m, struct strv *ret)
{
	CLEANUP_STR struct str text = { 0 }, line = { 0 };
	CLEANUP_FREE char *copy = NULL;
	char *at, *rest;

	guard_message_say(m, OLD_FILE, "x", &line);
	rest = copy = xstrdup(line.text);
	while ((at = strstr(rest, REAL))) {
		str_add_bytes(&text, rest, (size_t)(at - rest));
		str_add(&text, VICTIM);
		rest = at + strlen(REAL);
	}
	str_add(&text, rest);
	strv_split(ret, text.text, " ");
}

struct attack {
	const struct trying *t;
	const struct guard_message *m;
	struct str field, line;
	unsigned long tried;
};

static void attack_done(struct attack *a)
{
	str_done(&a->field);
	str_done(&a->line);
}

static bool is_safe(struct attack *a)
{
	for (enum form form = 0; form < (a->m->program ? FORMS : 1); form++) {
		const char *who;

		guard_message_say(a->m, form, a->field.text, &a->line);
		who = who_failed(a->t, &a->line, guard_message_is_dated(a->m, form), NULL);
		a->tried++;
		if (who && !str_eq(who, REAL)) {
			printf("# %s of %s: %s\n", who, a->m->filter, a->line.text);
			return false;
		}
	}
	return true;
}

/* The run of words with what would end or begin a field around it; and without its last byte, which the program's own
 * text behind it may be. */
static bool run_is_safe(struct attack *a, const struct str *run)
{
	static const struct {
		const char *before, *after;
		size_t cut;
	} ways[] = { { "", "", 0 },    { "x ", " y", 0 }, { "x\" ", "", 0 }, { "", "\"", 0 },
		     { "x> ", "", 0 }, { "x] ", "]", 0 }, { "", "", 1 },     { "x] ", "", 1 } };

	for (size_t n = 0; n < COUNT(ways); n++) {
		str_clear(&a->field);
		str_add(&a->field, ways[n].before);
		str_add_bytes(&a->field, run->text, run->len - ways[n].cut);
		str_add(&a->field, ways[n].after);
		if (!is_safe(a))
			return false;
	}
	return true;
}

/* Every run of the words that names another. */
static bool all_runs_are_safe(struct attack *a, const struct strv *words)
{
	for (size_t i = 0; i < words->count; i++) {
		CLEANUP_STR struct str run = { 0 };

		for (size_t k = i; k < words->count; k++) {
			str_addf(&run, "%s%s", k > i ? " " : "", words->item[k]);
			if (strstr(run.text, VICTIM) && !run_is_safe(a, &run))
				return false;
		}
	}
	return true;
}

static int nothing_a_client_says_names_another(void)
{
	CLEANUP(trying_done) struct trying t = trying_new();
	CLEANUP(attack_done) struct attack a = { .t = &t };
	bool good = true;

	for (size_t i = 0; i < guard_messages_count; i++) {
		const struct guard_message *m = &guard_messages[i];
		CLEANUP_FREE char *filter = guard_message_filter(m);

		if (!strstr(m->text, "%s"))
			continue;
		T_OK(use_filter(&t, filter) == 0);
		a.m = m;
		for (size_t k = 0; k < guard_messages_count; k++) {
			CLEANUP_STRV struct strv words = { 0 };

			if (!same_family(m, &guard_messages[k]))
				continue;
			words_about_another(&guard_messages[k], &words);
			good = all_runs_are_safe(&a, &words) && good;
		}
	}
	printf("# %lu lines\n", a.tried);
	T_OK(good && a.tried > 100000);
	return 0;
}

static int nor_another_time(void)
{
	static const struct {
		const char *filter, *line;
	} cases[] = {
		{ "http-auth",
		  REAL " - x [26/Nov/2001:03:04:05 +0000] [26/Nov/2026:03:04:05 +0000] "
		       "\"GET / HTTP/1.1\" 401 1 \"-\" \"x\"" },
		{ "http-auth", REAL " - 26/Nov/2001:03:04:05 +0000 [26/Nov/2026:03:04:05 +0000] "
				    "\"GET / HTTP/1.1\" 401 1 \"-\" \"x\"" },
		{ "http-auth", REAL " - 2001-11-26 03:04:05 [26/Nov/2026:03:04:05 +0000] "
				    "\"GET /[26/Nov/2001:03:04:05 HTTP/1.1\" 401 1 \"-\" \"x\"" },
		{ "sshd",
		  "Nov 26 03:04:05 host sshd[7]: Invalid user 2001-11-26 03:04:05 from " REAL
		  " port 4711" },
		{ "sshd", "2026-11-26T03:04:05+00:00 host sshd[7]: Invalid user Nov 26 03:04:05 "
			  "2001 from " REAL " port 4711" },
		{ "vsftpd", "Thu Nov 26 03:04:05 2026 [pid 2] [2001-11-26 03:04:05] FAIL LOGIN: "
			    "Client \"" REAL "\"" },
	};
	CLEANUP(trying_done) struct trying t = trying_new();

	for (size_t i = 0; i < COUNT(cases); i++) {
		CLEANUP_STR struct str line = { 0 };
		double time = 0;

		T_OK(use_filter(&t, cases[i].filter) == 0);
		str_add(&line, cases[i].line);
		T_OK(str_eq(who_failed(&t, &line, false, &time), REAL));
		T_OK(time > NOW - 3600 && time <= NOW);
	}
	return 0;
}

int main(void)
{
	static const struct t_case cases[] = {
		T(the_folder_decides),
		T(sshd_is_watched_and_the_others_by_name),
		T(every_jail_can_be_used),
		T(the_hosts_own_file_lies_over_it),
		T(what_is_wrong_in_it_is_named),
		T(what_is_no_such_word_is_named),
		T(orders_are_made_of_it),
		T(each_message_counts_for_who_sent_it),
		T(other_forms_of_an_address),
		T(one_attempt_is_one_failure),
		T(nothing_a_client_says_names_another),
		T(nor_another_time),
	};

	return t_main(cases, COUNT(cases));
}
