// SPDX-License-Identifier: MIT
/* tell.c - see tell.h. */
#include "setup/tell.h"

#include <stdio.h>
#include <string.h>

#include "base/base64.h"
#include "base/i18n.h"
#include "base/json.h"

#define MAIL_MS 60000
#define CURL_MS 40000
#define CURL_S	"30" /* of it, for curl itself */

#define NO_PROGRAM 127

/* One line. malloc'd. */
static char *subject_of(const struct audit_view *v)
{
	const struct audit *a = v->audit;
	size_t changes = v->since ? audit_since_changes(v->since, a) : 0;

	return xasprintf(_("kannuki: %s: grade %c, changes: %zu"), a->host, a->grade, changes);
}

/* A header holds ASCII alone; what else there is goes into an encoded word each (RFC 2047: at most 75 characters). */
static void add_header(struct str *s, const char *name, const char *text)
{
	bool plain = true;

	for (const char *c = text; *c; c++)
		plain = plain && *c >= ' ' && *c <= '~';
	str_addf(s, "%s:", name);
	while (!plain && *text) {
		size_t n = str_fit(text, 42);
		CLEANUP_FREE char *word = base64_encode(text, n);

		str_addf(s, " =?UTF-8?B?%s?=\n", word);
		text += n;
	}
	if (plain)
		str_addf(s, " %s\n", text);
}

static int tell_mail(struct os *os, const char *address, const struct audit_view *v, struct err *e)
{
	CLEANUP_FREE char *subject = subject_of(v);
	CLEANUP_RUN struct run_result r = { 0 };
	CLEANUP_STR struct str body = { 0 };
	CLEANUP_STR struct str s = { 0 };
	struct run run = { .argv = ARGV("sendmail", "-i", "-t"), .timeout_ms = MAIL_MS };

	report_audit_changes(v, &body);
	add_header(&s, "To", address);
	add_header(&s, "Subject", subject);
	str_addf(&s,
		 "MIME-Version: 1.0\nContent-Type: text/plain; charset=UTF-8\n"
		 "Content-Transfer-Encoding: 8bit\nAuto-Submitted: auto-generated\n\n%s",
		 body.text);
	run.input = s.text;
	run.input_len = s.len;
	if (os_run(os, &run, &r, e) < 0)
		return err_ctx(e, _("mail to %s"), address);
	if (r.status == NO_PROGRAM)
		return err_set(
			e, ERR_FAILED,
			_("mail to %s: there is no sendmail on this host (packages that bring "
			  "one: msmtp-mta, postfix, exim4)"),
			address);
	str_make_clean(r.err);
	if (r.timed_out || r.status != 0)
		return err_set(e, ERR_FAILED, _("mail to %s: sendmail: %s"), address,
			       r.timed_out ? _("did not end in time") : str_trim(r.err));
	return 0;
}

/* What stands behind "https://" of a URL that the policy has taken. */
static const char *behind_scheme(const char *url)
{
	const char *at = strstr(url, "://");

	return at ? at + 3 : url;
}

/* Of a URL what may be said: "https://hooks.example". malloc'd. */
static char *host_of(const char *url)
{
	const char *host = behind_scheme(url);
	size_t len = strcspn(host, "/?#");
	CLEANUP_STR struct str s = { 0 };
	/* A name and a password may stand before the host. */
	const char *at = memrchr(host, '@', len);

	str_add_bytes(&s, url, (size_t)(host - url));
	if (at) {
		len -= (size_t)(at + 1 - host);
		host = at + 1;
	}
	str_add_bytes(&s, host, len);
	return str_take(&s);
}

/* As curl's configuration has it between quotes. */
static void add_quoted(struct str *s, const char *name, const char *text)
{
	str_addf(s, "%s = \"", name);
	for (; *text; text++) {
		if (*text == '"' || *text == '\\')
			str_add(s, "\\");
		if (*text == '\n')
			str_add(s, "\\n");
		else
			str_add_bytes(s, text, 1);
	}
	str_add(s, "\"\n");
}

static char *payload_of(const struct audit_view *v)
{
	CLEANUP_STR struct str words = { 0 };
	CLEANUP_STR struct str whole = { 0 };
	CLEANUP_FREE char *subject = subject_of(v);
	CLEANUP_FREE char *text = NULL;
	json_t *all;
	char *dump;

	report_audit_changes(v, &words);
	report_audit_json(v, &whole);
	text = xasprintf("%s\n%s", subject, words.text ? words.text : "");
	all = json_pack("{s:o, s:o}", "text", json_text(text), "audit",
			json_loads(whole.text, 0, NULL));
	dump = json_dumps(all, JSON_COMPACT);
	json_decref(all);
	if (!dump)
		abort();
	return dump;
}

static int tell_webhook(struct os *os, const char *url, const struct audit_view *v, struct err *e)
{
	CLEANUP_FREE char *host = host_of(url);
	const char *secret = behind_scheme(url);
	bool repeats;
	CLEANUP_RUN struct run_result r = { 0 };
	CLEANUP_STR struct str s = { 0 };
	CLEANUP_FREE char *payload = payload_of(v);
	/* -q first: no ~/.curlrc. Redirects are not followed. */
	struct run run = { .argv = ARGV("curl", "-q", "--silent", "--show-error", "--fail",
					"--proto", "=https,http", "--max-time", CURL_S, "--output",
					"/dev/null", "--config", "-"),
			   .timeout_ms = CURL_MS };

	add_quoted(&s, "url", url);
	add_quoted(&s, "header", "Content-Type: application/json");
	add_quoted(&s, "data-raw", payload);
	run.input = s.text;
	run.input_len = s.len;
	if (os_run(os, &run, &r, e) < 0)
		return err_ctx(e, "%s", host);
	if (r.status == NO_PROGRAM)
		return err_set(e, ERR_FAILED,
			       _("%s: there is no curl on this host (its package is curl)"), host);
	if (r.timed_out)
		return err_set(e, ERR_FAILED, "%s: %s", host, _("did not end in time"));
	str_make_clean(r.err);
	/* What it says may repeat what is secret: what stands behind the host, or before it. */
	secret += strcspn(secret, "/?#");
	repeats = strstr(r.err, "://") || (strlen(secret) > 1 && strstr(r.err, secret));
	if (r.status != 0)
		return err_set(e, ERR_FAILED, _("%s: curl ended with status %d%s%s"), host,
			       r.status, repeats ? "" : ": ", repeats ? "" : str_trim(r.err));
	return 0;
}

static int tell_journal(const struct audit_view *v)
{
	CLEANUP_STR struct str s = { 0 };

	report_audit_changes(v, &s);
	fputs(s.text ? s.text : "", stdout);
	fflush(stdout);
	return 0;
}

int tell_changes(struct os *os, const struct strv *to, const struct audit_view *v, struct err *e)
{
	int all = 0;

	/* In any case: whom a mail does not reach finds it there. */
	tell_journal(v);
	for (size_t i = 0; i < to->count; i++) {
		const char *one = to->item[i];
		struct err why = { 0 };
		int r = 0;

		if (str_starts(one, "mail:"))
			r = tell_mail(os, one + strlen("mail:"), v, &why);
		else if (!str_eq(one, "journal"))
			r = tell_webhook(os, one, v, &why);
		if (r < 0 && all == 0)
			*e = why;
		all = r < 0 ? r : all;
	}
	return all;
}
