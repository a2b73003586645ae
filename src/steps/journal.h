// SPDX-License-Identifier: MIT
/*
 * journal.h - the kind "journal": files of a daemon's configuration, which it reads when it is started anew. First of
 * journald's, hence its name in plans; then of a mail server's, which shall listen for this host alone.
 *
 * args: { "changes": [ … see steps/change.h … ], "unit": "exim4.service", "here": 25 }
 * Without "unit" it is journald. "here": a TCP port at which it is reached from this host alone, then.
 *
 * Undo takes the files back and starts it anew. Of journald: where /var/log/journal was not there before it goes, with
 * what was logged meanwhile, to TXN/displaced: as long as it is there, journald writes into it. In early boot undo does
 * files only.
 */
#pragma once

#include "steps/change.h"

extern const struct step_kind step_journal;

/* Of journald. A new reference. */
json_t *step_journal_args(const struct change *change, size_t count);
/* Of another one. */
json_t *step_daemon_args(const struct change *change, size_t count, const char *unit,
			 unsigned here);
