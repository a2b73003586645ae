// SPDX-License-Identifier: MIT
/*
 * filter.h - the policy's packet filter: where its stored form lies, and its unit.
 */
#pragma once

#define FILTER_STORED "/etc/kannuki/filter.json"
#define FILTER_UNIT   "kannuki-filter.service"
