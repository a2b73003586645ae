// SPDX-License-Identifier: MIT
/*
 * file.h - the kind "file": files, folders and links as they shall be.
 *
 * args: { "changes": [ … see steps/change.h … ], "check": "visudo" }
 * check (may be missing): every wanted file must pass `visudo -c -f` before any of them is put, and
 * the whole of sudo's configuration after.
 */
#pragma once

#include "steps/change.h"

extern const struct step_kind step_file;

/* check is "visudo" or NULL. A new reference. */
json_t *step_file_args(const struct change *change, size_t count, const char *check);
