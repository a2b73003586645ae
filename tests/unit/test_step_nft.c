// SPDX-License-Identifier: MIT
/* The kind "nft": our table and no other. What the kernel made of it is asked in the lab. */
#include "lib/t.h"

#include "base/mem.h"
#include "lib/trial.h"
#include "steps/nft.h"

static json_t *args(void)
{
	static const uint16_t ports[] = { 22, 22022 };

	return step_nft_args(
		&(struct filter_spec){ .ssh_port = ports, .ssh_port_count = 2, .ping = true },
		true);
}

static void former(struct pretend *p)
{
	snprintf(p->table, sizeof(p->table), "table inet kannuki {\n\tformer\n}\n");
}

static bool is_gone(struct pretend *p)
{
	return p->table[0] == '\0';
}

static bool is_former(struct pretend *p)
{
	return strstr(p->table, "former") != NULL;
}

/* verify asks `nft -j`, which the pretend nft does not speak. */
static int apply(struct trial *t, struct err *e)
{
	return t->s.kind->capture(&t->c, &t->s, &t->pre, e) < 0 ? -1
								: t->s.kind->apply(&t->c, &t->s, e);
}

static int first_enable_warms_up_and_rescues_live_sessions(void)
{
	struct err e = { 0 };
	struct trial t;

	trial_init(&t, &step_nft, args(), NULL);
	T_OK(apply(&t, &e) == 0);
	/* A second of an accepting table, never more than three. */
	T_OK(t.p.clock >= 1000000000LL && t.p.clock <= 3000000000LL);
	T_OK(strstr(t.p.table, "policy drop"));
	T_OK(strstr(t.p.table, "198.51.100.7"));
	T_OK(!strstr(t.p.table, "6010"));
	T_OK(trial_undo(&t, false, &e) == 0 && is_gone(&t.p));
	T_OK(trial_undo(&t, false, &e) == 0 && is_gone(&t.p));
	trial_done(&t);
	return 0;
}

static int second_enable_needs_no_warming(void)
{
	struct err e = { 0 };
	struct trial t;

	trial_init(&t, &step_nft, args(), former);
	T_OK(apply(&t, &e) == 0 && t.p.clock == 0);
	T_OK(trial_undo(&t, false, &e) == 0);
	T_STR(t.p.table, "table inet kannuki {\n\tformer\n}\n");
	trial_done(&t);
	return 0;
}

static int cut_anywhere_comes_back(void)
{
	const struct trial_case fresh = { &step_nft, args, NULL, is_gone };
	const struct trial_case again = { &step_nft, args, former, is_former };

	T_OK(trial_cut_everywhere(&fresh) > 20);
	T_OK(trial_cut_everywhere(&again) > 20);
	return 0;
}

static int undo_asks_the_kernel_whether_it_is_so(void)
{
	struct err e = { 0 };
	struct trial t;

	trial_init(&t, &step_nft, args(), NULL);
	T_OK(apply(&t, &e) == 0);
	t.p.nft_lies = true;
	T_OK(trial_undo(&t, false, &e) < 0 && strstr(e.msg, "did not come back"));
	t.p.nft_lies = false;
	T_OK(trial_undo(&t, false, &e) == 0 && is_gone(&t.p));
	trial_done(&t);
	return 0;
}

static int host_without_nft_is_told_so(void)
{
	struct err e = { 0 };
	struct trial t;

	trial_init(&t, &step_nft, args(), NULL);
	t.p.no_nft = true;
	T_OK(apply(&t, &e) < 0 && strstr(e.msg, "not possible on this host"));
	t.p.no_nft = false;
	t.p.no_nft_kernel = true;
	T_OK(apply(&t, &e) < 0 && strstr(e.msg, "Operation not permitted"));
	T_OK(trial_is_back(&t));
	trial_done(&t);
	return 0;
}

int main(void)
{
	static const struct t_case cases[] = {
		T(first_enable_warms_up_and_rescues_live_sessions),
		T(second_enable_needs_no_warming),
		T(cut_anywhere_comes_back),
		T(undo_asks_the_kernel_whether_it_is_so),
		T(host_without_nft_is_told_so),
	};

	return t_main(cases, COUNT(cases));
}
