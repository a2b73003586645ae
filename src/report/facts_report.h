// SPDX-License-Identifier: MIT
/* facts_report.h - the facts in words: one screen for somebody who has just rented this server. */
#pragma once

#include "core/facts.h"

void report_facts_text(const struct facts *f, struct str *ret);
