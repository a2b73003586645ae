// SPDX-License-Identifier: MIT
/* audit.c - kannuki audit: how safe this server is, with the evidence; changes nothing. */
#include "controls/audit.h"

#include <stdio.h>

#include "base/i18n.h"
#include "cmd/cmd.h"
#include "report/audit_report.h"

static const struct opt options[] = {
	{ "policy", 0, "FILE", N_("compare with this policy, not with the stored one") },
	{ "format", 0, "text|json", N_("how to print it") },
	{ "fail-on", 0, "LEVEL", N_("exit with 3 when something of that level or worse fails") },
	{ "all", 0, NULL, N_("show what passes too") },
};

/* The policy that is asked for, the one of this server, or, where it has none, the defaults. Who may
 * not read it audits without it. */
static int load_policy(struct call *c, struct policy *ret, char **ret_text, struct err *e)
{
	const char *path = opts_get(&c->opts, "policy");
	CLEANUP_NODE struct node there = { 0 };

	if (path)
		return policy_load(c->os, path, ret, ret_text, e);
	if (os_get(c->os, POLICY_PATH, &there, e) < 0) {
		*e = (struct err){ 0 };
		policy_init(ret);
		return 0;
	}
	if (there.type == NODE_ABSENT) {
		policy_init(ret);
		return 0;
	}
	return policy_load(c->os, POLICY_PATH, ret, ret_text, e);
}

static bool any_from(const struct audit *a, int level)
{
	for (size_t i = 0; i < a->count; i++)
		if (a->row[i].finding.verdict == VERDICT_FAIL &&
		    (int)a->row[i].control->severity >= level)
			return true;
	return false;
}

static int look(struct call *c, struct audit *ret, struct err *e)
{
	CLEANUP_POLICY struct policy policy = { 0 };
	CLEANUP_FACTS struct facts facts = { 0 };
	CLEANUP_FREE char *text = NULL;
	struct facts_query query = {
		.audit = true, .updates = true, .pending = true, .bans = true
	};
	struct control_in in = { .os = c->os, .facts = &facts, .policy = &policy };
	const char *path = opts_get(&c->opts, "policy");

	if (load_policy(c, &policy, &text, e) < 0)
		return -1;
	query.admin = policy.admin_user;
	query.extra_port = policy.ssh_port;
	if (facts_gather(c->os, &query, &facts, e) < 0)
		return err_ctx(e, _("looking at this host"));
	in.policy_text = text;
	if (controls_audit(&in, ret, e) == 0)
		return 0;
	policy_locate(&policy, path ? path : POLICY_PATH, e);
	return -1;
}

static int run(struct call *c, struct err *e)
{
	const char *format = opts_get(&c->opts, "format");
	const char *level = opts_get(&c->opts, "fail-on");
	const struct strv *ids = &c->opts.words;
	CLEANUP_AUDIT struct audit a = { 0 };
	CLEANUP_STR struct str s = { 0 };

	if (format && !str_eq(format, "text") && !str_eq(format, "json"))
		return err_set(e, ERR_USAGE, _("--format %s is not possible; allowed: text, json"),
			       format);
	if (level && severity_parse(level) < 0)
		return err_set(e, ERR_USAGE,
			       _("--fail-on %s is not possible; allowed: low, medium, high, "
				 "critical"),
			       level);
	if (look(c, &a, e) < 0)
		return -1;
	for (size_t i = 0; i < ids->count; i++)
		if (!audit_has(&a, ids->item[i]))
			return err_set(e, ERR_USAGE,
				       _("there is no control %s; kannuki audit --all names them"),
				       ids->item[i]);
	if (str_eq(format, "json"))
		report_audit_json(&a, ids, &s);
	else if (ids->count > 0)
		report_audit_some(&a, ids, &s);
	else
		report_audit_text(&a, opts_has(&c->opts, "all"), &s);
	fputs(s.text, stdout);
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
