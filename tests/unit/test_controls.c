// SPDX-License-Identifier: MIT
/* Controls that decide from facts and policy alone: what they find, propose, refuse and warn of. */
#include "base/mem.h"
#include "controls/control.h"
#include "lib/fake_os.h"
#include "lib/t.h"

static const struct control *find(const char *id)
{
	for (size_t i = 0; i < control_families_count; i++)
		for (const struct control *c = control_families[i]; c->id; c++)
			if (str_eq(c->id, id))
				return c;
	printf("# no control %s\n", id);
	abort();
}

/* One control on facts and policy of the test's own. */
struct asked {
	struct fake *fake;
	struct facts facts;
	struct policy policy;
	struct plan plan;
	struct draft draft;
	struct finding found;
	struct err e;
};

static void begin(struct asked *a)
{
	*a = (struct asked){ .fake = fake_new() };
	policy_init(&a->policy);
	a->facts.as_root = a->facts.systemd = true;
}

static void end(struct asked *a)
{
	fake_free(a->fake);
	facts_done(&a->facts);
	policy_done(&a->policy);
	plan_done(&a->plan);
}
#define CLEANUP_ASKED CLEANUP(end)

static int ask(struct asked *a, const char *id)
{
	const struct control *c = find(id);
	const struct control_in in = { .os = &a->fake->os,
				       .facts = &a->facts,
				       .policy = &a->policy };

	plan_done(&a->plan);
	a->plan = (struct plan){ 0 };
	a->draft = (struct draft){ .plan = &a->plan };
	a->found = (struct finding){ 0 };
	a->e = (struct err){ 0 };
	return c->probe(&in, c, &a->found, &a->e) < 0
		       ? -1
		       : c->propose(&in, &a->found, &a->draft, &a->e);
}

static void want(struct asked *a, const char *section, const char *name, const char *value)
{
	struct err e = { 0 };

	if (policy_set(&a->policy, section, name, value, &e) < 0) {
		printf("# %s\n", e.msg);
		abort();
	}
}

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

		begin(&a);
		want(&a, "ssh", "allow-from", c[i].from);
		if (c[i].peer[0])
			T_OK(addr_parse(c[i].peer, &a.facts.own_peer) == 0);
		a.facts.address = xcalloc(1, sizeof(*a.facts.address));
		a.facts.address_count = 1;
		T_OK(addr_parse("198.51.100.10", &a.facts.address[0].addr) == 0);
		r = ask(&a, "ssh.allow-from");
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

int main(void)
{
	static const struct t_case cases[] = {
		T(sources_are_compared_with_the_peer),
	};

	return t_main(cases, COUNT(cases));
}
