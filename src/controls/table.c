// SPDX-License-Identifier: MIT
/* table.c - every control there is, in the order in which findings and plans name them. */
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "base/mem.h"
#include "controls/control.h"

extern const struct control self_controls[];
extern const struct control account_controls[];
extern const struct control reserved_port_controls[];
extern const struct control selinux_port_controls[];
extern const struct control ssh_controls[];
extern const struct control ssh_from_controls[];
extern const struct control filter_owner_controls[];
extern const struct control filter_controls[];
extern const struct control audit_door_controls[];
extern const struct control audit_sshd_controls[];
extern const struct control audit_key_controls[];
extern const struct control audit_account_controls[];
extern const struct control audit_filter_controls[];
extern const struct control audit_service_controls[];
extern const struct control audit_update_controls[];
extern const struct control audit_system_controls[];
extern const struct control audit_kernel_controls[];
extern const struct control harden_host_controls[];
extern const struct control harden_named_controls[];
extern const struct control updates_controls[];
extern const struct control services_controls[];
extern const struct control mail_controls[];
extern const struct control bans_controls[];
extern const struct control guard_controls[];
extern const struct control audit_daily_controls[];

const struct control *const control_families[] = {
	self_controls,	       account_controls,       reserved_port_controls,
	selinux_port_controls, ssh_controls,	       ssh_from_controls,
	filter_owner_controls, filter_controls,	       bans_controls,
	updates_controls,      services_controls,      audit_door_controls,
	audit_sshd_controls,   audit_key_controls,     audit_account_controls,
	audit_filter_controls, audit_service_controls, audit_update_controls,
	audit_system_controls, audit_kernel_controls,  harden_host_controls,
	harden_named_controls, audit_daily_controls,   mail_controls,
	guard_controls,
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

void finding_list(struct finding *f, const struct strv *bad, const char *good)
{
	size_t used = 0;

	f->verdict = bad->count > 0 ? VERDICT_FAIL : VERDICT_PASS;
	if (bad->count == 0) {
		snprintf(f->evidence, sizeof(f->evidence), "%s", good);
		return;
	}
	for (size_t i = 0; i < bad->count; i++) {
		const char *between = i > 0 ? "; " : "";

		/* Room for the "…" that says there is more. */
		if (used + strlen(between) + strlen(bad->item[i]) + 16 > sizeof(f->evidence)) {
			snprintf(f->evidence + used, sizeof(f->evidence) - used, "; …(+%zu)",
				 bad->count - i);
			return;
		}
		used += (size_t)snprintf(f->evidence + used, sizeof(f->evidence) - used, "%s%s",
					 between, bad->item[i]);
	}
}
