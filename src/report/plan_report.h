// SPDX-License-Identifier: MIT
/* plan_report.h - a plan as words with differences of files, or as JSON. No decisions. */
#pragma once

#include "core/plan.h"

/* First what will stop answering, then warnings, the steps with why, change and undo, the
 * differences of files, and what sshd will answer to whom. Reads the files as they are now. Sentences
 * are broken for lines of so many columns (0: none is); what quotes files is not. */
int report_plan_text(struct os *os, const struct plan *p, unsigned columns, struct str *ret,
		     struct err *e);
void report_plan_json(const struct plan *p, struct str *ret);
/* The numbered steps alone, one line each. */
void report_plan_steps(const struct plan *p, struct str *ret);
