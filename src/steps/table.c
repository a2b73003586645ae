// SPDX-License-Identifier: MIT
/* table.c - all kinds of steps. A journal names them: a name, once released, stays. */
#include "base/mem.h"
#include "core/step.h"
#include "steps/account.h"
#include "steps/bans.h"
#include "steps/file.h"
#include "steps/foreign.h"
#include "steps/guard.h"
#include "steps/guard_bans.h"
#include "steps/journal.h"
#include "steps/nft.h"
#include "steps/reverse.h"
#include "steps/selinux_port.h"
#include "steps/services.h"
#include "steps/sshd.h"
#include "steps/sysctl.h"
#include "steps/unit.h"
#include "steps/updates.h"

const struct step_kind *const step_kinds[] = {
	&step_file,	&step_sshd,	    &step_account, &step_nft,
	&step_unit,	&step_sysctl,	    &step_reverse, &step_updates,
	&step_services, &step_foreign,	    &step_bans,	   &step_ban_pause,
	&step_journal,	&step_selinux_port, &step_guard,   &step_guard_bans,
};
const size_t step_kinds_count = COUNT(step_kinds);
