// SPDX-License-Identifier: MIT
/* audit_since.h - what has changed between an audit that was kept as JSON and this one. */
#pragma once

#include "controls/audit.h"

enum audit_change {
	CHANGE_NONE,
	CHANGE_WORSE,	/* it fails now, and did not */
	CHANGE_BETTER,	/* it failed, and does not now */
	CHANGE_OTHER,	/* same verdict, other evidence: of what fails or is waived */
	CHANGE_UNKNOWN, /* it could be asked, and cannot now; or the other way round */
};

struct audit_was {
	char *id;
	enum verdict verdict;
	char *evidence;
};

/* The former audit; findings in its order. */
struct audit_since {
	char *host;
	char *time; /* as it is written there: "2026-11-26T03:30:00Z"; "" in those of older versions */
	char *grade;	    /* "A" … "F" or "-" */
	bool same_language; /* as now: else what was found cannot be compared word by word */
	struct audit_was *was;
	size_t count;
};

void audit_since_done(struct audit_since *s);
#define CLEANUP_SINCE CLEANUP(audit_since_done)

/* `name` stands in messages. ERR_USAGE "NAME:LINE: …" for what report_audit_json has not written. */
int audit_since_read(const char *name, const char *text, struct audit_since *ret, struct err *e);
/* How this finding compares with the former one; *ret_was is that one, or NULL: there was none. */
enum audit_change audit_since_compare(const struct audit_since *s, const struct audit_row *now,
				      const struct audit_was **ret_was);
/* How many findings have changed in any way; of controls that are no more none is counted. */
size_t audit_since_changes(const struct audit_since *s, const struct audit *now);
/* Of the texts in a report: "en" or "ja". */
const char *audit_language(void);
extern const char *const audit_change_names[]; /* "none", "worse", "better", "other", "unknown" */
