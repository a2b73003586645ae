// SPDX-License-Identifier: MIT
/*
 * reverse.h - the kind "reverse": takes back one step of an earlier, confirmed transaction.
 *
 * args: { "txn": ID, "step": 3 }
 * The earlier transaction's folder holds the step and its images; so apply is that step's undo, and
 * our undo is the same undo with the images the other way round.
 */
#pragma once

#include "core/step.h"

extern const struct step_kind step_reverse;

/* A new reference. */
json_t *step_reverse_args(const char *txn, size_t step);
