// SPDX-License-Identifier: MIT
/*
 * fuzz_host.c - a whole host whose files and programs say what the input says: facts, audit, plan, and
 * all of them in words. A line "@@ /PATH" begins a file (one of those below), "@@ !PROGRAM WORD…" the
 * answer to a call that has all these words.
 */
#include <stdio.h>
#include <string.h>

#include "base/json.h"
#include "base/mem.h"
#include "controls/audit.h"
#include "fuzz/fuzz.h"
#include "lib/fake_os.h"
#include "lib/keys.h"
#include "report/audit_report.h"
#include "report/facts_report.h"
#include "report/plan_report.h"
#include "setup/make_plan.h"

static const char *const paths[] = {
	"/etc/os-release",
	"/etc/passwd",
	"/etc/shadow",
	"/etc/group",
	"/etc/gshadow",
	"/etc/shells",
	"/etc/ssh/sshd_config",
	"/etc/ssh/sshd_config.d/50-cloud-init.conf",
	"/etc/ufw/ufw.conf",
	"/etc/iptables/rules.v4",
	"/etc/iptables/rules.v6",
	"/etc/nftables.conf",
	"/etc/sudoers",
	"/etc/sudoers.d/90-cloud-init-users",
	"/etc/crontab",
	"/etc/timezone",
	"/etc/apt/sources.list",
	"/etc/apt/apt.conf.d/20auto-upgrades",
	"/etc/default/ssh",
	"/etc/sysctl.d/99-x.conf",
	"/etc/kannuki/policy.conf",
	"/etc/kannuki/filter.json",
	"/root/.ssh/authorized_keys",
	"/home/old/.ssh/authorized_keys",
	"/proc/net/route",
	"/proc/net/ipv6_route",
	"/proc/net/ip_tables_names",
	"/proc/mounts",
	"/proc/sys/kernel/hostname",
	"/run/cloud-init/status.json",
	"/run/reboot-required.pkgs",
	"/var/lib/dpkg/status",
};

struct answer {
	struct strv words; /* of the call, the program's name first */
	char *text;
};

struct host {
	struct fake *fake;
	struct answer answer[32];
	size_t count;
};

/* --- the input as a host --------------------------------------------------------------------- */

static void add_chunk(struct host *h, char *head, const char *text)
{
	if (head[0] == '!' && h->count < COUNT(h->answer)) {
		struct answer *a = &h->answer[h->count];

		strv_split(&a->words, head + 1, " ");
		if (a->words.count == 0)
			return;
		a->text = xstrdup(text);
		h->count++;
	}
	for (size_t i = 0; i < COUNT(paths); i++)
		if (str_eq(paths[i], head))
			fake_file(h->fake, head, text, str_eq(head, "/etc/shadow") ? 0640 : 0644);
}

static void read_host(struct host *h, char *text)
{
	CLEANUP_STR struct str chunk = { 0 };
	char *rest = text, *line, *head = NULL;

	while ((line = str_line(&rest))) {
		if (!str_starts(line, "@@ ")) {
			str_addf(&chunk, "%s\n", line);
			continue;
		}
		if (head)
			add_chunk(h, head, chunk.text ? chunk.text : "");
		str_clear(&chunk);
		head = line + 3;
	}
	if (head)
		add_chunk(h, head, chunk.text ? chunk.text : "");
}

static bool has_word(const struct run *r, const char *word)
{
	for (size_t i = 0; r->argv[i]; i++)
		if (str_eq(r->argv[i], word))
			return true;
	return false;
}

static bool answers(const struct answer *a, const struct run *r)
{
	const char *slash = strrchr(r->argv[0], '/');

	if (!str_eq(slash ? slash + 1 : r->argv[0], a->words.item[0]))
		return false;
	for (size_t i = 1; i < a->words.count; i++)
		if (!has_word(r, a->words.item[i]))
			return false;
	return true;
}

static int run_any(struct fake *f, const struct run *r, struct run_result *ret, struct err *e)
{
	const struct host *h = f->arg;
	const struct answer *best = NULL;

	(void)e;
	for (size_t i = 0; i < h->count; i++)
		if (answers(&h->answer[i], r) &&
		    (!best || h->answer[i].words.count > best->words.count))
			best = &h->answer[i];
	if (!best)
		return 127;
	ret->out = xstrdup(best->text);
	ret->out_len = strlen(ret->out);
	return 0;
}

static void fill(struct host *h)
{
	struct fake *f = h->fake;

	fake_file(f, "/usr/sbin/sshd", "", 0755);
	fake_file(f, "/usr/bin/apt-get", "", 0755);
	fake_file(f, "/usr/bin/apt-get", "", 0755);
	fake_file(f, "/var/lib/apt/lists/x_debian-security_dists_Packages", "", 0644);
	fake_file(f, "/etc/machine-id", "0123456789abcdef0123456789abcdef\n", 0444);
	fake_file(f, "/proc/1/comm", "systemd\n", 0444);
	fake_dir(f, "/etc/systemd/system", 0755);
	fake_dir(f, "/run/systemd/system", 0755);
	fake_address_add(f, "lo", "127.0.0.1", 8);
	fake_address_add(f, "eth0", "198.51.100.5", 24);
	fake_process_add(f, 700, 1, "/usr/sbin/sshd");
	fake_listen(f, "0.0.0.0", 22, 700);
	fake_listen(f, "::", 22, 700);
	f->arg = h;
	fake_on_run(f, NULL, run_any);
}

/* --- what is made of it ---------------------------------------------------------------------- */

static void check_text(const struct str *s)
{
	MUST(!s->text || (str_is_clean_utf8(s->text) && strlen(s->text) == s->len));
}

static void check_json(const struct str *s)
{
	json_t *j = json_loads(s->text, JSON_REJECT_DUPLICATES, NULL);

	MUST(j);
	json_decref(j);
}

static void check_facts(const struct facts *f)
{
	CLEANUP_STR struct str s = { 0 };
	json_t *j = facts_json(f);
	CLEANUP_FREE char *text = NULL;

	MUST(j);
	text = json_take_text(j);
	report_facts_text(f, &s);
	check_text(&s);
}

/* What is printed can be compared with, and nothing has changed since. */
static void check_since(struct audit_view *view, const struct str *json)
{
	CLEANUP_SINCE struct audit_since since = { 0 };
	struct err e = { 0 };

	MUST(audit_since_read("then", json->text, &since, &e) == 0);
	MUST(since.count == view->audit->count && audit_since_changes(&since, view->audit) == 0);
}

static void check_audit(struct fake *fake, const struct facts *f, const struct policy *p)
{
	const struct control_in in = { .os = &fake->os, .facts = f, .policy = p };
	CLEANUP_AUDIT struct audit a = { 0 };
	CLEANUP_STR struct str words = { 0 };
	CLEANUP_STR struct str json = { 0 };
	CLEANUP_STR struct str sarif = { 0 }, junit = { 0 }, html = { 0 };
	struct audit_view view = { .audit = &a, .all = true };
	struct err e = { 0 };

	if (controls_audit(&in, &a, &e) < 0) {
		fuzz_check_err(&e);
		MUST(a.count == 0);
		return;
	}
	for (size_t i = 0; i < a.count; i++)
		if ((a.row[i].finding.verdict != VERDICT_PASS && !a.row[i].finding.evidence[0]) ||
		    !str_is_clean_utf8(a.row[i].finding.evidence))
			fuzz_broken(a.row[i].control->id, "it has clean evidence");
	report_audit_text(&view, &words);
	check_text(&words);
	report_audit_json(&view, &json);
	check_json(&json);
	check_since(&view, &json);
	report_audit_sarif(&view, &sarif);
	check_json(&sarif);
	report_audit_junit(&view, &junit);
	check_text(&junit);
	report_audit_html(&view, &html);
	check_text(&html);
}

static void check_plan(struct fake *fake, const struct plan *p)
{
	CLEANUP_PLAN struct plan again = { 0 };
	CLEANUP_STR struct str words = { 0 };
	CLEANUP_STR struct str json = { 0 };
	CLEANUP_FREE char *said = plan_encode(p);
	CLEANUP_FREE char *twice = NULL;
	struct err e = { 0 };

	MUST(plan_decode(said, &again, &e) == 0);
	twice = plan_encode(&again);
	MUST(str_eq(said, twice));
	MUST(!p->needs_proof || p->door_count > 0);
	for (size_t i = 1; i < p->count; i++)
		MUST(p->step[i - 1].phase <= p->step[i].phase);
	if (report_plan_text(&fake->os, p, 79, &words, &e) < 0)
		fuzz_check_err(&e);
	else
		check_text(&words);
	report_plan_json(p, &json);
	check_json(&json);
}

static const char wanted[] = "[admin]\nuser = taro\nkey = ssh-ed25519 " ED25519 " taro\n"
			     "[ssh]\nport = 22022\n[firewall]\nopen = ssh, web\n"
			     "[services]\nstop = auto\n";

static void check_host(struct host *h)
{
	const struct facts_query query = { .audit = true,
					   .updates = true,
					   .upgradable = true,
					   .pending = true,
					   .services = true,
					   .enabled = true,
					   .admin = "taro" };
	CLEANUP_FACTS struct facts facts = { 0 };
	CLEANUP_POLICY struct policy p = { 0 };
	CLEANUP_MADE struct made_plan m = { 0 };
	struct err e = { 0 };

	MUST(policy_parse("wanted", wanted, &p, &e) == 0);
	if (facts_gather(&h->fake->os, &query, &facts, &e) < 0) {
		fuzz_check_err(&e);
	} else {
		check_facts(&facts);
		check_audit(h->fake, &facts, &p);
	}
	e = (struct err){ 0 };
	if (make_plan_of(&h->fake->os, &p, wanted, &m, &e) < 0)
		fuzz_check_err(&e);
	else
		check_plan(h->fake, &m.plan);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct host h = { .fake = fake_new() };
	CLEANUP_FREE char *text = fuzz_text(data, size);

	fill(&h);
	read_host(&h, text);
	check_host(&h);
	for (size_t i = 0; i < h.count; i++) {
		strv_done(&h.answer[i].words);
		free(h.answer[i].text);
	}
	fake_free(h.fake);
	return 0;
}
