// SPDX-License-Identifier: MIT
/*
 * filter.h - the policy's packet filter: where its stored form lies, its unit, and what it would close.
 */
#pragma once

#include "controls/control.h"

#define FILTER_STORED "/etc/kannuki/filter.json"
#define FILTER_UNIT   "kannuki-filter.service"
/* What nft alone loads when the program has left this host: see filter_leave(). */
#define FILTER_LEFT "/etc/kannuki-filter.nft"

/* The confirmed filter. 1: there is none, or it is damaged. */
int filter_read_stored(struct os *os, struct filter_spec_owned *ret, struct err *e);
/* The same, where the kernel has it, too. 1: there is none, or the kernel has something else, or could not be asked. */
int filter_read_in_force(struct os *os, struct filter_spec_owned *ret, struct err *e);
/* The program is about to leave this host, and what it has set up stays: from now on nft loads the stored filter at
 * boot, by the same unit. 1: none is stored here. The next plan puts the program's own unit back. */
int filter_leave(struct os *os, struct err *e);
/* Says in the plan what is reachable now and would stop answering (filter_closes.c). */
int filter_list_closed(const struct control_in *in, struct draft *d, struct err *e);
