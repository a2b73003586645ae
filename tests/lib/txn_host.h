// SPDX-License-Identifier: MIT
/* txn_host.h - a host in memory with a small plan to carry out there, for tests of the transaction. */
#pragma once

#include "lib/fake_os.h"

/* Which of our units run, where it is not those that a waiting transaction has. */
struct txn_host_units {
	bool none, applying,
		stopping; /* stopping: the apply unit, some of whose programs still run */
};

/* With /etc/a and /etc/c, and a PID 1 that shows of units what the folders hold. f->arg may point to a
 * struct txn_host_units. */
struct fake *txn_host(void);
/* Prepares and carries out: a and b new, c restricted; after the proof c once more, and d. What
 * txn_carry_out returns, or < 0. */
int txn_host_apply(struct fake *f, bool needs_proof, struct err *e);
