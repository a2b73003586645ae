// SPDX-License-Identifier: MIT
/* Services that a policy stops, or that listen for their own host alone then: what the controls find, propose, refuse. */
#include "base/mem.h"
#include "lib/asked.h"
#include "lib/t.h"

/* --- services ------------------------------------------------------------------------------------ */

static void service(struct asked *a, const char *unit, const char *with, const char *listen,
		    const char *needed_by)
{
	struct facts *f = &a->facts;
	struct service_fact *s;

	f->service = xrealloc(f->service, f->service_count + 1, sizeof(*f->service));
	s = &f->service[f->service_count++];
	*s = (struct service_fact){ .unit = xstrdup(unit),
				    .program = xstrdup(""),
				    .description = xstrdup("what it is"),
				    .active = xstrdup("active"),
				    .enabled = xstrdup("enabled"),
				    .kept_for = service_kept_for(unit) };
	strv_split(&s->with, with, " ");
	strv_split(&s->listen, listen, ",");
	strv_split(&s->needed_by, needed_by, " ");
}

static char *units_of(const struct asked *a, size_t i)
{
	return json_dumps(json_object_get(a->plan.step[i].args, "units"), JSON_COMPACT);
}

/* What somebody installed to be reached is not stopped by itself. */
static int auto_stops_what_is_needless(void)
{
	static const struct {
		const char *unit, *listen;
		bool stops;
	} c[] = {
		{ "avahi-daemon.service", "5353/udp 0.0.0.0", true },
		{ "tftpd-hpa.service", "69/udp 0.0.0.0", true },
		{ "tftp.service", "69/udp 0.0.0.0", true },
		{ "tftpd-hpa.service", "", false },
		/* passwords as they are, for each who connects */
		{ "telnet.socket", "23/tcp ::", true },
		{ "rsh@.service", "514/tcp 0.0.0.0", true },
		{ "inetutils-inetd.service", "23/tcp 0.0.0.0,69/udp 0.0.0.0", true },
		{ "inetutils-inetd.service", "23/tcp 0.0.0.0,8080/tcp 0.0.0.0", false },
		{ "xinetd.service", "", false },
		/* no VPS has a modem; it need not listen */
		{ "ModemManager.service", "", true },
		{ "ModemManagers.service", "", false },
		{ "telnetting.service", "23/tcp 0.0.0.0", false },
		/* a mail server is told to listen for this host alone: mail.c */
		{ "exim4.service", "25/tcp 0.0.0.0", false },
		{ "nginx.service", "80/tcp 0.0.0.0", false },
		{ "named.service", "53/udp 0.0.0.0", false },
	};

	for (size_t i = 0; i < COUNT(c); i++) {
		CLEANUP_ASKED struct asked a;

		asked_begin(&a);
		asked_want(&a, "services", "stop", "auto");
		service(&a, c[i].unit, "", c[i].listen, "");
		printf("# %s\n", c[i].unit);
		T_OK(asked_ask(&a, "services.stop") == 0 && a.plan.count == (c[i].stops ? 1 : 0));
	}
	return 0;
}

static int named_services_stop_with_their_sockets(void)
{
	CLEANUP_ASKED struct asked a;
	CLEANUP_FREE char *units = NULL;

	asked_begin(&a);
	service(&a, "cups.service", "cups.socket cups.path", "631/tcp 0.0.0.0,631/tcp ::", "");
	T_OK(asked_ask(&a, "services.stop") == 0 && a.found.verdict == VERDICT_PASS &&
	     !a.plan.count);
	asked_want(&a, "services", "stop", "cups");
	T_OK(asked_ask(&a, "services.stop") == 0 && a.found.verdict == VERDICT_FAIL);
	T_OK(a.plan.count == 1 && str_eq(a.plan.step[0].title, "stop cups.service (631/tcp)"));
	units = units_of(&a, 0);
	T_STR(units, "[\"cups.service\",\"cups.socket\",\"cups.path\"]");
	/* Stopped already; but an idle socket still listens for it. */
	strcpy(a.facts.service[0].active, "dead");
	strcpy(a.facts.service[0].enabled, "static");
	T_OK(asked_ask(&a, "services.stop") == 0 && a.plan.count == 1);
	strv_done(&a.facts.service[0].listen);
	a.facts.service[0].listen = (struct strv){ 0 };
	T_OK(asked_ask(&a, "services.stop") == 0 && !a.plan.count &&
	     a.found.verdict == VERDICT_PASS);
	return 0;
}

static int who_needs_it_stops_first_or_it_stays(void)
{
	CLEANUP_ASKED struct asked a;

	asked_begin(&a);
	service(&a, "base.service", "", "7/tcp 0.0.0.0", "child.service");
	service(&a, "child.service", "", "", "");
	asked_want(&a, "services", "stop", "base");
	T_OK(asked_ask(&a, "services.stop") < 0 && a.e.kind == ERR_CONFLICT);
	T_OK(strstr(a.e.msg, "child.service needs base.service"));
	asked_want(&a, "services", "stop", "child");
	T_OK(asked_ask(&a, "services.stop") == 0 && a.plan.count == 2);
	T_OK(strstr(a.plan.step[0].title, "child.service"));
	/* Need each other: once each. */
	strv_add(&a.facts.service[1].needed_by, "base.service");
	T_OK(asked_ask(&a, "services.stop") == 0 && a.plan.count == 2);
	return 0;
}

static int auto_takes_only_what_nobody_uses(void)
{
	CLEANUP_ASKED struct asked a;

	asked_begin(&a);
	service(&a, "nginx.service", "", "80/tcp 0.0.0.0", "");
	service(&a, "exim4.service", "", "", ""); /* on loopback only */
	service(&a, "rpcbind.service", "rpcbind.socket", "111/tcp 0.0.0.0", "rpc-statd.service");
	service(&a, "rpc-statd.service", "", "50000/tcp 0.0.0.0", "");
	service(&a, "ssh.service", "", "22/tcp 0.0.0.0", "");
	asked_want(&a, "services", "stop", "auto");
	T_OK(asked_ask(&a, "services.stop") == 0 && a.plan.count == 2 &&
	     a.plan.warnings.count == 0);
	T_OK(strstr(a.plan.step[0].title, "rpc-statd") && strstr(a.plan.step[1].title, "rpcbind"));
	strv_add(&a.facts.service[2].used_by, "the mount /srv");
	strv_add(&a.facts.service[3].used_by, "the mount /srv");
	T_OK(asked_ask(&a, "services.stop") == 0 && a.plan.count == 0 &&
	     a.plan.warnings.count == 2);
	/* By name it is somebody's wish: done, and said. */
	asked_want(&a, "services", "stop", "rpcbind, rpc-statd");
	T_OK(asked_ask(&a, "services.stop") == 0 && a.plan.count == 2 &&
	     a.plan.warnings.count == 2);
	return 0;
}

static int what_is_never_stopped_is_refused_by_name(void)
{
	CLEANUP_ASKED struct asked a;

	asked_begin(&a);
	service(&a, "ssh.service", "", "22/tcp 0.0.0.0", "");
	asked_want(&a, "services", "stop", "ssh");
	T_OK(asked_ask(&a, "services.stop") < 0 && a.e.kind == ERR_USAGE);
	T_OK(str_starts(a.e.msg, "[services] stop: ssh is never stopped: it is the door"));
	return 0;
}

static int service_that_is_not_there_is_said(void)
{
	CLEANUP_ASKED struct asked a;

	asked_begin(&a);
	asked_want(&a, "services", "stop", "cupz");
	service(&a, "cupz.service", "", "", "");
	a.facts.service[0].active[0] = '\0';
	T_OK(asked_ask(&a, "services.stop") == 0 && a.plan.count == 0 &&
	     a.plan.warnings.count == 1);
	return 0;
}

/* --- a mail server for this host alone ------------------------------------------------------------ */

#define EXIM	"/etc/exim4/update-exim4.conf.conf"
#define MAIN_CF "/etc/postfix/main.cf"

static const char *postfix_says[5]; /* myhostname, mydestination, the virtual ones */

static int postconf(struct fake *f, const struct run *r, struct run_result *ret, struct err *e)
{
	static const char *const names[] = { "myhostname", "mydestination",
					     "virtual_mailbox_domains", "virtual_alias_domains",
					     "virtual_alias_maps" };
	const char *name = r->argv[2];

	(void)f;
	(void)e;
	for (size_t i = 0; i < COUNT(names); i++)
		if (str_eq(name, names[i]))
			ret->out = xasprintf("%s\n", postfix_says[i] ? postfix_says[i] : "");
	if (!ret->out)
		ret->out = xstrdup("\n");
	ret->err = xstrdup("");
	ret->out_len = strlen(ret->out);
	return 0;
}

static int exim_listens_for_this_host_alone(void)
{
	static const struct {
		const char *text, *v6, *then, *says;
	} c[] = {
		{ "dc_eximconfig_configtype='local'\ndc_local_interfaces=''\ndc_x='y'\n", "1",
		  "dc_eximconfig_configtype='local'\ndc_local_interfaces='127.0.0.1 ; "
		  "::1'\ndc_x='y'\n",
		  NULL },
		{ "dc_eximconfig_configtype='smarthost'\n", NULL,
		  "dc_eximconfig_configtype='smarthost'\ndc_local_interfaces='127.0.0.1'\n", NULL },
		/* Somebody's mail server. */
		{ "dc_eximconfig_configtype='internet'\ndc_local_interfaces=''\n", "1", NULL,
		  "exim4.service listens and stays: it receives mail" },
		{ "# nothing\n", "1", NULL, "does not say what it is for" },
	};

	for (size_t i = 0; i < COUNT(c); i++) {
		CLEANUP_ASKED struct asked a;
		json_t *args;

		asked_begin(&a);
		asked_want(&a, "services", "stop", "auto");
		service(&a, "exim4.service", "", "25/tcp 0.0.0.0,25/tcp ::", "");
		fake_file(a.fake, EXIM, c[i].text, 0640);
		if (c[i].v6)
			fake_file(a.fake, "/proc/net/if_inet6", c[i].v6, 0444);
		printf("# %zu\n", i);
		T_OK(asked_ask(&a, "services.mail") == 0 && a.plan.count == (c[i].then ? 1 : 0));
		T_OK((a.found.verdict == VERDICT_FAIL) == (c[i].then != NULL));
		T_OK(!c[i].says || strstr(a.plan.warnings.item[0], c[i].says));
		if (!c[i].then)
			continue;
		args = a.plan.step[0].args;
		T_STR(json_string_value(json_object_get(args, "unit")), "exim4.service");
		T_OK(json_integer_value(json_object_get(args, "here")) == 25);
		args = json_array_get(json_object_get(args, "changes"), 0);
		T_STR(json_string_value(json_object_get(args, "text")), c[i].then);
		T_OK(json_integer_value(json_object_get(args, "mode")) == 0640);
	}
	return 0;
}

static int postfix_listens_for_this_host_alone(void)
{
	static const struct {
		const char *destination, *domains, *maps, *says;
	} c[] = {
		{ "vps.example.org, vps, localhost.example.org, , localhost", NULL, NULL, NULL },
		{ "$myhostname localhost.$mydomain localhost", NULL, NULL, NULL },
		{ "vps.example.org, example.org, localhost", NULL, NULL,
		  "receives mail of example.org" },
		{ "localhost", "example.net", NULL, "virtual_mailbox_domains" },
		{ "localhost", NULL, "hash:/etc/postfix/virtual", "virtual_alias_maps" },
	};
	static const char text[] = "myhostname = vps.example.org\ninet_interfaces = all,\n  more\n"
				   "inet_protocols = all\ninet_interfaces=all\n";

	for (size_t i = 0; i < COUNT(c); i++) {
		CLEANUP_ASKED struct asked a;
		json_t *change;

		asked_begin(&a);
		asked_want(&a, "services", "stop", "auto");
		service(&a, "postfix@-.service", "", "25/tcp 0.0.0.0", "");
		fake_file(a.fake, MAIN_CF, text, 0644);
		fake_on_run(a.fake, "postconf", postconf);
		postfix_says[0] = "vps.example.org";
		postfix_says[1] = c[i].destination;
		postfix_says[2] = c[i].domains;
		postfix_says[4] = c[i].maps;
		printf("# %zu\n", i);
		T_OK(asked_ask(&a, "services.mail") == 0 && a.plan.count == (c[i].says ? 0 : 1));
		T_OK(!c[i].says || strstr(a.plan.warnings.item[0], c[i].says));
		if (c[i].says)
			continue;
		change = json_array_get(json_object_get(a.plan.step[0].args, "changes"), 0);
		T_STR(json_string_value(json_object_get(change, "text")),
		      "myhostname = vps.example.org\ninet_interfaces = loopback-only\n"
		      "inet_protocols = all\n");
	}
	return 0;
}

static int mail_server_in_use_stays(void)
{
	CLEANUP_ASKED struct asked a;

	asked_begin(&a);
	service(&a, "exim4.service", "", "25/tcp 0.0.0.0", "");
	fake_file(a.fake, EXIM, "dc_eximconfig_configtype='local'\n", 0640);
	/* Nobody asked. */
	T_OK(asked_ask(&a, "services.mail") == 0 && a.plan.count == 0 &&
	     a.plan.warnings.count == 0);
	asked_want(&a, "services", "stop", "auto");
	T_OK(asked_ask(&a, "services.mail") == 0 && a.plan.count == 1);
	strv_add(&a.facts.service[0].used_by, "connections at port 25: 1");
	T_OK(asked_ask(&a, "services.mail") == 0 && a.plan.count == 0);
	T_OK(strstr(a.plan.warnings.item[0], "connections at port 25"));
	asked_want(&a, "firewall", "open", "ssh, 25/tcp");
	T_OK(asked_ask(&a, "services.mail") == 0 && a.plan.count == 0);
	T_OK(strstr(a.plan.warnings.item[0], "lets port 25 in"));
	/* By its name it stops. */
	asked_want(&a, "services", "stop", "auto, exim4");
	T_OK(asked_ask(&a, "services.mail") == 0 && a.plan.count == 0 &&
	     a.plan.warnings.count == 0);
	T_OK(asked_ask(&a, "services.stop") == 0 && a.plan.count == 1);
	return 0;
}

int main(void)
{
	static const struct t_case cases[] = {
		T(auto_stops_what_is_needless),
		T(named_services_stop_with_their_sockets),
		T(who_needs_it_stops_first_or_it_stays),
		T(auto_takes_only_what_nobody_uses),
		T(what_is_never_stopped_is_refused_by_name),
		T(service_that_is_not_there_is_said),
		T(exim_listens_for_this_host_alone),
		T(postfix_listens_for_this_host_alone),
		T(mail_server_in_use_stays),
	};

	return t_main(cases, COUNT(cases));
}
