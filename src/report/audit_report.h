// SPDX-License-Identifier: MIT
/* audit_report.h - findings and grade in words, or for programs. */
#pragma once

#include "controls/audit.h"

/* The grade, then what fails (worst first) with evidence, reason and what to do, small things as a
 * line each, then what is waived or could not be measured; with `all` what passes too. */
void report_audit_text(const struct audit *a, bool all, struct str *ret);
/* Each of these with all that is known about it, whatever its verdict. */
void report_audit_some(const struct audit *a, const struct strv *ids, struct str *ret);
/*
 * {"format": 1, "grade": "A"…"F" or null, "reason": …, "counts": {pass, fail, not-measured, waived},
 *  "findings": [{id, title, verdict, severity, evidence, why, fix, fixed_by "apply" | "hand", source}]}
 * The keys are a promise: they are added to, not changed. Of `only` the findings, where it is not empty.
 */
void report_audit_json(const struct audit *a, const struct strv *only, struct str *ret);
