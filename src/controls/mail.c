// SPDX-License-Identifier: MIT
/*
 * mail.c - a mail server that an image brought along, for the host's own messages, listens for this host alone: part of
 * [services] stop = auto. It goes on working: cron and the daily audit mail through it.
 *
 * One that receives mail for others, or that somebody is connected to, or that the policy lets in, is never touched.
 */
#include <string.h>

#include "base/i18n.h"
#include "controls/control.h"
#include "core/words.h"
#include "steps/journal.h"

#define EXIM_CONF    "/etc/exim4/update-exim4.conf.conf" /* Debian's: update-exim4.conf(8) */
#define POSTFIX_CONF "/etc/postfix/main.cf"
#define SMTP_PORT    25

/* What is known of one mail server. */
struct mail_server {
	const struct service_fact *service; /* it listens to the outside */
	const char *unit;		    /* that is started anew */
	const char *path;
	char *text;	 /* as it is */
	const char *key; /* the line, as it begins */
	char *line;	 /* as it shall be */
	char *serves;	 /* why it is somebody's mail server; NULL: it is not */
};

static void mail_server_done(struct mail_server *m)
{
	free(m->text);
	free(m->line);
	free(m->serves);
}

static const struct service_fact *listening(const struct control_in *in, const char *prefix)
{
	for (size_t i = 0; i < in->facts->service_count; i++) {
		const struct service_fact *s = &in->facts->service[i];

		for (size_t k = 0; str_starts(s->unit, prefix) && k < s->listen.count; k++)
			if (str_starts(s->listen.item[k], "25/tcp "))
				return s;
	}
	return NULL;
}

/* > 0: this kernel has IPv6; a server that is told to listen at ::1 without it would not start. */
static int has_v6(const struct control_in *in, struct err *e)
{
	CLEANUP_NODE struct node n = { 0 };

	return os_get(in->os, "/proc/net/if_inet6", &n, e) < 0 ? -1 : n.type != NODE_ABSENT;
}

static int look_at_exim(const struct control_in *in, struct mail_server *m, struct err *e)
{
	CLEANUP_FREE char *type = NULL;
	int v6 = has_v6(in, e);

	m->unit = "exim4.service";
	m->path = EXIM_CONF;
	m->key = "dc_local_interfaces=";
	if (v6 < 0 || os_read(in->os, m->path, &m->text, e) < 0)
		return -1;
	m->line = xasprintf("dc_local_interfaces='127.0.0.1%s'", v6 ? " ; ::1" : "");
	type = m->text ? keyed_value(m->text, "dc_eximconfig_configtype") : NULL;
	if (!type)
		m->serves = xasprintf(_("%s does not say what it is for"), m->path);
	else if (str_eq(type, "internet"))
		m->serves =
			xasprintf(_("it receives mail (%s: dc_eximconfig_configtype)"), m->path);
	return 0;
}

/* postconf prints one value a line. malloc'd; NULL: it does not answer. */
static char *postfix_value(const struct control_in *in, const char *name)
{
	CLEANUP_RUN struct run_result r = { 0 };
	struct err none = { 0 };

	if (os_run_ok(in->os, ARGV("postconf", "-xh", name), &r, &none) < 0 &&
	    os_run_ok(in->os, ARGV("postconf", "-h", name), &r, &none) < 0)
		return NULL;
	return xstrdup(str_trim(r.out));
}

/* localhost, this host by its long or short name, or nothing. */
static bool is_this_host(const char *name, const char *host)
{
	size_t n = strcspn(host, ".");

	return str_eq(name, "localhost") || str_starts(name, "localhost.") ||
	       str_case_eq(name, host) || (strlen(name) == n && strncasecmp(name, host, n) == 0) ||
	       name[0] == '$';
}

static char *postfix_serves(const struct control_in *in)
{
	static const char *const of_others[] = { "virtual_mailbox_domains", "virtual_alias_domains",
						 "virtual_mailbox_maps", "virtual_alias_maps" };
	CLEANUP_FREE char *host = postfix_value(in, "myhostname");
	CLEANUP_FREE char *ours = postfix_value(in, "mydestination");
	CLEANUP_STRV struct strv names = { 0 };

	if (!host || !ours)
		return xstrdup(_("postconf does not answer"));
	strv_split(&names, ours, ", \t");
	for (size_t i = 0; i < names.count; i++)
		if (!is_this_host(names.item[i], host))
			return xasprintf(_("it receives mail of %s (%s: mydestination)"),
					 names.item[i], POSTFIX_CONF);
	for (size_t i = 0; i < COUNT(of_others); i++) {
		CLEANUP_FREE char *value = postfix_value(in, of_others[i]);

		if (value && value[0] && value[0] != '$')
			return xasprintf(_("it receives mail (%s: %s)"), POSTFIX_CONF,
					 of_others[i]);
	}
	return NULL;
}

static int look_at_postfix(const struct control_in *in, struct mail_server *m, struct err *e)
{
	m->unit = "postfix.service";
	m->path = POSTFIX_CONF;
	m->key = "inet_interfaces";
	m->line = xstrdup("inet_interfaces = loopback-only");
	if (os_read(in->os, m->path, &m->text, e) < 0)
		return -1;
	m->serves = m->text ? postfix_serves(in) : xasprintf(_("there is no %s"), m->path);
	return 0;
}

static char *who_uses(const struct control_in *in, const struct service_fact *s)
{
	const struct policy *p = in->policy;

	for (size_t i = 0; i < p->open_count; i++)
		if (opening_holds(&p->open[i], TRANSPORT_TCP, SMTP_PORT))
			return xstrdup(_("the policy lets port 25 in"));
	return s->used_by.count > 0 ? strv_join(&s->used_by, ", ") : NULL;
}

static bool is_named(const struct control_in *in, const struct service_fact *s)
{
	const struct strv *names = &in->policy->services_stop;

	for (size_t i = 0; i < names->count; i++)
		if (facts_service(in->facts, names->item[i]) == s)
			return true;
	return false;
}

/* 1: none listens to the outside, or it is to be stopped by its name. */
static int look(const struct control_in *in, struct mail_server *m, struct err *e)
{
	const struct service_fact *exim = listening(in, "exim4.");
	const struct service_fact *postfix = listening(in, "postfix");
	int r;

	m->service = exim ? exim : postfix;
	if (!m->service || is_named(in, m->service))
		return 1;
	r = exim ? look_at_exim(in, m, e) : look_at_postfix(in, m, e);
	if (r == 0 && !m->serves)
		m->serves = who_uses(in, m->service);
	return r;
}

static bool is_asked_for(const struct control_in *in)
{
	return strv_has(&in->policy->services_stop, "auto") && in->facts->systemd;
}

static int loopback_probe(const struct control_in *in, const struct control *self,
			  struct finding *ret, struct err *e)
{
	CLEANUP(mail_server_done) struct mail_server m = { 0 };
	int r = is_asked_for(in) ? look(in, &m, e) : 1;

	(void)self;
	if (r < 0)
		return -1;
	if (r > 0)
		finding_set(ret, VERDICT_PASS, "%s", _("none listens to the outside"));
	else if (m.serves)
		finding_set(ret, VERDICT_PASS, "%s: %s", m.service->unit, m.serves);
	else
		finding_set(ret, VERDICT_FAIL, "%s: %s", m.service->unit,
			    m.service->listen.item[0]);
	return 0;
}

/* The text with the line in the place of the first that sets the value, and without the others and what they go on in. */
static char *with_line(const struct mail_server *m)
{
	CLEANUP_FREE char *copy = xstrdup(m->text);
	CLEANUP_STR struct str s = { 0 };
	size_t n = strlen(m->key);
	bool done = false, goes_on = false;
	char *rest = copy, *line;

	while ((line = str_line(&rest))) {
		bool sets = str_starts(line, m->key) &&
			    (m->key[n - 1] == '=' || line[n + strspn(line + n, " \t")] == '=');

		goes_on = sets || (goes_on && (line[0] == ' ' || line[0] == '\t'));
		if (!goes_on)
			str_addf(&s, "%s\n", line);
		else if (sets && !done)
			str_addf(&s, "%s\n", m->line);
		done = done || sets;
	}
	if (!done)
		str_addf(&s, "%s\n", m->line);
	return str_take(&s);
}

static int loopback_propose(const struct control_in *in, const struct finding *found,
			    struct draft *d, struct err *e)
{
	CLEANUP(mail_server_done) struct mail_server m = { 0 };
	CLEANUP_NODE struct node now = { 0 };
	CLEANUP_FREE char *text = NULL;
	CLEANUP_FREE char *title = NULL;
	struct change change = { .type = NODE_FILE, .expect = &now };
	int r = is_asked_for(in) ? look(in, &m, e) : 1;

	if (r != 0)
		return r < 0 ? -1 : 0;
	if (found->verdict != VERDICT_FAIL) {
		strv_addf(&d->plan->warnings, _("%s listens and stays: %s"), m.service->unit,
			  m.serves);
		return 0;
	}
	if (os_get(in->os, m.path, &now, e) < 0)
		return -1;
	text = with_line(&m);
	title = xasprintf(_("%s: listen for this server alone (25/tcp)"), m.service->unit);
	change.path = m.path;
	change.text = text;
	change.mode = now.mode;
	step_words(plan_add(d->plan, &step_journal, PHASE_RESTRICT, "services.mail",
			    step_daemon_args(&change, 1, m.unit, SMTP_PORT)),
		   title,
		   _("it is there for this server's own messages, and nobody else need reach it"),
		   _("the file is as before, and it listens as before"));
	return 0;
}

const struct control mail_controls[] = {
	{
		.id = "services.mail",
		.title = N_("A mail server for this host's own messages is reached by nobody else"),
		.why = N_("a mail server nobody looks after is used to send other people's mail"),
		.severity = SEVERITY_LOW,
		.source = "update-exim4.conf(8), postconf(5), inet_interfaces",
		.plan_only = true,
		.probe = loopback_probe,
		.propose = loopback_propose,
	},
	{ 0 },
};
