// SPDX-License-Identifier: MIT
/* Whom a change is told (setup/tell.h), and the audit that is kept for the comparison (setup/audit_now.h). */
#include <jansson.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/i18n.h"
#include "base/mem.h"
#include "lib/fake_os.h"
#include "lib/t.h"
#include "setup/audit_now.h"
#include "setup/tell.h"

#define HOST "vps<1>"

static const struct control root_door = { .id = "door.root",
					  .title = "t",
					  .why = "w",
					  .fix = "f",
					  .severity = SEVERITY_CRITICAL,
					  .source = "s" };

static void make(struct audit *a)
{
	*a = (struct audit){ .host = xstrdup(HOST), .time = 1795663800, .count = 1 };
	a->row = xcalloc(1, sizeof(*a->row));
	a->row[0].control = &root_door;
}

static int read_back(const struct audit *a, struct audit_since *ret)
{
	CLEANUP_STR struct str s = { 0 };
	struct audit_view v = { .audit = a };
	struct err e = { 0 };

	report_audit_json(&v, &s);
	return audit_since_read("/then.json", s.text, ret, &e);
}

static void json_drop(json_t **j)
{
	json_decref(*j);
}
#define CLEANUP_JSON CLEANUP(json_drop)

/* --- telling ------------------------------------------------------------------------------------------ */

static int program_status;

static int program(struct fake *f, const struct run *r, struct run_result *ret, struct err *e)
{
	(void)f;
	(void)r;
	(void)e;
	if (program_status)
		ret->err = xstrdup("curl: (22) https://hooks.example/secret-token: error: 404\n");
	return program_status;
}

/* A host, and an audit with one finding that is worse. */
struct told {
	struct fake *fake;
	struct audit a;
	struct audit_since s;
	struct audit_view v;
	struct policy policy;
	struct err e;
};

static void told_begin(struct told *t, const char *to)
{
	*t = (struct told){ .fake = fake_new() };
	policy_init(&t->policy);
	make(&t->a);
	t->a.reason = "r";
	finding_set(&t->a.row[0].finding, VERDICT_PASS, "permitrootlogin no");
	if (read_back(&t->a, &t->s) < 0 || policy_set(&t->policy, "audit", "tell", to, &t->e) < 0)
		abort();
	finding_set(&t->a.row[0].finding, VERDICT_FAIL, "permitrootlogin \"yes\" \\ now");
	audit_grade(&t->a);
	t->v = (struct audit_view){ .audit = &t->a, .since = &t->s };
}

static void told_end(struct told *t)
{
	fake_free(t->fake);
	audit_done(&t->a);
	audit_since_done(&t->s);
	policy_done(&t->policy);
}
#define CLEANUP_TOLD CLEANUP(told_end)

static int tell(struct told *t)
{
	int out = dup(STDOUT_FILENO), r;

	/* The journal is standard output, where the tests are told too. */
	fflush(stdout);
	if (out < 0 || !freopen("/dev/null", "w", stdout))
		abort();
	t->e = (struct err){ 0 };
	r = tell_changes(&t->fake->os, &t->policy.audit_tell, &t->v, &t->e);
	fflush(stdout);
	dup2(out, STDOUT_FILENO);
	close(out);
	return r;
}

static int mail_goes_by_sendmail(void)
{
	CLEANUP_TOLD struct told t;

	told_begin(&t, "mail:admin@example.org");
	program_status = 0;
	fake_on_run(t.fake, "sendmail", program);
	T_OK(tell(&t) == 0 && t.fake->ran.count == 1);
	T_STR(t.fake->ran.item[0], "sendmail -i -t");
	T_OK(str_starts(t.fake->input.text, "To: admin@example.org\nSubject: kannuki: " HOST
					    ": grade F, changes: 1\n"));
	T_OK(strstr(t.fake->input.text, "charset=UTF-8") &&
	     strstr(t.fake->input.text, "\n\nGrade F") && strstr(t.fake->input.text, "door.root"));
	/* Its subject in Japanese is ASCII, in lines that are no new headers. */
	i18n_set(LANG_JA);
	T_OK(tell(&t) == 0);
	i18n_set(LANG_EN);
	T_OK(strstr(t.fake->input.text, "\nSubject: =?UTF-8?B?"));
	for (const char *c = t.fake->input.text; *c && !str_starts(c, "\n\n"); c++)
		T_OK(*c == '\n' || (*c >= ' ' && *c <= '~'));
	return 0;
}

static int webhook_keeps_its_secret(void)
{
	CLEANUP_TOLD struct told t;
	CLEANUP_JSON json_t *j = NULL;
	CLEANUP_STR struct str data = { 0 };
	const char *from, *text;
	json_t *one;

	told_begin(&t, "https://hooks.example/secret-token?a=b");
	program_status = 0;
	fake_on_run(t.fake, "curl", program);
	T_OK(tell(&t) == 0 && t.fake->ran.count == 1);
	T_OK(str_starts(t.fake->ran.item[0], "curl -q ") && !strstr(t.fake->ran.item[0], "secret"));
	T_OK(str_starts(t.fake->input.text, "url = \"https://hooks.example/secret-token?a=b\"\n"));
	/* As curl reads it between quotes. */
	from = strstr(t.fake->input.text, "data-raw = \"");
	T_OK(from);
	for (const char *c = from + strlen("data-raw = \""); *c && *c != '"'; c++) {
		if (*c == '\\')
			c++;
		str_add_bytes(&data, c, 1);
	}
	j = json_loads(data.text, JSON_REJECT_DUPLICATES, NULL);
	text = json_string_value(json_object_get(j, "text"));
	T_OK(strstr(text, "door.root") && strstr(text, "permitrootlogin \"yes\" \\"));
	one = json_array_get(
		json_object_get(json_object_get(json_object_get(j, "audit"), "since"), "changes"),
		0);
	T_STR(json_string_value(json_object_get(one, "change")), "worse");
	/* Of an error not either. */
	program_status = 22;
	T_OK(tell(&t) < 0);
	printf("# %s\n", t.e.msg);
	T_OK(str_starts(t.e.msg, "https://hooks.example: ") && !strstr(t.e.msg, "secret"));
	return 0;
}

static int who_cannot_be_told_hinders_nobody(void)
{
	CLEANUP_TOLD struct told t;

	told_begin(&t, "https://hooks.example/x, mail:admin@example.org, journal");
	program_status = 0;
	fake_on_run(t.fake, "sendmail", program);
	T_OK(tell(&t) < 0 && strstr(t.e.msg, "there is no curl on this host"));
	T_OK(t.fake->ran.count == 2 && str_eq(t.fake->ran.item[1], "sendmail -i -t"));
	return 0;
}

/* --- kept ----------------------------------------------------------------------------------------------- */

static int the_last_one_is_kept(void)
{
	CLEANUP_TOLD struct told t;
	CLEANUP_SINCE struct audit_since last = { 0 };

	told_begin(&t, "journal");
	T_OK(audit_former(&t.fake->os, "last", &last, &t.e) == 1);
	T_OK(t.e.kind == ERR_USAGE && strstr(t.e.msg, "--keep"));
	T_OK(audit_keep(&t.fake->os, &t.a, &t.e) == 0);
	T_OK(fake_node(t.fake, AUDIT_KEPT)->mode == 0600);
	T_OK(audit_former(&t.fake->os, "last", &last, &t.e) == 0);
	T_OK(audit_since_changes(&last, &t.a) == 0 && last.count == t.a.count);
	audit_since_done(&last);
	fake_file(t.fake, AUDIT_KEPT, "{\n\"torn", 0600);
	T_OK(audit_former(&t.fake->os, "last", &last, &t.e) < 0);
	T_OK(str_starts(t.e.msg, AUDIT_KEPT ":2: "));
	T_OK(audit_former(&t.fake->os, "/not/there", &last, &t.e) < 0 && t.e.kind == ERR_USAGE);
	return 0;
}

int main(void)
{
	static const struct t_case cases[] = {
		T(mail_goes_by_sendmail),
		T(webhook_keeps_its_secret),
		T(who_cannot_be_told_hinders_nobody),
		T(the_last_one_is_kept),
	};

	return t_main(cases, COUNT(cases));
}
