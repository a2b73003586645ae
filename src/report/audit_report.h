// SPDX-License-Identifier: MIT
/* audit_report.h - findings and grade in words, or for programs. */
#pragma once

#include "report/audit_since.h"

/* What is reported. */
struct audit_view {
	const struct audit *audit;
	const struct strv *only;	 /* these controls alone, where it is not empty */
	const struct audit_since *since; /* compared with this, or NULL */
	bool all;			 /* text: what passes too */
};

/* The grade, then what has changed, what fails (worst first) with evidence, reason and what to do, small things as a
 * line each, then what is waived or could not be measured; with `all` what passes too. With `only` those with all
 * that is known about them, whatever their verdict. */
void report_audit_text(const struct audit_view *v, struct str *ret);
/* What a daily round tells: the grade, and what has changed since. Nothing where nothing has. */
void report_audit_changes(const struct audit_view *v, struct str *ret);
/*
 * {"format": 1, "host", "time": "2026-11-26T03:30:00Z", "language": "en" | "ja", "grade": "A"…"F" or null, "reason": …,
 *  "counts": {pass, fail, not-measured, waived},
 *  "findings": [{id, title, verdict, severity, evidence, why, fix, fixed_by "apply" | "hand", only_when_named, source,
 *    and where the policy waives it: "waiver": {reason, until: "2027-12-31" or null, expired}}],
 *  with `since`: "since": {host, time, grade, "changes": [{id, change "worse" | "better" | "other" | "unknown",
 *    before: verdict or null, evidence_before}]}}
 * The keys are a promise: they are added to, not changed.
 */
void report_audit_json(const struct audit_view *v, struct str *ret);
/* SARIF 2.1.0 (OASIS): a rule a control, a result a finding, also of those that pass; suppressions where it is
 * waived, "open" where it could not be measured; baselineState with `since`. */
void report_audit_sarif(const struct audit_view *v, struct str *ret);
/* JUnit's XML as CI servers read it: a suite a family of controls, a case a control; waived and not measured are
 * skipped. */
void report_audit_junit(const struct audit_view *v, struct str *ret);
/* One file that fetches nothing: light and dark, for a phone, a desk and paper, in the reader's language. */
void report_audit_html(const struct audit_view *v, struct str *ret);

/* Text within XML and HTML, also between quotes: what is not allowed there becomes '?'. */
void report_markup(struct str *s, const char *text);
/* Is it one of v->only? */
bool report_audit_has(const struct audit_view *v, const struct audit_row *r);
