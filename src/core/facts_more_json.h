// SPDX-License-Identifier: MIT
/* facts_more_json.h - updates and services as in facts_json.c; null where they were not asked. */
#pragma once

#include "core/facts.h"

json_t *updates_json(const struct facts *f); /* new reference */
json_t *services_json(const struct facts *f);
json_t *enabled_json(const struct facts *f); /* new reference */
json_t *bans_json(const struct facts *f);    /* new reference */
