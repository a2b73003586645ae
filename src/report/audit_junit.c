// SPDX-License-Identifier: MIT
/* audit_junit.c - an audit as the XML of JUnit, as Jenkins, GitLab and others read it. */
#include <string.h>

#include "base/i18n.h"
#include "report/audit_report.h"
#include "report/audit_words.h"

bool report_audit_has(const struct audit_view *v, const struct audit_row *r)
{
	return !v->only || v->only->count == 0 || strv_has(v->only, r->control->id);
}

void report_markup(struct str *s, const char *text)
{
	CLEANUP_FREE char *clean = xstrdup(text);

	/* XML 1.0 knows no control characters, not even written as numbers. */
	str_make_clean(clean);
	for (const char *c = clean; *c; c++) {
		const char *instead = *c == '<'	   ? "&lt;"
				      : *c == '>'  ? "&gt;"
				      : *c == '&'  ? "&amp;"
				      : *c == '"'  ? "&quot;"
				      : *c == '\'' ? "&#39;"
						   : NULL;

		if (instead)
			str_add(s, instead);
		else
			str_add_bytes(s, c, 1);
	}
}

static void attribute(struct str *s, const char *name, const char *value)
{
	str_addf(s, " %s=\"", name);
	report_markup(s, value);
	str_add(s, "\"");
}

struct sum {
	size_t tests, failures, skipped;
};

/* All of one family, or of all for NULL. */
static struct sum sum_of(const struct audit_view *v, const char *family)
{
	struct sum sum = { 0 };

	for (size_t i = 0; i < v->audit->count; i++) {
		const struct audit_row *r = &v->audit->row[i];
		CLEANUP_FREE char *of = audit_family(r->control);
		enum verdict verdict = r->finding.verdict;

		if (!report_audit_has(v, r) || (family && !str_eq(of, family)))
			continue;
		sum.tests++;
		sum.failures += verdict == VERDICT_FAIL;
		sum.skipped += verdict == VERDICT_NOT_MEASURED || verdict == VERDICT_WAIVED;
	}
	return sum;
}

static void add_sum(struct str *s, struct sum sum)
{
	str_addf(s, " tests=\"%zu\" failures=\"%zu\" errors=\"0\" skipped=\"%zu\" time=\"0\"",
		 sum.tests, sum.failures, sum.skipped);
}

static void add_failure(struct str *s, const struct audit_row *r)
{
	CLEANUP_FREE char *fix = audit_fix(r->control);
	CLEANUP_FREE char *waiver = audit_waiver_text(r);
	CLEANUP_FREE char *text =
		xasprintf("%s: %s\n%s: %s\n%s: %s\n%s%s", _("found"), r->finding.evidence, _("why"),
			  _(r->control->why), r->control->by_apply ? _("by apply") : _("by hand"),
			  fix, waiver ? waiver : "", waiver ? "\n" : "");

	str_add(s, "\n   <failure");
	attribute(s, "type", severity_names[r->control->severity]);
	attribute(s, "message", audit_title(r->control));
	str_add(s, ">");
	report_markup(s, text);
	str_add(s, "</failure>\n  ");
}

static void add_case(struct str *s, const struct audit_row *r, const char *family)
{
	CLEANUP_FREE char *class = xasprintf("kannuki.%s", family);
	CLEANUP_FREE char *waiver = audit_waiver_text(r);
	CLEANUP_FREE char *skipped = NULL;
	enum verdict v = r->finding.verdict;

	str_add(s, "  <testcase");
	attribute(s, "name", r->control->id);
	attribute(s, "classname", class);
	str_add(s, " time=\"0\">");
	if (v == VERDICT_FAIL)
		add_failure(s, r);
	if (v == VERDICT_WAIVED || v == VERDICT_NOT_MEASURED) {
		skipped = xasprintf("%s: %s", audit_verdict_words(v),
				    v == VERDICT_WAIVED && waiver ? waiver : r->finding.evidence);
		str_add(s, "<skipped");
		attribute(s, "message", skipped);
		str_add(s, "/>");
	}
	str_add(s, "</testcase>\n");
}

static void add_suite(const struct audit_view *v, const char *family, struct str *s)
{
	char time[AUDIT_TIME_TEXT];

	audit_time_text(v->audit, time);
	time[strlen(time) - 1] = '\0'; /* as JUnit has it: no zone, UTC by its schema */
	str_add(s, " <testsuite");
	attribute(s, "name", family);
	add_sum(s, sum_of(v, family));
	attribute(s, "timestamp", time);
	attribute(s, "hostname", v->audit->host);
	str_add(s, ">\n");
	for (size_t i = 0; i < v->audit->count; i++) {
		const struct audit_row *r = &v->audit->row[i];
		CLEANUP_FREE char *of = audit_family(r->control);

		if (report_audit_has(v, r) && str_eq(of, family))
			add_case(s, r, family);
	}
	str_add(s, " </testsuite>\n");
}

void report_audit_junit(const struct audit_view *v, struct str *ret)
{
	CLEANUP_STRV struct strv families = { 0 };

	for (size_t i = 0; i < v->audit->count; i++) {
		CLEANUP_FREE char *family = audit_family(v->audit->row[i].control);

		if (report_audit_has(v, &v->audit->row[i]) && !strv_has(&families, family))
			strv_add(&families, family);
	}
	str_add(ret, "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<testsuites");
	attribute(ret, "name", "kannuki audit");
	add_sum(ret, sum_of(v, NULL));
	str_add(ret, ">\n");
	for (size_t i = 0; i < families.count; i++)
		add_suite(v, families.item[i], ret);
	str_add(ret, "</testsuites>\n");
}
