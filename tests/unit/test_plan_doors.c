// SPDX-License-Identifier: MIT
/* Which doors a plan asks to be proved, on a whole pretend host; and what is refused because none could be. */
#include "base/mem.h"
#include "lib/t.h"
#include "lib/world.h"
#include "setup/make_plan.h"

/* "USER PORT METHOD" of the first door, or what is said against the policy. */
static const char *door(const struct world_kind *kind, const char *policy_text)
{
	static char said[900];
	CLEANUP_POLICY struct policy policy = { 0 };
	CLEANUP_MADE struct made_plan m = { 0 };
	struct err e = { 0 };
	struct world w;

	world_init(&w, kind);
	if (policy_parse("policy", policy_text, &policy, &e) < 0 ||
	    make_plan_of(&w.p.os, &policy, policy_text, &m, &e) < 0)
		snprintf(said, sizeof(said), "%s", e.msg);
	else
		snprintf(said, sizeof(said), "%s %u %s", m.plan.door[0].user, m.plan.door[0].port,
			 m.plan.door[0].method);
	world_done(&w);
	return said;
}

static int doors_that_can_be_had(void)
{
	const struct world_kind bare = { .drop_in = true };
	const struct world_kind keys = { .drop_in = true, .root_keys = true, .old_keys = true };

	T_STR(door(&keys, "[ssh]\nport = 22022\nroot-login = key\n"), "root 22022 publickey");
	T_STR(door(&keys, "[admin]\nuser = old\n"), "old 22 publickey");
	T_STR(door(&bare, "[admin]\nuser = old\n[ssh]\npassword-login = yes\n"), "old 22 password");
	T_STR(door(&bare, "[ssh]\npassword-login = yes\nroot-login = yes\n"), "root 22 password");
	return 0;
}

static int doors_that_cannot(void)
{
	const struct world_kind bare = { .drop_in = true };

	T_OK(strstr(door(&bare, "[ssh]\npassword-login = yes\n"),
		    "root-login = no needs an admin"));
	T_OK(strstr(door(&bare, "[admin]\nuser = old\n"), "needs a public key of old"));
	/* sshd takes no password of root there, whatever it takes of others. */
	T_OK(strstr(door(&bare, "[ssh]\npassword-login = yes\nroot-login = key\n"),
		    "root-login = key needs a public key of root"));
	return 0;
}

int main(void)
{
	static const struct t_case cases[] = {
		T(doors_that_can_be_had),
		T(doors_that_cannot),
	};

	return t_main(cases, COUNT(cases));
}
