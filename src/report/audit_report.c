// SPDX-License-Identifier: MIT
/* audit_report.c - see audit_report.h. */
#include "report/audit_report.h"

#include <stdio.h>

#include "base/i18n.h"
#include "base/json.h"
#include "base/layout.h"

static const char *title_of(const struct control *c)
{
	return c->title ? _(c->title) : c->setting;
}

/* What puts it right; malloc'd. */
static char *fix_of(const struct control *c)
{
	if (!c->setting)
		return xstrdup(_(c->fix));
	return xasprintf("%s: %s", _(c->fix), c->setting);
}

static const char *severity_words(enum severity s)
{
	static const char *const words[] = {
		[SEVERITY_LOW] = N_("low"),
		[SEVERITY_MEDIUM] = N_("medium"),
		[SEVERITY_HIGH] = N_("high"),
		[SEVERITY_CRITICAL] = N_("critical"),
	};

	return _(words[s]);
}

static const char *verdict_words(enum verdict v)
{
	static const char *const words[] = {
		[VERDICT_PASS] = N_("passed"),
		[VERDICT_FAIL] = N_("failed"),
		[VERDICT_NOT_MEASURED] = N_("not measured"),
		[VERDICT_WAIVED] = N_("waived"),
	};

	return _(words[v]);
}

static void add_row(struct str *ret, const char *label, const char *text)
{
	CLEANUP_STR struct str first = { 0 };

	str_add(&first, "  ");
	str_add_padded(&first, label, 14);
	layout_item(ret, first.text, text);
}

/* A finding with all that is known about it. */
static void add_whole(const struct audit_row *r, struct str *ret)
{
	const struct control *c = r->control;
	CLEANUP_FREE char *fix = fix_of(c);

	str_addf(ret, "\n%s  %s\n", severity_words(c->severity), c->id);
	if (r->finding.verdict != VERDICT_FAIL)
		add_row(ret, _("verdict"), verdict_words(r->finding.verdict));
	add_row(ret, _("should be"), title_of(c));
	add_row(ret, _("found"), r->finding.evidence);
	add_row(ret, _("why"), _(c->why));
	add_row(ret, c->by_apply ? _("by apply") : _("by hand"), fix);
}

/* Short: one line each. With SEVERITY_LOW as `most` only those. */
static void add_rows(const struct audit *a, enum verdict v, enum severity most, const char *heading,
		     struct str *ret)
{
	CLEANUP_STR struct str first = { 0 };
	size_t count = 0;

	for (size_t i = 0; i < a->count; i++) {
		const struct audit_row *r = &a->row[i];

		if (r->finding.verdict != v || r->control->severity > most)
			continue;
		if (count++ == 0)
			str_addf(ret, "\n%s\n", heading);
		str_clear(&first);
		str_add(&first, "  ");
		str_add_padded(&first, r->control->id, 26);
		layout_item(ret, first.text, r->finding.evidence);
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

void report_audit_text(const struct audit *a, bool all, struct str *ret)
{
	if (a->grade == '-')
		str_addf(ret, "%s\n", _(a->reason));
	else
		str_addf(ret, _("Grade %c: %s\n"), a->grade, _(a->reason));
	for (int s = SEVERITY_CRITICAL; s > SEVERITY_LOW; s--)
		for (size_t i = 0; i < a->count; i++)
			if (a->row[i].control->severity == (enum severity)s &&
			    a->row[i].finding.verdict == VERDICT_FAIL)
				add_whole(&a->row[i], ret);
	add_rows(a, VERDICT_FAIL, SEVERITY_LOW, _("Small things:"), ret);
	add_rows(a, VERDICT_WAIVED, SEVERITY_CRITICAL, _("Waived by the policy:"), ret);
	add_rows(a, VERDICT_NOT_MEASURED, SEVERITY_CRITICAL, _("Not measured:"), ret);
	if (all)
		add_rows(a, VERDICT_PASS, SEVERITY_CRITICAL, _("Passed:"), ret);
	add_sum(a, all, ret);
}

void report_audit_some(const struct audit *a, const struct strv *ids, struct str *ret)
{
	for (size_t i = 0; i < a->count; i++)
		if (strv_has(ids, a->row[i].control->id))
			add_whole(&a->row[i], ret);
}

static json_t *finding_json(const struct audit_row *r)
{
	const struct control *c = r->control;
	CLEANUP_FREE char *fix = fix_of(c);

	return json_pack("{s:s, s:o, s:s, s:s, s:o, s:o, s:o, s:s, s:o}", "id", c->id, "title",
			 json_text(title_of(c)), "verdict", verdict_names[r->finding.verdict],
			 "severity", severity_names[c->severity], "evidence",
			 json_text(r->finding.evidence), "why", json_text(_(c->why)), "fix",
			 json_text(fix), "fixed_by", c->by_apply ? "apply" : "hand", "source",
			 json_text(c->source));
}

void report_audit_json(const struct audit *a, const struct strv *only, struct str *ret)
{
	const char grade[] = { a->grade, '\0' };
	json_t *findings = json_array();
	json_t *counts = json_object();
	CLEANUP_FREE char *text = NULL;

	for (size_t i = 0; i < a->count; i++)
		if (only->count == 0 || strv_has(only, a->row[i].control->id))
			json_array_append_new(findings, finding_json(&a->row[i]));
	for (size_t v = 0; v < COUNT(a->by_verdict); v++)
		json_object_set_new(counts, verdict_names[v],
				    json_integer((json_int_t)a->by_verdict[v]));
	text = json_take_text(json_pack("{s:i, s:o, s:s, s:o, s:o}", "format", 1, "grade",
					a->grade == '-' ? json_null() : json_string(grade),
					"reason", _(a->reason), "counts", counts, "findings",
					findings));
	str_add(ret, text);
}
