// SPDX-License-Identifier: MIT
/* What is enabled, whose it is and who uses it (core/facts_enabled.h), from what systemctl, dpkg and rpm say. */
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "core/facts.h"
#include "core/package_manager.h"
#include "lib/fake_os.h"
#include "lib/t.h"
#include "report/facts_report.h"

static const char listed[] = "cron.service             enabled enabled\n"
			     "getty@.service           enabled enabled\n"
			     "mine.service             enabled enabled\n"
			     "gone.service             enabled enabled\n"
			     "rpcbind.socket           enabled enabled\n"
			     "logrotate.timer          enabled enabled\n"
			     "mine.path                enabled enabled\n"
			     "rpcbind.service          enabled enabled\n";
static const char shown[] =
	"Id=cron.service\nLoadState=loaded\nActiveState=active\nDescription=Regular jobs\n"
	"FragmentPath=/lib/systemd/system/cron.service\nRequiredBy=\n\n"
	"Id=mine.service\nLoadState=loaded\nActiveState=failed\nDescription=My own\n"
	"FragmentPath=/etc/systemd/system/mine.service\nTriggeredBy=mine.path\n\n"
	"Id=gone.service\nLoadState=not-found\nActiveState=inactive\n\n"
	"Id=rpcbind.socket\nLoadState=loaded\nActiveState=active\n"
	"FragmentPath=/usr/lib/systemd/system/rpcbind.socket\nTriggers=rpcbind.service\n"
	"Listen=/run/rpcbind.sock (Stream)\nListen=[::]:111 (Stream)\n\n"
	"Id=rpcbind.service\nLoadState=loaded\nActiveState=active\n"
	"FragmentPath=/usr/lib/systemd/system/rpcbind.service\nTriggeredBy=rpcbind.socket\n"
	"RequiredBy=nfs-server.service multi-user.target rpcbind.socket\n\n"
	"Id=mine.path\nLoadState=loaded\nActiveState=active\n"
	"FragmentPath=/etc/systemd/system/mine.path\nTriggers=mine.service\n\n"
	"Id=logrotate.timer\nLoadState=loaded\nActiveState=active\n"
	"FragmentPath=/usr/lib/systemd/system/logrotate.timer\nTriggers=logrotate.service\n";
/* dpkg knows them by either name of a /lib that leads to /usr/lib. */
static const char dpkg_says[] = "cron: /lib/systemd/system/cron.service\n"
				"rpcbind:amd64: /lib/systemd/system/rpcbind.socket\n"
				"systemd: /usr/lib/systemd/system/getty@.service\n"
				"rpcbind, lab: /lib/systemd/system/rpcbind.service\n"
				"logrotate: /usr/lib/systemd/system/logrotate.timer\n";

static int list_status;
static char asked[4096]; /* the units whose properties were asked */

static int answer(struct run_result *ret, const char *text, int status)
{
	ret->out = xstrdup(text);
	ret->out_len = strlen(text);
	return status;
}

static int systemctl(struct fake *f, const struct run *r, struct run_result *ret, struct err *e)
{
	(void)f;
	(void)e;
	if (str_eq(r->argv[1], "list-unit-files"))
		return answer(ret, list_status ? "" : listed, list_status);
	for (size_t i = 5; r->argv[i]; i++)
		snprintf(asked + strlen(asked), sizeof(asked) - strlen(asked), "%s ", r->argv[i]);
	return answer(ret, shown, 0);
}

static int dpkg(struct fake *f, const struct run *r, struct run_result *ret, struct err *e)
{
	(void)f;
	(void)e;
	return answer(ret, str_eq(r->argv[1], "-S") ? dpkg_says : "", 1); /* some are of none */
}

/* As rpm: a file of two packages has two lines. */
static int rpm(struct fake *f, const struct run *r, struct run_result *ret, struct err *e)
{
	const char *path = r->argv[4];

	(void)f;
	(void)e;
	if (str_ends(path, "rpcbind.service"))
		return answer(ret, "rpcbind\nlab\n", 0);
	if (str_starts(path, "/etc/"))
		return answer(ret,
			      "file /etc/systemd/system/mine.service is not owned by any package\n",
			      1);
	return answer(ret, "other\n", 0);
}

struct host {
	struct fake *fake;
	struct facts facts;
};

static void begin(struct host *h, const struct package_manager *m)
{
	*h = (struct host){ .fake = fake_new() };
	list_status = 0;
	asked[0] = '\0';
	fake_on_run(h->fake, "systemctl", systemctl);
	fake_on_run(h->fake, "dpkg", dpkg);
	fake_on_run(h->fake, "rpm", rpm);
	fake_file(h->fake, "/usr/lib/systemd/system/getty@.service", "[Service]\n", 0644);
	h->facts.systemd = true;
	h->facts.updates.manager = m;
}

static void end(struct host *h)
{
	fake_free(h->fake);
	facts_done(&h->facts);
}
#define CLEANUP_HOST CLEANUP(end)

static int gather(struct host *h)
{
	const struct facts_query q = { .enabled = true };
	struct err e = { 0 };

	return facts_gather_enabled(&h->fake->os, &q, &h->facts, &e);
}

static const struct enabled_fact *unit(const struct host *h, const char *name)
{
	for (size_t i = 0; i < h->facts.enabled_count; i++)
		if (str_eq(h->facts.enabled[i].unit, name))
			return &h->facts.enabled[i];
	printf("# no %s\n", name);
	abort();
}

static int each_is_there_with_its_package_and_users(void)
{
	CLEANUP_HOST struct host h;

	begin(&h, &package_apt);
	T_OK(gather(&h) == 0 && h.facts.enabled_count == 7);
	/* In order; what is not there any more is none. */
	for (size_t i = 1; i < h.facts.enabled_count; i++)
		T_OK(strcmp(h.facts.enabled[i - 1].unit, h.facts.enabled[i].unit) < 0);
	T_STR(unit(&h, "cron.service")->package, "cron");
	T_STR(unit(&h, "cron.service")->description, "Regular jobs");
	T_STR(unit(&h, "rpcbind.socket")->package, "rpcbind");
	T_STR(unit(&h, "rpcbind.service")->package, "rpcbind");
	T_STR(unit(&h, "logrotate.timer")->package, "logrotate");
	T_STR(unit(&h, "mine.service")->package, "");
	T_STR(unit(&h, "mine.service")->active, "failed");
	T_OK(h.facts.enabled_owned);
	T_OK(unit(&h, "rpcbind.socket")->starts.count == 1 &&
	     unit(&h, "rpcbind.socket")->listen.count == 2);
	T_STR(unit(&h, "rpcbind.socket")->listen.item[1], "[::]:111 (Stream)");
	/* A target uses nothing, and its own socket does not count. */
	T_OK(unit(&h, "rpcbind.service")->needed_by.count == 1);
	T_STR(unit(&h, "rpcbind.service")->needed_by.item[0], "nfs-server.service");
	T_STR(unit(&h, "rpcbind.service")->with.item[0], "rpcbind.socket");
	/* systemctl refuses to show anything where a template is among its arguments. */
	T_OK(!strstr(asked, "getty@") && strstr(asked, "cron.service "));
	T_STR(unit(&h, "getty@.service")->path, "/usr/lib/systemd/system/getty@.service");
	T_STR(unit(&h, "getty@.service")->package, "systemd");
	return 0;
}

static int rpm_names_them_too(void)
{
	CLEANUP_HOST struct host h;

	begin(&h, &package_dnf);
	T_OK(gather(&h) == 0);
	T_STR(unit(&h, "rpcbind.service")->package, "rpcbind");
	T_STR(unit(&h, "mine.service")->package, "");
	T_STR(unit(&h, "mine.path")->package, "");
	T_STR(unit(&h, "cron.service")->package, "other");
	return 0;
}

static int who_listens_is_with_his_unit(void)
{
	CLEANUP_HOST struct host h;
	struct service_fact *s = xcalloc(1, sizeof(*s));

	begin(&h, NULL);
	s->unit = xstrdup("rpcbind.service");
	strv_add(&s->listen, "111/udp ::");
	h.facts.service = s;
	h.facts.service_count = 1;
	T_OK(gather(&h) == 0);
	T_STR(unit(&h, "rpcbind.service")->listen.item[0], "111/udp ::");
	T_OK(unit(&h, "rpcbind.socket")->listen.count == 2);
	/* Nobody was asked whose they are: nothing is said of it. */
	T_OK(!h.facts.enabled_owned);
	return 0;
}

static int what_cannot_be_asked_is_said(void)
{
	CLEANUP_HOST struct host h;

	begin(&h, &package_apt);
	list_status = 1;
	T_OK(gather(&h) == 0 && h.facts.enabled_count == 0 && h.facts.not_measured.count == 1);
	h.facts.systemd = false;
	T_OK(gather(&h) == 0 && h.facts.not_measured.count == 1);
	return 0;
}

/* Does the text of a host with this package manager say that? */
static bool says(const struct package_manager *m, const char *words)
{
	CLEANUP_HOST struct host h;
	CLEANUP_STR struct str s = { 0 };

	begin(&h, m);
	h.facts.hostname = xstrdup("vps");
	h.facts.distro_name = xstrdup("Debian");
	if (gather(&h) < 0)
		abort();
	report_facts_text(&h.facts, &s);
	return strstr(s.text, words);
}

static int a_person_reads_names_and_what_is_strange(void)
{
	T_OK(says(&package_apt, "Starts at boot      cron, getty@, mine, rpcbind\n"));
	T_OK(says(&package_apt, "\n                    when asked (sockets): rpcbind\n"));
	T_OK(says(&package_apt, "\n                    at its time (timers): logrotate\n"));
	T_OK(says(&package_apt, "rpcbind.service is needed by nfs-server.service\n"));
	T_OK(says(&package_apt, "mine.service is of no package"));
	T_OK(!says(&package_apt, "cron.service is of no package"));
	T_OK(!says(NULL, "is of no package"));
	return 0;
}

int main(void)
{
	static const struct t_case cases[] = {
		T(each_is_there_with_its_package_and_users),
		T(rpm_names_them_too),
		T(who_listens_is_with_his_unit),
		T(what_cannot_be_asked_is_said),
		T(a_person_reads_names_and_what_is_strange),
	};

	return t_main(cases, COUNT(cases));
}
