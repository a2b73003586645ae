// SPDX-License-Identifier: MIT
/*
 * bans.h - what fail2ban has to know of a change at SSH.
 *
 * Kind "bans", args: { "jails": { "sshd": ["nftables-multiport"], … }, "port": 22022, "changes": [as in
 * change.h] }: its files, and then the jails start anew (their bans stay, fail2ban has them in its
 * database). Not `reload`: that leaves a rule for IPv6 at the old port (fail2ban 1.0.2). verify asks the
 * running server for the port of each action.
 *
 * Kind "ban-pause", args: { "jails": ["sshd", …], "peers": ["192.0.2.10", …], "end": bool }: in the
 * running server only, nobody is banned who is connected now; a few tries that fail would shut the
 * owner out of the proof. With "end" that is over. A server that is gone has forgotten it by itself.
 */
#pragma once

#include "core/facts_bans.h"
#include "steps/change.h"

extern const struct step_kind step_bans;
extern const struct step_kind step_ban_pause;

/* Of these jails. A new reference. */
json_t *step_bans_args(const struct ban_jail *const *jail, size_t count, unsigned port,
		       const struct change *change);
json_t *step_ban_pause_args(const struct bans_fact *b, const struct strv *peers, bool end);
