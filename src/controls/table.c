// SPDX-License-Identifier: MIT
/* table.c - every control there is, in the order in which findings and plans name them. */
#include <stdarg.h>
#include <stdio.h>

#include "base/mem.h"
#include "controls/control.h"

extern const struct control control_self_program;
extern const struct control control_self_policy;
extern const struct control control_cloud_init;
extern const struct control control_account_admin;
extern const struct control control_account_sudo;
extern const struct control control_account_key;
extern const struct control control_ssh_port_reserved;
extern const struct control control_ssh_port;
extern const struct control control_ssh_public_key;
extern const struct control control_ssh_password;
extern const struct control control_ssh_keyboard;
extern const struct control control_ssh_root;
extern const struct control control_filter_default_deny;
extern const struct control control_filter_at_boot;

const struct control *const controls[] = {
	&control_self_program,	      &control_self_policy,    &control_cloud_init,
	&control_account_admin,	      &control_account_sudo,   &control_account_key,
	&control_ssh_port_reserved,   &control_ssh_port,       &control_ssh_public_key,
	&control_ssh_password,	      &control_ssh_keyboard,   &control_ssh_root,
	&control_filter_default_deny, &control_filter_at_boot,
};
const size_t controls_count = COUNT(controls);

void finding_set(struct finding *f, enum verdict v, const char *fmt, ...)
{
	va_list ap;

	f->verdict = v;
	va_start(ap, fmt);
	vsnprintf(f->evidence, sizeof(f->evidence), fmt, ap);
	va_end(ap);
}
