// SPDX-License-Identifier: MIT
/*
 * bans.h - while a plan waits for its proof, fail2ban bans nobody who is connected now.
 */
#pragma once

#include "controls/control.h"

/* Adds the step, and the one that ends it, where the plan needs a proof and fail2ban runs. */
void bans_pause(const struct facts *f, struct plan *p);
