// SPDX-License-Identifier: MIT
/*
 * audit_service.c - what listens and can be reached, units that failed, openings nobody uses.
 *
 * Reached means: it listens beyond the loopback, and no packet filter of this server is known to
 * stop it. Ours is known while the kernel has it as it is stored, iptables' owners by their rules; of others
 * only that they deny by default, so what they let in is not measured.
 */
#include <stdio.h>
#include <string.h>

#include "base/i18n.h"
#include "controls/control.h"

enum reach { REACH_NO, REACH_YES, REACH_UNKNOWN };

struct known_port {
	uint16_t port;
	enum transport transport;
	const char *name;
};

static bool ours_filters(const struct control_in *in)
{
	return facts_own_filter(in->facts);
}

static const struct filter_owner *other_owner(const struct control_in *in)
{
	for (size_t i = 0; i < in->facts->filter_count; i++)
		if (in->facts->filter[i].active && in->facts->filter[i].denies)
			return &in->facts->filter[i];
	return NULL;
}

static const char *other_filter(const struct control_in *in)
{
	const struct filter_owner *o = other_owner(in);

	return o ? o->name : NULL;
}

static enum transport transport_of(const struct socket_info *s)
{
	return s->kind == SOCKET_UDP_BOUND ? TRANSPORT_UDP : TRANSPORT_TCP;
}

static bool listens_outside(const struct socket_info *s)
{
	return (s->kind == SOCKET_TCP_LISTEN || s->kind == SOCKET_UDP_BOUND) &&
	       !addr_is_loopback(&s->local);
}

/* What an owner of iptables' INPUT lets in is listed; of nft's chains only that they deny. */
static enum reach reach_through(const struct control_in *in, const struct socket_info *s)
{
	const struct foreign_ports *allowed = &in->facts->allowed;

	if (!other_owner(in)->iptables)
		return REACH_UNKNOWN;
	for (size_t i = 0; i < allowed->count; i++) {
		const struct port_range *r = &allowed->item[i].range;

		if (r->transport == transport_of(s) && s->local_port >= r->from &&
		    s->local_port <= r->to)
			return REACH_YES;
	}
	return in->facts->allowed_other.count > 0 ? REACH_UNKNOWN : REACH_NO;
}

/* Only what the kernel was seen to have is known: a rule may have been put into our table. */
static enum reach reach_through_ours(const struct control_in *in, const struct socket_info *s)
{
	const struct filter_spec *spec = in->own_filter;

	if (!spec)
		return REACH_UNKNOWN;
	for (size_t i = 0; i < spec->open_count; i++)
		if (opening_holds(&spec->open[i], transport_of(s), s->local_port))
			return REACH_YES;
	return REACH_NO;
}

static enum reach reach_of(const struct control_in *in, const struct socket_info *s)
{
	if (!listens_outside(s))
		return REACH_NO;
	if (ours_filters(in))
		return reach_through_ours(in, s);
	if (other_owner(in))
		return reach_through(in, s);
	return in->facts->nft_works ? REACH_YES : REACH_UNKNOWN;
}

static char *door_text(const struct socket_info *s, const char *name)
{
	const char *transport = s->kind == SOCKET_UDP_BOUND ? "udp" : "tcp";

	return xasprintf("%u/%s %s%s%s%s", s->local_port, transport, name, s->comm[0] ? " (" : "",
			 s->comm, s->comm[0] ? ")" : "");
}

/* A list of ports, ended by port 0. */
static int known_probe(const struct control_in *in, const struct control *self, struct finding *ret,
		       struct err *e)
{
	CLEANUP_STRV struct strv bad = { 0 };
	CLEANUP_STRV struct strv unknown = { 0 };

	(void)e;
	for (size_t i = 0; i < in->facts->socket_count; i++) {
		const struct socket_info *s = &in->facts->socket[i];
		enum reach reach = reach_of(in, s);
		struct strv *to = reach == REACH_YES ? &bad : &unknown;

		for (const struct known_port *p = self->param; reach != REACH_NO && p->port; p++) {
			CLEANUP_FREE char *text = NULL;

			if (p->port != s->local_port || p->transport != transport_of(s))
				continue;
			text = door_text(s, p->name);
			if (!strv_has(to, text)) /* once, though it is open in both families */
				strv_add(to, text);
		}
	}
	finding_list(ret, &bad, _("none can be reached"));
	if (bad.count == 0 && unknown.count > 0) {
		CLEANUP_FREE char *all = strv_join(&unknown, ", ");

		finding_set(ret, VERDICT_NOT_MEASURED,
			    _("%s listens; whether %s lets it in was not asked"), all,
			    ours_filters(in)   ? _("Kannuki's")
			    : other_filter(in) ? other_filter(in)
					       : _("a packet filter"));
	}
	return 0;
}

static bool is_sshd(const struct control_in *in, const struct socket_info *s)
{
	if (str_eq(s->comm, "sshd"))
		return true;
	for (size_t i = 0; i < in->facts->sshd.port_count; i++)
		if (s->kind == SOCKET_TCP_LISTEN && s->local_port == in->facts->sshd.port[i])
			return true;
	return false;
}

static bool is_dhcp_client(const struct socket_info *s)
{
	return s->kind == SOCKET_UDP_BOUND && (s->local_port == 68 || s->local_port == 546);
}

/* Everything else that listens outside and that no policy opens. Without a filter it is all open. */
static int exposed_probe(const struct control_in *in, const struct control *self,
			 struct finding *ret, struct err *e)
{
	CLEANUP_STRV struct strv bad = { 0 };

	(void)self;
	(void)e;
	for (size_t i = 0; i < in->facts->socket_count; i++) {
		const struct socket_info *s = &in->facts->socket[i];
		CLEANUP_FREE char *text = NULL;

		if (reach_of(in, s) != REACH_YES || is_sshd(in, s) || is_dhcp_client(s))
			continue;
		if (ours_filters(in)) /* then the policy opens it */
			continue;
		text = door_text(s, "");
		if (!strv_has(&bad, text))
			strv_add(&bad, text);
	}
	if (bad.count == 0 && !ours_filters(in) && other_filter(in))
		finding_set(ret, VERDICT_PASS, _("%s denies by default"), other_filter(in));
	else if (bad.count == 0 && (ours_filters(in) ? !in->own_filter : !in->facts->nft_works))
		finding_set(ret, VERDICT_NOT_MEASURED, "%s", _("the packet filter was not asked"));
	else
		finding_list(ret, &bad,
			     ours_filters(in) ? _("only what the policy opens")
					      : _("nothing but sshd listens to the outside"));
	return 0;
}

static bool somebody_listens(const struct control_in *in, const struct port_range *r)
{
	for (size_t i = 0; i < in->facts->socket_count; i++) {
		const struct socket_info *s = &in->facts->socket[i];

		if (listens_outside(s) && transport_of(s) == r->transport &&
		    s->local_port >= r->from && s->local_port <= r->to)
			return true;
	}
	return false;
}

/* A template counts as used when one of its ports is. */
static int unused_probe(const struct control_in *in, const struct control *self,
			struct finding *ret, struct err *e)
{
	CLEANUP_STRV struct strv bad = { 0 };

	(void)self;
	(void)e;
	if (!ours_filters(in)) {
		finding_set(ret, VERDICT_PASS, "%s", _("Kannuki's filter is not on"));
		return 0;
	}
	if (!in->own_filter) {
		finding_set(ret, VERDICT_NOT_MEASURED, "%s", _("the packet filter was not asked"));
		return 0;
	}
	for (size_t i = 0; i < in->own_filter->open_count; i++) {
		const struct opening *o = &in->own_filter->open[i];
		bool used = o->tpl && o->tpl->count == 0; /* ssh */

		for (size_t k = 0; o->tpl && k < o->tpl->count; k++)
			used = used || somebody_listens(in, &o->tpl->range[k]);
		used = used || (!o->tpl && somebody_listens(in, &o->range));
		if (!used)
			strv_take(&bad, opening_text(o));
	}
	finding_list(ret, &bad, _("something listens behind each"));
	return 0;
}

static int failed_probe(const struct control_in *in, const struct control *self,
			struct finding *ret, struct err *e)
{
	const struct run run = { .argv = ARGV("systemctl", "list-units", "--state=failed",
					      "--plain", "--no-legend", "--no-pager") };
	CLEANUP_STRV struct strv bad = { 0 };
	CLEANUP_RUN struct run_result r = { 0 };
	char *rest, *line;

	(void)self;
	if (!in->facts->systemd) {
		finding_set(ret, VERDICT_NOT_MEASURED, "%s", _("systemd does not answer"));
		return 0;
	}
	if (os_run(in->os, &run, &r, e) < 0)
		return -1;
	rest = r.out;
	while ((line = str_line(&rest))) {
		line = str_trim(line);
		line[strcspn(line, " ")] = '\0';
		if (line[0])
			strv_add(&bad, line);
	}
	finding_list(ret, &bad, _("none"));
	return 0;
}

/* Who may speak to Docker's socket over the network is root. */
static const struct known_port docker[] = { { 2375, TRANSPORT_TCP, "Docker" },
					    { 2376, TRANSPORT_TCP, "Docker" },
					    { 4243, TRANSPORT_TCP, "Docker" },
					    { 10250, TRANSPORT_TCP, "kubelet" },
					    { 0 } };
static const struct known_port clear_text[] = {
	{ 21, TRANSPORT_TCP, "FTP" },	 { 23, TRANSPORT_TCP, "telnet" },
	{ 69, TRANSPORT_UDP, "TFTP" },	 { 79, TRANSPORT_TCP, "finger" },
	{ 512, TRANSPORT_TCP, "rexec" }, { 513, TRANSPORT_TCP, "rlogin" },
	{ 514, TRANSPORT_TCP, "rsh" },	 { 873, TRANSPORT_TCP, "rsync" },
	{ 161, TRANSPORT_UDP, "SNMP" },	 { 389, TRANSPORT_TCP, "LDAP" },
	{ 1883, TRANSPORT_TCP, "MQTT" }, { 5060, TRANSPORT_UDP, "SIP" },
	{ 6000, TRANSPORT_TCP, "X11" },	 { 0 }
};
static const struct known_port databases[] = { { 3306, TRANSPORT_TCP, "MySQL" },
					       { 5432, TRANSPORT_TCP, "PostgreSQL" },
					       { 6379, TRANSPORT_TCP, "Redis" },
					       { 27017, TRANSPORT_TCP, "MongoDB" },
					       { 9200, TRANSPORT_TCP, "Elasticsearch" },
					       { 11211, TRANSPORT_TCP, "memcached" },
					       { 11211, TRANSPORT_UDP, "memcached" },
					       { 5984, TRANSPORT_TCP, "CouchDB" },
					       { 9042, TRANSPORT_TCP, "Cassandra" },
					       { 1433, TRANSPORT_TCP, "SQL Server" },
					       { 2379, TRANSPORT_TCP, "etcd" },
					       { 8086, TRANSPORT_TCP, "InfluxDB" },
					       { 0 } };
static const struct known_port panels[] = { { 3389, TRANSPORT_TCP, "RDP" },
					    { 5900, TRANSPORT_TCP, "VNC" },
					    { 5901, TRANSPORT_TCP, "VNC" },
					    { 8006, TRANSPORT_TCP, "Proxmox" },
					    { 9090, TRANSPORT_TCP, "Cockpit" },
					    { 10000, TRANSPORT_TCP, "Webmin" },
					    { 0 } };
static const struct known_port local_only[] = { { 111, TRANSPORT_TCP, "rpcbind" },
						{ 111, TRANSPORT_UDP, "rpcbind" },
						{ 137, TRANSPORT_UDP, "NetBIOS" },
						{ 139, TRANSPORT_TCP, "SMB" },
						{ 445, TRANSPORT_TCP, "SMB" },
						{ 631, TRANSPORT_TCP, "CUPS" },
						{ 631, TRANSPORT_UDP, "CUPS" },
						{ 1900, TRANSPORT_UDP, "SSDP" },
						{ 2049, TRANSPORT_TCP, "NFS" },
						{ 5353, TRANSPORT_UDP, "mDNS" },
						{ 5355, TRANSPORT_UDP, "LLMNR" },
						{ 5355, TRANSPORT_TCP, "LLMNR" },
						{ 0 } };
static const struct known_port mail[] = { { 25, TRANSPORT_TCP, "SMTP" }, { 0 } };

#define CLOSED_BY_FILTER                                                                  \
	.fix = N_("apply closes it to the outside; if nobody needs it, stop it as well"), \
	.by_apply = true, .probe = known_probe

const struct control audit_service_controls[] = {
	{
		.id = "service.remote-root",
		.title = N_("No API that controls containers can be reached"),
		.why = N_("whoever reaches it is root"),
		.severity = SEVERITY_CRITICAL,
		.source = "Docker: protect the daemon socket",
		.param = docker,
		CLOSED_BY_FILTER,
	},
	{
		.id = "service.databases",
		.title = N_("No database can be reached"),
		.why = N_("many take commands from anybody, and are emptied within hours"),
		.severity = SEVERITY_HIGH,
		.source = "RFC 7288, Redis: security",
		.param = databases,
		CLOSED_BY_FILTER,
	},
	{
		.id = "service.clear-text",
		.title = N_("No service that knows no encryption can be reached"),
		.why = N_("passwords and data can be read on the way"),
		.severity = SEVERITY_HIGH,
		.source = "RFC 3365",
		.param = clear_text,
		CLOSED_BY_FILTER,
	},
	{
		.id = "service.panels",
		.title = N_("No admin panel or remote desktop can be reached"),
		.why = N_("a password is all that is between a guesser and root"),
		.severity = SEVERITY_MEDIUM,
		.source = "CVE-2019-15107",
		.param = panels,
		CLOSED_BY_FILTER,
	},
	{
		.id = "service.local-network",
		.title = N_("No service made for a local network can be reached"),
		.why = N_("strangers learn about the server or use it to flood others"),
		.severity = SEVERITY_MEDIUM,
		.source = "US-CERT TA14-017A",
		.param = local_only,
		CLOSED_BY_FILTER,
	},
	{
		.id = "service.mail",
		.title = N_("No mail server can be reached"),
		.why = N_("a mail server nobody looks after is used to send other people's mail"),
		.severity = SEVERITY_LOW,
		.source = "RFC 2505",
		.param = mail,
		CLOSED_BY_FILTER,
	},
	{
		.id = "service.exposed",
		.title = N_("Only what is wanted can be reached"),
		.why = N_("every program that listens has its own faults"),
		.severity = SEVERITY_MEDIUM,
		.fix = N_("apply lets in only what the policy opens: [firewall] open"),
		.by_apply = true,
		.source = "NIST SP 800-123",
		.probe = exposed_probe,
	},
	{
		.id = "service.unused-openings",
		.title = N_("Something listens behind every opening"),
		.why = N_("whatever starts to listen there is open at once"),
		.severity = SEVERITY_LOW,
		.fix = N_("kannuki close NAME"),
		.source = "kannuki(8), close",
		.probe = unused_probe,
	},
	{
		.id = "service.failed",
		.title = N_("No unit has failed"),
		.why = N_("it may be the one that protects the server"),
		.severity = SEVERITY_LOW,
		.fix = N_("systemctl status UNIT tells why"),
		.source = "systemctl(1), --state=failed",
		.probe = failed_probe,
	},
	{ 0 },
};
