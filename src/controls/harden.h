// SPDX-License-Identifier: MIT
/*
 * harden.h - what of the audit's controls apply also does: section [hardening] of the policy.
 *
 * Of the two kinds (struct control: safe, named) the first is what no VPS misses: a router, a host of containers, a
 * VPN, one with IPv6 by advertisements. What hurts some is done by name only, and says whom.
 */
#pragma once

#include "controls/control.h"

/* Does the policy want apply to do this control? Never what it names in except, or waives. */
bool harden_wants(const struct control_in *in, const struct control *c);
/* Does each id in [hardening] belong to a control that apply can do? ERR_USAGE with the nearest. */
int harden_check(const struct policy *p, struct err *e);

/* `propose` of log.kept: the journal on the disk, with a bound. */
int journal_propose(const struct control_in *in, const struct finding *found, struct draft *d,
		    struct err *e);
