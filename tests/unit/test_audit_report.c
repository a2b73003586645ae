// SPDX-License-Identifier: MIT
/* The forms of an audit's report (report/audit_report.h), what has changed since another one (report/audit_since.h). */
#include "lib/t.h"

#include <jansson.h>
#include <string.h>

#include "base/i18n.h"
#include "base/mem.h"
#include "report/audit_report.h"
#include "report/audit_words.h"

static const struct control controls[] = {
	{ .id = "door.root",
	  .title = N_("root does not get in"),
	  .why = "root is the first name a guesser tries",
	  .fix = "apply writes it",
	  .by_apply = true,
	  .severity = SEVERITY_CRITICAL,
	  .source = "sshd_config(5)" },
	{ .id = "door.x11",
	  .why = "a <server> may \"draw\" & read",
	  .fix = "in sshd_config",
	  .setting = "X11Forwarding no",
	  .severity = SEVERITY_MEDIUM,
	  .source = "sshd_config(5)" },
	{ .id = "log.kept",
	  .title = "logs outlive a restart",
	  .why = "w",
	  .fix = "f",
	  .severity = SEVERITY_LOW,
	  .source = "journald.conf(5)" },
	{ .id = "time.one-client",
	  .title = "one clock",
	  .why = "w",
	  .fix = "f",
	  .severity = SEVERITY_HIGH,
	  .source = "chrony" },
};

#define HOST "vps<1>"

/* 2026-11-26 03:30:00 UTC, with one finding of each verdict. */
static void make(struct audit *a)
{
	static const struct {
		enum verdict v;
		const char *evidence;
	} row[] = {
		{ VERDICT_FAIL, "permitrootlogin yes (/etc/ssh/sshd_config:12)" },
		{ VERDICT_WAIVED, "x11forwarding <yes>" },
		{ VERDICT_PASS, "/var/log/journal is there." },
		{ VERDICT_NOT_MEASURED, "only root may ask; see /etc" },
	};

	*a = (struct audit){ .host = xstrdup(HOST), .time = 1795663800 };
	a->row = xcalloc(COUNT(row), sizeof(*a->row));
	a->count = COUNT(row);
	for (size_t i = 0; i < COUNT(row); i++) {
		a->row[i].control = &controls[i];
		finding_set(&a->row[i].finding, row[i].v, "%s", row[i].evidence);
	}
	a->row[1].waiver = xstrdup("for the plotter");
	a->row[1].until = 20270331;
	audit_grade(a);
}

static json_t *parsed(const struct str *s)
{
	json_error_t where;
	json_t *j = json_loads(s->text, JSON_REJECT_DUPLICATES, &where);

	if (!j)
		printf("# %d: %s\n", where.line, where.text);
	return j;
}

static void json_drop(json_t **j)
{
	json_decref(*j);
}
#define CLEANUP_JSON CLEANUP(json_drop)

/* "a/0/b" of a JSON value, as text. */
static const char *at(json_t *j, const char *path)
{
	static char number[32];
	CLEANUP_STRV struct strv part = { 0 };

	strv_split(&part, path, "/");
	for (size_t i = 0; i < part.count; i++) {
		uint64_t n;

		j = str_to_u64(part.item[i], 0, 9999, &n) == 0 ? json_array_get(j, (size_t)n)
							       : json_object_get(j, part.item[i]);
	}
	snprintf(number, sizeof(number), "%lld", (long long)json_integer_value(j));
	return json_is_string(j)    ? json_string_value(j)
	       : json_is_integer(j) ? number
	       : json_is_null(j)    ? "(null)"
	       : json_is_true(j)    ? "true"
	       : json_is_false(j)   ? "false"
	       : j		    ? "(there)"
				    : "(none)";
}

/* --- JSON, and since -------------------------------------------------------------------------------- */

static int json_says_all(void)
{
	CLEANUP_AUDIT struct audit a = { 0 };
	CLEANUP_STR struct str s = { 0 };
	struct audit_view v = { .audit = &a };
	CLEANUP_JSON json_t *j = NULL;

	make(&a);
	report_audit_json(&v, &s);
	j = parsed(&s);
	T_STR(at(j, "host"), HOST);
	T_STR(at(j, "time"), "2026-11-26T03:30:00Z");
	T_STR(at(j, "language"), "en");
	T_STR(at(j, "grade"), "F");
	T_STR(at(j, "counts/waived"), "1");
	T_STR(at(j, "findings/1/verdict"), "waived");
	T_STR(at(j, "findings/1/waiver/reason"), "for the plotter");
	T_STR(at(j, "findings/1/waiver/until"), "2027-03-31");
	T_STR(at(j, "findings/1/waiver/expired"), "false");
	T_STR(at(j, "findings/0/waiver"), "(none)");
	T_STR(at(j, "since"), "(none)");
	return 0;
}

static int read_back(const struct audit *a, struct audit_since *ret)
{
	CLEANUP_STR struct str s = { 0 };
	struct audit_view v = { .audit = a };
	struct err e = { 0 };

	report_audit_json(&v, &s);
	return audit_since_read("/then.json", s.text, ret, &e);
}

static enum audit_change change(const struct audit_since *s, const struct audit *a, size_t i)
{
	const struct audit_was *was;

	return audit_since_compare(s, &a->row[i], &was);
}

static int changes_are_told_apart(void)
{
	static const struct {
		enum verdict then, now;
		bool other_words;
		enum audit_change change;
	} c[] = {
		{ VERDICT_PASS, VERDICT_PASS, true, CHANGE_NONE },
		{ VERDICT_PASS, VERDICT_FAIL, true, CHANGE_WORSE },
		{ VERDICT_NOT_MEASURED, VERDICT_FAIL, true, CHANGE_WORSE },
		{ VERDICT_WAIVED, VERDICT_FAIL, false, CHANGE_WORSE }, /* the waiver has ended */
		{ VERDICT_FAIL, VERDICT_FAIL, false, CHANGE_NONE },
		{ VERDICT_FAIL, VERDICT_FAIL, true, CHANGE_OTHER },
		{ VERDICT_WAIVED, VERDICT_WAIVED, true, CHANGE_OTHER },
		{ VERDICT_FAIL, VERDICT_PASS, true, CHANGE_BETTER },
		{ VERDICT_FAIL, VERDICT_WAIVED, false, CHANGE_BETTER },
		{ VERDICT_WAIVED, VERDICT_PASS, true, CHANGE_BETTER },
		{ VERDICT_PASS, VERDICT_WAIVED, true, CHANGE_OTHER },
		{ VERDICT_PASS, VERDICT_NOT_MEASURED, true, CHANGE_UNKNOWN },
		{ VERDICT_FAIL, VERDICT_NOT_MEASURED, true, CHANGE_UNKNOWN },
		{ VERDICT_NOT_MEASURED, VERDICT_PASS, true, CHANGE_UNKNOWN },
		{ VERDICT_NOT_MEASURED, VERDICT_NOT_MEASURED, true, CHANGE_NONE },
	};

	for (size_t i = 0; i < COUNT(c); i++) {
		CLEANUP_AUDIT struct audit a = { 0 };
		CLEANUP_SINCE struct audit_since s = { 0 };

		make(&a);
		finding_set(&a.row[0].finding, c[i].then, "these words");
		T_OK(read_back(&a, &s) == 0 && s.count == a.count);
		finding_set(&a.row[0].finding, c[i].now, "%s",
			    c[i].other_words ? "other words" : "these words");
		printf("# %zu\n", i);
		T_OK(change(&s, &a, 0) == c[i].change);
		T_OK(audit_since_changes(&s, &a) == (c[i].change != CHANGE_NONE));
		/* In the other language other words tell nothing. */
		s.same_language = false;
		T_OK(change(&s, &a, 0) == (c[i].then == c[i].now ? CHANGE_NONE : c[i].change));
	}
	return 0;
}

static int a_new_control_counts_when_it_fails(void)
{
	CLEANUP_AUDIT struct audit a = { 0 };
	CLEANUP_SINCE struct audit_since s = { 0 };

	make(&a);
	a.count = 3;
	T_OK(read_back(&a, &s) == 0);
	a.count = 4;
	T_OK(change(&s, &a, 3) == CHANGE_NONE);
	a.row[3].finding.verdict = VERDICT_FAIL;
	T_OK(change(&s, &a, 3) == CHANGE_WORSE);
	return 0;
}

static int what_is_no_audit_is_refused_with_its_line(void)
{
	static const struct {
		const char *text, *begins, *says;
	} c[] = {
		{ "", "/then.json:1: ", "no JSON" },
		{ "{\n\"format\": 1,\n oops", "/then.json:3: ", "no JSON" },
		{ "{\"format\": 1, \"format\": 1, \"findings\": []}", "/then.json:1: ", "no JSON" },
		{ "[]", "/then.json:1: ", "not what kannuki audit" },
		{ "{}", "/then.json:1: ", "not what kannuki audit" },
		{ "{\"format\": \"1\", \"findings\": []}", "/then.json:1: ", "not what" },
		{ "{\"format\": 1}", "/then.json:1: ", "not what" },
		{ "{\"format\": 2, \"findings\": []}", "/then.json:1: ", "newer kannuki" },
		{ "{\"format\": 1, \"findings\": [{\"id\": \"a\"}]}",
		  "/then.json:1: ", "not what" },
		{ "{\"format\": 1, \"findings\": [{\"verdict\": \"pass\"}]}",
		  "/then.json:1: ", "not" },
		{ "{\"format\": 1, \"findings\": [{\"id\": \"a\", \"verdict\": \"x\"}]}",
		  "/then.json:1: ", "not what" },
	};

	for (size_t i = 0; i < COUNT(c); i++) {
		CLEANUP_SINCE struct audit_since s = { 0 };
		struct err e = { 0 };

		T_OK(audit_since_read("/then.json", c[i].text, &s, &e) < 0);
		printf("# %s\n", e.msg);
		T_OK(e.kind == ERR_USAGE && str_starts(e.msg, c[i].begins) &&
		     strstr(e.msg, c[i].says));
		T_OK(s.count == 0 && !s.was);
	}
	return 0;
}

static int since_is_in_every_form(void)
{
	CLEANUP_AUDIT struct audit a = { 0 };
	CLEANUP_SINCE struct audit_since s = { 0 };
	CLEANUP_STR struct str text = { 0 }, json = { 0 }, sarif = { 0 }, html = { 0 };
	CLEANUP_JSON json_t *j = NULL;
	CLEANUP_JSON json_t *k = NULL;
	struct audit_view v = { .audit = &a, .since = &s };

	make(&a);
	finding_set(&a.row[0].finding, VERDICT_PASS, "permitrootlogin no");
	audit_grade(&a);
	T_OK(read_back(&a, &s) == 0);
	finding_set(&a.row[0].finding, VERDICT_FAIL, "permitrootlogin yes");
	a.count = 2;
	report_audit_text(&v, &text);
	T_OK(strstr(text.text, "What has changed since 2026-11-26T03:30:00Z (grade "));
	T_OK(strstr(text.text, "worse, failed: permitrootlogin yes"));
	T_OK(strstr(text.text, "earlier       passed: permitrootlogin no"));
	report_audit_json(&v, &json);
	j = parsed(&json);
	T_STR(at(j, "since/time"), "2026-11-26T03:30:00Z");
	T_STR(at(j, "since/changes/0/id"), "door.root");
	T_STR(at(j, "since/changes/0/change"), "worse");
	T_STR(at(j, "since/changes/0/before"), "pass");
	T_STR(at(j, "since/changes/0/evidence_before"), "permitrootlogin no");
	T_STR(at(j, "since/changes/1"), "(none)");
	report_audit_sarif(&v, &sarif);
	k = parsed(&sarif);
	T_STR(at(k, "runs/0/results/0/baselineState"), "updated");
	T_STR(at(k, "runs/0/results/1/baselineState"), "unchanged");
	report_audit_html(&v, &html);
	T_OK(strstr(html.text, "What has changed since") && strstr(html.text, "worse, failed"));
	return 0;
}

/* --- waivers ------------------------------------------------------------------------------------------ */

static int an_expired_waiver_is_said_in_every_form(void)
{
	CLEANUP_AUDIT struct audit a = { 0 };
	CLEANUP_STR struct str text = { 0 }, json = { 0 }, sarif = { 0 }, junit = { 0 },
			       html = { 0 };
	CLEANUP_JSON json_t *j = NULL;
	CLEANUP_JSON json_t *k = NULL;
	struct audit_view v = { .audit = &a };
	static const char said[] =
		"the waiver has ended on 2026-11-25, so it counts again: for the";

	make(&a);
	a.row[1].until = 20261125;
	a.row[1].expired = true;
	a.row[1].finding.verdict = VERDICT_FAIL;
	audit_grade(&a);
	report_audit_text(&v, &text);
	T_OK(strstr(text.text, "the waiver has ended on 2026-11-25"));
	report_audit_json(&v, &json);
	j = parsed(&json);
	T_STR(at(j, "findings/1/verdict"), "fail");
	T_STR(at(j, "findings/1/waiver/expired"), "true");
	report_audit_sarif(&v, &sarif);
	k = parsed(&sarif);
	T_STR(at(k, "runs/0/results/1/suppressions/0"), "(none)");
	T_OK(strstr(at(k, "runs/0/results/1/message/text"), said));
	report_audit_junit(&v, &junit);
	T_OK(strstr(junit.text, said));
	report_audit_html(&v, &html);
	T_OK(strstr(html.text, said));
	return 0;
}

/* --- SARIF: what the standard asks for; the schema itself is no part of this tree -------------------- */

static int sarif_has_what_the_standard_requires(void)
{
	CLEANUP_AUDIT struct audit a = { 0 };
	CLEANUP_STR struct str s = { 0 };
	CLEANUP_JSON json_t *j = NULL;
	struct audit_view v = { .audit = &a };
	static const char *const kind[] = { "fail", "fail", "pass", "open" };
	static const char *const level[] = { "error", "warning", "none", "none" };

	make(&a);
	report_audit_sarif(&v, &s);
	j = parsed(&s);
	T_STR(at(j, "version"), "2.1.0");
	T_OK(strstr(at(j, "$schema"), "sarif-schema-2.1.0.json"));
	T_STR(at(j, "runs/0/tool/driver/name"), "kannuki");
	T_STR(at(j, "runs/0/tool/driver/semanticVersion"), KANNUKI_VERSION);
	T_STR(at(j, "runs/0/invocations/0/executionSuccessful"), "true");
	for (size_t i = 0; i < a.count; i++) {
		CLEANUP_FREE char *result = xasprintf("runs/0/results/%zu/", i);
		CLEANUP_FREE char *rule = xasprintf("runs/0/tool/driver/rules/%zu/id", i);
		CLEANUP_FREE char *id = xasprintf("%sruleId", result);
		CLEANUP_FREE char *index = xasprintf("%sruleIndex", result);
		CLEANUP_FREE char *k = xasprintf("%skind", result);
		CLEANUP_FREE char *l = xasprintf("%slevel", result);
		CLEANUP_FREE char *message = xasprintf("%smessage/text", result);
		CLEANUP_FREE char *number = xasprintf("%zu", i);

		T_STR(at(j, id), controls[i].id);
		T_STR(at(j, rule), controls[i].id);
		T_STR(at(j, index), number);
		T_STR(at(j, k), kind[i]);
		T_STR(at(j, l), level[i]);
		T_STR(at(j, message), a.row[i].finding.evidence);
	}
	T_STR(at(j, "runs/0/results/0/locations/0/physicalLocation/artifactLocation/uri"),
	      "file:///etc/ssh/sshd_config");
	T_STR(at(j, "runs/0/results/0/locations/0/physicalLocation/region/startLine"), "12");
	T_STR(at(j, "runs/0/results/0/suppressions/0"), "(none)");
	T_STR(at(j, "runs/0/results/1/suppressions/0/kind"), "external");
	T_STR(at(j, "runs/0/results/1/suppressions/0/justification"),
	      "until 2027-03-31: for the plotter");
	T_STR(at(j, "runs/0/results/1/locations/0/logicalLocations/0/name"), HOST);
	T_STR(at(j, "runs/0/results/1/locations/0/physicalLocation"), "(none)");
	return 0;
}

static int places_are_found_in_evidence(void)
{
	static const struct {
		const char *evidence, *path;
		unsigned line;
	} c[] = {
		{ "permitrootlogin yes (/etc/ssh/sshd_config:12)", "/etc/ssh/sshd_config", 12 },
		{ "/etc/sudoers.d/x:3: NOPASSWD", "/etc/sudoers.d/x", 3 },
		{ "/var/log/journal is there.", "/var/log/journal", 0 },
		{ "it is in /var/log/journal.", "/var/log/journal", 0 },
		{ "APT::Periodic 1 (/etc/apt/apt.conf.d/20auto:4), and more",
		  "/etc/apt/apt.conf.d/20auto", 4 },
		{ "22/tcp, 80/tcp", NULL, 0 },
		{ "only root may ask; see /etc", NULL, 0 },
		{ "1/2 of it", NULL, 0 },
		{ "/", NULL, 0 },
		{ "", NULL, 0 },
	};

	for (size_t i = 0; i < COUNT(c); i++) {
		struct audit_row r = { .control = &controls[0] };
		CLEANUP_FREE char *path = NULL;
		unsigned line = 99;

		finding_set(&r.finding, VERDICT_FAIL, "%s", c[i].evidence);
		path = audit_place(&r, &line);
		printf("# %s: %s:%u\n", c[i].evidence, path ? path : "-", line);
		T_OK(str_eq(path, c[i].path) && line == c[i].line);
	}
	return 0;
}

/* --- JUnit and HTML: nothing that a host says becomes markup ----------------------------------------- */

static int junit_counts_and_skips(void)
{
	CLEANUP_AUDIT struct audit a = { 0 };
	CLEANUP_STR struct str s = { 0 };
	struct audit_view v = { .audit = &a };

	make(&a);
	report_audit_junit(&v, &s);
	T_OK(str_starts(s.text, "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<testsuites "));
	T_OK(strstr(s.text, "<testsuites name=\"kannuki audit\" tests=\"4\" failures=\"1\" "
			    "errors=\"0\" skipped=\"2\""));
	T_OK(strstr(s.text, "<testsuite name=\"door\" tests=\"2\" failures=\"1\" errors=\"0\" "
			    "skipped=\"1\" time=\"0\" timestamp=\"2026-11-26T03:30:00\" "
			    "hostname=\"vps&lt;1&gt;\">"));
	T_OK(strstr(s.text, "<failure type=\"critical\" message=\"root does not get in\">"));
	T_OK(strstr(s.text, "<skipped message=\"waived: until 2027-03-31: for the plotter\"/>"));
	T_OK(strstr(s.text, "<skipped message=\"not measured: only root may ask; see /etc\"/>"));
	return 0;
}

static int html_fetches_and_runs_nothing(void)
{
	static const char *const never[] = { "<script", "<link",  "<img",  "<iframe", "<object",
					     " src=",	" href=", "url(",  "@import", "http:",
					     "https:",	"vps<1>", "<yes>", "<server>" };
	CLEANUP_AUDIT struct audit a = { 0 };
	struct audit_view v = { .audit = &a };

	make(&a);
	for (int lang = LANG_EN; lang <= LANG_JA; lang++) {
		CLEANUP_STR struct str s = { 0 };

		i18n_set((enum lang)lang);
		report_audit_html(&v, &s);
		i18n_set(LANG_EN);
		for (size_t i = 0; i < COUNT(never); i++) {
			if (strstr(s.text, never[i]))
				printf("# it has %s\n", never[i]);
			T_OK(!strstr(s.text, never[i]));
		}
		T_OK(strstr(s.text, lang == LANG_JA ? "<html lang=\"ja\">" : "<html lang=\"en\">"));
		T_OK(strstr(s.text, "vps&lt;1&gt;") && strstr(s.text, "x11forwarding &lt;yes&gt;"));
		T_OK(strstr(s.text, "default-src 'none'") &&
		     strstr(s.text, "prefers-color-scheme:dark"));
		T_OK(strstr(s.text, "@media print") && strstr(s.text, "width=device-width"));
		T_OK(str_ends(s.text, "</body>\n</html>\n"));
	}
	return 0;
}

static int markup_is_what_xml_takes(void)
{
	CLEANUP_STR struct str s = { 0 };

	report_markup(&s, "a<b>&\"'\033[2J\x01\xff\xe9\x96\x82");
	T_STR(s.text, "a&lt;b&gt;&amp;&quot;&#39;?[2J??\xe9\x96\x82");
	return 0;
}

int main(void)
{
	static const struct t_case cases[] = {
		T(json_says_all),
		T(changes_are_told_apart),
		T(a_new_control_counts_when_it_fails),
		T(what_is_no_audit_is_refused_with_its_line),
		T(since_is_in_every_form),
		T(an_expired_waiver_is_said_in_every_form),
		T(sarif_has_what_the_standard_requires),
		T(places_are_found_in_evidence),
		T(junit_counts_and_skips),
		T(html_fetches_and_runs_nothing),
		T(markup_is_what_xml_takes),
	};

	return t_main(cases, COUNT(cases));
}
