// SPDX-License-Identifier: MIT
/* facts_report.h - the facts in words: one screen for somebody who has just rented this server. */
#pragma once

#include "core/facts.h"

/* A line "label   text": columns as in all of these; label "" goes on with the line before, and so
 * does what stands behind a new line. */
void report_row(struct str *ret, const char *label, const char *fmt, ...) PRINTF_LIKE(3, 4);
/* "key only" and the like. */
const char *report_ways(const struct sshd_ways *w);
/* A keyword of sshd as people write it: "PermitRootLogin". */
const char *report_keyword(const char *keyword);
/* One line of its own for each connection to sshd. */
void report_sessions(const struct facts *f, struct str *ret);
#define REPORT_NAME_WIDTH 16 /* of a user's name in such a line */

void report_facts_text(const struct facts *f, struct str *ret);
