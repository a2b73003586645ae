// SPDX-License-Identifier: MIT
/* probe.c - see probe.h. */
#include "remote/probe.h"

#include <string.h>
#include <sys/socket.h>

#include "base/i18n.h"
#include "core/policy.h"
#include "setup/make_plan.h"

#define ANSWER_MS 3000
#define KEYSCAN_S "5"

/* What scanners look for first, and what is often left open. */
static const struct {
	uint16_t port;
	const char *name;
} usual[] = {
	{ 21, "FTP" },		{ 22, "SSH" },		{ 23, "Telnet" },
	{ 25, "SMTP" },		{ 53, "DNS" },		{ 80, "HTTP" },
	{ 110, "POP3" },	{ 111, "rpcbind" },	{ 143, "IMAP" },
	{ 443, "HTTPS" },	{ 445, "SMB" },		{ 465, "SMTPS" },
	{ 587, "submission" },	{ 873, "rsync" },	{ 993, "IMAPS" },
	{ 995, "POP3S" },	{ 2022, "" },		{ 2049, "NFS" },
	{ 2222, "" },		{ 2375, "Docker" },	{ 2376, "Docker" },
	{ 3000, "" },		{ 3306, "MySQL" },	{ 3389, "RDP" },
	{ 5432, "PostgreSQL" }, { 5900, "VNC" },	{ 6379, "Redis" },
	{ 6443, "Kubernetes" }, { 8000, "" },		{ 8080, "HTTP" },
	{ 8443, "HTTPS" },	{ 9090, "" },		{ 9200, "Elasticsearch" },
	{ 10000, "Webmin" },	{ 11211, "memcached" }, { 22022, "" },
	{ 27017, "MongoDB" },
};

void probe_done(struct probe *p)
{
	for (size_t i = 0; i < p->count; i++)
		free(p->port[i].banner);
	for (size_t i = 0; i < p->ssh_count; i++) {
		offer_done(&p->ssh[i].root);
		offer_done(&p->ssh[i].other);
		hostkeys_done(&p->ssh[i].keys);
	}
	free(p->host);
	free(p->port);
	free(p->ssh);
	*p = (struct probe){ 0 };
}

/* --- what is asked ---------------------------------------------------------------------------------- */

static void add_port(struct probe *p, unsigned port, const char *name)
{
	for (size_t i = 0; i < p->count; i++)
		if (p->port[i].port == port)
			return;
	p->port = xrealloc(p->port, p->count + 1, sizeof(*p->port));
	p->port[p->count++] = (struct probed_port){ .port = (uint16_t)port, .name = name };
}

static int compare_ports(const void *a, const void *b)
{
	return (int)((const struct probed_port *)a)->port -
	       (int)((const struct probed_port *)b)->port;
}

static int choose_ports(struct os *os, const struct probe_wish *w, const struct host *h,
			struct probe *p, struct err *e)
{
	CLEANUP_POLICY struct policy policy = { 0 };
	CLEANUP_FREE char *path = w->policy_path ? absolute_path(w->policy_path) : NULL;

	for (size_t i = 0; i < COUNT(usual); i++)
		add_port(p, usual[i].port, usual[i].name);
	add_port(p, h->number, "SSH");
	if (path) {
		if (policy_load(os, path, &policy, NULL, e) < 0)
			return -1;
		if (policy.ssh_port)
			add_port(p, policy.ssh_port, "SSH");
		for (unsigned port = 1; port <= 65535; port++)
			for (size_t i = 0; i < policy.open_count && p->count < 512; i++)
				if (opening_holds(&policy.open[i], TRANSPORT_TCP, (uint16_t)port))
					add_port(p, port, "");
	}
	qsort(p->port, p->count, sizeof(*p->port), compare_ports);
	return 0;
}

/* --- asking ------------------------------------------------------------------------------------------ */

static int ask_ports(struct probe *p, struct err *e)
{
	CLEANUP_FREE struct tcp_asked *ask = xcalloc(p->count, sizeof(*ask));

	for (int family = 0; family < 2; family++) {
		if (!p->addr[family].family)
			continue;
		for (size_t i = 0; i < p->count; i++)
			ask[i] = (struct tcp_asked){ .to = &p->addr[family],
						     .port = p->port[i].port };
		if (tcp_ask(ask, p->count, ANSWER_MS, e) < 0)
			return -1;
		for (size_t i = 0; i < p->count; i++)
			p->port[i].answer[family] = ask[i].answer;
	}
	return 0;
}

/* The family over which a port is open, IPv4 first; -1: none. */
static int open_family(const struct probed_port *port)
{
	return port->answer[0] == TCP_OPEN ? 0 : port->answer[1] == TCP_OPEN ? 1 : -1;
}

/* Web servers wait for the client's word: they have no first line, and are left alone. */
static int ask_banners(struct os *os, struct probe *p, struct err *e)
{
	for (size_t i = 0; i < p->count; i++) {
		struct probed_port *port = &p->port[i];
		int family = open_family(port);
		int r;

		if (family < 0)
			continue;
		r = os_ssh_banner(os, &p->addr[family], port->port, ANSWER_MS, &port->banner, e);
		if (r < 0)
			return r;
		if (r > 0)
			continue;
		str_make_clean(port->banner);
		port->ssh = str_starts(port->banner, "SSH-");
	}
	return 0;
}

static int ask_keys(struct host *h, const char *address, unsigned port, struct hostkeys *ret,
		    struct err *e)
{
	CLEANUP_FREE char *number = xasprintf("%u", port);
	const struct run scan = { .argv = ARGV("ssh-keyscan", "-T", KEYSCAN_S, "-p", number, "--",
					       address),
				  .env = (const char *const *)h->env.item };
	CLEANUP_RUN struct run_result r = { 0 };
	CLEANUP_STRV struct strv keys = { 0 };

	if (os_run(h->os, &scan, &r, e) < 0)
		return -1;
	known_hosts_keys(r.out, &keys);
	return keys.count ? hostkeys_of(h->os, &keys, ret, e) : 0;
}

static int ask_ssh(struct host *h, struct probe *p, const struct probed_port *port, struct err *e)
{
	struct probed_ssh *s;
	char address[ADDR_TEXT];
	int family = open_family(port);
	struct way way = { .port = port->port, .family = family == 0 ? 4 : 6, .user = "root" };

	addr_text(&p->addr[family], address);
	way.address = address;
	p->ssh = xrealloc(p->ssh, p->ssh_count + 1, sizeof(*p->ssh));
	s = &p->ssh[p->ssh_count++];
	*s = (struct probed_ssh){ .port = port->port, .family = way.family };
	if (host_ask_offer(h, &way, &s->root, e) < 0)
		return -1;
	way.user = "nobody-here";
	if (host_ask_offer(h, &way, &s->other, e) < 0)
		return -1;
	return ask_keys(h, address, port->port, &s->keys, e);
}

int probe_host(struct os *os, const struct probe_wish *wish, struct probe *ret, struct err *e)
{
	CLEANUP_HOST struct host h = { 0 };

	*ret = (struct probe){ 0 };
	if (host_open(os, wish->target, wish->port, &h, e) < 0 ||
	    host_addresses(&h, ret->addr, e) < 0 || choose_ports(os, wish, &h, ret, e) < 0)
		return -1;
	ret->host = xstrdup(h.name);
	if (ask_ports(ret, e) < 0 || ask_banners(os, ret, e) < 0)
		return -1;
	for (size_t i = 0; i < ret->count; i++)
		if (ret->port[i].ssh && ask_ssh(&h, ret, &ret->port[i], e) < 0)
			return -1;
	return 0;
}
