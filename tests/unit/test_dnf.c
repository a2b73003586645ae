// SPDX-License-Identifier: MIT
/* The row dnf of core/package_manager.h: facts and plans. What dnf 4 prints was seen on dnf 4.14; the forms of dnf 5
 * and of the answers for a RHEL are written here after their manual pages. */
#include <string.h>

#include "base/mem.h"
#include "controls/control.h"
#include "core/facts.h"
#include "core/package_manager.h"
#include "lib/fake_os.h"
#include "lib/t.h"

#define CONF	 "/etc/dnf/automatic.conf"
#define REPODATA "/var/cache/dnf/baseos-0123456789abcdef/repodata"

static void fake_free_p(struct fake **f)
{
	fake_free(*f);
}
#define CLEANUP_FAKE CLEANUP(fake_free_p)

/* --- the host ------------------------------------------------------------------------------------ */

static struct {
	const char *check_update, *updateinfo, *installed, *all;
	int check_status, updateinfo_status;
} says;

static int print(struct run_result *ret, int status, const char *text)
{
	ret->out = xstrdup(text);
	ret->out_len = strlen(text);
	ret->err = xstrdup("");
	return status;
}

static int dnf(struct fake *f, const struct run *r, struct run_result *ret, struct err *e)
{
	(void)f;
	(void)e;
	/* A question of facts fetches nothing. */
	if (!str_eq(r->argv[1], "-q") || !str_eq(r->argv[2], "-C"))
		return print(ret, 1, "");
	if (str_eq(r->argv[3], "check-update"))
		return print(ret, says.check_status, says.check_update);
	return print(ret, says.updateinfo_status, says.updateinfo);
}

static int rpm(struct fake *f, const struct run *r, struct run_result *ret, struct err *e)
{
	(void)f;
	(void)e;
	return print(ret, 0, str_eq(r->argv[1], "-qa") ? says.all : says.installed);
}

static struct fake *host(const char *id)
{
	CLEANUP_FREE char *release = xasprintf("ID=\"%s\"\nVERSION_ID=\"9.4\"\n", id);
	struct fake *f = fake_new();

	says.check_update = says.updateinfo = says.installed = says.all = "";
	says.check_status = says.updateinfo_status = 0;
	fake_file(f, "/etc/os-release", release, 0644);
	fake_file(f, "/usr/bin/dnf-3", "", 0755);
	fake_link(f, "/usr/bin/dnf", "dnf-3");
	fake_on_run(f, "dnf", dnf);
	fake_on_run(f, "rpm", rpm);
	fake_file(f, "/proc/sys/kernel/osrelease", "5.14.0-427.el9.x86_64\n", 0444);
	return f;
}

static void lists(struct fake *f)
{
	fake_file(f, REPODATA "/repomd.xml", "", 0644);
	fake_file(f, REPODATA "/0a1b-updateinfo.xml.gz", "", 0644);
}

static int gather(struct fake *f, struct facts *ret)
{
	const struct facts_query q = { .updates = true, .pending = true, .upgradable = true };
	struct err e = { 0 };

	return facts_gather_updates(&f->os, &q, ret, &e);
}

/* --- which row ----------------------------------------------------------------------------------- */

static int distribution_decides_where_both_are(void)
{
	static const struct {
		const char *id;
		const struct package_manager *is;
	} c[] = {
		{ "rocky", &package_dnf },
		{ "almalinux", &package_dnf },
		{ "centos", &package_dnf },
		{ "rhel", &package_dnf },
		{ "debian", &package_apt },
		{ "ubuntu", &package_apt },
		{ "ol\"\nID_LIKE=\"fedora", &package_dnf },
		/* of no row: the first that is here */
		{ "void", &package_apt },
	};

	for (size_t i = 0; i < COUNT(c); i++) {
		CLEANUP_FAKE struct fake *f = host(c[i].id);
		const struct package_manager *m = NULL;
		struct err e = { 0 };

		fake_file(f, "/usr/bin/apt-get", "", 0755);
		T_OK(package_manager_find(&f->os, &m, &e) == 0 && m == c[i].is);
		fake_remove(f, m->program);
		m = NULL;
		T_OK(package_manager_find(&f->os, &m, &e) == (str_eq(c[i].id, "void") ? 0 : 1));
	}
	return 0;
}

/* --- what waits ---------------------------------------------------------------------------------- */

#define UPDATES4                                                          \
	"\nlab-tool.noarch                 1.1-1                baseos\n" \
	"openssl-libs.x86_64             1:3.0.7-28.el9_4     baseos\n"   \
	"Obsoleting Packages\n"                                           \
	"new.noarch                      2-1                  baseos\n"   \
	"    old.noarch                  1-1                  @System\n"

static int what_waits_is_counted(void)
{
	static const struct {
		const char *info, *first;
		size_t count;
	} c[] = {
		{ "RLSA-2026:1 Important/Sec. openssl-libs-1:3.0.7-28.el9_4.x86_64\n"
		  "RLSA-2026:2 Moderate/Sec.  lab-tool-1.1-1.noarch\n"
		  "RLSA-2026:1 Important/Sec. openssl-libs-1:3.0.7-28.el9_4.x86_64\n",
		  "lab-tool-1.1-1.noarch", 2 },
		{ "Name         Type     Severity                     Package              Issued\n"
		  "FEDORA-1     security Important lab-tool-1.1-1.noarch 2026-11-20 01:02:03\n",
		  "lab-tool-1.1-1.noarch", 1 },
		{ "", NULL, 0 },
	};

	for (size_t i = 0; i < COUNT(c); i++) {
		CLEANUP_FAKE struct fake *f = host("rocky");
		CLEANUP_FACTS struct facts facts = { 0 };
		const struct updates_fact *u = &facts.updates;

		lists(f);
		says.check_update = UPDATES4;
		says.check_status = 100;
		says.updateinfo = c[i].info;
		T_OK(gather(f, &facts) == 0 && u->measured && u->manager == &package_dnf);
		T_OK(u->upgradable_measured && u->upgradable == 2);
		T_OK(u->pending_measured && u->pending.count == c[i].count);
		T_OK(!c[i].first || str_eq(u->pending.item[0], c[i].first));
		T_OK(u->lists_time == f->clock[OS_REALTIME] / 1000000000);
	}
	return 0;
}

static int what_nobody_says_is_not_measured(void)
{
	CLEANUP_FAKE struct fake *f = host("centos");
	CLEANUP_FACTS struct facts facts = { 0 };

	/* No list was fetched: an update has something to do. */
	T_OK(gather(f, &facts) == 0 && !facts.updates.pending_measured);
	T_OK(facts.updates.upgradable_measured && facts.updates.lists_time == 0);
	facts_done(&facts);
	/* CentOS marks nothing: an empty answer is none. */
	lists(f);
	fake_remove(f, REPODATA "/0a1b-updateinfo.xml.gz");
	T_OK(gather(f, &facts) == 0 && !facts.updates.pending_measured);
	T_OK(facts.not_measured.count == 1 && strstr(facts.not_measured.item[0], "no repository"));
	facts_done(&facts);
	lists(f);
	says.updateinfo_status = says.check_status = 1;
	T_OK(gather(f, &facts) == 0 && !facts.updates.pending_measured);
	T_OK(!facts.updates.upgradable_measured);
	return 0;
}

static int restart_is_due_for_what_came_since_the_boot(void)
{
	CLEANUP_FAKE struct fake *f = host("rocky");
	CLEANUP_FACTS struct facts facts = { 0 };
	int64_t boot;
	CLEANUP_FREE char *rows = NULL;

	fake_advance(f, INT64_C(7200000000000));
	boot = (f->clock[OS_REALTIME] - f->clock[OS_BOOTTIME]) / 1000000000;
	rows = xasprintf("package kernel is not installed\nglibc %lld\nglibc %lld\nsystemd %lld\n",
			 (long long)boot + 60, (long long)boot + 60, (long long)boot - 60);
	says.installed = rows;
	T_OK(gather(f, &facts) == 0 && facts.updates.reboot_required);
	T_OK(facts.updates.reboot_packages.count == 1);
	T_STR(facts.updates.reboot_packages.item[0], "glibc");
	facts_done(&facts);
	says.installed = "package kernel is not installed\nglibc 1000\n";
	T_OK(gather(f, &facts) == 0 && !facts.updates.reboot_required);
	return 0;
}

static int sources_are_looked_at(void)
{
	CLEANUP_FAKE struct fake *f = host("rocky");
	CLEANUP_FACTS struct facts facts = { 0 };
	const struct package_sources *s = &facts.updates.sources;

	fake_file(f, "/etc/dnf/dnf.conf", "[main]\ngpgcheck=1\nexclude=kernel*\n", 0644);
	fake_file(f, "/etc/yum.repos.d/rocky.repo",
		  "[baseos]\nname=a\nbaseurl=http://a\n\n[debug]\nenabled=0\ngpgcheck=0\n", 0644);
	fake_file(f, "/etc/yum.repos.d/other.repo",
		  "[other]\nname=gpgcheck\nbaseurl=http://b\n# gpgcheck=1\ngpgcheck = no\n", 0644);
	fake_file(f, "/etc/yum.repos.d/other.repo.rpmsave", "[updates]\nbaseurl=http://c\n", 0644);
	fake_file(f, "/etc/dnf/plugins/versionlock.list", "# mine\nlab-tool-0:1.0-1.*\n", 0644);
	says.all = "bash.x86_64\nkernel-core.x86_64\nkernel-core.x86_64\nglibc.x86_64\nglibc.i686\n"
		   "lab.noarch\ngpg-pubkey.(none)\nlab.noarch\ngpg-pubkey.(none)\n";
	T_OK(gather(f, &facts) == 0 && facts.updates.measured);
	T_OK(s->security.count == 1 &&
	     str_eq(s->security.item[0], "/etc/yum.repos.d/rocky.repo:2 [baseos]"));
	T_OK(s->unchecked.count == 1 &&
	     str_eq(s->unchecked.item[0], "/etc/yum.repos.d/other.repo:5 [other]"));
	T_OK(s->held.count == 2 && str_eq(s->held.item[1], "lab-tool-0:1.0-1.*"));
	T_OK(s->broken.count == 1 && str_eq(s->broken.item[0], "lab.noarch"));
	facts_done(&facts);
	/* What [main] says, or where it says nothing dnf's own default, counts for who says nothing. */
	fake_file(f, "/etc/dnf/dnf.conf", "[main]\nbest=True\n", 0644);
	T_OK(gather(f, &facts) == 0 && s->unchecked.count == 2 && s->held.count == 1);
	return 0;
}

/* --- by itself ----------------------------------------------------------------------------------- */

static void timer(struct facts *f, const char *name, const char *active)
{
	f->unit = xrealloc(f->unit, f->unit_count + 1, sizeof(*f->unit));
	f->unit[f->unit_count++] = (struct unit_fact){ .name = xstrdup(name),
						       .load = xstrdup("loaded"),
						       .active = xstrdup(active),
						       .enabled = xstrdup("enabled") };
}

static int automatic_is_what_is_configured_and_installed(void)
{
	static const struct {
		const char *conf, *unit;
		bool five, installed, automatic;
		const char *timer;
	} c[] = {
		{ "[commands]\napply_updates = yes\n", "", false, true, true,
		  "dnf-automatic.timer" },
		{ "[commands]\napply_updates = yes\n", "", false, false, false,
		  "dnf-automatic.timer" },
		/* as it is installed: it only downloads */
		{ "[commands]\ndownload_updates = yes\napply_updates = no\n", "", false, true,
		  false, "dnf-automatic.timer" },
		{ "[commands]\n#apply_updates = yes\n", "", false, true, false,
		  "dnf-automatic.timer" },
		{ "[emitters]\napply_updates = yes\n", "", false, true, false,
		  "dnf-automatic.timer" },
		{ "[commands]\napply_updates=yes\napply_updates=no\n", "", false, true, false,
		  "dnf-automatic.timer" },
		/* the timer that overrides it */
		{ "[commands]\napply_updates = no\n", "dnf-automatic-install.timer", false, true,
		  true, "dnf-automatic-install.timer" },
		{ "[commands]\napply_updates = True\n", "dnf5-automatic.timer", true, false, true,
		  "dnf5-automatic.timer" },
	};

	for (size_t i = 0; i < COUNT(c); i++) {
		CLEANUP_FAKE struct fake *f = host("rocky");
		CLEANUP_FACTS struct facts facts = { 0 };

		fake_file(f, CONF, c[i].conf, 0644);
		if (c[i].five)
			fake_link(f, "/usr/bin/dnf", "dnf5");
		if (c[i].installed)
			fake_file(f, "/usr/bin/dnf-automatic", "", 0755);
		if (c[i].unit[0])
			timer(&facts, c[i].unit, "active");
		T_OK(gather(f, &facts) == 0);
		T_OK(updates_are_automatic(&facts.updates) == c[i].automatic);
		T_OK(facts.updates.timers.count == 1);
		T_STR(facts.updates.timers.item[0], c[i].timer);
	}
	return 0;
}

#define SHIPPED                                                                                    \
	"[commands]\n#  What kind of upgrade to perform:\nupgrade_type = default\nrandom_sleep = " \
	"0\n"                                                                                      \
	"# reboot_command = \"shutdown -r +5\"\ndownload_updates = yes\n\napply_updates = no\n\n"  \
	"[emitters]\nemit_via = email\n"

static int file_is_changed_where_it_has_to_be(void)
{
	static const struct {
		const char *id, *now, *lines, *then;
	} c[] = {
		{ "rocky", SHIPPED, "automatic = security\n",
		  "[commands]\nreboot = never\napply_updates = yes\ndownload_updates = yes\n"
		  "upgrade_type = security\n#  What kind of upgrade to perform:\nrandom_sleep = 0\n"
		  "# reboot_command = \"shutdown -r +5\"\n\n\n[emitters]\nemit_via = email\n" },
		{ "centos", "[commands]\nupgrade_type = security\n", "automatic = security\n",
		  "[commands]\napply_updates = yes\ndownload_updates = yes\nupgrade_type = "
		  "default\n" },
		{ "rocky", "", "automatic = all\n",
		  "[commands]\napply_updates = yes\ndownload_updates = yes\nupgrade_type = "
		  "default\n" },
		/* a value that goes on in the next line, a key of another section */
		{ "rocky",
		  "[a]\nupgrade_type = x\n[commands]\nupgrade_type = secu\n  rity\n[b]\nc = d\n",
		  "automatic = all\n",
		  "[a]\nupgrade_type = x\n[commands]\napply_updates = yes\ndownload_updates = yes\n"
		  "upgrade_type = default\n[b]\nc = d\n" },
		{ "rocky", "[commands]\napply_updates = yes\n", "automatic = no\n",
		  "[commands]\napply_updates = no\n" },
		{ "rocky", SHIPPED, "automatic = security\nreboot = 04:30\n",
		  "[commands]\napply_updates = yes\n" },
	};

	for (size_t i = 0; i < COUNT(c); i++) {
		CLEANUP_FAKE struct fake *f = host(c[i].id);
		CLEANUP_FACTS struct facts facts = { 0 };
		CLEANUP(automatic_text_done) struct automatic_text t = { 0 };
		CLEANUP_FREE char *text = xasprintf("[updates]\n%s", c[i].lines);
		struct policy p CLEANUP(policy_done) = { 0 };
		struct err e = { 0 };
		const char *name;
		json_t *want;

		T_OK(policy_parse("p", text, &p, &e) == 0);
		fake_file(f, "/usr/bin/dnf-automatic", "", 0755);
		fake_file(f, CONF, c[i].now, 0644);
		T_OK(distribution_find(&f->os, &facts.distribution, &e) == 0);
		T_OK(gather(f, &facts) == 0);
		T_OK(package_dnf.wanted(&f->os, &p, &facts, &t, &e) == 0);
		if (p.updates_reboot < 0)
			T_STR(t.text, c[i].then);
		else /* our own timer does it */
			T_OK(strstr(t.text, "\nreboot = never\n") &&
			     !strstr(t.text, "\nreboot_command"));
		/* And it is in force then, as dnf-automatic reads it. */
		fake_file(f, CONF, t.text, 0644);
		facts_done(&facts);
		T_OK(gather(f, &facts) == 0 && json_object_size(t.expect) > 0);
		json_object_foreach (t.expect, name, want)
			T_STR(updates_config(&facts.updates, name), json_string_value(want));
	}
	return 0;
}

/* --- what a plan says of it ---------------------------------------------------------------------- */

struct asked {
	struct fake *fake;
	struct facts facts;
	struct policy policy;
	struct plan plan;
	struct finding found;
	struct err e;
};

static void asked_done(struct asked *a)
{
	plan_done(&a->plan);
	policy_done(&a->policy);
	facts_done(&a->facts);
	fake_free(a->fake);
}
#define CLEANUP_ASKED CLEANUP(asked_done)

static int begin(struct asked *a, const char *id, const char *conf, const char *lines)
{
	CLEANUP_FREE char *text = xasprintf("[updates]\n%s", lines);

	*a = (struct asked){ .fake = host(id) };
	a->facts.as_root = a->facts.systemd = true;
	a->facts.distro_name = xstrdup(id);
	if (conf) {
		fake_file(a->fake, "/usr/bin/dnf-automatic", "", 0755);
		fake_file(a->fake, CONF, conf, 0644);
	}
	lists(a->fake);
	if (distribution_find(&a->fake->os, &a->facts.distribution, &a->e) < 0 ||
	    gather(a->fake, &a->facts) < 0)
		return -1;
	return policy_parse("p", text, &a->policy, &a->e);
}

static int ask(struct asked *a, const char *id)
{
	const struct control_in in = { .os = &a->fake->os,
				       .facts = &a->facts,
				       .policy = &a->policy };
	struct draft d = { .plan = &a->plan };

	for (size_t i = 0; i < control_families_count; i++)
		for (const struct control *c = control_families[i]; c->id; c++)
			if (str_eq(c->id, id))
				return c->probe(&in, c, &a->found, &a->e) < 0 ? -1
				       : c->propose ? c->propose(&in, &a->found, &d, &a->e)
						    : 0;
	return -1;
}

static int plan_installs_configures_and_starts(void)
{
	CLEANUP_ASKED struct asked a;

	T_OK(begin(&a, "rocky", NULL, "automatic = security\n") == 0);
	T_OK(ask(&a, "updates.automatic") == 0 && a.found.verdict == VERDICT_FAIL);
	T_OK(a.plan.packages.count == 1 && str_eq(a.plan.packages.item[0], "dnf-automatic"));
	T_OK(ask(&a, "updates.timers") == 0 && a.plan.count == 2);
	asked_done(&a);
	/* Installed, and as it comes: it only downloads, and no timer runs. */
	T_OK(begin(&a, "rocky", SHIPPED, "automatic = security\n") == 0);
	timer(&a.facts, "dnf-automatic.timer", "inactive");
	T_OK(ask(&a, "updates.automatic") == 0 && strstr(a.found.evidence, CONF ":8"));
	T_OK(a.plan.packages.count == 0 && ask(&a, "updates.timers") == 0 && a.plan.count == 2);
	asked_done(&a);
	/* By default only said. */
	T_OK(begin(&a, "rocky", NULL, "") == 0);
	T_OK(ask(&a, "updates.automatic") == 0 && ask(&a, "updates.timers") == 0);
	T_OK(a.plan.count == 0 && a.plan.packages.count == 0 && a.plan.warnings.count == 1);
	return 0;
}

static int security_alone_is_not_asked_where_nobody_marks_it(void)
{
	CLEANUP_ASKED struct asked a;

	T_OK(begin(&a, "centos", "[commands]\napply_updates=yes\nupgrade_type = security\n",
		   "automatic = security\n") == 0);
	T_OK(ask(&a, "updates.automatic") == 0 && a.found.verdict == VERDICT_FAIL);
	T_OK(a.plan.count == 1 && a.plan.warnings.count == 1);
	T_OK(strstr(a.plan.warnings.item[0], "which updates are for security"));
	T_OK(strstr(a.plan.step[0].title, "all"));
	asked_done(&a);
	T_OK(begin(&a, "rocky", "[commands]\napply_updates=yes\nupgrade_type = security\n",
		   "automatic = security\n") == 0);
	T_OK(ask(&a, "updates.automatic") == 0 && a.found.verdict == VERDICT_PASS);
	T_OK(a.plan.count == 0 && a.plan.warnings.count == 0);
	return 0;
}

/* RHEL 8's dnf-automatic knows no restart, a later one nothing of a transaction that waits. */
static int restart_is_of_our_own_timer(void)
{
	CLEANUP_ASKED struct asked a;

	T_OK(begin(&a, "rocky", "[commands]\napply_updates = yes\nupgrade_type = security\n",
		   "automatic = security\nreboot = 04:00\n") == 0);
	T_OK(ask(&a, "updates.reboot") == 0 && a.plan.count == 2);
	T_OK(strstr(a.plan.step[1].title, "restart at 04:00"));
	asked_done(&a);
	T_OK(begin(&a, "rocky",
		   "[commands]\napply_updates = yes\nupgrade_type = security\n"
		   "reboot = when-needed\nreboot_command = shutdown -r 04:00\n",
		   "automatic = security\nreboot = 04:00\n") == 0);
	T_OK(ask(&a, "updates.reboot") == 0 && a.plan.count == 3);
	return 0;
}

static int audit_says_what_never_runs(void)
{
	CLEANUP_ASKED struct asked a;

	T_OK(begin(&a, "rocky", "[commands]\napply_updates = yes\nupgrade_type = security\n", "") ==
	     0);
	timer(&a.facts, "dnf-automatic.timer", "inactive");
	T_OK(ask(&a, "update.automatic") == 0 && a.found.verdict == VERDICT_FAIL);
	T_OK(strstr(a.found.evidence, "dnf-automatic.timer: inactive"));
	timer(&a.facts, "dnf-automatic.service", "failed");
	T_OK(ask(&a, "update.last-round") == 0 && a.found.verdict == VERDICT_FAIL);
	T_OK(strstr(a.found.evidence, "dnf-automatic.service failed"));
	asked_done(&a);
	T_OK(begin(&a, "rocky", SHIPPED, "") == 0);
	timer(&a.facts, "dnf-automatic.timer", "active");
	T_OK(ask(&a, "update.automatic") == 0 && a.found.verdict == VERDICT_FAIL);
	T_OK(strstr(a.found.evidence, "commands.apply_updates \"no\""));
	return 0;
}

int main(void)
{
	static const struct t_case cases[] = {
		T(distribution_decides_where_both_are),
		T(what_waits_is_counted),
		T(what_nobody_says_is_not_measured),
		T(restart_is_due_for_what_came_since_the_boot),
		T(sources_are_looked_at),
		T(automatic_is_what_is_configured_and_installed),
		T(file_is_changed_where_it_has_to_be),
		T(plan_installs_configures_and_starts),
		T(security_alone_is_not_asked_where_nobody_marks_it),
		T(restart_is_of_our_own_timer),
		T(audit_says_what_never_runs),
	};

	return t_main(cases, COUNT(cases));
}
