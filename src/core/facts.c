// SPDX-License-Identifier: MIT
/* facts.c - gathers what is so; see facts.h. accounts.c and facts_filter.c hold two families. */
#include "core/facts.h"

#include <stdio.h>
#include <string.h>
#include <sys/socket.h>

#include "base/i18n.h"
#include "core/accounts.h"
#include "core/facts_filter.h"

const struct distribution distributions[] = {
	{ "debian", "ssh.service", "ssh.socket", "sudo", "/etc/default/ssh" },
	{ "ubuntu", "ssh.service", "ssh.socket", "sudo", "/etc/default/ssh" },
	{ "fedora", "sshd.service", "sshd.socket", "wheel", "/etc/sysconfig/sshd" },
	{ "rhel", "sshd.service", "sshd.socket", "wheel", "/etc/sysconfig/sshd" },
	{ "centos", "sshd.service", "sshd.socket", "wheel", "/etc/sysconfig/sshd" },
	{ "rocky", "sshd.service", "sshd.socket", "wheel", "/etc/sysconfig/sshd" },
	{ "almalinux", "sshd.service", "sshd.socket", "wheel", "/etc/sysconfig/sshd" },
};
const size_t distributions_count = COUNT(distributions);

static void unit_done(struct unit_fact *u)
{
	free(u->name);
	free(u->load);
	free(u->active);
	free(u->enabled);
}

static void lists_done(struct facts *f)
{
	for (size_t i = 0; i < f->unit_count; i++)
		unit_done(&f->unit[i]);
	for (size_t i = 0; i < f->session_count; i++)
		free(f->session[i].user);
	for (size_t i = 0; i < f->account_count; i++)
		account_done(&f->account[i]);
	for (size_t i = 0; i < f->filter_count; i++) {
		free(f->filter[i].name);
		free(f->filter[i].evidence);
	}
	free(f->unit);
	free(f->session);
	free(f->account);
	free(f->filter);
}

void facts_done(struct facts *f)
{
	lists_done(f);
	sshd_done(&f->sshd);
	free(f->hostname);
	free(f->boot_id);
	free(f->machine_id);
	free(f->distro_id);
	free(f->distro_version);
	free(f->distro_name);
	free(f->socket);
	free(f->address);
	free(f->cloud_init_status);
	strv_done(&f->not_measured);
	*f = (struct facts){ 0 };
}

const struct account *facts_account(const struct facts *f, const char *name)
{
	for (size_t i = 0; i < f->account_count; i++)
		if (str_eq(f->account[i].name, name))
			return &f->account[i];
	return NULL;
}

const struct unit_fact *facts_unit(const struct facts *f, const char *name)
{
	for (size_t i = 0; i < f->unit_count; i++)
		if (str_eq(f->unit[i].name, name))
			return &f->unit[i];
	return NULL;
}

static int read_line_of(struct os *os, const char *path, char **ret, struct err *e)
{
	CLEANUP_FREE char *text = NULL;

	if (os_read(os, path, &text, e) < 0)
		return -1;
	*ret = xstrdup(text ? str_trim(text) : "");
	return 0;
}

/* NAME="value" lines of os-release(5). */
static char *release_value(const char *text, const char *name)
{
	CLEANUP_FREE char *copy = xstrdup(text);
	char *rest = copy, *line;
	size_t n = strlen(name);

	while ((line = str_line(&rest))) {
		char *value;
		size_t len;

		if (!str_starts(line, name) || line[n] != '=')
			continue;
		value = str_trim(line + n + 1);
		len = strlen(value);
		if (len > 1 && (value[0] == '"' || value[0] == '\'') &&
		    value[len - 1] == value[0]) {
			value[len - 1] = '\0';
			value++;
		}
		return xstrdup(value);
	}
	return xstrdup("");
}

static const struct distribution *distribution_of(const char *id)
{
	for (size_t i = 0; i < distributions_count; i++)
		if (str_eq(distributions[i].id, id))
			return &distributions[i];
	return NULL;
}

static int gather_host(struct os *os, struct facts *f, struct err *e)
{
	CLEANUP_FREE char *release = NULL;
	CLEANUP_FREE char *like = NULL;
	CLEANUP_STRV struct strv likes = { 0 };
	int r;

	f->as_root = os_uid(os) == 0;
	if (read_line_of(os, "/proc/sys/kernel/hostname", &f->hostname, e) < 0 ||
	    read_line_of(os, "/proc/sys/kernel/random/boot_id", &f->boot_id, e) < 0 ||
	    read_line_of(os, "/etc/machine-id", &f->machine_id, e) < 0)
		return -1;
	r = os_read(os, "/etc/os-release", &release, e);
	if (r == 1)
		r = os_read(os, "/usr/lib/os-release", &release, e);
	if (r < 0)
		return -1;
	f->distro_id = release_value(release ? release : "", "ID");
	f->distro_version = release_value(release ? release : "", "VERSION_ID");
	f->distro_name = release_value(release ? release : "", "PRETTY_NAME");
	f->distribution = distribution_of(f->distro_id);
	like = release_value(release ? release : "", "ID_LIKE");
	strv_split(&likes, like, " ");
	for (size_t i = 0; i < likes.count && !f->distribution; i++)
		f->distribution = distribution_of(likes.item[i]);
	return 0;
}

/* One answer of `systemctl show` a unit, blank lines between them. */
static void take_unit(struct facts *f, char *block)
{
	struct unit_fact u = { 0 };
	char *line;

	while ((line = str_line(&block))) {
		if (str_starts(line, "Id="))
			u.name = xstrdup(line + 3);
		else if (str_starts(line, "LoadState="))
			u.load = xstrdup(line + 10);
		else if (str_starts(line, "ActiveState="))
			u.active = xstrdup(line + 12);
		else if (str_starts(line, "UnitFileState="))
			u.enabled = xstrdup(line + 14);
	}
	if (!u.name || !u.load || !u.active || !u.enabled || str_eq(u.load, "not-found") ||
	    facts_unit(f, u.name)) {
		unit_done(&u);
		return;
	}
	f->unit = xrealloc(f->unit, f->unit_count + 1, sizeof(u));
	f->unit[f->unit_count++] = u;
}

static int gather_units(struct os *os, struct facts *f, struct err *e)
{
	const struct run run = {
		.argv = ARGV("systemctl", "show", "-p", "Id,LoadState,ActiveState,UnitFileState",
			     "--", "ssh.service", "sshd.service", "ssh.socket", "sshd.socket",
			     "nftables.service", "ufw.service", "firewalld.service",
			     "netfilter-persistent.service", "kannuki-filter.service",
			     "fail2ban.service", "cloud-init.service")
	};
	CLEANUP_RUN struct run_result r = { 0 };
	CLEANUP_FREE char *comm = NULL;
	char *block, *next;

	if (read_line_of(os, "/proc/1/comm", &comm, e) < 0 || os_run(os, &run, &r, e) < 0)
		return -1;
	f->systemd = str_eq(comm, "systemd") && r.status == 0 && !r.timed_out;
	if (!f->systemd) {
		strv_add(&f->not_measured, _("units: PID 1 is not systemd, or does not answer"));
		return 0;
	}
	for (block = r.out; block; block = next) {
		next = strstr(block, "\n\n");
		if (next) {
			*next = '\0';
			next += 2;
		}
		take_unit(f, block);
	}
	return 0;
}

/* Which of the two names sshd's unit has; an alias shows under its real name. */
static void name_sshd_units(struct facts *f)
{
	static const char *const services[] = { "ssh.service", "sshd.service" };
	static const char *const sockets[] = { "ssh.socket", "sshd.socket" };

	for (size_t i = 0; i < COUNT(services); i++) {
		const struct unit_fact *s = facts_unit(f, services[i]),
				       *k = facts_unit(f, sockets[i]);

		if (s && !f->sshd.unit)
			f->sshd.unit = xstrdup(s->name);
		if (k && str_eq(k->active, "active") && !f->sshd.socket_unit)
			f->sshd.socket_unit = xstrdup(k->name);
	}
}

static int gather_sshd(struct os *os, const struct facts_query *q, struct facts *f, struct err *e)
{
	struct sshd_who who[3] = { { "root", "root" }, { "stranger", "kannuki-nobody" } };
	struct addr outside;
	struct sshd_query ask = { .who = who, .who_count = 2, .addr = &outside, .addr_count = 1 };

	if (q->admin)
		who[ask.who_count++] = (struct sshd_who){ "admin", q->admin };
	/* TEST-NET-3 (RFC 5737): nobody's address, so no Match for a real one is hit by chance. */
	if (addr_parse("203.0.113.1", &outside) < 0)
		return -1;
	name_sshd_units(f);
	if (!f->as_root)
		strv_add(&f->not_measured, _("what sshd answers: only root may ask it (sshd -T)"));
	return sshd_gather(os, &ask, f->socket, f->socket_count, &f->sshd, e);
}

static bool is_sshd_port(const struct facts *f, unsigned port)
{
	for (size_t i = 0; i < f->sshd.port_count; i++)
		if (f->sshd.port[i] == port)
			return true;
	return false;
}

static void gather_sessions(struct os *os, struct facts *f)
{
	for (size_t i = 0; i < f->socket_count; i++) {
		const struct socket_info *s = &f->socket[i];
		struct process p = { 0 };
		struct err gone = { 0 };

		if (s->kind != SOCKET_TCP_ESTABLISHED || !is_sshd_port(f, s->local_port) ||
		    !str_starts(s->comm, "sshd") || os_process(os, s->pid, &p, &gone) != 0)
			continue;
		f->session = xrealloc(f->session, f->session_count + 1, sizeof(*f->session));
		f->session[f->session_count++] = (struct session){
			.user = xstrdup(""),
			.pid = s->pid,
			.peer = addr_unmap(&s->peer),
			.peer_port = s->peer_port,
			.local = addr_unmap(&s->local),
			.local_port = s->local_port,
			.start_boottime = p.start_boottime,
		};
		process_done(&p);
	}
}

static int gather_cloud_init(struct os *os, const struct facts_query *q, struct facts *f,
			     struct err *e)
{
	const struct run run = { .argv = ARGV("cloud-init", "status"), .timeout_ms = 10000 };
	CLEANUP_NODE struct node program = { 0 };
	CLEANUP_RUN struct run_result r = { 0 };
	char *line, *rest;

	if (os_get(os, "/usr/bin/cloud-init", &program, e) < 0)
		return -1;
	f->cloud_init = program.type != NODE_ABSENT;
	/* Its status costs a quarter of a second of Python. */
	if (!f->cloud_init || q->brief)
		return 0;
	if (os_run(os, &run, &r, e) < 0)
		return -1;
	rest = r.out;
	while ((line = str_line(&rest)))
		if (str_starts(line, "status: "))
			f->cloud_init_status = xstrdup(line + 8);
	return 0;
}

int facts_gather(struct os *os, const struct facts_query *q, struct facts *ret, struct err *e)
{
	CLEANUP_FACTS struct facts f = { 0 };

	if (gather_host(os, &f, e) < 0 || gather_units(os, &f, e) < 0 ||
	    os_sockets(os, &f.socket, &f.socket_count, e) < 0 ||
	    os_addresses(os, &f.address, &f.address_count, e) < 0 ||
	    gather_sshd(os, q, &f, e) < 0 || accounts_gather(os, q, &f, e) < 0 ||
	    facts_gather_filter(os, &f, e) < 0 || gather_cloud_init(os, q, &f, e) < 0)
		return -1;
	gather_sessions(os, &f);
	*ret = f;
	f = (struct facts){ 0 };
	return 0;
}
