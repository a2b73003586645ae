// SPDX-License-Identifier: MIT
/* audit_report.c - see audit_report.h; SARIF, JUnit and HTML are files of their own. */
#include "report/audit_report.h"

#include <stdio.h>

#include "base/i18n.h"
#include "base/json.h"
#include "base/layout.h"
#include "report/audit_words.h"

static void add_row(struct str *ret, const char *label, const char *text)
{
	CLEANUP_STR struct str first = { 0 };

	str_add(&first, "  ");
	str_add_padded(&first, label, 14);
	layout_item(ret, first.text, text);
}

/* What apply does only where the policy names it. */
static void add_named(const struct control *c, struct str *ret)
{
	CLEANUP_FREE char *key = xasprintf("[hardening] also = %s", c->id);

	add_row(ret, _("when named"), key);
	add_row(ret, _("because"), _(c->named));
}

/* What it was then, where that is another. */
static void add_was(const struct audit_view *v, const struct audit_row *r, struct str *ret)
{
	const struct audit_was *was = NULL;
	CLEANUP_FREE char *text = NULL;

	if (!v->since || audit_since_compare(v->since, r, &was) == CHANGE_NONE)
		return;
	text = audit_was_text(was);
	add_row(ret, _("earlier"), text);
}

/* A finding with all that is known about it. */
static void add_whole(const struct audit_view *v, const struct audit_row *r, struct str *ret)
{
	const struct control *c = r->control;
	CLEANUP_FREE char *fix = audit_fix(c);
	CLEANUP_FREE char *waiver = audit_waiver_text(r);

	str_addf(ret, "\n%s  %s\n", audit_severity_words(c->severity), c->id);
	if (r->finding.verdict != VERDICT_FAIL)
		add_row(ret, _("verdict"), audit_verdict_words(r->finding.verdict));
	add_row(ret, _("should be"), audit_title(c));
	add_row(ret, _("found"), r->finding.evidence);
	add_was(v, r, ret);
	if (waiver)
		add_row(ret, _("waiver"), waiver);
	add_row(ret, _("why"), _(c->why));
	add_row(ret, c->by_apply ? _("by apply") : _("by hand"), fix);
	if (c->named)
		add_named(c, ret);
}

static void add_line(const char *id, const char *text, struct str *ret)
{
	CLEANUP_STR struct str first = { 0 };

	str_add(&first, "  ");
	str_add_padded(&first, id, 26);
	layout_item(ret, first.text, text);
}

/* Short: one line each. With SEVERITY_LOW as `most` only those. */
static void add_rows(const struct audit *a, enum verdict v, enum severity most, const char *heading,
		     struct str *ret)
{
	size_t count = 0;

	for (size_t i = 0; i < a->count; i++) {
		const struct audit_row *r = &a->row[i];
		CLEANUP_FREE char *waiver = audit_waiver_text(r);
		CLEANUP_FREE char *text = NULL;

		if (r->finding.verdict != v || r->control->severity > most)
			continue;
		if (count++ == 0)
			str_addf(ret, "\n%s\n", heading);
		text = waiver ? xasprintf("%s (%s)", r->finding.evidence, waiver)
			      : xstrdup(r->finding.evidence);
		add_line(r->control->id, text, ret);
	}
}

static void add_sum(const struct audit *a, bool all, struct str *ret)
{
	str_addf(ret, _("\n%zu failed, %zu waived, %zu not measured, %zu passed\n"),
		 a->by_verdict[VERDICT_FAIL], a->by_verdict[VERDICT_WAIVED],
		 a->by_verdict[VERDICT_NOT_MEASURED], a->by_verdict[VERDICT_PASS]);
	if (!all)
		str_add(ret, _("kannuki audit ID explains one, kannuki audit --all shows all.\n"));
}

static void add_grade(const struct audit *a, struct str *ret)
{
	if (a->grade == '-')
		str_addf(ret, "%s\n", _(a->reason));
	else
		str_addf(ret, _("Grade %c: %s\n"), a->grade, _(a->reason));
}

static void add_changes(const struct audit_view *v, struct str *ret)
{
	const struct audit_since *s = v->since;

	if (audit_since_changes(s, v->audit) == 0) {
		str_addf(ret, _("\nNothing has changed since %s (grade %s).\n"),
			 s->time[0] ? s->time : "?", s->grade);
		return;
	}
	str_addf(ret, _("\nWhat has changed since %s (grade %s then):\n"),
		 s->time[0] ? s->time : "?", s->grade);
	for (int c = CHANGE_WORSE; c <= CHANGE_UNKNOWN; c++) {
		for (size_t i = 0; i < v->audit->count; i++) {
			const struct audit_row *r = &v->audit->row[i];
			const struct audit_was *was;
			CLEANUP_FREE char *text = NULL;

			if ((int)audit_since_compare(s, r, &was) != c)
				continue;
			text = xasprintf("%s, %s: %s", audit_change_words((enum audit_change)c),
					 audit_verdict_words(r->finding.verdict),
					 r->finding.evidence);
			add_line(r->control->id, text, ret);
		}
	}
}

void report_audit_changes(const struct audit_view *v, struct str *ret)
{
	if (!v->since || audit_since_changes(v->since, v->audit) == 0)
		return;
	add_grade(v->audit, ret);
	add_changes(v, ret);
}

static void add_some(const struct audit_view *v, struct str *ret)
{
	for (size_t i = 0; i < v->audit->count; i++)
		if (strv_has(v->only, v->audit->row[i].control->id))
			add_whole(v, &v->audit->row[i], ret);
}

void report_audit_text(const struct audit_view *v, struct str *ret)
{
	const struct audit *a = v->audit;

	if (v->only && v->only->count > 0) {
		add_some(v, ret);
		return;
	}
	add_grade(a, ret);
	if (v->since)
		add_changes(v, ret);
	for (int s = SEVERITY_CRITICAL; s > SEVERITY_LOW; s--)
		for (size_t i = 0; i < a->count; i++)
			if (a->row[i].control->severity == (enum severity)s &&
			    a->row[i].finding.verdict == VERDICT_FAIL)
				add_whole(v, &a->row[i], ret);
	add_rows(a, VERDICT_FAIL, SEVERITY_LOW, _("Small things:"), ret);
	add_rows(a, VERDICT_WAIVED, SEVERITY_CRITICAL, _("Waived by the policy:"), ret);
	add_rows(a, VERDICT_NOT_MEASURED, SEVERITY_CRITICAL, _("Not measured:"), ret);
	if (v->all)
		add_rows(a, VERDICT_PASS, SEVERITY_CRITICAL, _("Passed:"), ret);
	add_sum(a, v->all, ret);
}

/* --- for programs -------------------------------------------------------------------------------- */

static json_t *finding_json(const struct audit_row *r)
{
	const struct control *c = r->control;
	CLEANUP_FREE char *fix = audit_fix(c);
	char day[AUDIT_DAY_TEXT];
	json_t *one = json_pack(
		"{s:s, s:o, s:s, s:s, s:o, s:o, s:o, s:s, s:o}", "id", c->id, "title",
		json_text(audit_title(c)), "verdict", verdict_names[r->finding.verdict], "severity",
		severity_names[c->severity], "evidence", json_text(r->finding.evidence), "why",
		json_text(_(c->why)), "fix", json_text(fix), "fixed_by",
		c->by_apply ? "apply" : "hand", "source", json_text(c->source));

	json_object_set_new(one, "only_when_named",
			    c->named ? json_text(_(c->named)) : json_null());
	if (r->waiver)
		json_object_set_new(one, "waiver",
				    json_pack("{s:o, s:o, s:b}", "reason", json_text(r->waiver),
					      "until",
					      r->until ? json_string(audit_day_text(r->until, day))
						       : json_null(),
					      "expired", r->expired));
	return one;
}

static json_t *since_json(const struct audit_view *v)
{
	const struct audit_since *s = v->since;
	json_t *changes = json_array();

	for (size_t i = 0; i < v->audit->count; i++) {
		const struct audit_row *r = &v->audit->row[i];
		const struct audit_was *was;
		enum audit_change c = audit_since_compare(s, r, &was);

		if (c == CHANGE_NONE || !report_audit_has(v, r))
			continue;
		json_array_append_new(
			changes,
			json_pack("{s:s, s:s, s:o, s:o}", "id", r->control->id, "change",
				  audit_change_names[c], "before",
				  was ? json_string(verdict_names[was->verdict]) : json_null(),
				  "evidence_before", was ? json_text(was->evidence) : json_null()));
	}
	return json_pack("{s:o, s:o, s:o, s:o}", "host", json_text(s->host), "time",
			 json_text(s->time), "grade",
			 str_eq(s->grade, "-") ? json_null() : json_text(s->grade), "changes",
			 changes);
}

void report_audit_json(const struct audit_view *v, struct str *ret)
{
	const struct audit *a = v->audit;
	const char grade[] = { a->grade, '\0' };
	json_t *findings = json_array(), *counts = json_object(), *all;
	CLEANUP_FREE char *text = NULL;
	char time[AUDIT_TIME_TEXT];

	for (size_t i = 0; i < a->count; i++)
		if (report_audit_has(v, &a->row[i]))
			json_array_append_new(findings, finding_json(&a->row[i]));
	for (size_t i = 0; i < COUNT(a->by_verdict); i++)
		json_object_set_new(counts, verdict_names[i],
				    json_integer((json_int_t)a->by_verdict[i]));
	all = json_pack("{s:i, s:o, s:s, s:s, s:o, s:s, s:o, s:o}", "format", 1, "host",
			json_text(a->host), "time", audit_time_text(a, time), "language",
			audit_language(), "grade",
			a->grade == '-' ? json_null() : json_string(grade), "reason", _(a->reason),
			"counts", counts, "findings", findings);
	if (v->since)
		json_object_set_new(all, "since", since_json(v));
	text = json_take_text(all);
	str_add(ret, text);
}
