// SPDX-License-Identifier: MIT
/* account_undo.h - the way back of the kind "account"; private to it. */
#pragma once

#include "core/step.h"

/* The databases and their backups: what useradd, usermod and chpasswd may write. */
extern const char *const account_files[];
extern const size_t account_files_count;

int account_undo(const struct step_ctx *c, const struct step *s, const struct image *pre,
		 const struct image *post, struct err *e);
