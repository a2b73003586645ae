// SPDX-License-Identifier: MIT
/*
 * inverse.h - the plan that takes an earlier, confirmed transaction back.
 *
 * It is a transaction like any other: where doors are concerned, both the present and the former
 * ones are open until a fresh login through a former one is proved; then the steps are taken back.
 */
#pragma once

#include "core/facts.h"
#include "core/plan.h"
#include "core/txn.h"

/* ERR_CONFLICT names the file and the later transaction, or "someone", that changed it since. */
int controls_inverse(struct os *os, const struct facts *facts, const struct txn *t,
		     struct plan *ret, struct err *e);
