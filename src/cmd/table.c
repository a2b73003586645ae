// SPDX-License-Identifier: MIT
/* table.c - every command there is, in the order in which help shows them. */
#include <errno.h>
#include <string.h>

#include "base/i18n.h"
#include "cmd/cmd.h"

extern const struct command command_setup;
extern const struct command command_audit;
extern const struct command command_facts;
extern const struct command command_policy;
extern const struct command command_plan;
extern const struct command command_apply;
extern const struct command command_confirm;
extern const struct command command_undo;
extern const struct command command_extend;
extern const struct command command_status;
extern const struct command command_log;
extern const struct command command_admin;
extern const struct command command_update;
extern const struct command command_fingerprint;
extern const struct command command_probe;
extern const struct command command_open;
extern const struct command command_close;
extern const struct command command_guard;
extern const struct command command_recover;
extern const struct command command_version;
extern const struct command command_help;
extern const struct command command_apply_run;
extern const struct command command_sentinel;
extern const struct command command_filter_run;
extern const struct command command_setup_far;
extern const struct command command_completion;
extern const struct command command_leave;
extern const struct command command_audit_run;
extern const struct command command_restart_run;
extern const struct command command_witnesses;

const struct command *const commands[] = {
	&command_setup,	      &command_audit,	   &command_facts,    &command_policy,
	&command_plan,	      &command_apply,	   &command_confirm,  &command_undo,
	&command_extend,      &command_status,	   &command_log,      &command_open,
	&command_close,	      &command_admin,	   &command_update,   &command_fingerprint,
	&command_probe,	      &command_guard,	   &command_recover,  &command_version,
	&command_help,	      &command_apply_run,  &command_sentinel, &command_filter_run,
	&command_setup_far,   &command_completion, &command_leave,    &command_audit_run,
	&command_restart_run, &command_witnesses,
};
const size_t commands_count = COUNT(commands);

const struct command *command_find(const char *name)
{
	for (size_t i = 0; i < commands_count; i++)
		if (str_eq(commands[i]->name, name))
			return commands[i];
	return NULL;
}

int command_need_root(const struct call *c, struct err *e)
{
	const char *me = strchr(program_invocation_name, '/') ? program_invocation_name : "kannuki";

	if (os_uid(c->os) == 0)
		return 0;
	return err_set(e, ERR_USAGE, _("kannuki %s must be run as root; try: sudo %s %s"),
		       c->command->name, me, c->command->name);
}
