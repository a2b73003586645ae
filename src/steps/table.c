// SPDX-License-Identifier: MIT
/* table.c - all kinds of steps. A journal names them: a name, once released, stays. */
#include "base/mem.h"
#include "core/step.h"
#include "steps/file.h"

const struct step_kind *const step_kinds[] = {
	&step_file,
};
const size_t step_kinds_count = COUNT(step_kinds);
