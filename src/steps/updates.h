// SPDX-License-Identifier: MIT
/*
 * updates.h - the kind "updates": apt's configuration for updates that come by themselves, proved.
 *
 * args: { "changes": [as in change.h], "expect": { "APT::Periodic::Enable": "1", … }, "dry_run": bool }
 * verify asks apt for the values that are in force (a file read later may say otherwise), and has
 * unattended-upgrade go through its work without doing it.
 */
#pragma once

#include "core/step.h"
#include "steps/change.h"

extern const struct step_kind step_updates;

/* Takes expect (an object of strings). A new reference. */
json_t *step_updates_args(const struct change *change, json_t *expect, bool dry_run);
