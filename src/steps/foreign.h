// SPDX-License-Identifier: MIT
/*
 * foreign.h - the kind "foreign": another owner's default deny is taken out of input, and put back.
 *
 * args: { "iptables": true, "chains": ["inet filter input", …], "units": ["ufw.service"],
 *	   "changes": [ … steps/change.h … ] }
 *
 * iptables: INPUT lets in by default and is empty, in both families, but for the jumps of programs that
 * ban (fail2ban, sshguard). chains: the same for base chains of nft. Nothing else of the owner is
 * touched: not its other chains, not its files, not its unit; so a boot brings all of it back.
 * changes: drop-ins of its unit, which do the same after each of its starts; systemd reads them anew.
 *
 * undo: what stood in those chains, rule for rule, as iptables-save and nft list gave it; where chains
 * that they name are not there (a boot without the owner), its units are restarted first. In early boot
 * the files only: the kernel's rules come with the owner's own unit.
 */
#pragma once

#include "steps/change.h"

extern const struct step_kind step_foreign;

struct step_foreign_spec {
	bool iptables;
	const struct strv *chain, *unit; /* NULL: none */
	const struct change *change;
	size_t change_count;
};

/* A new reference. */
json_t *step_foreign_args(const struct step_foreign_spec *spec);
