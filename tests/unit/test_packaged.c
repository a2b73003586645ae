// SPDX-License-Identifier: MIT
/*
 * A program that a package has brought (core/plan.h), and what stays when it leaves (cmd/leave.c): on a whole host
 * in memory.
 */
#include <stdlib.h>
#include <unistd.h>

#include "base/mem.h"
#include "cmd/cmd.h"
#include "controls/audit_daily.h"
#include "controls/filter.h"
#include "core/recover.h"
#include "core/restart.h"
#include "core/txn.h"
#include "lib/keys.h"
#include "lib/t.h"
#include "lib/world.h"
#include "setup/make_plan.h"
#include "setup/ready.h"

extern const struct command command_leave;

#define SECOND	  INT64_C(1000000000)
#define UNIT_FILE "/etc/systemd/system/" FILTER_UNIT

static const char policy_text[] = "[admin]\nuser = taro\nkey = ssh-ed25519 " ED25519 "\n"
				  "[ssh]\nport = 22022\n[firewall]\nopen = ssh, web\n";

struct host {
	struct world w;
	struct policy policy;
	struct made_plan m;
	struct txn txn;
	struct err e;
};

static struct os *os_of(struct host *h)
{
	return &h->w.p.os;
}

static void begin(struct host *h)
{
	const struct world_kind kind = { .port = { 22 }, .root_keys = true };

	*h = (struct host){ 0 };
	world_init(&h->w, &kind);
	if (policy_parse("policy", policy_text, &h->policy, &h->e) < 0)
		abort();
}

static void end(struct host *h)
{
	txn_done(&h->txn);
	made_plan_done(&h->m);
	policy_done(&h->policy);
	world_done(&h->w);
}
#define CLEANUP_HOST CLEANUP(end)

static int plan(struct host *h)
{
	made_plan_done(&h->m);
	h->m = (struct made_plan){ 0 };
	h->e = (struct err){ 0 };
	return make_plan_of(os_of(h), &h->policy, policy_text, &h->m, &h->e);
}

static const struct step *step_of(const struct host *h, const char *id)
{
	for (size_t i = 0; i < h->m.plan.count; i++)
		if (str_eq(h->m.plan.step[i].id, id))
			return &h->m.plan.step[i];
	return NULL;
}

/* A package's program with these bytes. */
static void package(struct host *h, const char *bytes, size_t len)
{
	CLEANUP_NODE struct node n = { 0 };

	node_file(&n, "", 0755);
	free(n.data);
	n.data = xcalloc(len + 1, 1);
	memcpy(n.data, bytes, len);
	n.len = len;
	fake_put(h->w.fake, PROGRAM_PACKAGED, &n);
}

static void package_of_this(struct host *h)
{
	CLEANUP_NODE struct node me = { 0 };

	if (os_program(os_of(h), &me, &h->e) < 0)
		abort();
	package(h, me.data, me.len);
}

static int wait(struct host *h)
{
	static const struct txn_limits limits = { .apply_seconds = 300, .window_seconds = 600 };
	CLEANUP_NODE struct node program = { 0 };

	h->w.p.clock += SECOND;
	txn_done(&h->txn);
	h->txn = (struct txn){ 0 };
	if (os_program(os_of(h), &program, &h->e) < 0 ||
	    txn_prepare(os_of(h), &h->m.plan, &program, &h->txn, &h->e) < 0 ||
	    txn_carry_out(os_of(h), &h->txn, &limits, "right horse", &h->e) < 0)
		return -1;
	return txn_refresh(os_of(h), &h->txn, &h->e);
}

static int confirm(struct host *h)
{
	CLEANUP_RECOVERED struct recovered done = { 0 };

	if (txn_confirm(os_of(h), &h->txn, "somebody", &h->e) < 0)
		return -1;
	return recover_run(os_of(h), NULL, RECOVER_DUE, &done, &h->e);
}

static int leave(struct host *h)
{
	struct call c = { .os = os_of(h), .command = &command_leave };
	int out = dup(STDOUT_FILENO), r;

	/* What it says is in a file too; here it would stand among the tests. */
	fflush(stdout);
	if (out < 0 || !freopen("/dev/null", "w", stdout))
		abort();
	h->e = (struct err){ 0 };
	r = command_leave.run(&c, &h->e);
	fflush(stdout);
	dup2(out, STDOUT_FILENO);
	close(out);
	return r;
}

/* --- which program ------------------------------------------------------------------------------- */

static int nothing_is_put_beside_a_package(void)
{
	CLEANUP_HOST struct host h;

	begin(&h);
	T_OK(plan(&h) == 0 && step_of(&h, "self.program"));
	package_of_this(&h);
	T_OK(plan(&h) == 0 && h.m.plan.count > 0 && !step_of(&h, "self.program"));
	return 0;
}

static const char *version_said;

static int says_version(struct pretend *p, const struct run *r, struct run_result *ret,
			struct err *e)
{
	(void)p;
	(void)e;
	if (!str_eq(r->argv[0], PROGRAM_PACKAGED))
		return 1;
	*ret = (struct run_result){ .status = str_eq(r->argv[1], "--version") ? 0 : 2,
				    .out = xstrdup(version_said),
				    .err = xstrdup(""),
				    .out_len = strlen(version_said) };
	return 0;
}

/* World's own programs first. */
static int (*others)(struct pretend *p, const struct run *r, struct run_result *ret, struct err *e);

static int any_program(struct pretend *p, const struct run *r, struct run_result *ret,
		       struct err *e)
{
	int mine = says_version(p, r, ret, e);

	return mine <= 0 ? mine : others(p, r, ret, e);
}

static int another_version_is_refused_and_the_same_is_not(void)
{
	CLEANUP_HOST struct host h;

	begin(&h);
	others = h.w.p.program;
	h.w.p.program = any_program;
	package(&h, "built elsewhere", 15);
	version_said = "kannuki " KANNUKI_VERSION " (amd64)\nSHA-256 0123\n";
	T_OK(plan(&h) == 0 && h.m.plan.count > 0 && !step_of(&h, "self.program"));
	version_said = "kannuki 99.1 (amd64)\nSHA-256 0123\n";
	T_OK(plan(&h) < 0 && h.e.kind == ERR_CONFLICT);
	T_OK(strstr(h.e.msg, PROGRAM_PACKAGED " (99.1)") && strstr(h.e.msg, KANNUKI_VERSION));
	version_said = "\033[2Jno version\n";
	T_OK(plan(&h) < 0 && h.e.kind == ERR_CONFLICT && !strchr(h.e.msg, '\033'));
	return 0;
}

static int either_program_may_confirm(void)
{
	CLEANUP_HOST struct host h;

	begin(&h);
	T_OK(plan(&h) == 0 && wait(&h) == 0 && h.txn.state == TXN_PENDING);
	T_OK(ready_to_confirm(os_of(&h), &h.txn, &h.e) == 0);
	fake_remove(h.w.fake, PROGRAM_PATH);
	T_OK(ready_to_confirm(os_of(&h), &h.txn, &h.e) < 0 && h.e.kind == ERR_CONFLICT);
	package_of_this(&h);
	T_OK(ready_to_confirm(os_of(&h), &h.txn, &h.e) == 0);
	return 0;
}

/* --- leave --------------------------------------------------------------------------------------- */

static int nobody_leaves_while_something_is_under_way(void)
{
	CLEANUP_HOST struct host h;
	CLEANUP_FREE char *before = NULL;
	CLEANUP_FREE char *after = NULL;

	begin(&h);
	T_OK(plan(&h) == 0 && wait(&h) == 0 && h.txn.state == TXN_PENDING);
	before = world_state(&h.w, true);
	T_OK(leave(&h) < 0 && h.e.kind == ERR_CONFLICT && strstr(h.e.msg, h.txn.id));
	T_OK(strstr(h.e.msg, "kannuki confirm") && strstr(h.e.msg, "kannuki undo"));
	after = world_state(&h.w, true);
	T_STR(before, after);
	/* Confirmed, but not at its end: nothing else could finish it. */
	T_OK(txn_confirm(os_of(&h), &h.txn, "somebody", &h.e) == 0);
	T_OK(leave(&h) < 0 && h.e.kind == ERR_CONFLICT);
	return 0;
}

static int where_nothing_was_done_nothing_is_left(void)
{
	CLEANUP_HOST struct host h;
	CLEANUP_FREE char *before = NULL;
	CLEANUP_FREE char *after = NULL;

	begin(&h);
	before = world_state(&h.w, true);
	T_OK(leave(&h) == EXIT_DONE);
	after = world_state(&h.w, true);
	T_STR(before, after);
	T_OK(!fake_node(h.w.fake, "/var/lib/kannuki/stays"));
	return 0;
}

static int what_stays_is_said_and_works_without_the_program(void)
{
	CLEANUP_HOST struct host h;
	CLEANUP_FREE char *stays = NULL;

	begin(&h);
	T_OK(plan(&h) == 0 && wait(&h) == 0 && confirm(&h) == 0);
	T_OK(leave(&h) == EXIT_DONE);
	stays = xstrdup(fake_text(h.w.fake, "/var/lib/kannuki/stays"));
	T_OK(strstr(stays, "/etc/ssh/sshd_config.d/00-kannuki.conf: ") && strstr(stays, "taro"));
	T_OK(strstr(stays, FILTER_LEFT) && !strstr(stays, "/etc/kannuki/"));
	T_OK(!strstr(stays, PROGRAM_PATH) && !strstr(stays, "/etc/passwd"));
	/* Its text is the whole table, for nft alone; the old port is not in it. */
	T_OK(strstr(fake_text(h.w.fake, FILTER_LEFT), "22022") &&
	     strstr(fake_text(h.w.fake, FILTER_LEFT), "policy drop"));
	T_OK(strstr(fake_text(h.w.fake, UNIT_FILE), "ExecStart=/usr/sbin/nft -f " FILTER_LEFT));
	T_OK(!strstr(fake_text(h.w.fake, UNIT_FILE), "sbin/kannuki"));
	/* nftables.service flushes it too, whenever it starts anew. */
	T_OK(strstr(fake_text(h.w.fake, UNIT_FILE), "\nPartOf=nftables.service\n") &&
	     strstr(fake_text(h.w.fake, UNIT_FILE), " nftables.service\n"));
	T_OK(world_door(&h.w, 22022, "taro", "publickey") &&
	     !world_door(&h.w, 22, "root", "password"));
	return 0;
}

static int who_comes_back_finds_all_and_takes_it_over(void)
{
	CLEANUP_HOST struct host h;

	begin(&h);
	T_OK(plan(&h) == 0 && wait(&h) == 0 && confirm(&h) == 0);
	T_OK(plan(&h) == 0 && h.m.plan.count == 0);
	T_OK(leave(&h) == EXIT_DONE);
	T_OK(plan(&h) == 0 && h.m.plan.count == 2 && step_of(&h, "filter.at-boot"));
	T_OK(!h.m.plan.needs_proof && wait(&h) == 0);
	T_OK(!fake_node(h.w.fake, FILTER_LEFT));
	T_OK(strstr(fake_text(h.w.fake, UNIT_FILE), "kannuki filter-run"));
	T_OK(plan(&h) == 0 && h.m.plan.count == 0);
	return 0;
}

static int undone_transactions_leave_nothing(void)
{
	CLEANUP_HOST struct host h;

	begin(&h);
	T_OK(plan(&h) == 0 && wait(&h) == 0);
	T_OK(txn_undo(os_of(&h), &h.txn, UNDO_LIVE, "test", &h.e) == 0);
	T_OK(txn_clear(os_of(&h), &h.txn, false, &h.e) == 0);
	T_OK(leave(&h) == EXIT_DONE && !fake_node(h.w.fake, "/var/lib/kannuki/stays"));
	return 0;
}

/* --- the daily audit ------------------------------------------------------------------------------ */

#define TIMER	"/etc/systemd/system/" AUDIT_TIMER
#define SERVICE "/etc/systemd/system/" AUDIT_SERVICE

static int wanted(struct host *h, const char *daily)
{
	if (policy_set(&h->policy, "audit", "daily", daily, &h->e) < 0)
		abort();
	return plan(h);
}

static int each_day_as_the_policy_says(void)
{
	CLEANUP_HOST struct host h;

	begin(&h);
	T_OK(plan(&h) == 0 && !step_of(&h, "audit.daily")); /* off until asked */
	T_OK(wait(&h) == 0 && confirm(&h) == 0);
	T_OK(wanted(&h, "06:05") == 0 && step_of(&h, "audit.daily"));
	T_OK(h.m.plan.count == 2 && !h.m.plan.needs_proof && wait(&h) == 0);
	T_OK(strstr(fake_text(h.w.fake, TIMER), "OnCalendar=*-*-* 06:05:00\n"));
	T_OK(strstr(fake_text(h.w.fake, SERVICE), "ExecStart=" PROGRAM_PATH " audit-run\n"));
	T_OK(plan(&h) == 0 && h.m.plan.count == 0);
	/* Another time, and somebody else's hand in it. */
	T_OK(wanted(&h, "23:59") == 0 && step_of(&h, "audit.daily"));
	T_OK(wanted(&h, "06:05") == 0 && h.m.plan.count == 0);
	fake_file(h.w.fake, SERVICE, "[Service]\nExecStart=/bin/true\n", 0644);
	T_OK(plan(&h) == 0 && step_of(&h, "audit.daily") && wait(&h) == 0);
	T_OK(plan(&h) == 0 && h.m.plan.count == 0);
	/* And no more. */
	T_OK(wanted(&h, "no") == 0 && step_of(&h, "audit.daily") && wait(&h) == 0);
	T_OK(!fake_node(h.w.fake, TIMER) && !fake_node(h.w.fake, SERVICE));
	T_OK(plan(&h) == 0 && h.m.plan.count == 0);
	return 0;
}

/* Nothing is in /usr/local where a package brought the program. */
static int a_package_audits_by_its_own_program(void)
{
	CLEANUP_HOST struct host h;
	CLEANUP_FREE char *arrived = NULL;

	begin(&h);
	T_OK(wanted(&h, "06:05") == 0 && wait(&h) == 0 && confirm(&h) == 0);
	arrived = xstrdup(fake_text(h.w.fake, SERVICE));
	T_OK(strstr(arrived, "ExecStart=" PROGRAM_PATH " audit-run\n"));
	/* A package takes the place of what came as a single file; its drop-in names it. */
	fake_remove(h.w.fake, PROGRAM_PATH);
	package_of_this(&h);
	T_OK(plan(&h) == 0 && !step_of(&h, "audit.daily"));
	/* Asked for anew, the unit names what is there. */
	fake_remove(h.w.fake, SERVICE);
	T_OK(plan(&h) == 0 && step_of(&h, "audit.daily") && wait(&h) == 0);
	T_OK(strstr(fake_text(h.w.fake, SERVICE), "ExecStart=" PROGRAM_PACKAGED " audit-run\n"));
	T_OK(plan(&h) == 0 && h.m.plan.count == 0);
	/* The other way round it would start nothing. */
	fake_remove(h.w.fake, PROGRAM_PACKAGED);
	T_OK(plan(&h) == 0 && step_of(&h, "audit.daily"));
	return 0;
}

static int who_leaves_audits_no_more(void)
{
	CLEANUP_HOST struct host h;

	begin(&h);
	T_OK(wanted(&h, "06:05") == 0 && wait(&h) == 0 && confirm(&h) == 0);
	T_OK(fake_node(h.w.fake, TIMER) && leave(&h) == EXIT_DONE);
	T_OK(!fake_node(h.w.fake, TIMER) && !fake_node(h.w.fake, SERVICE));
	T_OK(!strstr(fake_text(h.w.fake, "/var/lib/kannuki/stays"), "kannuki-audit"));
	return 0;
}

/* Its timer would fail each night. */
static int who_leaves_restarts_no_more(void)
{
	CLEANUP_HOST struct host h;

	begin(&h);
	T_OK(plan(&h) == 0 && wait(&h) == 0 && confirm(&h) == 0);
	fake_file(h.w.fake, "/etc/systemd/system/" RESTART_TIMER, "[Timer]\n", 0644);
	fake_file(h.w.fake, "/etc/systemd/system/" RESTART_SERVICE, "[Service]\n", 0644);
	T_OK(leave(&h) == EXIT_DONE);
	T_OK(!fake_node(h.w.fake, "/etc/systemd/system/" RESTART_TIMER));
	T_OK(!fake_node(h.w.fake, "/etc/systemd/system/" RESTART_SERVICE));
	return 0;
}

int main(void)
{
	static const struct t_case cases[] = {
		T(nothing_is_put_beside_a_package),
		T(another_version_is_refused_and_the_same_is_not),
		T(either_program_may_confirm),
		T(nobody_leaves_while_something_is_under_way),
		T(where_nothing_was_done_nothing_is_left),
		T(what_stays_is_said_and_works_without_the_program),
		T(who_comes_back_finds_all_and_takes_it_over),
		T(undone_transactions_leave_nothing),
		T(each_day_as_the_policy_says),
		T(a_package_audits_by_its_own_program),
		T(who_leaves_audits_no_more),
		T(who_leaves_restarts_no_more),
	};

	return t_main(cases, COUNT(cases));
}
