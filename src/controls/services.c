// SPDX-License-Identifier: MIT
/* services.c - services that the policy wants stopped, and those that a fresh image has for nobody. */
#include "steps/services.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/i18n.h"
#include "controls/control.h"

/* What images bring along listening and a rented server seldom needs, or that sends passwords as they are: `auto`, in
 * kannuki-policy(5). Stopped only where nothing uses it. Never one that somebody installs to be reached (web, mail,
 * names). A mail server listens for this host alone then (mail.c). */
static const char *const needless[] = {
	"avahi-daemon", "cups",	  "cups-browsed", "rpcbind", "rpc-statd", "tftpd-hpa", "atftpd",
	"tftp",		"telnet", "telnetd",	  "rsh",     "rlogin",	  "rexec",     NULL,
};

/* These start what they are told to, for each who connects. */
static const char *const inetds[] = { "inetd", "openbsd-inetd", "inetutils-inetd", "xinetd", NULL };
/* echo, discard, daytime, chargen, telnet, time, tftp, finger, rexec, rlogin, rsh */
static const unsigned of_the_past[] = { 7, 9, 13, 19, 23, 37, 69, 79, 512, 513, 514 };

/* names: NULL ends. "telnet@.service" is one of telnet's. */
static bool is_one_of(const struct service_fact *s, const char *const *names)
{
	size_t n = strcspn(s->unit, ".@");

	for (size_t i = 0; names[i]; i++)
		if (strlen(names[i]) == n && strncmp(s->unit, names[i], n) == 0)
			return true;
	return false;
}

/* Whatever it listens at is of the past. */
static bool only_of_the_past(const struct service_fact *s)
{
	for (size_t i = 0; i < s->listen.count; i++) {
		unsigned port = (unsigned)strtoul(s->listen.item[i], NULL, 10);
		bool past = false;

		for (size_t k = 0; k < COUNT(of_the_past); k++)
			past = past || of_the_past[k] == port;
		if (!past)
			return false;
	}
	return s->listen.count > 0;
}

static bool is_needless(const struct service_fact *s)
{
	return (is_one_of(s, needless) && s->listen.count > 0) ||
	       (is_one_of(s, inetds) && only_of_the_past(s)) ||
	       (is_one_of(s, services_for_no_vps) && str_eq(s->active, "active"));
}

static bool is_stopped(const struct service_fact *s)
{
	return s->listen.count == 0 && !str_eq(s->active, "active") &&
	       !str_eq(s->active, "activating") && !str_starts(s->enabled, "enabled");
}

static bool is_named(const struct control_in *in, const struct service_fact *s)
{
	for (size_t i = 0; i < in->policy->services_stop.count; i++)
		if (facts_service(in->facts, in->policy->services_stop.item[i]) == s)
			return true;
	return false;
}

static bool is_auto(const struct control_in *in, const struct service_fact *s)
{
	return strv_has(&in->policy->services_stop, "auto") && is_needless(s);
}

/* A unit that needs it and does not stop too; NULL: none. */
static const char *who_needs(const struct control_in *in, const struct service_fact *s)
{
	for (size_t i = 0; i < s->needed_by.count; i++) {
		const struct service_fact *o = facts_service(in->facts, s->needed_by.item[i]);

		if (!o || !(is_named(in, o) || is_auto(in, o)))
			return s->needed_by.item[i];
	}
	return NULL;
}

static bool is_wanted_stopped(const struct control_in *in, const struct service_fact *s)
{
	return is_named(in, s) ||
	       (is_auto(in, s) && s->used_by.count == 0 && !who_needs(in, s) && !s->kept_for);
}

static int stop_probe(const struct control_in *in, const struct control *self, struct finding *ret,
		      struct err *e)
{
	CLEANUP_STRV struct strv running = { 0 };
	CLEANUP_FREE char *all = NULL;

	(void)e;
	if (in->policy->services_stop.count == 0) {
		finding_set(ret, VERDICT_PASS, "%s", _("the policy stops no service"));
		return 0;
	}
	if (!in->facts->systemd) {
		finding_set(ret, VERDICT_NOT_MEASURED, "%s", _("PID 1 is not systemd"));
		return 0;
	}
	for (size_t i = 0; i < in->facts->service_count; i++) {
		const struct service_fact *s = &in->facts->service[i];

		if (is_wanted_stopped(in, s) && s->active[0] && !is_stopped(s))
			strv_add(&running, s->unit);
	}
	all = strv_join(&running, ", ");
	finding_set(ret, running.count ? VERDICT_FAIL : VERDICT_PASS, "%s",
		    running.count ? all : _("none of them runs"));
	return 0;
}

/* "111/tcp, 111/udp", each once though it is open for IPv4 and IPv6. */
static char *ports_of(const struct service_fact *s)
{
	CLEANUP_STRV struct strv ports = { 0 };

	for (size_t i = 0; i < s->listen.count; i++) {
		CLEANUP_FREE char *port =
			xstrndup(s->listen.item[i], strcspn(s->listen.item[i], " "));

		if (!strv_has(&ports, port))
			strv_add(&ports, port);
	}
	return strv_join(&ports, ", ");
}

static void add_step(const struct service_fact *s, struct draft *d)
{
	CLEANUP_FREE char *ports = ports_of(s);
	CLEANUP_FREE char *title = ports[0] ? xasprintf(_("stop %s (%s)"), s->unit, ports)
					    : xasprintf(_("stop %s"), s->unit);
	CLEANUP_STRV struct strv units = { 0 };

	strv_add(&units, s->unit);
	for (size_t i = 0; i < s->with.count; i++)
		strv_add(&units, s->with.item[i]);
	step_words(plan_add(d->plan, &step_services, PHASE_RESTRICT, "services.stop",
			    step_services_args(&units)),
		   title, _("what does not run cannot be broken into"),
		   _("it runs and starts at boot as before"));
}

/* ERR_USAGE for what is never stopped, ERR_CONFLICT for what others need. */
static int check_named(const struct control_in *in, const char *name, struct strv *warnings,
		       struct err *e)
{
	const struct service_fact *s = facts_service(in->facts, name);
	const char *kept = service_kept_for(name);
	const char *needs = s ? who_needs(in, s) : NULL;
	CLEANUP_FREE char *used = s ? strv_join(&s->used_by, ", ") : NULL;

	if (kept)
		return err_set(e, ERR_USAGE, _("[services] stop: %s is never stopped: %s"), name,
			       _(kept));
	if (!s || !s->active[0]) {
		strv_addf(warnings, _("[services] stop: there is no service %s here"), name);
		return 0;
	}
	if (is_stopped(s))
		return 0;
	if (needs)
		return err_set(e, ERR_CONFLICT,
			       _("[services] stop: %s needs %s and would stop with it; name it "
				 "too, or leave both"),
			       needs, s->unit);
	if (used[0])
		strv_addf(warnings, _("%s is in use: %s"), s->unit, used);
	return 0;
}

static void warn_of_kept(const struct control_in *in, const struct service_fact *s,
			 struct strv *warnings)
{
	CLEANUP_FREE char *used = strv_join(&s->used_by, ", ");
	const char *needs = who_needs(in, s);

	if (is_auto(in, s) && !is_named(in, s) && (needs || used[0]))
		strv_addf(warnings, _("%s listens and stays, for it is used: %s"), s->unit,
			  needs ? needs : used);
}

/* What needs it stops first, in a step of its own: so it is seen running, and undo starts it again. */
static void add_with_those_that_need_it(const struct control_in *in, const struct service_fact *s,
					bool *added, struct draft *d)
{
	size_t at = (size_t)(s - in->facts->service);

	if (added[at] || !is_wanted_stopped(in, s) || !s->active[0] || is_stopped(s))
		return;
	added[at] = true;
	for (size_t i = 0; i < s->needed_by.count; i++) {
		const struct service_fact *o = facts_service(in->facts, s->needed_by.item[i]);

		if (o)
			add_with_those_that_need_it(in, o, added, d);
	}
	add_step(s, d);
}

static int stop_propose(const struct control_in *in, const struct finding *found, struct draft *d,
			struct err *e)
{
	const struct strv *names = &in->policy->services_stop;
	CLEANUP_FREE bool *added = xcalloc(in->facts->service_count + 1, sizeof(*added));

	if (names->count > 0 && found->verdict == VERDICT_NOT_MEASURED)
		return err_set(e, ERR_CONFLICT, _("[services] stop: PID 1 is not systemd"));
	for (size_t i = 0; i < names->count; i++)
		if (!str_eq(names->item[i], "auto") &&
		    check_named(in, names->item[i], &d->plan->warnings, e) < 0)
			return -1;
	for (size_t i = 0; i < in->facts->service_count; i++) {
		const struct service_fact *s = &in->facts->service[i];

		warn_of_kept(in, s, &d->plan->warnings);
		add_with_those_that_need_it(in, s, added, d);
	}
	return 0;
}

const struct control services_controls[] = {
	{
		.id = "services.stop",
		.title = N_("Services that the policy stops do not run"),
		.why = N_("what does not run cannot be broken into"),
		.severity = SEVERITY_MEDIUM,
		.source = "kannuki-policy(5)",
		.plan_only = true,
		.probe = stop_probe,
		.propose = stop_propose,
	},
	{ 0 },
};
