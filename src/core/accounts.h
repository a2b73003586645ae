// SPDX-License-Identifier: MIT
/* accounts.h - who can log in and become root: the account part of the facts; for facts*.c only. */
#pragma once

#include "core/facts.h"

/* root, every account that can log in, and q->admin. Needs f->sshd for where keys are. */
int accounts_gather(struct os *os, const struct facts_query *q, struct facts *f, struct err *e);
void account_done(struct account *a);
/* Names of all users that could log in by their shell, beside root; at most ACCOUNTS_MAX. */
int accounts_names(struct os *os, struct strv *ret, struct err *e);
#define ACCOUNTS_MAX 64
