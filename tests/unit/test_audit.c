// SPDX-License-Identifier: MIT
/* Findings and grades (controls/audit.h), and controls whose facts no VPS of the lab can show. */
#include "lib/t.h"

#include "base/mem.h"
#include "controls/audit.h"
#include "lib/fake_os.h"

static void fake_free_p(struct fake **f)
{
	fake_free(*f);
}
#define CLEANUP_FAKE CLEANUP(fake_free_p)

#define S(text) ((char *)(text)) /* facts own their texts; these stay here */

/* --- the grade, from the table in audit.h ------------------------------------------------------- */

static const struct control root_door = { .id = "door.root", .severity = SEVERITY_CRITICAL };
static const struct control other[] = {
	[SEVERITY_LOW] = { .id = "a.low", .severity = SEVERITY_LOW },
	[SEVERITY_MEDIUM] = { .id = "a.medium", .severity = SEVERITY_MEDIUM },
	[SEVERITY_HIGH] = { .id = "a.high", .severity = SEVERITY_HIGH },
	[SEVERITY_CRITICAL] = { .id = "a.critical", .severity = SEVERITY_CRITICAL },
};

/* The grade of a host whose root door is so, with `count` findings of one severity and verdict. */
static char grade(enum verdict door, enum severity severity, enum verdict v, size_t count)
{
	struct audit_row row[8] = { { .control = &root_door, .finding.verdict = door } };
	struct audit a = { .row = row, .count = count + 1 };

	for (size_t i = 1; i <= count; i++)
		row[i] = (struct audit_row){ .control = &other[severity], .finding.verdict = v };
	audit_grade(&a);
	if (a.by_verdict[v] < count || a.reason == NULL)
		return '?';
	return a.grade;
}

static int grades(void)
{
	const enum verdict pass = VERDICT_PASS, fail = VERDICT_FAIL, unknown = VERDICT_NOT_MEASURED,
			   waived = VERDICT_WAIVED;

	T_OK(grade(pass, SEVERITY_LOW, fail, 5) == 'A');
	T_OK(grade(pass, SEVERITY_MEDIUM, fail, 1) == 'B');
	T_OK(grade(pass, SEVERITY_HIGH, fail, 1) == 'C');
	T_OK(grade(pass, SEVERITY_HIGH, fail, 2) == 'C');
	T_OK(grade(pass, SEVERITY_HIGH, fail, 3) == 'D');
	T_OK(grade(pass, SEVERITY_CRITICAL, fail, 1) == 'E');
	T_OK(grade(fail, SEVERITY_LOW, pass, 1) == 'F');
	/* Nothing is guessed: what could not be asked is no pass. */
	T_OK(grade(unknown, SEVERITY_LOW, pass, 1) == '-');
	T_OK(grade(pass, SEVERITY_HIGH, unknown, 1) == 'B');
	T_OK(grade(pass, SEVERITY_MEDIUM, unknown, 1) == 'A');
	/* What the owner waives does not count, but an open door is an open door. */
	T_OK(grade(pass, SEVERITY_CRITICAL, waived, 1) == 'A');
	T_OK(grade(waived, SEVERITY_LOW, pass, 1) == 'F');
	return 0;
}

/* --- controls on a host in memory ---------------------------------------------------------------- */

static const struct control *control(const char *id)
{
	for (size_t i = 0; i < control_families_count; i++)
		for (const struct control *c = control_families[i]; c->id; c++)
			if (str_eq(c->id, id))
				return c;
	return NULL;
}

static const struct filter_spec *own_filter; /* as seen in the kernel */

static struct finding look(struct fake *fake, const struct facts *facts, const char *id)
{
	CLEANUP_POLICY struct policy policy = { 0 };
	const struct control_in in = {
		.os = &fake->os, .facts = facts, .policy = &policy, .own_filter = own_filter
	};
	const struct control *c = control(id);
	struct finding f = { 0 };
	struct err e = { 0 };

	policy_init(&policy);
	if (!c || c->probe(&in, c, &f, &e) < 0)
		finding_set(&f, VERDICT_WAIVED, "?%s", e.msg);
	return f;
}

static bool is(struct fake *fake, const struct facts *facts, const char *id, enum verdict v,
	       const char *evidence)
{
	struct finding f = look(fake, facts, id);

	if (f.verdict == v && strstr(f.evidence, evidence))
		return true;
	printf("# %s: verdict %d, %s\n", id, (int)f.verdict, f.evidence);
	return false;
}

static int every_control_can_be_explained(void)
{
	size_t audited = 0;

	for (size_t i = 0; i < control_families_count; i++)
		for (const struct control *c = control_families[i]; c->id; c++) {
			T_OK(control(c->id) == c); /* no id twice */
			T_OK(c->why && c->probe && (c->title || c->setting) && c->source);
			T_OK(c->plan_only || c->fix);
			T_OK(!c->plan_only || c->propose);
			audited += !c->plan_only;
		}
	T_OK(audited >= 80);
	return 0;
}

static struct unit_fact unit_now(const char *name, const char *active)
{
	return (struct unit_fact){ .name = S(name), .active = S(active) };
}

static int clock_is_asked(void)
{
	CLEANUP_FAKE struct fake *fake = fake_new();
	struct unit_fact unit = unit_now("systemd-timesyncd.service", "active");
	struct facts facts = { .systemd = true, .unit = &unit, .unit_count = 1, .as_root = true };

	T_OK(is(fake, &facts, "time.synchronised", VERDICT_FAIL, "no server has answered"));
	fake_file(fake, "/run/systemd/timesync/synchronized", "", 0644);
	T_OK(is(fake, &facts, "time.synchronised", VERDICT_PASS, "timesyncd"));
	unit = unit_now("systemd-timesyncd.service", "inactive");
	T_OK(is(fake, &facts, "time.synchronised", VERDICT_FAIL, "nothing"));
	facts.systemd = false;
	T_OK(is(fake, &facts, "time.synchronised", VERDICT_NOT_MEASURED, "systemd"));
	return 0;
}

static const char *guard_says = "";

static int guard_status(struct fake *fake, const struct run *r, struct run_result *ret,
			struct err *e)
{
	(void)fake;
	(void)e;
	ret->out = xstrdup(guard_says);
	ret->err = xstrdup("kannuki-guard: the guard does not run\n");
	return guard_says[0] && str_eq(r->argv[1], "status") ? 0 : 1;
}

/* That its unit is active is not enough. */
static int the_guard_is_asked_itself(void)
{
	CLEANUP_FAKE struct fake *fake = fake_new();
	struct unit_fact unit = unit_now("kannuki-guard.service", "active");
	struct facts facts = { .systemd = true, .unit = &unit, .unit_count = 1, .as_root = true };

	fake_on_run(fake, "kannuki-guard", guard_status);
	fake_file(fake, "/usr/local/sbin/kannuki-guard", "program", 0755);
	T_OK(is(fake, &facts, "ban.active", VERDICT_FAIL, "does not answer"));
	guard_says = "{\"jails\": []}";
	T_OK(is(fake, &facts, "ban.active", VERDICT_FAIL, "watches nothing"));
	guard_says = "{\"jails\": [{\"name\": \"sshd\"}, {\"name\": \"sudo\"}]}";
	T_OK(is(fake, &facts, "ban.active", VERDICT_PASS,
		"kannuki-guard.service; kannuki-guard watches sshd, sudo"));
	facts.as_root = false; /* only root may ask it */
	T_OK(is(fake, &facts, "ban.active", VERDICT_PASS, "kannuki-guard.service"));
	return 0;
}

static int who_bans(void)
{
	CLEANUP_FAKE struct fake *fake = fake_new();
	struct unit_fact unit = unit_now("fail2ban.service", "active");
	struct sshd_setting penalties = { .keyword = S("persourcepenalties"),
					  .value = S("crash:90 authfail:5") };
	struct sshd_view view = { .who = S("root"), .user = S("root") };
	struct facts facts = { .systemd = true, .unit = &unit, .unit_count = 1, .as_root = true };

	T_OK(is(fake, &facts, "ban.active", VERDICT_PASS, "fail2ban"));
	unit = unit_now("fail2ban.service", "failed");
	T_OK(is(fake, &facts, "ban.active", VERDICT_FAIL, "nobody"));
	facts.sshd.view = &view;
	facts.sshd.view_count = 1;
	T_OK(is(fake, &facts, "ban.active", VERDICT_FAIL, "nobody"));
	view.setting = &penalties;
	view.count = 1;
	T_OK(is(fake, &facts, "ban.active", VERDICT_PASS, "authfail:5"));
	penalties.value = S("no");
	T_OK(is(fake, &facts, "ban.active", VERDICT_FAIL, "nobody"));
	facts.as_root = false;
	facts.sshd.view_count = 0;
	T_OK(is(fake, &facts, "ban.active", VERDICT_NOT_MEASURED, "root"));
	return 0;
}

static int cloud_init_speaks(void)
{
	CLEANUP_FAKE struct fake *fake = fake_new();
	struct facts facts = { .cloud_init = true, .cloud_init_status = S("done") };

	T_OK(is(fake, &facts, "cloud.finished", VERDICT_PASS, "done"));
	facts.cloud_init_status = S("error");
	T_OK(is(fake, &facts, "cloud.finished", VERDICT_FAIL, "error"));
	facts.cloud_init = false;
	T_OK(is(fake, &facts, "cloud.finished", VERDICT_PASS, "not installed"));
	return 0;
}

static int bits_of_the_magic_keys(void)
{
	static const struct {
		const char *value;
		enum verdict v;
	} rows[] = {
		{ "0\n", VERDICT_PASS },   { "438\n", VERDICT_PASS }, { "176\n", VERDICT_PASS },
		{ "1\n", VERDICT_FAIL },   { "64\n", VERDICT_FAIL },  { "8\n", VERDICT_FAIL },
		{ "511\n", VERDICT_FAIL },
	};
	const struct facts facts = { 0 };

	for (size_t i = 0; i < COUNT(rows); i++) {
		CLEANUP_FAKE struct fake *fake = fake_new();

		fake_file(fake, "/proc/sys/kernel/sysrq", rows[i].value, 0644);
		T_OK(is(fake, &facts, "kernel.magic-keys", rows[i].v, "kernel.sysrq"));
	}
	return 0;
}

static int other_kernels(void)
{
	CLEANUP_FAKE struct fake *fake = fake_new();
	const struct facts facts = { 0 };

	T_OK(is(fake, &facts, "kernel.trace", VERDICT_NOT_MEASURED, "no kernel.yama"));
	T_OK(is(fake, &facts, "kernel.redirects-v6", VERDICT_PASS, "no net/ipv6/conf"));
	fake_file(fake, "/proc/sys/kernel/yama/ptrace_scope", "0\n", 0644);
	T_OK(is(fake, &facts, "kernel.trace", VERDICT_FAIL, "ptrace_scope: 0"));
	fake_file(fake, "/proc/sys/kernel/yama/ptrace_scope", "x\n", 0644);
	T_OK(is(fake, &facts, "kernel.trace", VERDICT_WAIVED, "holds no number"));
	fake_file(fake, "/proc/sys/dev/tty/ldisc_autoload", "1\n", 0644);
	T_OK(is(fake, &facts, "kernel.line-disciplines", VERDICT_FAIL, "1"));
	fake_file(fake, "/proc/sys/net/core/bpf_jit_harden", "0\n", 0644);
	T_OK(is(fake, &facts, "kernel.bpf-jit", VERDICT_FAIL, "0"));
	return 0;
}

/* ip-sysctl.rst: redirects are taken where conf/all or the interface says so - on a host that forwards
 * only where both do. */
static int interfaces_and_all(void)
{
	static const struct {
		const char *all, *own, *forwards;
		enum verdict v;
	} rows[] = {
		{ "0\n", "0\n", "0\n", VERDICT_PASS }, { "1\n", "0\n", "0\n", VERDICT_FAIL },
		{ "0\n", "1\n", "0\n", VERDICT_FAIL }, { "1\n", "0\n", "1\n", VERDICT_PASS },
		{ "0\n", "1\n", "1\n", VERDICT_PASS }, { "1\n", "1\n", "1\n", VERDICT_FAIL },
	};
	const struct facts facts = { 0 };

	for (size_t i = 0; i < COUNT(rows); i++) {
		CLEANUP_FAKE struct fake *fake = fake_new();

#define CONF "/proc/sys/net/ipv4/conf/"
		fake_file(fake, CONF "all/accept_redirects", rows[i].all, 0644);
		fake_file(fake, CONF "eth0/accept_redirects", rows[i].own, 0644);
		fake_file(fake, CONF "eth0/forwarding", rows[i].forwards, 0644);
		T_OK(is(fake, &facts, "kernel.redirects-v4", rows[i].v,
			rows[i].v == VERDICT_FAIL ? "eth0: 1" : "every interface"));
	}
	return 0;
}

/* Who forwards for containers behind it needs to. */
static int forwarding_for_somebody(void)
{
	CLEANUP_FAKE struct fake *fake = fake_new();
	struct if_addr address = { .ifname = "docker0" };
	struct facts facts = { 0 };

	fake_file(fake, "/proc/sys/net/ipv4/ip_forward", "1\n", 0644);
	T_OK(is(fake, &facts, "kernel.forwarding-v4", VERDICT_FAIL, "no container"));
	facts.address = &address;
	facts.address_count = 1;
	T_OK(is(fake, &facts, "kernel.forwarding-v4", VERDICT_PASS, "docker0"));
	return 0;
}

/* What listens, with whatever filter there is. */
static int reach(void)
{
	CLEANUP_FAKE struct fake *fake = fake_new();
	struct socket_info redis = { .kind = SOCKET_TCP_LISTEN,
				     .local_port = 6379,
				     .comm = "redis" };
	const struct opening open = { .range = { TRANSPORT_TCP, 6000, 7000 } };
	const struct filter_spec opened = { .open = &open, .open_count = 1 }, closed = { 0 };
	struct filter_owner ufw = { .name = S("ufw"), .active = true, .denies = true };
	struct unit_fact ours = unit_now("kannuki-filter.service", "active");
	struct facts facts = { .socket = &redis, .socket_count = 1, .nft_works = true };

	addr_parse("0.0.0.0", &redis.local);
	T_OK(is(fake, &facts, "service.databases", VERDICT_FAIL, "6379/tcp Redis (redis)"));
	T_OK(is(fake, &facts, "service.exposed", VERDICT_FAIL, "6379/tcp"));
	facts.nft_works = false; /* not root: who knows */
	T_OK(is(fake, &facts, "service.databases", VERDICT_NOT_MEASURED, "6379/tcp"));
	T_OK(is(fake, &facts, "service.exposed", VERDICT_NOT_MEASURED, "not asked"));
	facts.nft_works = true;
	facts.filter = &ufw;
	facts.filter_count = 1;
	T_OK(is(fake, &facts, "service.databases", VERDICT_NOT_MEASURED, "ufw"));
	facts.filter_count = 0;
	facts.unit = &ours;
	facts.unit_count = 1;
	/* Ours, but not seen to be in the kernel as it is stored: no guess. */
	T_OK(is(fake, &facts, "service.databases", VERDICT_NOT_MEASURED, "Kannuki's"));
	T_OK(is(fake, &facts, "service.exposed", VERDICT_NOT_MEASURED, "not asked"));
	own_filter = &closed;
	T_OK(is(fake, &facts, "service.databases", VERDICT_PASS, "none"));
	own_filter = &opened;
	T_OK(is(fake, &facts, "service.databases", VERDICT_FAIL, "6379/tcp"));
	own_filter = NULL;
	facts.unit_count = 0;
	addr_parse("127.0.0.1", &redis.local);
	T_OK(is(fake, &facts, "service.databases", VERDICT_PASS, "none"));
	return 0;
}

static int long_evidence_is_cut(void)
{
	CLEANUP_STRV struct strv bad = { 0 };
	struct finding f = { 0 };

	finding_list(&f, &bad, "none");
	T_OK(f.verdict == VERDICT_PASS);
	T_STR(f.evidence, "none");
	for (int i = 0; i < 100; i++)
		strv_addf(&bad, "user number %d", i);
	finding_list(&f, &bad, "none");
	T_OK(f.verdict == VERDICT_FAIL);
	T_OK(strstr(f.evidence, "user number 0; user number 1;"));
	T_OK(strstr(f.evidence, "; …(+"));
	T_OK(strlen(f.evidence) < sizeof(f.evidence));
	return 0;
}

/* A slip in the id is no waiver. */
static int waivers(void)
{
	CLEANUP_FAKE struct fake *fake = fake_new();
	CLEANUP_POLICY struct policy policy = { 0 };
	CLEANUP_AUDIT struct audit a = { 0 };
	const struct facts facts = { 0 };
	const struct control_in in = { .os = &fake->os, .facts = &facts, .policy = &policy };
	struct err e = { 0 };

	fake_file(fake, "/proc/sys/kernel/kptr_restrict", "0\n", 0644);
	policy_init(&policy);
	T_OK(policy_set(&policy, "audit", "waive", "kernel.pointers: debugging here", &e) == 0);
	T_OK(controls_audit(&in, &a, &e) == 0);
	for (size_t i = 0; i < a.count; i++)
		if (str_eq(a.row[i].control->id, "kernel.pointers"))
			T_OK(a.row[i].finding.verdict == VERDICT_WAIVED);
	audit_done(&a);
	T_OK(a.row == NULL);
	T_OK(policy_set(&policy, "audit", "waive", "kernel.pointer: oops", &e) == 0);
	T_OK(controls_audit(&in, &a, &e) < 0);
	T_OK(e.kind == ERR_USAGE && strstr(e.msg, "kernel.pointers"));
	return 0;
}

/* To the end of its day, in the zone of the host; from then on it counts again, and is said. */
static int waivers_end(void)
{
	static const struct {
		const char *waive;
		enum verdict v;
		bool expired;
	} c[] = {
		{ "kernel.pointers until 2024-12-31: why", VERDICT_FAIL, true },
		{ "kernel.pointers until 2025-01-01: why", VERDICT_WAIVED, false },
		{ "kernel.pointers until 2025-01-02: why", VERDICT_WAIVED, false },
		{ "kernel.pointers: why", VERDICT_WAIVED, false },
	};

	for (size_t i = 0; i < COUNT(c); i++) {
		CLEANUP_FAKE struct fake *fake = fake_new(); /* 2025-01-01 */
		CLEANUP_POLICY struct policy policy = { 0 };
		CLEANUP_AUDIT struct audit a = { 0 };
		const struct facts facts = { .hostname = S("vps") };
		const struct control_in in = { .os = &fake->os,
					       .facts = &facts,
					       .policy = &policy };
		struct err e = { 0 };

		fake_file(fake, "/proc/sys/kernel/kptr_restrict", "0\n", 0644);
		policy_init(&policy);
		T_OK(policy_set(&policy, "audit", "waive", c[i].waive, &e) == 0);
		T_OK(controls_audit(&in, &a, &e) == 0 && str_eq(a.host, "vps"));
		T_OK(a.time == fake->clock[OS_REALTIME] / 1000000000);
		for (size_t j = 0; j < a.count; j++) {
			const struct audit_row *r = &a.row[j];

			if (!str_eq(r->control->id, "kernel.pointers"))
				continue;
			T_OK(r->finding.verdict == c[i].v && r->expired == c[i].expired);
			T_STR(r->waiver, "why");
		}
	}
	return 0;
}

int main(void)
{
	const struct t_case cases[] = {
		T(grades),
		T(every_control_can_be_explained),
		T(clock_is_asked),
		T(who_bans),
		T(the_guard_is_asked_itself),
		T(cloud_init_speaks),
		T(bits_of_the_magic_keys),
		T(other_kernels),
		T(interfaces_and_all),
		T(forwarding_for_somebody),
		T(reach),
		T(long_evidence_is_cut),
		T(waivers),
		T(waivers_end),
	};

	return t_main(cases, COUNT(cases));
}
