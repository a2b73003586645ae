// SPDX-License-Identifier: MIT
/* table.c - the commands of kannuki-guard, in the order of its help. */
#include "base/mem.h"
#include "guard/command.h"

const struct guard_command *const guard_commands[] = {
	&guard_command_status, &guard_command_bans,	&guard_command_ban,
	&guard_command_unban,  &guard_command_why,	&guard_command_events,
	&guard_command_config, &guard_command_test,	&guard_command_backtest,
	&guard_command_run,    &guard_command_unit,	&guard_command_completion,
	&guard_command_role,   &guard_command_complete,
};
const size_t guard_commands_count = COUNT(guard_commands);
