// SPDX-License-Identifier: MIT
/* table.c - every control there is, in the order in which findings and plans name them. */
#include <stdarg.h>
#include <stdio.h>

#include "base/mem.h"
#include "controls/control.h"

extern const struct control self_controls[];
extern const struct control account_controls[];
extern const struct control reserved_port_controls[];
extern const struct control ssh_controls[];
extern const struct control filter_controls[];

const struct control *const control_families[] = {
	self_controls, account_controls, reserved_port_controls, ssh_controls, filter_controls,
};
const size_t control_families_count = COUNT(control_families);

void finding_set(struct finding *f, enum verdict v, const char *fmt, ...)
{
	va_list ap;

	f->verdict = v;
	va_start(ap, fmt);
	vsnprintf(f->evidence, sizeof(f->evidence), fmt, ap);
	va_end(ap);
}
