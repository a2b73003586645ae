// SPDX-License-Identifier: MIT
/*
 * unit.h - the kind "unit": a systemd unit's file, whether it is enabled, whether it runs.
 *
 * args: { "name": "kannuki-filter.service", "text": "[Unit]…" | null,
 *	   "enable": "on"|"off"|"leave", "start": "on"|"off"|"leave" }
 * text null: the file is somebody else's and stays. Enabling is links; undo brings back exactly
 * those that were there. In early boot undo does files and links only; settle starts and stops.
 */
#pragma once

#include "core/step.h"

extern const struct step_kind step_unit;

enum unit_want { UNIT_LEAVE, UNIT_ON, UNIT_OFF };

/* name with its suffix; text NULL: leave the file alone. A new reference. */
json_t *step_unit_args(const char *name, const char *text, enum unit_want enable,
		       enum unit_want start);

/* ActiveState, UnitFileState and Result as texts of the image; a unit that does not exist is inactive, with "" as the
 * rest. */
int unit_show(const struct step_ctx *c, const char *name, struct image *ret, struct err *e);
/* By such an image: it runs, or begins to. */
bool unit_runs(const struct image *im);
