// SPDX-License-Identifier: MIT
/* pretend_programs.h - the programs of a pretend Debian. */
#pragma once

#include "lib/pretend.h"

/* Every write of a program is a call of its own: the power can be cut between two of them. */
int pretend_run(struct pretend *p, const struct run *r, struct run_result *ret, struct err *e);
/* nft and iptables (pretend_filter.c). 1: it is none of these programs. */
int pretend_run_filter(struct pretend *p, const struct run *r, struct run_result *ret);
/* The server of fail2ban reads its files (pretend_bans.c). */
void pretend_bans_start(struct pretend *p);
