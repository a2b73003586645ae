// SPDX-License-Identifier: MIT
/* Controls that decide from facts and policy alone: what they find, propose, refuse and warn of. */
#include "base/mem.h"
#include "core/package_manager.h"
#include "core/restart.h"
#include "lib/asked.h"
#include "lib/t.h"

/* --- ssh.allow-from ------------------------------------------------------------------------------ */

/* NULL: no warning; else words of the only one. "!": refused. */
static int sources_are_compared_with_the_peer(void)
{
	static const struct {
		const char *from, *peer;
		enum verdict verdict;
		const char *says;
	} c[] = {
		{ "", "192.0.2.10", VERDICT_PASS, NULL },
		{ "192.0.2.0/24", "192.0.2.10", VERDICT_PASS, NULL },
		{ "192.0.2.0/24", "203.0.113.10", VERDICT_FAIL, "203.0.113.10, which is outside" },
		{ "192.0.2.0/24", "2001:db8:2::10", VERDICT_FAIL, "outside" },
		{ "192.0.2.0/24", "", VERDICT_NOT_MEASURED, NULL },
		{ "192.0.2.10", "192.0.2.10", VERDICT_PASS, "just the address you have now" },
		/* Another home's address does not help. */
		{ "192.0.2.10, 203.0.113.7", "192.0.2.10", VERDICT_PASS, "just the address" },
		{ "192.0.2.10, 192.0.2.0/24", "192.0.2.10", VERDICT_PASS, NULL },
		{ "2001:db8:2::a1b2:c3d4:e5f6:7", "2001:db8:2::a1b2:c3d4:e5f6:7", VERDICT_PASS,
		  "2001:db8:2::/64 is your network" },
		{ "2001:db8:2::/64", "2001:db8:2::a1b2:c3d4:e5f6:7", VERDICT_PASS, NULL },
		{ "2001:db8:2::/48", "2001:db8:2::a1b2:c3d4:e5f6:7", VERDICT_PASS, NULL },
		{ "127.0.0.0/8", "", VERDICT_NOT_MEASURED, "!" },
		{ "127.0.0.1, ::1, fe80::/10, 224.0.0.0/4", "192.0.2.10", VERDICT_FAIL, "!" },
		{ "198.51.100.10", "192.0.2.10", VERDICT_FAIL, "!" }, /* our own */
		{ "198.51.100.0/24", "198.51.100.7", VERDICT_PASS, NULL },
		{ "127.0.0.1, 192.0.2.0/24", "192.0.2.10", VERDICT_PASS, NULL },
		{ "0.0.0.0/0", "192.0.2.10", VERDICT_PASS, NULL },
	};

	for (size_t i = 0; i < COUNT(c); i++) {
		CLEANUP_ASKED struct asked a;
		bool refused = c[i].says && str_eq(c[i].says, "!");
		int r;

		asked_begin(&a);
		asked_want(&a, "ssh", "allow-from", c[i].from);
		if (c[i].peer[0])
			T_OK(addr_parse(c[i].peer, &a.facts.own_peer) == 0);
		a.facts.address = xcalloc(1, sizeof(*a.facts.address));
		a.facts.address_count = 1;
		T_OK(addr_parse("198.51.100.10", &a.facts.address[0].addr) == 0);
		r = asked_ask(&a, "ssh.allow-from");
		printf("# %s from %s\n", c[i].from, c[i].peer);
		T_OK(a.found.verdict == c[i].verdict && (r < 0) == refused);
		if (refused) {
			T_OK(a.e.kind == ERR_USAGE && str_starts(a.e.msg, "[ssh] allow-from: "));
			continue;
		}
		T_OK(a.plan.warnings.count == (c[i].says ? 1 : 0) && a.plan.count == 0);
		T_OK(!c[i].says || strstr(a.plan.warnings.item[0], c[i].says));
	}
	return 0;
}

/* --- updates ------------------------------------------------------------------------------------- */

#define SECURITY "Unattended-Upgrade::Origins-Pattern::=origin=Debian,label=Debian-Security"
#define ON	 "APT::Periodic::Update-Package-Lists=1;APT::Periodic::Unattended-Upgrade=1;" SECURITY
#define OFF	 "APT::Periodic::Update-Package-Lists=1;APT::Periodic::Unattended-Upgrade=0;" SECURITY
#define REBOOT	 ";Unattended-Upgrade::Automatic-Reboot=true"

static void apt(struct asked *a, const char *config)
{
	asked_begin(a);
	a->facts.updates.measured = a->facts.updates.unattended = true;
	a->facts.updates.manager = &package_apt;
	a->facts.updates.reboot_known = true;
	strv_split(&a->facts.updates.timers, "apt-daily.timer apt-daily-upgrade.timer", " ");
	a->facts.updates.zone = xstrdup("Asia/Tokyo");
	strv_split(&a->facts.updates.config, config, ";");
	fake_file(
		a->fake, "/etc/apt/apt.conf.d/20auto-upgrades",
		"// APT::Periodic::Unattended-Upgrade\nAPT::Periodic::Unattended-Upgrade \"0\";\n",
		0644);
}

/* As a file that gives the key. */
static void give(struct asked *a, const char *lines)
{
	CLEANUP_FREE char *text = xasprintf("[updates]\n%s", lines);
	struct err e = { 0 };

	policy_done(&a->policy);
	if (policy_parse("FILE", text, &a->policy, &e) < 0)
		abort();
}

static const char *text_of(const struct asked *a)
{
	json_t *changes = json_object_get(a->plan.step[0].args, "changes");

	return json_string_value(json_object_get(json_array_get(changes, 0), "text"));
}

static int automatic_updates_are_as_the_policy_says(void)
{
	static const struct {
		const char *config, *lines;
		enum verdict verdict;
		const char *writes; /* NULL: no step */
	} c[] = {
		{ ON, "", VERDICT_PASS, NULL },
		{ ON, "automatic = security\n", VERDICT_PASS, NULL },
		{ OFF, "", VERDICT_FAIL, "Unattended-Upgrade \"1\";" },
		{ ON ";APT::Periodic::Enable=0", "", VERDICT_FAIL, "APT::Periodic::Enable \"1\";" },
		{ ON, "automatic = all\n", VERDICT_FAIL, "\"origin=*\";" },
		{ ON ";Unattended-Upgrade::Origins-Pattern::=origin=*", "automatic = all\n",
		  VERDICT_PASS, NULL },
		{ "APT::Periodic::Update-Package-Lists=1;APT::Periodic::Unattended-Upgrade=1", "",
		  VERDICT_FAIL, "label=Debian-Security" },
		{ ON, "automatic = no\n", VERDICT_FAIL, "Unattended-Upgrade \"0\";" },
		{ OFF, "automatic = no\n", VERDICT_PASS, NULL },
		/* apt knows nothing of a transaction that waits: it never restarts the host. */
		{ OFF, "automatic = all\nreboot = 03:05\n", VERDICT_FAIL,
		  "Automatic-Reboot \"false\";" },
		{ OFF, "", VERDICT_FAIL, "Automatic-Reboot \"false\";" },
	};

	for (size_t i = 0; i < COUNT(c); i++) {
		CLEANUP_ASKED struct asked a;

		apt(&a, c[i].config);
		give(&a, c[i].lines);
		printf("# %zu\n", i);
		T_OK(asked_ask(&a, "updates.automatic") == 0 && a.found.verdict == c[i].verdict);
		T_OK(a.plan.count == (c[i].writes ? 1 : 0));
		T_OK(!c[i].writes || strstr(text_of(&a), c[i].writes));
	}
	return 0;
}

static int evidence_names_the_line_that_decides(void)
{
	CLEANUP_ASKED struct asked a;

	apt(&a, OFF);
	T_OK(asked_ask(&a, "updates.automatic") == 0);
	T_OK(strstr(a.found.evidence, "APT::Periodic::Unattended-Upgrade 0 "
				      "(/etc/apt/apt.conf.d/20auto-upgrades:2)"));
	return 0;
}

/* Our own file of an earlier policy wants all. */
static int all_goes_back_to_security(void)
{
	CLEANUP_ASKED struct asked a;

	apt(&a, ON ";Unattended-Upgrade::Origins-Pattern::=origin=*");
	fake_file(a.fake, "/etc/apt/apt.conf.d/99kannuki-updates",
		  "Unattended-Upgrade::Origins-Pattern { \"origin=*\"; };\n", 0644);
	T_OK(asked_ask(&a, "updates.automatic") == 0 && a.found.verdict == VERDICT_FAIL);
	T_OK(a.plan.count == 1 && !strstr(text_of(&a), "origin=*"));
	return 0;
}

static int what_is_missing_is_installed_if_asked_for(void)
{
	CLEANUP_ASKED struct asked a;

	apt(&a, "");
	a.facts.updates.unattended = false;
	T_OK(asked_ask(&a, "updates.automatic") == 0 && a.plan.count == 0 &&
	     a.plan.packages.count == 0);
	T_OK(a.plan.warnings.count == 1);
	give(&a, "automatic = security\n");
	T_OK(asked_ask(&a, "updates.automatic") == 0 && a.plan.count == 1);
	T_OK(a.plan.packages.count == 1 && str_eq(a.plan.packages.item[0], "unattended-upgrades"));
	/* Not a host of apt. */
	a.facts.updates.measured = false;
	T_OK(asked_ask(&a, "updates.automatic") < 0 && a.e.kind == ERR_CONFLICT);
	give(&a, "");
	T_OK(asked_ask(&a, "updates.automatic") == 0 && a.found.verdict == VERDICT_NOT_MEASURED);
	return 0;
}

static void timer(struct asked *a, const char *name, const char *enabled, const char *active)
{
	struct facts *f = &a->facts;

	f->unit = xrealloc(f->unit, f->unit_count + 1, sizeof(*f->unit));
	f->unit[f->unit_count++] = (struct unit_fact){ .name = xstrdup(name),
						       .load = xstrdup("loaded"),
						       .active = xstrdup(active),
						       .enabled = xstrdup(enabled) };
}

#define RESTART_UNIT "/etc/systemd/system/" RESTART_SERVICE

static int restarts_are_as_the_policy_says(void)
{
	static const struct {
		const char *config, *lines;
		enum verdict verdict;
		const char *title; /* of the last step */
		size_t steps;
	} c[] = {
		{ ON, "", VERDICT_PASS, NULL, 0 },
		{ ON REBOOT, "", VERDICT_FAIL, "never restart", 1 },
		{ ON, "reboot = 03:30\n", VERDICT_FAIL, "restart at 03:30 (Asia/Tokyo)", 2 },
		/* That of unattended-upgrades is put out. */
		{ ON REBOOT ";Unattended-Upgrade::Automatic-Reboot-Time=03:30", "reboot = 03:30\n",
		  VERDICT_FAIL, "restart at 03:30", 3 },
		{ ON REBOOT, "automatic = no\n", VERDICT_FAIL, NULL, 0 },
	};

	for (size_t i = 0; i < COUNT(c); i++) {
		CLEANUP_ASKED struct asked a;

		apt(&a, c[i].config);
		give(&a, c[i].lines);
		printf("# %zu\n", i);
		T_OK(asked_ask(&a, "updates.reboot") == 0 && a.found.verdict == c[i].verdict);
		T_OK(a.plan.count == c[i].steps);
		T_OK(!c[i].title || strstr(a.plan.step[a.plan.count - 1].title, c[i].title));
	}
	return 0;
}

/* Ten minutes before it, on the day before where it has to be; and a time of before goes. */
static int window_is_of_our_own_timer(void)
{
	static const struct {
		const char *lines, *calendar;
	} c[] = { { "reboot = 04:00\n", "OnCalendar=*-*-* 03:50:00\n" },
		  { "reboot = 00:05\n", "OnCalendar=*-*-* 23:55:00\n" } };
	CLEANUP_ASKED struct asked late;

	for (size_t i = 0; i < COUNT(c); i++) {
		CLEANUP_ASKED struct asked a;
		const char *text;
		json_t *changes;

		apt(&a, ON);
		give(&a, c[i].lines);
		T_OK(asked_ask(&a, "updates.reboot") == 0 && a.plan.count == 2);
		text = json_string_value(json_object_get(a.plan.step[1].args, "text"));
		T_OK(strstr(text, c[i].calendar) && !strstr(text, "Persistent"));
		changes = json_object_get(a.plan.step[0].args, "changes");
		fake_file(a.fake, RESTART_UNIT,
			  json_string_value(json_object_get(json_array_get(changes, 0), "text")),
			  0644);
		fake_file(a.fake, "/etc/systemd/system/" RESTART_TIMER, text, 0644);
		timer(&a, RESTART_TIMER, "enabled", "active");
		T_OK(asked_ask(&a, "updates.reboot") == 0 && a.found.verdict == VERDICT_PASS);
		strcpy(a.facts.unit[0].active, "dead");
		T_OK(asked_ask(&a, "updates.reboot") == 0 && a.plan.count == 2);
		strcpy(a.facts.unit[0].active, "active");
		give(&a, "reboot = 05:00\n");
		T_OK(asked_ask(&a, "updates.reboot") == 0 && a.plan.count == 2);
		give(&a, "automatic = no\n");
		T_OK(asked_ask(&a, "updates.reboot") == 0 && a.plan.count == 2);
		give(&a, "");
		T_OK(asked_ask(&a, "updates.reboot") == 0 && a.plan.count == 2);
		T_OK(strstr(a.plan.step[0].title, "no restart by itself"));
	}
	/* Nobody brings updates. */
	apt(&late, ON);
	late.facts.updates.unattended = false;
	give(&late, "reboot = 04:00\n");
	T_OK(asked_ask(&late, "updates.reboot") == 0 && late.plan.count == 0);
	T_OK(late.plan.warnings.count == 1);
	return 0;
}

static int timers_run_or_are_refused(void)
{
	static const struct {
		const char *enabled, *active;
		size_t steps; /* 9: refused */
	} c[] = {
		{ "enabled", "active", 0 },    { "enabled", "inactive", 1 },
		{ "disabled", "inactive", 1 }, { "disabled", "active", 1 },
		{ "masked", "inactive", 9 },
	};

	for (size_t i = 0; i < COUNT(c); i++) {
		CLEANUP_ASKED struct asked a;
		int r;

		apt(&a, ON);
		timer(&a, "apt-daily.timer", "enabled", "active");
		timer(&a, "apt-daily-upgrade.timer", c[i].enabled, c[i].active);
		r = asked_ask(&a, "updates.timers");
		T_OK((r < 0) == (c[i].steps == 9) && (r < 0 || a.plan.count == c[i].steps));
		T_OK(r == 0 || (a.e.kind == ERR_CONFLICT && strstr(a.e.msg, "unmask")));
		a.facts.updates.unattended = false;
		T_OK(asked_ask(&a, "updates.timers") == 0 && a.plan.count == 0);
	}
	return 0;
}

static int updates_now_are_due_when_something_waits(void)
{
	static const struct {
		bool measured;
		size_t upgradable;
		int64_t age;
		bool due;
	} c[] = { { true, 0, 60, false }, { true, 2, 60, true }, { true, 0, 90000, true } };

	for (size_t i = 0; i < COUNT(c); i++) {
		CLEANUP_ASKED struct asked a;

		apt(&a, ON);
		a.facts.updates.upgradable_measured = c[i].measured;
		a.facts.updates.upgradable = c[i].upgradable;
		a.facts.updates.lists_time = a.fake->clock[OS_REALTIME] / 1000000000 - c[i].age;
		T_OK(asked_ask(&a, "updates.now") == 0 && !a.plan.updates_all);
		give(&a, "now = yes\n");
		T_OK(asked_ask(&a, "updates.now") == 0 && a.plan.updates_all == c[i].due);
		a.facts.updates.upgradable_measured = false;
		T_OK(asked_ask(&a, "updates.now") < 0 && a.e.kind == ERR_CONFLICT);
	}
	return 0;
}

int main(void)
{
	static const struct t_case cases[] = {
		T(sources_are_compared_with_the_peer),
		T(automatic_updates_are_as_the_policy_says),
		T(evidence_names_the_line_that_decides),
		T(all_goes_back_to_security),
		T(what_is_missing_is_installed_if_asked_for),
		T(restarts_are_as_the_policy_says),
		T(window_is_of_our_own_timer),
		T(timers_run_or_are_refused),
		T(updates_now_are_due_when_something_waits),
	};

	return t_main(cases, COUNT(cases));
}
