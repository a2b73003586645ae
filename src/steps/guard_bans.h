// SPDX-License-Identifier: MIT
/*
 * guard_bans.h - the kind "guard-bans": whom fail2ban has banned now is banned by the guard too, for as long as is left.
 *
 * args: { "program": "/usr/local/sbin/kannuki-guard", "jails": ["sshd", …] }
 * Both run. The guard notes the bans and puts them in force when the transaction has ended, as it does with all.
 * Addresses that it never bans are left out. undo: nothing; what the guard knows goes with the guard (guard.h), and
 * fail2ban has its own.
 */
#pragma once

#include "core/step.h"

extern const struct step_kind step_guard_bans;

/* A new reference. */
json_t *step_guard_bans_args(const char *program, const struct strv *jails);
