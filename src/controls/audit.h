// SPDX-License-Identifier: MIT
/*
 * audit.h - every control looks and nothing is changed: findings, and the grade they come to.
 *
 * The grade, by the first line that holds (kannuki(8), GRADES, says the same to its reader):
 *   -  whether root or a password gets in could not be asked
 *   F  root or a password gets in by a door that answers (ids in audit_door_ids), waived or not
 *   E  another critical control fails
 *   D  three or more of severity high fail
 *   C  one or two of severity high fail
 *   B  one of severity medium fails, or one of high or critical could not be asked
 *   A  at most controls of severity low fail
 * A waived finding counts for F only.
 */
#pragma once

#include "controls/control.h"

struct audit_row {
	const struct control *control;
	struct finding finding;
	/* As the policy waives it, where it would fail else; NULL: not at all. */
	char *waiver;
	unsigned until; /* of the waiver, as 20271231; 0: for ever */
	bool expired;	/* that day is over: it fails again */
};

struct audit {
	struct audit_row *row; /* in the order of the tables */
	size_t count;
	char grade;	    /* 'A' … 'F', or '-' */
	const char *reason; /* N_(), why it is no better */
	size_t by_verdict[VERDICT_WAIVED + 1];
	char *host;   /* its name */
	int64_t time; /* when it was asked; s since 1970 */
};

void audit_done(struct audit *a);
#define CLEANUP_AUDIT CLEANUP(audit_done)

/* in->policy holds the defaults where the host has none (has_policy false). A control that cannot
 * look is not-measured with the reason. ERR_USAGE: the policy waives a control that there is not. */
int controls_audit(const struct control_in *in, struct audit *ret, struct err *e);
bool audit_has(const struct audit *a, const char *id); /* a finding of this control */
/* The grade of findings that are there already; sets grade, reason and by_verdict. */
void audit_grade(struct audit *a);
/* "critical", "high", "medium", "low"; for --fail-on. -1: no such. */
int severity_parse(const char *text);
extern const char *const severity_names[];
extern const char *const verdict_names[]; /* "pass", "fail", "not-measured", "waived" */
