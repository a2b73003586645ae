// SPDX-License-Identifier: MIT
/* facts_filter.h - who filters packets on this host beside us; for facts*.c only. */
#pragma once

#include "core/facts.h"

/* facts_published.c: fills f->published. Needs f->nft_works. */
int facts_gather_published(struct os *os, struct facts *f, struct err *e);
/* Fills f->filter, f->allowed and f->nft_works; needs f->unit. */
int facts_gather_filter(struct os *os, struct facts *f, struct err *e);
