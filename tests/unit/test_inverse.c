// SPDX-License-Identifier: MIT
/* The plan that takes a confirmed transaction back (controls/inverse.h), after others have been at work meanwhile. */
#include <string.h>

#include "base/mem.h"
#include "controls/inverse.h"
#include "core/recover.h"
#include "lib/keys.h"
#include "lib/t.h"
#include "lib/world.h"
#include "setup/make_plan.h"
#include "steps/services.h"

#define SECOND INT64_C(1000000000)
#define SYSCTL "/etc/sysctl.d/60-kannuki.conf"
#define SSHD   "/etc/ssh/sshd_config.d/00-kannuki.conf"

static const char policy_text[] = "[admin]\nuser = taro\nkey = ssh-ed25519 " ED25519 "\n"
				  "[ssh]\nport = 22022\n[firewall]\nopen = ssh, web\n"
				  "[services]\nstop = cups\n";

struct host {
	struct world w;
	struct policy policy;
	struct made_plan m;
	struct facts facts; /* of the time of the undo */
	struct plan back;
	struct txn txn;
	struct err e;
};

static struct os *os_of(struct host *h)
{
	return &h->w.p.os;
}

static void end(struct host *h)
{
	plan_done(&h->back);
	facts_done(&h->facts);
	txn_done(&h->txn);
	made_plan_done(&h->m);
	policy_done(&h->policy);
	world_done(&h->w);
}
#define CLEANUP_HOST CLEANUP(end)

/* Carries a plan out, and confirms it. */
static int confirmed(struct host *h, const struct plan *p)
{
	static const struct txn_limits limits = { .apply_seconds = 300, .window_seconds = 600 };
	CLEANUP_RECOVERED struct recovered done = { 0 };
	CLEANUP_NODE struct node program = { 0 };

	h->w.p.clock += SECOND;
	txn_done(&h->txn);
	h->txn = (struct txn){ 0 };
	if (os_program(os_of(h), &program, &h->e) < 0 ||
	    txn_prepare(os_of(h), p, &program, &h->txn, &h->e) < 0 ||
	    txn_carry_out(os_of(h), &h->txn, &limits, "right horse", &h->e) < 0 ||
	    txn_refresh(os_of(h), &h->txn, &h->e) < 0)
		return -1;
	if (h->txn.state == TXN_PENDING &&
	    (txn_confirm(os_of(h), &h->txn, "somebody", &h->e) < 0 ||
	     recover_run(os_of(h), NULL, RECOVER_DUE, &done, &h->e) < 0))
		return -1;
	return txn_refresh(os_of(h), &h->txn, &h->e);
}

/* With cups, whose script of System V has links, and a policy that is in force. */
static int begin(struct host *h)
{
	const struct world_kind kind = { .port = { 22 }, .root_keys = true, .cups = true };

	*h = (struct host){ 0 };
	world_init(&h->w, &kind);
	fake_link(h->w.fake, "/etc/rc0.d/K01cups", "../init.d/cups");
	if (policy_parse("policy", policy_text, &h->policy, &h->e) < 0 ||
	    make_plan_of(os_of(h), &h->policy, policy_text, &h->m, &h->e) < 0)
		return -1;
	return confirmed(h, &h->m.plan);
}

static int inverse(struct host *h)
{
	const struct facts_query query = { .brief = true };

	plan_done(&h->back);
	facts_done(&h->facts);
	h->back = (struct plan){ 0 };
	h->facts = (struct facts){ 0 };
	h->e = (struct err){ 0 };
	if (facts_gather(os_of(h), &query, &h->facts, &h->e) < 0)
		return -1;
	return controls_inverse(os_of(h), &h->facts, &h->txn, &h->back, &h->e);
}

static int package_with_a_script_stands_in_no_way(void)
{
	CLEANUP_HOST struct host h;

	T_OK(begin(&h) == 0 && inverse(&h) == 0 && h.back.warnings.count == 0);
	/* insserv numbers all links anew. */
	fake_remove(h.w.fake, "/etc/rc0.d/K01cups");
	fake_link(h.w.fake, "/etc/rc0.d/K02cups", "../init.d/cups");
	T_OK(inverse(&h) == 0 && h.back.warnings.count == 0);
	T_OK(confirmed(&h, &h.back) == 0 && pretend_is_active(&h.w.p, "cups.service"));
	T_OK(fake_node(h.w.fake, "/etc/rc0.d/K01cups") &&
	     !fake_node(h.w.fake, "/etc/rc0.d/K02cups"));
	return 0;
}

static int what_others_changed_stays_by_name_and_all_else_goes(void)
{
	CLEANUP_HOST struct host h;
	size_t steps;

	T_OK(begin(&h) == 0 && inverse(&h) == 0);
	steps = h.back.count;
	T_OK(strstr(fake_text(h.w.fake, SYSCTL), "tcp_syncookies"));
	fake_file(h.w.fake, SYSCTL, "vm.swappiness = 10\n", 0644);
	T_OK(inverse(&h) == 0 && h.back.warnings.count == 1 && h.back.count == steps - 1);
	T_OK(strstr(h.back.warnings.item[0], SYSCTL) && strstr(h.back.warnings.item[0], "kernel"));
	T_OK(confirmed(&h, &h.back) == 0);
	T_STR(fake_text(h.w.fake, SYSCTL), "vm.swappiness = 10\n");
	T_OK(!fake_node(h.w.fake, SSHD) && !fake_node(h.w.fake, POLICY_PATH));
	T_OK(pretend_is_active(&h.w.p, "cups.service") && pretend_listens(&h.w.p, 22));
	return 0;
}

/* Half a door is none. */
static int file_of_a_door_is_put_in_order_first(void)
{
	CLEANUP_HOST struct host h;

	T_OK(begin(&h) == 0);
	fake_file(h.w.fake, SSHD, "Port 22022\nAllowUsers hanako\n", 0600);
	T_OK(inverse(&h) < 0 && h.e.kind == ERR_CONFLICT);
	T_OK(strstr(h.e.msg, SSHD) && strstr(h.e.msg, "put it in order first"));
	return 0;
}

int main(void)
{
	static const struct t_case cases[] = {
		T(package_with_a_script_stands_in_no_way),
		T(what_others_changed_stays_by_name_and_all_else_goes),
		T(file_of_a_door_is_put_in_order_first),
	};

	return t_main(cases, COUNT(cases));
}
