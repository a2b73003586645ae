// SPDX-License-Identifier: MIT
/* What apply does only where [hardening] names it (controls/harden_named.c), on a host in memory. */
#include <stdlib.h>

#include "base/mem.h"
#include "core/recover.h"
#include "core/txn.h"
#include "lib/keys.h"
#include "lib/t.h"
#include "lib/world.h"
#include "setup/make_plan.h"

#define ADMIN  "[admin]\nuser = taro\nkey = ssh-ed25519 " ED25519 "\n[hardening]\nsafe = no\n"
#define LIMITS "/etc/security/limits.d/60-kannuki.conf"
#define DUMPS  "/etc/systemd/coredump.conf.d"
#define IDLE   "/etc/profile.d/kannuki-idle.sh"
#define LOGIN  "/etc/login.defs"

struct host {
	struct world w;
	struct policy policy;
	struct made_plan m;
	struct txn txn;
	struct err e;
};

static void begin(struct host *h)
{
	const struct world_kind kind = { .include = INCLUDE_FIRST, .root_keys = true };

	*h = (struct host){ 0 };
	world_init(&h->w, &kind);
}

static void end(struct host *h)
{
	txn_done(&h->txn);
	made_plan_done(&h->m);
	policy_done(&h->policy);
	world_done(&h->w);
}
#define CLEANUP_HOST CLEANUP(end)

static int plan(struct host *h, const char *lines)
{
	CLEANUP_FREE char *text = xasprintf(ADMIN "%s", lines);

	made_plan_done(&h->m);
	policy_done(&h->policy);
	h->m = (struct made_plan){ 0 };
	h->e = (struct err){ 0 };
	if (policy_parse("policy", text, &h->policy, &h->e) < 0)
		return -1;
	return make_plan_of(&h->w.p.os, &h->policy, text, &h->m, &h->e);
}

static const struct step *step_of(const struct host *h, const char *id)
{
	for (size_t i = 0; i < h->m.plan.count; i++)
		if (str_eq(h->m.plan.step[i].id, id))
			return &h->m.plan.step[i];
	return NULL;
}

static int carry_out(struct host *h)
{
	static const struct txn_limits limits = { .apply_seconds = 300, .window_seconds = 600 };
	CLEANUP_NODE struct node program = { 0 };
	struct os *os = &h->w.p.os;

	h->w.p.clock += INT64_C(1000000000);
	txn_done(&h->txn);
	h->txn = (struct txn){ 0 };
	if (os_program(os, &program, &h->e) < 0 ||
	    txn_prepare(os, &h->m.plan, &program, &h->txn, &h->e) < 0 ||
	    txn_carry_out(os, &h->txn, &limits, "right horse", &h->e) < 0)
		return -1;
	return txn_refresh(os, &h->txn, &h->e);
}

#define ALL                                                                              \
	"also = kernel.core-dumps, account.idle-shell, account.umask, door.keep-alive\n" \
	"also = door.compression, door.agent-forwarding, door.tcp-forwarding\n"

static const char *const ids[] = { "kernel.core-dumps", "account.idle-shell", "account.umask" };

static int nothing_is_done_that_is_not_named(void)
{
	CLEANUP_HOST struct host h;

	begin(&h);
	T_OK(plan(&h, "") == 0);
	for (size_t i = 0; i < COUNT(ids); i++)
		T_OK(!step_of(&h, ids[i]));
	T_OK(carry_out(&h) == 0);
	T_OK(!strstr(fake_text(h.w.fake, "/etc/ssh/sshd_config.d/00-kannuki.conf"), "Forwarding"));
	T_OK(plan(&h, "also = account.umask\nexcept = account.umask\n") == 0);
	T_OK(!step_of(&h, "account.umask"));
	T_OK(plan(&h, "also = account.umaks\n") < 0 && strstr(h.e.msg, "account.umask"));
	return 0;
}

static int what_is_named_is_done_and_undone(void)
{
	CLEANUP_HOST struct host h;
	CLEANUP_FREE char *before = NULL;
	CLEANUP_FREE char *after = NULL;
	const char *ssh;

	begin(&h);
	before = world_state(&h.w, true);
	T_OK(plan(&h, ALL) == 0);
	for (size_t i = 0; i < COUNT(ids); i++)
		T_OK(step_of(&h, ids[i]) && step_of(&h, ids[i])->why[0]);
	T_OK(carry_out(&h) == 0 && h.txn.state == TXN_PENDING);
	T_OK(strstr(fake_text(h.w.fake, LIMITS), "\n*\thard\tcore\t0\nroot\thard\tcore\t0\n"));
	T_OK(strstr(fake_text(h.w.fake, DUMPS "/60-kannuki.conf"),
		    "[Coredump]\nStorage=none\nProcessSizeMax=0\n"));
	T_OK(strstr(fake_text(h.w.fake, IDLE), "\n\tTMOUT=900\n\treadonly TMOUT\n"));
	T_STR(fake_text(h.w.fake, LOGIN), "MAIL_DIR /var/mail\nUMASK\t\t027\nUID_MIN 1000\n");
	ssh = fake_text(h.w.fake, "/etc/ssh/sshd_config.d/00-kannuki.conf");
	T_OK(strstr(ssh, "\nTCPKeepAlive no\n") && strstr(ssh, "\nClientAliveInterval 300\n") &&
	     strstr(ssh, "\nClientAliveCountMax 2\n") && strstr(ssh, "\nCompression no\n"));
	T_OK(strstr(ssh, "\nAllowAgentForwarding no\n") &&
	     strstr(ssh, "\nAllowTcpForwarding no\n"));
	/* This sshd does not know it. */
	T_OK(!strstr(ssh, "AllowStreamLocalForwarding"));
	/* As before, also the folder. */
	T_OK(txn_undo(&h.w.p.os, &h.txn, UNDO_LIVE, "test", &h.e) == 0);
	T_OK(txn_clear(&h.w.p.os, &h.txn, false, &h.e) == 0);
	after = world_state(&h.w, true);
	T_STR(before, after);
	T_OK(!fake_node(h.w.fake, DUMPS));
	return 0;
}

static int what_is_so_already_is_no_change(void)
{
	CLEANUP_HOST struct host h;
	CLEANUP_RECOVERED struct recovered done = { 0 };

	begin(&h);
	T_OK(plan(&h, ALL) == 0 && carry_out(&h) == 0);
	T_OK(txn_confirm(&h.w.p.os, &h.txn, "somebody", &h.e) == 0);
	T_OK(recover_run(&h.w.p.os, NULL, RECOVER_DUE, &done, &h.e) == 0);
	T_OK(plan(&h, ALL) == 0 && h.m.plan.count == 0);
	/* Another hand. */
	fake_file(h.w.fake, LIMITS, "* hard core unlimited\n", 0644);
	T_OK(plan(&h, ALL) == 0 && h.m.plan.count == 1 && step_of(&h, "kernel.core-dumps"));
	return 0;
}

static int only_the_line_of_the_umask_changes(void)
{
	static const struct {
		const char *before, *after; /* NULL: it stays */
	} c[] = {
		{ "UMASK 022\n", "UMASK\t\t027\n" },
		{ "A 1\nUMASK 022", "A 1\nUMASK\t\t027" },
		{ "#UMASK 027\nUMASK\t002\nB 2\n", "#UMASK 027\nUMASK\t\t027\nB 2\n" },
		{ "UMASKED 027\n", "UMASKED 027\nUMASK\t\t027\n" },
		{ "A 1", "A 1\nUMASK\t\t027\n" },
		{ "", "UMASK\t\t027\n" },
		/* The last one counts. */
		{ "UMASK 077\nUMASK 022\n", "UMASK 077\nUMASK\t\t027\n" },
		{ "UMASK what\n", "UMASK\t\t027\n" },
		{ "UMASK 077\n", NULL },
		{ "UMASK\t0027\n", NULL },
	};

	for (size_t i = 0; i < COUNT(c); i++) {
		CLEANUP_HOST struct host h;

		begin(&h);
		printf("# %zu\n", i);
		fake_file(h.w.fake, LOGIN, c[i].before, 0644);
		T_OK(plan(&h, "also = account.umask\n") == 0);
		T_OK(!step_of(&h, "account.umask") == !c[i].after && carry_out(&h) == 0);
		T_STR(fake_text(h.w.fake, LOGIN), c[i].after ? c[i].after : c[i].before);
	}
	return 0;
}

/* At least as safe, and of the owner's own: left. */
static int value_of_the_owner_stays(void)
{
	CLEANUP_HOST struct host h;
	const char *ssh;

	begin(&h);
	pretend_file(&h.w.p, "/etc/ssh/sshd_config.d/50-mine.conf",
		     "ClientAliveInterval 60\nAllowTcpForwarding local\n", 0644);
	T_OK(plan(&h, "also = door.keep-alive, door.tcp-forwarding\n") == 0 && carry_out(&h) == 0);
	ssh = fake_text(h.w.fake, "/etc/ssh/sshd_config.d/00-kannuki.conf");
	T_OK(!strstr(ssh, "ClientAliveInterval") && strstr(ssh, "ClientAliveCountMax 2\n"));
	T_OK(strstr(ssh, "AllowTcpForwarding no\n"));
	return 0;
}

int main(void)
{
	static const struct t_case cases[] = {
		T(nothing_is_done_that_is_not_named), T(what_is_named_is_done_and_undone),
		T(what_is_so_already_is_no_change),   T(only_the_line_of_the_umask_changes),
		T(value_of_the_owner_stays),
	};

	return t_main(cases, COUNT(cases));
}
