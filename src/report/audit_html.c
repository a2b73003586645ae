// SPDX-License-Identifier: MIT
/*
 * audit_html.c - an audit as one HTML file: it fetches nothing and runs nothing, and says so itself
 * (Content-Security-Policy), so that what a host wrote into it can do nothing either.
 */
#include <stdio.h>

#include "base/i18n.h"
#include "report/audit_report.h"
#include "report/audit_words.h"

/* Colours have a contrast of 4.5 to 1 or more in both schemes (WCAG 2.1, 1.4.3). */
static const char style[] =
	":root{--bg:#fff;--fg:#1c1f23;--soft:#59616b;--card:#f6f7f9;--line:#d5d9de;--good:#0b6e3f;"
	"--critical:#a3003a;--high:#b3261e;--medium:#8a5300;--low:#3d5a80;color-scheme:light "
	"dark}\n"
	"@media (prefers-color-scheme:dark){:root{--bg:#15181c;--fg:#e8eaed;--soft:#a8b0ba;"
	"--card:#1f242a;--line:#3a424c;--good:#6dd49b;--critical:#ff8fb1;--high:#ff9a8f;"
	"--medium:#f2bd6b;--low:#9cc1ee}}\n"
	"*{box-sizing:border-box}\n"
	"body{margin:0 auto;max-width:60rem;padding:1rem;background:var(--bg);color:var(--fg);"
	"font:1rem/1.55 system-ui,sans-serif;overflow-wrap:anywhere}\n"
	"header{display:flex;gap:1rem;align-items:center}\n"
	"h1{font-size:1.3rem;margin:0}h2{font-size:1.1rem;margin:2rem 0 .5rem}\n"
	".grade{flex:none;width:4.5rem;height:4.5rem;border:.25rem solid;border-radius:.75rem;"
	"display:grid;place-items:center;font-size:2.6rem;font-weight:700;line-height:1}\n"
	".A,.B{color:var(--good)}.C,.D{color:var(--medium)}.E,.F{color:var(--high)}\n"
	".soft{color:var(--soft);margin:.1rem 0}\n"
	".counts{display:flex;flex-wrap:wrap;gap:.25rem "
	"1.25rem;list-style:none;padding:0;margin:1rem 0}\n"
	"article{background:var(--card);border:1px solid var(--line);border-left:.3rem solid "
	"var(--low);"
	"border-radius:.4rem;padding:.7rem .9rem;margin:.6rem 0;break-inside:avoid}\n"
	"article h3{font-size:1rem;margin:0 0 .4rem}\n"
	".critical{border-left-color:var(--critical)}.high{border-left-color:var(--high)}\n"
	".medium{border-left-color:var(--medium)}\n"
	".tag{font-size:.85rem;font-weight:600;color:var(--low)}.critical "
	".tag{color:var(--critical)}\n"
	".high .tag{color:var(--high)}.medium .tag{color:var(--medium)}\n"
	"code{font:0.9em/1.4 ui-monospace,monospace}\n"
	"dl{display:grid;grid-template-columns:max-content 1fr;gap:.15rem .9rem;margin:0}\n"
	"dt{color:var(--soft)}dd{margin:0;min-width:0}\n"
	"table{border-collapse:collapse;width:100%}\n"
	"th,td{text-align:left;vertical-align:top;padding:.3rem .6rem .3rem 0;border-top:1px solid "
	"var(--line)}\n"
	"th{font-weight:400;width:17rem}\n"
	"summary{cursor:pointer;font-size:1.1rem;font-weight:600;margin:2rem 0 .5rem}\n"
	"@media (max-width:40rem){dl{grid-template-columns:1fr;gap:0}dd{margin-bottom:.4rem}"
	"th,td{display:block;width:auto;padding-right:0}td{border-top:0;padding-top:0}}\n"
	"@media print{:root{--bg:#fff;--fg:#000;--soft:#333;--card:#fff;--line:#999}"
	"body{max-width:none;padding:0;font-size:10pt}}\n";

static void add_element(struct str *s, const char *name, const char *text)
{
	str_addf(s, "<%s>", name);
	report_markup(s, text);
	str_addf(s, "</%s>", name);
}

static void add_term(struct str *s, const char *term, const char *text)
{
	add_element(s, "dt", term);
	add_element(s, "dd", text);
	str_add(s, "\n");
}

static void add_head(const struct audit_view *v, struct str *s)
{
	const struct audit *a = v->audit;
	CLEANUP_FREE char *title = xasprintf(_("Audit of %s"), a->host[0] ? a->host : "?");
	const char grade[] = { a->grade, '\0' };
	char time[AUDIT_TIME_TEXT];

	str_addf(s,
		 "<!DOCTYPE html>\n<html lang=\"%s\">\n<head>\n<meta charset=\"utf-8\">\n"
		 "<meta http-equiv=\"Content-Security-Policy\" content=\"default-src 'none'; "
		 "style-src 'unsafe-inline'\">\n"
		 "<meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\n"
		 "<meta name=\"color-scheme\" content=\"light dark\">\n",
		 audit_language());
	add_element(s, "title", title);
	str_addf(s, "\n<style>\n%s</style>\n</head>\n<body>\n<header>\n", style);
	str_addf(s, "<div class=\"grade %s\" role=\"img\" aria-label=\"", grade);
	report_markup(s, a->grade == '-' ? _("no grade") : grade);
	str_addf(s, "\">%s</div>\n<div>", grade);
	add_element(s, "h1", title);
	str_add(s, "\n<p class=\"soft\">");
	report_markup(s, _(a->reason));
	str_addf(s,
		 "</p>\n<p class=\"soft\"><time datetime=\"%s\">%s</time> · kannuki "
		 "%s</p></div>\n</header>\n",
		 audit_time_text(a, time), time, KANNUKI_VERSION);
}

static void add_counts(const struct audit *a, struct str *s)
{
	static const enum verdict order[] = { VERDICT_FAIL, VERDICT_WAIVED, VERDICT_NOT_MEASURED,
					      VERDICT_PASS };

	str_add(s, "<ul class=\"counts\">\n");
	for (size_t i = 0; i < COUNT(order); i++)
		str_addf(s, "<li><strong>%zu</strong> %s</li>\n", a->by_verdict[order[i]],
			 audit_verdict_words(order[i]));
	str_add(s, "</ul>\n");
}

static void add_heading(struct str *s, const char *text)
{
	add_element(s, "h2", text);
	str_add(s, "\n");
}

static void add_card(const struct audit_view *v, const struct audit_row *r, struct str *s)
{
	const struct control *c = r->control;
	CLEANUP_FREE char *fix = audit_fix(c);
	CLEANUP_FREE char *waiver = audit_waiver_text(r);
	const struct audit_was *was = NULL;

	str_addf(s, "<article class=\"%s\" id=\"%s\">\n<h3>", severity_names[c->severity], c->id);
	report_markup(s, audit_title(c));
	str_add(s, "</h3>\n<p class=\"soft\"><span class=\"tag\">");
	report_markup(s, audit_severity_words(c->severity));
	str_addf(s, "</span> · <code>%s</code></p>\n<dl>\n", c->id);
	if (r->finding.verdict != VERDICT_FAIL)
		add_term(s, _("verdict"), audit_verdict_words(r->finding.verdict));
	add_term(s, _("found"), r->finding.evidence);
	if (v->since && audit_since_compare(v->since, r, &was) != CHANGE_NONE) {
		CLEANUP_FREE char *before = audit_was_text(was);

		add_term(s, _("earlier"), before);
	}
	if (waiver)
		add_term(s, _("waiver"), waiver);
	add_term(s, _("why"), _(c->why));
	add_term(s, c->by_apply ? _("by apply") : _("by hand"), fix);
	add_term(s, _("source"), c->source);
	str_add(s, "</dl>\n</article>\n");
}

static void add_line(struct str *s, const struct control *c, const char *text)
{
	str_addf(s, "<tr><th scope=\"row\"><code>%s</code></th><td>", c->id);
	report_markup(s, text);
	str_add(s, "</td></tr>\n");
}

static void add_table(const struct audit_view *v, enum verdict verdict, enum severity most,
		      const char *heading, struct str *s)
{
	bool folded = verdict == VERDICT_PASS;
	size_t count = 0;

	for (size_t i = 0; i < v->audit->count; i++) {
		const struct audit_row *r = &v->audit->row[i];
		CLEANUP_FREE char *waiver = audit_waiver_text(r);
		CLEANUP_FREE char *text =
			xasprintf("%s%s%s%s", r->finding.evidence, waiver ? " (" : "",
				  waiver ? waiver : "", waiver ? ")" : "");

		if (r->finding.verdict != verdict || r->control->severity > most)
			continue;
		if (count++ == 0 && folded) {
			str_add(s, "<details open>\n"); /* paper folds nothing out */
			add_element(s, "summary", heading);
		} else if (count == 1) {
			add_heading(s, heading);
		}
		if (count == 1)
			str_add(s, "<table>\n");
		add_line(s, r->control, text);
	}
	if (count > 0)
		str_add(s, folded ? "</table>\n</details>\n" : "</table>\n");
}

static void add_changes(const struct audit_view *v, struct str *s)
{
	CLEANUP_FREE char *heading =
		xasprintf(_("What has changed since %s (grade %s then)"),
			  v->since->time[0] ? v->since->time : "?", v->since->grade);

	add_heading(s, heading);
	if (audit_since_changes(v->since, v->audit) == 0) {
		add_element(s, "p", _("Nothing."));
		return;
	}
	str_add(s, "<table>\n");
	for (int c = CHANGE_WORSE; c <= CHANGE_UNKNOWN; c++) {
		for (size_t i = 0; i < v->audit->count; i++) {
			const struct audit_row *r = &v->audit->row[i];
			const struct audit_was *was;
			CLEANUP_FREE char *text = NULL;

			if ((int)audit_since_compare(v->since, r, &was) != c)
				continue;
			text = xasprintf("%s, %s: %s", audit_change_words((enum audit_change)c),
					 audit_verdict_words(r->finding.verdict),
					 r->finding.evidence);
			add_line(s, r->control, text);
		}
	}
	str_add(s, "</table>\n");
}

static void add_cards(const struct audit_view *v, struct str *s)
{
	bool some = v->only && v->only->count > 0;
	size_t count = 0;

	for (int severity = SEVERITY_CRITICAL; severity >= SEVERITY_LOW; severity--) {
		for (size_t i = 0; i < v->audit->count; i++) {
			const struct audit_row *r = &v->audit->row[i];
			bool wanted = some ? report_audit_has(v, r)
					   : r->finding.verdict == VERDICT_FAIL &&
						      severity > SEVERITY_LOW;

			if (!wanted || (int)r->control->severity != severity)
				continue;
			if (count++ == 0 && !some)
				add_heading(s, _("What fails"));
			add_card(v, r, s);
		}
	}
}

void report_audit_html(const struct audit_view *v, struct str *ret)
{
	add_head(v, ret);
	str_add(ret, "<main>\n");
	add_counts(v->audit, ret);
	if (v->since)
		add_changes(v, ret);
	add_cards(v, ret);
	if (!v->only || v->only->count == 0) {
		add_table(v, VERDICT_FAIL, SEVERITY_LOW, _("Small things"), ret);
		add_table(v, VERDICT_WAIVED, SEVERITY_CRITICAL, _("Waived by the policy"), ret);
		add_table(v, VERDICT_NOT_MEASURED, SEVERITY_CRITICAL, _("Not measured"), ret);
		add_table(v, VERDICT_PASS, SEVERITY_CRITICAL, _("Passed"), ret);
	}
	str_add(ret, "</main>\n</body>\n</html>\n");
}
