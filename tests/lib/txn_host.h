// SPDX-License-Identifier: MIT
/* txn_host.h - a host in memory with a small plan to carry out there, for tests of the transaction. */
#pragma once

#include "core/recover.h"
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
/* Such a host, applied and waiting for its proof. */
struct fake *txn_host_pending(void);
/* The only transaction that has a folder, opened. */
void txn_host_open(struct fake *f, struct txn *ret);
/* CONFIRM, as a proof writes it. */
void txn_host_commit(struct fake *f);
/* One of the layers: what recover_run returns; id may be NULL. */
int txn_host_run(struct fake *f, const char *id, enum recover_mode mode, struct err *e);
/* Path of the only log there is, NULL: nothing was prepared yet. Its slots that hold something are counted. */
char *txn_host_log(struct fake *f, size_t *ret_slots);

/* The four files, as before, while it waits, and confirmed; nothing is under way, and the layers are gone. */
bool txn_host_is_old(struct fake *f);
bool txn_host_is_pending(struct fake *f);
bool txn_host_is_new(struct fake *f);
bool txn_host_is_over(struct fake *f);
