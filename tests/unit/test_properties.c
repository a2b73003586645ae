// SPDX-License-Identifier: MIT
/*
 * test_properties.c - what must hold for whatever policy on whatever host, tried on random ones.
 *
 * KANNUKI_SEED=N begins with that number, KANNUKI_ROUNDS=N tries so many. What fails says its seed, policy
 * and host: KANNUKI_SEED=that KANNUKI_ROUNDS=1 is the same again, and both can be made smaller by hand in
 * by_hand().
 */
#include <stdlib.h>

#include "base/mem.h"
#include "controls/inverse.h"
#include "core/recover.h"
#include "core/txn.h"
#include "lib/keys.h"
#include "lib/t.h"
#include "lib/world.h"
#include "lib/world_draw.h"
#include "setup/make_plan.h"

#define DEFAULT_SEED   20250101
#define DEFAULT_ROUNDS 24
#define SECOND	       INT64_C(1000000000)

/* --- a round ---------------------------------------------------------------------------------- */

struct round {
	uint64_t seed;
	struct chance chance;
	struct world_kind kind;
	char *former_text; /* of a policy that is in force already, or NULL */
	char *policy_text;
	struct world w;
	struct policy policy;
	struct made_plan m;
	struct txn txn;
	char *before, *before_untimed; /* the host's state */
	bool broken;		       /* the former policy could not be put in force */
	struct err e;
};

/* What failed once: tried before anything that is drawn. */
static const struct {
	struct world_kind kind;
	const char *policy;
} known[] = {
	/* The old port stands in the main file, which only the finish changes. */
	{ { .port = { 22 }, .root_keys = true },
	  "[ssh]\nport = 22022\nroot-login = key\n[services]\nstop = cups\n" },
	/* One of two old ports stays. */
	{ { .port = { 2222, 2200 }, .root_keys = true }, "[ssh]\nport = 2222\nroot-login = key\n" },
	/* Root's key is asked for where sshd takes none. */
	{ { .no_keys = true, .root_keys = true }, "[ssh]\nport = 22022\nroot-login = key\n" },
	/* One reload would shut passwords and let keys in. */
	{ { .no_keys = true, .drop_in = true, .old_keys = true }, "[admin]\nuser = old\n" },
};

/* For making a failure smaller: what is set here replaces what was drawn. */
static void by_hand(struct round *r)
{
	(void)r;
}

static struct os *os_of(struct round *r)
{
	return &r->w.p.os;
}

static int prepare(struct round *r, const struct plan *plan)
{
	CLEANUP_NODE struct node program = { 0 };

	if (os_program(os_of(r), &program, &r->e) < 0)
		return -1;
	/* An id is a second. */
	r->w.p.clock += SECOND;
	return txn_prepare(os_of(r), plan, &program, &r->txn, &r->e);
}

static int carry_out(struct round *r)
{
	static const struct txn_limits limits = { .apply_seconds = 300, .window_seconds = 600 };

	return txn_carry_out(os_of(r), &r->txn, &limits, "right horse", &r->e);
}

static int recover(struct round *r, enum recover_mode mode)
{
	CLEANUP_RECOVERED struct recovered done = { 0 };

	return recover_run(os_of(r), NULL, mode, &done, &r->e);
}

/* From a plan to a confirmed transaction. */
static int apply_and_confirm(struct round *r, const struct plan *plan)
{
	if (prepare(r, plan) < 0 || carry_out(r) < 0)
		return -1;
	if (plan->needs_proof &&
	    (txn_refresh(os_of(r), &r->txn, &r->e) < 0 ||
	     txn_confirm(os_of(r), &r->txn, "somebody", &r->e) < 0 || recover(r, RECOVER_DUE) != 0))
		return -1;
	return 0;
}

/* The host is ours already, where that policy is possible on it. */
static int put_former(struct round *r)
{
	CLEANUP_POLICY struct policy policy = { 0 };
	CLEANUP_MADE struct made_plan m = { 0 };
	int held = -1;

	if (policy_parse("former", r->former_text, &policy, &r->e) < 0)
		return -1;
	if (make_plan_of(os_of(r), &policy, r->former_text, &m, &r->e) == 0)
		held = apply_and_confirm(r, &m.plan);
	else if (r->e.kind == ERR_USAGE || r->e.kind == ERR_CONFLICT)
		free(TAKE(r->former_text));
	txn_done(&r->txn);
	r->txn = (struct txn){ 0 };
	return r->former_text ? held : 0;
}

/* Seeds below COUNT(known) are those. */
static void round_begin(struct round *r, uint64_t seed)
{
	*r = (struct round){ .seed = seed, .chance = { seed * UINT64_C(0x9e3779b97f4a7c15) | 1 } };
	for (int i = 0; i < 8; i++)
		chance_below(&r->chance, 2); /* near seeds begin alike */
	r->kind = world_draw_kind(&r->chance);
	r->policy_text = world_draw_policy(&r->chance);
	if (chance_one_in(&r->chance, 3))
		r->former_text = world_draw_policy(&r->chance);
	if (seed < COUNT(known)) {
		r->kind = known[seed].kind;
		free(r->policy_text);
		free(TAKE(r->former_text));
		r->policy_text = xstrdup(known[seed].policy);
	}
	by_hand(r);
	world_init(&r->w, &r->kind);
	r->broken = r->former_text && put_former(r) < 0;
	if (!r->broken)
		r->e = (struct err){ 0 };
	r->before = world_state(&r->w, true);
	r->before_untimed = world_state(&r->w, false);
}

static void round_end(struct round *r)
{
	txn_done(&r->txn);
	made_plan_done(&r->m);
	policy_done(&r->policy);
	world_done(&r->w);
	free(r->policy_text);
	free(r->former_text);
	free(r->before);
	free(r->before_untimed);
}

/* 1: this policy is refused on this host, which is as it was. */
static int make(struct round *r)
{
	if (policy_parse("policy", r->policy_text, &r->policy, &r->e) < 0)
		return -1;
	if (make_plan_of(os_of(r), &r->policy, r->policy_text, &r->m, &r->e) == 0)
		return r->m.plan.count > 0 ? 0 : 1;
	return r->e.kind == ERR_USAGE || r->e.kind == ERR_CONFLICT ? 1 : -1;
}

/* The first line that differs is said. */
static bool same(const char *before, const char *now, const char *after)
{
	const char *a = before, *b = now;

	if (strcmp(a, b) == 0)
		return true;
	while (*a && *a == *b) {
		a++;
		b++;
	}
	while (a > before && a[-1] != '\n') {
		a--;
		b--;
	}
	printf("# after %s\n#   before: %.*s\n#   now:    %.*s\n", after, (int)strcspn(a, "\n"), a,
	       (int)strcspn(b, "\n"), b);
	return false;
}

static bool is_back(struct round *r, const char *after)
{
	CLEANUP_FREE char *now = world_state(&r->w, true);

	return same(r->before, now, after);
}

/* 0: holds; 1: nothing to try (the policy is refused); -1: does not hold. */
typedef int property_fn(struct round *r);

static uint64_t number_of(const char *name, uint64_t otherwise)
{
	const char *text = getenv(name);
	uint64_t n;

	return text && str_to_u64(text, 0, UINT32_MAX, &n) == 0 ? n : otherwise;
}

static void say_round(const struct round *r)
{
	CLEANUP_FREE char *host = world_text(&r->kind);
	CLEANUP_FREE char *policy = xstrdup(r->policy_text);
	CLEANUP_FREE char *former = xstrdup(r->former_text ? r->former_text : "");
	char *rest = policy, *line;

	printf("# KANNUKI_SEED=%llu KANNUKI_ROUNDS=1\n# host: %s\n", (unsigned long long)r->seed,
	       host);
	while ((line = str_line(&rest)))
		printf("#   %s\n", line);
	rest = former;
	while ((line = str_line(&rest)))
		printf("#   in force before: %s\n", line);
	if (r->e.kind != ERR_NONE)
		printf("# error: %s\n", r->e.msg);
	for (size_t i = 0; i < r->txn.journal.count; i++)
		printf("# journal: %s %d %s\n", record_type_name(r->txn.journal.record[i].type),
		       (int)r->txn.journal.record[i].step, r->txn.journal.record[i].text);
}

static int hold_for_all(property_fn *fn)
{
	uint64_t seed = number_of("KANNUKI_SEED", DEFAULT_SEED);
	uint64_t rounds = number_of("KANNUKI_ROUNDS", DEFAULT_ROUNDS);
	size_t tried = 0, bad = 0;

	for (uint64_t i = 0; i < rounds; i++) {
		bool by_seed = getenv("KANNUKI_SEED") || i >= COUNT(known);
		struct round r;
		int held;

		round_begin(&r, by_seed ? seed + i : i);
		held = r.broken ? -1 : make(&r);
		if (held == 0)
			held = fn(&r);
		else if (held == 1 && !is_back(&r, "a mere plan"))
			held = -1;
		if (held < 0)
			say_round(&r);
		else if (held == 1 && getenv("KANNUKI_SEED"))
			printf("# %llu is refused: %s\n", (unsigned long long)r.seed, r.e.msg);
		tried += held <= 0;
		bad += held < 0;
		round_end(&r);
	}
	printf("# seeds from %llu: %zu of %llu carried out, %zu bad\n", (unsigned long long)seed,
	       tried, (unsigned long long)rounds, bad);
	T_OK(bad == 0);
	T_OK(rounds < DEFAULT_ROUNDS || tried * 3 > rounds);
	return 0;
}

/* --- the properties ---------------------------------------------------------------------------- */

static int undone_is_as_before(struct round *r)
{
	if (prepare(r, &r->m.plan) < 0 || carry_out(r) < 0)
		return -1;
	if (!r->m.plan.needs_proof)
		return 1; /* it has ended: an undo of that is a plan of its own */
	if (recover(r, RECOVER_NOW) != 0)
		return -1;
	return is_back(r, "apply and undo") ? 0 : -1;
}

static int nothing_is_left_to_do(struct round *r)
{
	CLEANUP_MADE struct made_plan again = { 0 };

	if (make_plan_of(os_of(r), &r->policy, NULL, &again, &r->e) < 0)
		return -1;
	for (size_t i = 0; i < again.plan.count; i++)
		printf("# still to do: %s: %s\n", again.plan.step[i].id, again.plan.step[i].title);
	return again.plan.count == 0 ? 0 : -1;
}

static int applied_is_as_wanted(struct round *r)
{
	return apply_and_confirm(r, &r->m.plan) < 0 ? -1 : nothing_is_left_to_do(r);
}

/* The plan that takes a confirmed transaction back, itself confirmed. */
static int confirmed_can_be_undone(struct round *r)
{
	const struct facts_query query = { .brief = true };
	CLEANUP_FACTS struct facts facts = { 0 };
	CLEANUP_PLAN struct plan back = { 0 };
	CLEANUP_FREE char *now = NULL;
	int made;

	if (apply_and_confirm(r, &r->m.plan) < 0 || txn_refresh(os_of(r), &r->txn, &r->e) < 0 ||
	    facts_gather(os_of(r), &query, &facts, &r->e) < 0)
		return -1;
	made = controls_inverse(os_of(r), &facts, &r->txn, &back, &r->e);
	txn_done(&r->txn);
	r->txn = (struct txn){ 0 };
	if (made < 0 || apply_and_confirm(r, &back) < 0)
		return -1;
	now = world_state(&r->w, false);
	return same(r->before_untimed, now, "confirm, undo and confirm") ? 0 : -1;
}

/* Nobody confirms. */
static int dead_man(struct round *r, bool power)
{
	if (power) {
		world_power_on(&r->w);
		if (recover(r, RECOVER_BOOT) < 0)
			return -1;
		world_boot(&r->w);
		return recover(r, RECOVER_SETTLE) < 0 ? -1 : 0;
	}
	world_restart(&r->w);
	if (recover(r, RECOVER_DUE) < 0)
		return -1;
	r->w.p.clock += 601 * SECOND;
	return recover(r, RECOVER_DUE) < 0 ? -1 : 0;
}

/* How many calls an apply makes on this host. */
static int count_calls(uint64_t seed)
{
	struct round r;
	int before, calls = 0;

	round_begin(&r, seed);
	if (make(&r) == 0 && prepare(&r, &r.m.plan) == 0) {
		before = r.w.p.budget;
		carry_out(&r);
		calls = before - r.w.p.budget;
	}
	round_end(&r);
	return calls;
}

/* As before; or, where nothing had to be proved and CONFIRM was written already, as wanted. */
static bool is_decided(struct round *r, const char *after)
{
	struct err never_begun = { 0 };

	if (!r->m.plan.needs_proof && txn_refresh(os_of(r), &r->txn, &never_begun) == 0 &&
	    journal_last(&r->txn.journal, RECORD_CONFIRM, JOURNAL_NO_STEP))
		return nothing_is_left_to_do(r) == 0;
	return is_back(r, after);
}

static int cut_once(struct round *r, int calls)
{
	bool power = chance_one_in(&r->chance, 2);
	int at = (int)chance_below(&r->chance, (unsigned)calls);
	char what[80];
	struct err cut = { 0 };

	if (prepare(r, &r->m.plan) < 0)
		return -1;
	r->w.p.budget = at;
	r->w.p.late = chance_one_in(&r->chance, 2);
	snprintf(what, sizeof(what), "a cut at call %d of %d (%s%s) and recover", at, calls,
		 power ? "power" : "process", r->w.p.late ? ", late" : "");
	carry_out(r);
	cut = r->e;
	r->e = (struct err){ 0 };
	if (dead_man(r, power) < 0 || !is_decided(r, what)) {
		printf("# %s: %s\n", what, cut.msg);
		return -1;
	}
	/* Two recovers are one. */
	if (recover(r, power ? RECOVER_SETTLE : RECOVER_DUE) != 0 ||
	    !is_decided(r, "a second recover"))
		return -1;
	return 0;
}

static int cut_anywhere_is_as_before(struct round *r)
{
	int calls = count_calls(r->seed);

	for (int i = 0; i < 6; i++) {
		struct round again;
		int held;

		round_begin(&again, r->seed);
		again.chance.state = r->chance.state + (uint64_t)i * 977;
		held = make(&again) == 0 ? cut_once(&again, calls) : -1;
		if (held < 0)
			r->e = again.e;
		round_end(&again);
		if (held < 0)
			return -1;
	}
	return 0;
}

/* Any record there can be. */
static void draw_entry(struct chance *c, struct journal_entry *ret, char text[JOURNAL_TEXT_MAX + 1])
{
	size_t len = chance_below(c, JOURNAL_TEXT_MAX + 1);

	for (size_t i = 0; i < len; i++)
		text[i] = (char)('!' + chance_below(c, 90));
	text[len] = '\0';
	*ret = (struct journal_entry){ .type = (enum record_type)(1 + chance_below(c, RECORD_END)),
				       .step = chance_one_in(c, 4) ? JOURNAL_NO_STEP
								   : chance_below(c, 128),
				       .number = (int64_t)(c->state * 3),
				       .text = text };
}

static int draw_records(struct round *r)
{
	CLEANUP(journal_done) struct journal j = { 0 };
	char text[JOURNAL_TEXT_MAX + 1];

	if (journal_create(os_of(r), "/var/lib/copy", &r->e) < 0)
		return -1;
	for (size_t i = 0; i < 20; i++) {
		CLEANUP(journal_done) struct journal read = { 0 };
		struct journal_entry entry;
		const struct record *x;

		draw_entry(&r->chance, &entry, text);
		if (journal_read(os_of(r), "/var/lib/copy", &read, &r->e) < 0 ||
		    journal_add(os_of(r), &read, &entry, &r->e) < 0 ||
		    journal_read(os_of(r), "/var/lib/copy", &j, &r->e) < 0)
			return -1;
		x = &j.record[i];
		if (j.count != i + 1 || j.damaged || x->type != entry.type ||
		    x->step != entry.step || x->number != entry.number ||
		    strcmp(x->text, text) != 0 || x->boottime != r->w.p.clock)
			return -1;
		journal_done(&j);
	}
	return 0;
}

/* What a later process reads is what was written. */
static int journal_is_read_back(struct round *r)
{
	CLEANUP(journal_done) struct journal read = { 0 };
	CLEANUP_FREE char *path = NULL;

	if (prepare(r, &r->m.plan) < 0 || carry_out(r) < 0)
		return -1;
	path = xasprintf("%s/log", r->txn.dir);
	if (journal_read(os_of(r), path, &read, &r->e) < 0 || read.damaged ||
	    read.count != r->txn.journal.count || read.count < r->m.plan.count ||
	    memcmp(read.record, r->txn.journal.record, read.count * sizeof(*read.record)) != 0)
		return -1;
	return draw_records(r);
}

/* --- doors ------------------------------------------------------------------------------------ */

static const unsigned door_ports[] = { 22, 2200, 2222, 22022, 40000, 50000 };

static unsigned doors_of(struct round *r)
{
	static const char *const users[] = { "root", "old" };
	static const char *const methods[] = { "publickey", "password" };
	unsigned doors = 0, bit = 0;

	for (size_t p = 0; p < COUNT(door_ports); p++)
		for (size_t u = 0; u < COUNT(users); u++)
			for (size_t m = 0; m < COUNT(methods); m++, bit++)
				if (world_door(&r->w, door_ports[p], users[u], methods[m]))
					doors |= 1U << bit;
	return doors;
}

/* By which the proof has to come. The admin may not be there yet: then anybody but root stands for them. */
static bool asked_door_is_open(struct round *r)
{
	const struct plan *p = &r->m.plan;

	for (size_t i = 0; i < p->door_count; i++)
		if (world_door(&r->w, p->door[i].port,
			       str_eq(p->door[i].user, "root") ? "root" : "old", p->door[i].method))
			return true;
	return false;
}

/* What adds closes nothing, and no old door is closed before the one that is asked for stands open. */
static int nothing_closes_before_the_new_door_is_open(struct round *r)
{
	unsigned old = doors_of(r), before = old;

	if (prepare(r, &r->m.plan) < 0)
		return -1;
	for (size_t i = 0; i < r->m.plan.count; i++) {
		const struct step *s = &r->m.plan.step[i];
		const struct step_ctx c = { .os = os_of(r),
					    .secret = "right horse",
					    .txn_dir = r->txn.dir };
		struct image pre CLEANUP_IMAGE = { 0 };
		bool asked = asked_door_is_open(r);
		unsigned now;

		if (s->kind->capture(&c, s, &pre, &r->e) < 0 || s->kind->apply(&c, s, &r->e) < 0)
			return -1;
		now = doors_of(r);
		if (getenv("KANNUKI_SEED"))
			printf("# step %s (%s): doors %06x -> %06x\n", s->id, s->title, before,
			       now);
		if (old & before & ~now && (!asked || s->phase == PHASE_ADD)) {
			printf("# step %s (%s): doors %06x -> %06x, that asked for was%s open\n",
			       s->id, s->title, before, now, asked ? "" : " not");
			return -1;
		}
		before = now;
	}
	return asked_door_is_open(r) || !r->m.plan.needs_proof ? 0 : -1;
}

static int apply_then_undo_is_nothing(void)
{
	return hold_for_all(undone_is_as_before);
}

static int plan_after_apply_is_empty(void)
{
	return hold_for_all(applied_is_as_wanted);
}

static int undo_of_the_confirmed_is_nothing(void)
{
	return hold_for_all(confirmed_can_be_undone);
}

static int cut_anywhere_then_recover_is_nothing(void)
{
	return hold_for_all(cut_anywhere_is_as_before);
}

static int journals_are_read_back(void)
{
	return hold_for_all(journal_is_read_back);
}

static int no_step_closes_and_opens(void)
{
	return hold_for_all(nothing_closes_before_the_new_door_is_open);
}

int main(void)
{
	static const struct t_case cases[] = {
		T(apply_then_undo_is_nothing),	     T(plan_after_apply_is_empty),
		T(undo_of_the_confirmed_is_nothing), T(cut_anywhere_then_recover_is_nothing),
		T(journals_are_read_back),	     T(no_step_closes_and_opens),
	};

	return t_main(cases, COUNT(cases));
}
