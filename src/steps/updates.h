// SPDX-License-Identifier: MIT
/*
 * updates.h - the kind "updates": the package manager's configuration for updates that come by themselves, proved.
 *
 * args: { "changes": [as in change.h], "expect": { "APT::Periodic::Enable": "1", … }, "dry_run": bool }
 * verify asks for the values that are in force (a file read later may say otherwise), and has the program
 * that will do it go through its work without doing it.
 */
#pragma once

#include "core/step.h"
#include "steps/change.h"

extern const struct step_kind step_updates;

/* Takes expect (an object of strings). A new reference. */
json_t *step_updates_args(const struct change *change, json_t *expect, bool dry_run);
