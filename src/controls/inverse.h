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

/*
 * What a later transaction changed again has to be undone first: ERR_CONFLICT names both. So it does where somebody
 * else has changed a file of the doors (sshd, packet filter, bans, the admin's sudo). Of all else such a step stays out,
 * and a warning of the plan names it; ERR_CONFLICT when nothing is left.
 */
int controls_inverse(struct os *os, const struct facts *facts, const struct txn *t,
		     struct plan *ret, struct err *e);
