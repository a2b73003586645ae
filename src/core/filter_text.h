// SPDX-License-Identifier: MIT
/*
 * filter_text.h - the parts that the ruleset is written from and compared with; of filter*.c only.
 */
#pragma once

#include "core/filter.h"

struct filter_set {
	const char *name, *type;
	bool interval;
	struct strv element; /* as nft writes them: 80, 8000-8010, 10.0.0.0/8 */
};

struct filter_chain {
	const char *name, *hook;
	bool drop;
	struct strv rule; /* without comment */
};

#define FILTER_SETS   6
#define FILTER_CHAINS 2

struct filter_parts {
	struct filter_set set[FILTER_SETS];
	struct filter_chain chain[FILTER_CHAINS];
};

void filter_parts_make(const struct filter_spec *spec, struct filter_parts *ret);
void filter_parts_done(struct filter_parts *p);
/* The comment of a rule: "k:" and the CRC of its text. */
void filter_rule_comment(const char *rule, char buf[12]);
