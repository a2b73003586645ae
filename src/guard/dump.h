// SPDX-License-Identifier: MIT
/* dump.h - settings, jails and problems as words and as JSON; decides nothing. */
#pragma once

#include "base/json.h"
#include "guard/jail.h"

void dump_settings(const struct settings *s, struct str *ret);
void dump_jail(const struct jail *j, struct str *ret);
/* "FILE:LINE: what" a line, sorted by place. */
void dump_problems(const struct conf_folder *f, struct str *ret);
json_t *dump_settings_json(const struct settings *s);
json_t *dump_jail_json(const struct jail *j);
json_t *dump_problems_json(const struct conf_folder *f);
