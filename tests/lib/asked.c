// SPDX-License-Identifier: MIT
/* asked.c - see asked.h. */
#include "lib/asked.h"

#include <stdio.h>
#include <stdlib.h>

static const struct control *find(const char *id)
{
	for (size_t i = 0; i < control_families_count; i++)
		for (const struct control *c = control_families[i]; c->id; c++)
			if (str_eq(c->id, id))
				return c;
	printf("# no control %s\n", id);
	abort();
}

void asked_begin(struct asked *a)
{
	*a = (struct asked){ .fake = fake_new() };
	policy_init(&a->policy);
	a->facts.as_root = a->facts.systemd = true;
}

void asked_end(struct asked *a)
{
	fake_free(a->fake);
	facts_done(&a->facts);
	policy_done(&a->policy);
	plan_done(&a->plan);
	draft_done(&a->draft);
}

int asked_ask(struct asked *a, const char *id)
{
	const struct control *c = find(id);
	const struct control_in in = { .os = &a->fake->os,
				       .facts = &a->facts,
				       .policy = &a->policy };

	plan_done(&a->plan);
	a->plan = (struct plan){ 0 };
	draft_done(&a->draft);
	a->draft = (struct draft){ .plan = &a->plan, .asks = c };
	a->found = (struct finding){ 0 };
	a->e = (struct err){ 0 };
	return c->probe(&in, c, &a->found, &a->e) < 0
		       ? -1
		       : c->propose(&in, &a->found, &a->draft, &a->e);
}

void asked_want(struct asked *a, const char *section, const char *name, const char *value)
{
	struct err e = { 0 };

	if (policy_set(&a->policy, section, name, value, &e) < 0) {
		printf("# %s\n", e.msg);
		abort();
	}
}
