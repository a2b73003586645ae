// SPDX-License-Identifier: MIT
/* tell.h - what the daily audit has found is told: by the journal, by mail, by a webhook. */
#pragma once

#include "report/audit_report.h"

/*
 * `to` as [audit] tell has it; nothing in it: the journal, which is standard output of a unit. Tells each, past
 * failures; the first one is in *e.
 * Mail goes by the host's sendmail, its text by standard input. A webhook is posted by the host's curl: JSON with
 * "text", as chats read it, and "audit", as report_audit_json has it. The URL may hold a secret: it is no argument,
 * and no message names more of it than its host.
 */
int tell_changes(struct os *os, const struct strv *to, const struct audit_view *v, struct err *e);
