// SPDX-License-Identifier: MIT
/* audit_sarif.c - an audit as SARIF 2.1.0 (OASIS Standard, 27 March 2020); numbers in brackets are its sections. */
#include <string.h>

#include "base/i18n.h"
#include "base/json.h"
#include "base/sha256.h"
#include "report/audit_report.h"
#include "report/audit_words.h"

#define SCHEMA                                                                \
	"https://docs.oasis-open.org/sarif/sarif/v2.1.0/errata01/os/schemas/" \
	"sarif-schema-2.1.0.json"

static json_t *message(const char *text)
{
	return json_pack("{s:o}", "text", json_text(text));
}

/* [3.27.10]; a finding of severity low is worth a look and no alarm. */
static const char *level_of(enum severity s)
{
	return s >= SEVERITY_HIGH ? "error" : s == SEVERITY_MEDIUM ? "warning" : "note";
}

/* As code hosts sort alerts: 0.1 to 10. */
static const char *score_of(enum severity s)
{
	static const char *const score[] = { "2.0", "5.0", "8.0", "9.5" };

	return score[s];
}

static json_t *rule(const struct control *c)
{
	CLEANUP_FREE char *fix = audit_fix(c);
	CLEANUP_FREE char *family = audit_family(c);

	return json_pack("{s:s, s:o, s:o, s:o, s:{s:s}, s:{s:s, s:[s,s], s:o, s:s}}", "id", c->id,
			 "shortDescription", message(audit_title(c)), "fullDescription",
			 message(_(c->why)), "help", message(fix), "defaultConfiguration", "level",
			 level_of(c->severity), "properties", "security-severity",
			 score_of(c->severity), "tags", "security", family, "source",
			 json_text(c->source), "fixedBy", c->by_apply ? "apply" : "hand");
}

/* A URI holds ASCII alone, and of that not everything [3.4.3, RFC 3986]; a path of audit_place needs nothing of it. */
static json_t *location(const struct audit *a, const struct audit_row *r)
{
	unsigned line;
	CLEANUP_FREE char *path = audit_place(r, &line);
	CLEANUP_FREE char *uri = path ? xasprintf("file://%s", path) : NULL;
	json_t *where =
		json_pack("{s:[{s:o, s:s}]}", "logicalLocations", "name",
			  json_text(a->host[0] ? a->host : "localhost"), "kind", "resource");
	json_t *physical;

	if (!path)
		return where;
	physical = json_pack("{s:{s:s}}", "artifactLocation", "uri", uri);
	if (line)
		json_object_set_new(physical, "region", json_pack("{s:i}", "startLine", (int)line));
	json_object_set_new(where, "physicalLocation", physical);
	return where;
}

/* Of a finding, whatever its words: the same control on the same host [3.27.17]. */
static json_t *fingerprint(const struct audit *a, const struct audit_row *r)
{
	CLEANUP_FREE char *text = xasprintf("%s\n%s", a->host, r->control->id);
	CLEANUP_FREE char *sum = sha256_text(text, strlen(text));

	return json_pack("{s:s}", "hostAndControl/v1", sum);
}

/* [3.27.24] */
static const char *baseline(const struct audit_since *s, const struct audit_row *r)
{
	const struct audit_was *was;
	enum audit_change c = audit_since_compare(s, r, &was);

	return !was ? "new" : c == CHANGE_NONE ? "unchanged" : "updated";
}

static json_t *result(const struct audit_view *v, const struct audit_row *r, size_t rule_index)
{
	static const char *const kind[] = {
		[VERDICT_PASS] = "pass",
		[VERDICT_FAIL] = "fail",
		[VERDICT_NOT_MEASURED] = "open",
		[VERDICT_WAIVED] = "fail",
	};
	const char *k = kind[r->finding.verdict];
	CLEANUP_FREE char *waiver = audit_waiver_text(r);
	CLEANUP_FREE char *words = r->expired ? xasprintf("%s\n%s", r->finding.evidence, waiver)
					      : xstrdup(r->finding.evidence);
	/* A message is never empty, and a level goes with "fail" alone [3.27.9]. */
	json_t *one =
		json_pack("{s:s, s:i, s:s, s:s, s:o, s:[o], s:o}", "ruleId", r->control->id,
			  "ruleIndex", (int)rule_index, "kind", k, "level",
			  str_eq(k, "fail") ? level_of(r->control->severity) : "none", "message",
			  message(words[0] ? words : audit_title(r->control)), "locations",
			  location(v->audit, r), "partialFingerprints", fingerprint(v->audit, r));

	/* One that the policy waives without a reason of its own: the policy asks for it [3.35]. */
	if (r->finding.verdict == VERDICT_WAIVED)
		json_object_set_new(one, "suppressions",
				    json_pack("[{s:s, s:s, s:o}]", "kind", "external", "status",
					      "accepted", "justification",
					      json_text(waiver ? waiver : r->finding.evidence)));
	else
		json_object_set_new(one, "suppressions", json_array());
	if (v->since)
		json_object_set_new(one, "baselineState", json_string(baseline(v->since, r)));
	return one;
}

static json_t *run_of(const struct audit_view *v)
{
	const struct audit *a = v->audit;
	const char grade[] = { a->grade, '\0' };
	json_t *rules = json_array(), *results = json_array();
	char time[AUDIT_TIME_TEXT];

	for (size_t i = 0; i < a->count; i++) {
		if (!report_audit_has(v, &a->row[i]))
			continue;
		json_array_append_new(results, result(v, &a->row[i], json_array_size(rules)));
		json_array_append_new(rules, rule(a->row[i].control));
	}
	audit_time_text(a, time);
	return json_pack("{s:{s:{s:s, s:s, s:s, s:s, s:o}}, s:[{s:b, s:s, s:s}], s:s, s:s, s:o, "
			 "s:{s:o, s:s, "
			 "s:o}}",
			 "tool", "driver", "name", "kannuki", "version", KANNUKI_VERSION,
			 "semanticVersion", KANNUKI_VERSION, "language", audit_language(), "rules",
			 rules, "invocations", "executionSuccessful", 1, "startTimeUtc", time,
			 "endTimeUtc", time, "language", audit_language(), "columnKind",
			 "utf16CodeUnits", "results", results, "properties", "grade",
			 a->grade == '-' ? json_null() : json_string(grade), "reason", _(a->reason),
			 "host", json_text(a->host));
}

void report_audit_sarif(const struct audit_view *v, struct str *ret)
{
	CLEANUP_FREE char *text = json_take_text(json_pack("{s:s, s:s, s:[o]}", "$schema", SCHEMA,
							   "version", "2.1.0", "runs", run_of(v)));

	str_add(ret, text);
}
