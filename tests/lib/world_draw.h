// SPDX-License-Identifier: MIT
/* world_draw.h - random hosts and policies, the same for the same seed. */
#pragma once

#include <stdint.h>

#include "lib/world.h"

struct chance {
	uint64_t state; /* never 0 */
};

unsigned chance_below(struct chance *c, unsigned n); /* 0 … n - 1 */
bool chance_one_in(struct chance *c, unsigned n);
struct world_kind world_draw_kind(struct chance *c);
/* The text of a policy; malloc'd. */
char *world_draw_policy(struct chance *c);
