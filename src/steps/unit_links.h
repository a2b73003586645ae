// SPDX-License-Identifier: MIT
/*
 * unit_links.h - the links by which a unit is enabled, as systemctl enable and sysv's twin make
 * them. Private to the kind "unit".
 */
#pragma once

#include "core/step.h"

/* Adds every link of the unit that is there: TARGET.wants/NAME, TARGET.requires/NAME, aliases, and
 * /etc/rc?.d/[SK]nnNAME; and as text "folders" which .wants and .requires folders there are. */
int unit_links_capture(const struct step_ctx *c, const char *name, struct image *ret,
		       struct err *e);
/* Exactly those of pre are there afterwards; a folder that only our links needed goes. */
int unit_links_undo(const struct step_ctx *c, const char *name, const struct image *pre,
		    struct err *e);
