// SPDX-License-Identifier: MIT
/* confine_parts.h - the two halves of confine.h that the kernel keeps; not for others. */
#pragma once

#include "os/confine.h"

/* 1: this kernel has no Landlock. */
int confine_files(const struct confine *c, struct err *e);
bool confine_has_landlock(void);
int confine_calls(const struct confine *c, struct err *e);
