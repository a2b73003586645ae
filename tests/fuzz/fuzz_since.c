// SPDX-License-Identifier: MIT
/* fuzz_since.c - a former audit that somebody gives to --since, or that lies damaged on the disk. */
#include <string.h>

#include "base/mem.h"
#include "base/str.h"
#include "fuzz/fuzz.h"
#include "report/audit_report.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static const struct control control = {
		.id = "door.root", .title = "t", .why = "w", .fix = "f", .source = "s"
	};
	char host[] = "h";
	struct audit_row row = { .control = &control,
				 .finding = { .verdict = VERDICT_FAIL, .evidence = "now" } };
	struct audit a = { .row = &row, .count = 1, .grade = 'F', .reason = "r", .host = host };
	CLEANUP_FREE char *text = fuzz_text(data, size);
	CLEANUP_SINCE struct audit_since since = { 0 };
	struct audit_view v = { .audit = &a, .since = &since };
	CLEANUP_STR struct str said = { 0 };
	struct err e = { 0 };

	if (audit_since_read("/then.json", text, &since, &e) < 0) {
		fuzz_check_err(&e);
		MUST(str_starts(e.msg, "/then.json:") && since.count == 0 && !since.was);
		return 0;
	}
	report_audit_text(&v, &said);
	report_audit_json(&v, &said);
	report_audit_sarif(&v, &said);
	report_audit_html(&v, &said);
	MUST(str_is_clean_utf8(said.text));
	return 0;
}
