// SPDX-License-Identifier: MIT
/* audit.c - kannuki audit: how safe this server is, with the evidence; changes nothing but with --keep. */
#include "controls/audit.h"

#include <stdio.h>

#include "base/i18n.h"
#include "cmd/cmd.h"
#include "report/audit_report.h"
#include "setup/audit_now.h"
#include "setup/make_plan.h"

static const struct opt options[] = {
	{ "policy", 0, "FILE", N_("compare with this policy, not with the stored one") },
	{ "format", 0, "text|json|sarif|junit|html", N_("how to print it") },
	{ "fail-on", 0, "LEVEL", N_("exit with 3 when something of that level or worse fails") },
	{ "since", 0, "FILE", N_("what has changed since this JSON (last: the one kept)") },
	{ "keep", 0, NULL, N_("keep it on this server, for --since last") },
	{ "all", 0, NULL, N_("show what passes too") },
};

static const struct {
	const char *name;
	void (*report)(const struct audit_view *v, struct str *ret);
} formats[] = {
	{ "text", report_audit_text },	 { "json", report_audit_json },
	{ "sarif", report_audit_sarif }, { "junit", report_audit_junit },
	{ "html", report_audit_html },
};

static bool any_from(const struct audit *a, int level)
{
	for (size_t i = 0; i < a->count; i++)
		if (a->row[i].finding.verdict == VERDICT_FAIL &&
		    (int)a->row[i].control->severity >= level)
			return true;
	return false;
}

static int check_ids(const struct audit *a, const struct strv *ids, struct err *e)
{
	for (size_t i = 0; i < ids->count; i++)
		if (!audit_has(a, ids->item[i]))
			return err_set(e, ERR_USAGE,
				       _("there is no control %s; kannuki audit --all names them"),
				       ids->item[i]);
	return 0;
}

/* All that can be wrong in the words is said before the host is asked. */
static int check_words(const struct call *c, size_t *ret_format, struct err *e)
{
	const char *format = opts_get(&c->opts, "format");
	const char *level = opts_get(&c->opts, "fail-on");

	*ret_format = 0;
	while (format && *ret_format < COUNT(formats) && !str_eq(formats[*ret_format].name, format))
		(*ret_format)++;
	if (*ret_format == COUNT(formats))
		return err_set(e, ERR_USAGE,
			       _("--format %s is not possible; allowed: text, json, sarif, junit, "
				 "html"),
			       format);
	if (level && severity_parse(level) < 0)
		return err_set(e, ERR_USAGE,
			       _("--fail-on %s is not possible; allowed: low, medium, high, "
				 "critical"),
			       level);
	if (opts_has(&c->opts, "keep") && os_uid(c->os) != 0)
		return err_set(e, ERR_USAGE,
			       _("--keep needs root; try: sudo kannuki audit --keep"));
	return 0;
}

static int run(struct call *c, struct err *e)
{
	const char *path = opts_get(&c->opts, "policy");
	const char *level = opts_get(&c->opts, "fail-on");
	const char *former = opts_get(&c->opts, "since");
	CLEANUP_FREE char *policy = path ? absolute_path(path) : NULL;
	CLEANUP_SINCE struct audit_since since = { 0 };
	CLEANUP_AUDIT struct audit a = { 0 };
	CLEANUP_STR struct str s = { 0 };
	struct audit_view v = { .audit = &a,
				.only = &c->opts.words,
				.all = opts_has(&c->opts, "all") };
	size_t format;

	if (check_words(c, &format, e) < 0)
		return -1;
	if (former && audit_former(c->os, former, &since, e) != 0)
		return -1;
	if (audit_now(c->os, policy, NULL, &a, e) < 0 || check_ids(&a, v.only, e) < 0)
		return -1;
	if (former)
		v.since = &since;
	formats[format].report(&v, &s);
	fputs(s.text, stdout);
	if (opts_has(&c->opts, "keep") && audit_keep(c->os, &a, e) < 0)
		return -1;
	return level && any_from(&a, severity_parse(level)) ? EXIT_FOUND : EXIT_DONE;
}

const struct command command_audit = {
	.name = "audit",
	.words = "[ID...]",
	.summary = N_("how safe this server is: findings, and a grade"),
	.opt = options,
	.opt_count = COUNT(options),
	.words_max = 100,
	.run = run,
};
