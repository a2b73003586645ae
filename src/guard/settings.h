// SPDX-License-Identifier: MIT
/* settings.h - options of a filter as the settings that come of them. */
#pragma once

#include "guard/jail.h"

struct setting *settings_add(struct settings *s, const char *name, struct origin from);
/* What a filter, or a jail in its place, says: usedns, maxlines and prefregex before the others. */
void settings_fill(struct settings *s, const struct dict *options, struct conf_folder *f);
