// SPDX-License-Identifier: MIT
/* audit_words.h - what all forms of an audit's report say in the same words. */
#pragma once

#include "report/audit_since.h"

/* What is so when it passes. */
const char *audit_title(const struct control *c);
/* What puts it right; malloc'd. */
char *audit_fix(const struct control *c);
/* In the reader's language: "high", "not measured". */
const char *audit_severity_words(enum severity s);
const char *audit_verdict_words(enum verdict v);
/* "worse since then" and so on; NULL for CHANGE_NONE. */
const char *audit_change_words(enum audit_change c);
/* Verdict and evidence of then; also for NULL, which is none. malloc'd. */
char *audit_was_text(const struct audit_was *was);
/* "2026-11-26T03:30:00Z" of a->time. */
#define AUDIT_TIME_TEXT 24
const char *audit_time_text(const struct audit *a, char ret[AUDIT_TIME_TEXT]);
/* "2027-12-31" of 20271231. */
#define AUDIT_DAY_TEXT 16
const char *audit_day_text(unsigned day, char ret[AUDIT_DAY_TEXT]);
/* One sentence about the row's waiver: why, until when, and that it is over. NULL: there is none; malloc'd. */
char *audit_waiver_text(const struct audit_row *r);
/* The first "/PATH:LINE" that the evidence names, or "/PATH" alone with *ret_line 0. NULL: none; malloc'd. */
char *audit_place(const struct audit_row *r, unsigned *ret_line);
/* The part of an id before its dot: its family; malloc'd. */
char *audit_family(const struct control *c);
