// SPDX-License-Identifier: MIT
/*
 * facts.c - gathers what is so; see facts.h. Families of their own: sshd*.c, accounts.c,
 * facts_session.c, facts_filter.c, facts_published.c, facts_cloud.c; facts_json.c is all of it for programs.
 */
#include "core/facts.h"

#include <string.h>

#include "base/i18n.h"
#include "core/accounts.h"
#include "core/facts_cloud.h"
#include "core/facts_filter.h"
#include "core/facts_session.h"
#include "core/iptables.h"
#include "core/package_manager.h"
#include "core/words.h"

#define DEBIAN .admin_group = "sudo", .packages = &package_apt
/* sudo's secure_path has no folder of /usr/local there. */
#define RHEL .admin_group = "wheel", .packages = &package_dnf, .program_link = "/usr/sbin/kannuki"

const struct distribution distributions[] = {
	{ .id = "debian", DEBIAN },
	{ .id = "ubuntu", DEBIAN },
	{ .id = "fedora", RHEL },
	{ .id = "rhel", RHEL },
	{ .id = "centos", RHEL, .no_advisories = true },
	{ .id = "rocky", RHEL },
	{ .id = "almalinux", RHEL },
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
		free(f->filter[i].unit);
		strv_done(&f->filter[i].chain);
	}
	for (size_t i = 0; i < f->service_count; i++)
		service_fact_done(&f->service[i]);
	free(f->service);
	for (size_t i = 0; i < f->enabled_count; i++)
		enabled_fact_done(&f->enabled[i]);
	free(f->enabled);
	free(f->unit);
	free(f->session);
	free(f->account);
	free(f->filter);
}

void facts_done(struct facts *f)
{
	lists_done(f);
	sshd_done(&f->sshd);
	updates_fact_done(&f->updates);
	bans_fact_done(&f->bans);
	free(f->selinux.port_type);
	free(f->sshd_refuses);
	free(f->hostname);
	free(f->boot_id);
	free(f->machine_id);
	free(f->distro_id);
	free(f->distro_version);
	free(f->distro_name);
	free(f->socket);
	free(f->address);
	free(f->cloud_init_status);
	foreign_ports_done(&f->allowed);
	strv_done(&f->allowed_other);
	foreign_ports_done(&f->published);
	strv_done(&f->published_unknown);
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

bool facts_own_filter(const struct facts *f)
{
	const struct unit_fact *u = facts_unit(f, "kannuki-filter.service");

	return u && str_eq(u->active, "active");
}

static int read_line_of(struct os *os, const char *path, char **ret, struct err *e)
{
	CLEANUP_FREE char *text = NULL;

	if (os_read(os, path, &text, e) < 0)
		return -1;
	*ret = xstrdup(text ? str_trim(text) : "");
	return 0;
}

static char *release_value(const char *text, const char *name)
{
	char *value = keyed_value(text, name);

	return value ? value : xstrdup("");
}

static const struct distribution *distribution_of(const char *id)
{
	for (size_t i = 0; i < distributions_count; i++)
		if (str_eq(distributions[i].id, id))
			return &distributions[i];
	return NULL;
}

static int read_release(struct os *os, char **ret, struct err *e)
{
	int r = read_followed(os, "/etc/os-release", ret, e);

	return r == 1 ? os_read(os, "/usr/lib/os-release", ret, e) : r;
}

static const struct distribution *distribution_in(const char *release)
{
	CLEANUP_FREE char *id = release_value(release, "ID");
	CLEANUP_FREE char *like = release_value(release, "ID_LIKE");
	CLEANUP_STRV struct strv likes = { 0 };
	const struct distribution *found = distribution_of(id);

	strv_split(&likes, like, " ");
	for (size_t i = 0; i < likes.count && !found; i++)
		found = distribution_of(likes.item[i]);
	return found;
}

int distribution_find(struct os *os, const struct distribution **ret, struct err *e)
{
	CLEANUP_FREE char *release = NULL;

	if (read_release(os, &release, e) < 0)
		return -1;
	*ret = distribution_in(release ? release : "");
	return 0;
}

static int gather_host(struct os *os, struct facts *f, struct err *e)
{
	CLEANUP_FREE char *release = NULL;

	f->as_root = os_uid(os) == 0;
	if (read_line_of(os, "/proc/sys/kernel/hostname", &f->hostname, e) < 0 ||
	    read_line_of(os, "/proc/sys/kernel/random/boot_id", &f->boot_id, e) < 0 ||
	    read_line_of(os, "/etc/machine-id", &f->machine_id, e) < 0 ||
	    read_release(os, &release, e) < 0)
		return -1;
	f->distro_id = release_value(release ? release : "", "ID");
	f->distro_version = release_value(release ? release : "", "VERSION_ID");
	f->distro_name = release_value(release ? release : "", "PRETTY_NAME");
	f->distribution = distribution_in(release ? release : "");
	return 0;
}

static void take_unit(struct facts *f, const char *block)
{
	struct unit_fact u = { .name = show_value(block, "Id"),
			       .load = show_value(block, "LoadState"),
			       .active = show_value(block, "ActiveState"),
			       .enabled = show_value(block, "UnitFileState") };

	/* An alias answers by its real name. */
	if (u.load[0] == '\0' || str_eq(u.load, "not-found") || facts_unit(f, u.name)) {
		unit_done(&u);
		return;
	}
	f->unit = xrealloc(f->unit, f->unit_count + 1, sizeof(u));
	f->unit[f->unit_count++] = u;
}

#define FOR_ALL                                                                                   \
	"systemctl", "show", "-p", "Id,LoadState,ActiveState,UnitFileState", "--", "ssh.service", \
		"sshd.service", "ssh.socket", "sshd.socket", "nftables.service", "ufw.service",   \
		"firewalld.service", "netfilter-persistent.service", "iptables.service",          \
		"ip6tables.service", "kannuki-filter.service", "fail2ban.service",                \
		"cloud-init.service", "docker.service", "libvirtd.service", "apt-daily.timer",    \
		"apt-daily-upgrade.timer", "dnf-automatic.timer", "dnf-automatic-install.timer",  \
		"dnf5-automatic.timer", "kannuki-audit.timer", "kannuki-restart.timer",           \
		"kannuki-guard.service"

static const char *const ask_units[] = { FOR_ALL, NULL };
static const char *const ask_units_of_audit[] = {
	FOR_ALL,
	/* the clock */
	"systemd-timesyncd.service",
	"chrony.service",
	"chronyd.service",
	"ntp.service",
	"ntpsec.service",
	"openntpd.service",
	/* updates */
	"unattended-upgrades.service",
	"apt-daily-upgrade.service",
	"dnf-automatic.service",
	"dnf-automatic-install.service",
	"dnf5-automatic.service",
	/* logs */
	"systemd-journald.service",
	"rsyslog.service",
	"syslog-ng.service",
	"auditd.service",
	"logrotate.timer",
	/* who bans */
	"sshguard.service",
	"crowdsec.service",
	/* doors of systemd's own, and agents of the provider */
	"sshd-vsock.socket",
	"sshd-unix-local.socket",
	"qemu-guest-agent.service",
	"walinuxagent.service",
	"google-guest-agent.service",
	"amazon-ssm-agent.service",
	NULL,
};

static int gather_units(struct os *os, const struct facts_query *q, struct facts *f, struct err *e)
{
	const struct run run = { .argv = q->audit ? ask_units_of_audit : ask_units };
	CLEANUP_RUN struct run_result r = { 0 };
	CLEANUP_FREE char *comm = NULL;
	char *block, *rest;

	if (read_line_of(os, "/proc/1/comm", &comm, e) < 0 || os_run(os, &run, &r, e) < 0)
		return -1;
	f->systemd = str_eq(comm, "systemd") && r.status == 0 && !r.timed_out;
	if (!f->systemd) {
		strv_add(&f->not_measured, _("units: PID 1 is not systemd, or does not answer"));
		return 0;
	}
	rest = r.out;
	while ((block = show_block(&rest)))
		take_unit(f, block);
	return 0;
}

static int gather_sshd(struct os *os, const struct facts_query *q, struct facts *f, struct err *e)
{
	struct sshd_who who[3 + ACCOUNTS_MAX] = { { "root", "root" },
						  { "stranger", "kannuki-nobody" } };
	CLEANUP_STRV struct strv names = { 0 };
	struct addr from[2];
	struct sshd_query ask = { .who = who,
				  .who_count = 2,
				  .addr = from,
				  .addr_count = 1,
				  .match_addr = q->audit,
				  .extra_port = q->extra_port,
				  .socket = f->socket,
				  .socket_count = f->socket_count };

	if (q->admin)
		who[ask.who_count++] = (struct sshd_who){ "admin", q->admin };
	if (!q->brief && accounts_names(os, &names, e) < 0)
		return -1;
	for (size_t i = 0; i < names.count; i++)
		if (!str_eq(names.item[i], q->admin))
			who[ask.who_count++] = (struct sshd_who){ names.item[i], names.item[i] };
	/* TEST-NET-3 (RFC 5737): nobody's address, so no Match for a real one is hit by chance. */
	if (addr_parse("203.0.113.1", &from[0]) < 0)
		return err_set(e, ERR_FAILED, "203.0.113.1");
	if (session_own_peer(os, f, &f->own_peer))
		from[ask.addr_count++] = f->own_peer;
	if (sshd_gather(os, &ask, &f->sshd, e) < 0) {
		if (!q->audit)
			return -1;
		f->sshd_refuses = xstrdup(e->msg);
		*e = (struct err){ 0 };
	}
	if (!f->as_root && f->sshd.program)
		strv_add(&f->not_measured, _("what sshd answers: only root may ask it (sshd -T)"));
	return 0;
}

int facts_gather(struct os *os, const struct facts_query *q, struct facts *ret, struct err *e)
{
	CLEANUP_FACTS struct facts f = { 0 };

	if (gather_host(os, &f, e) < 0 || gather_units(os, q, &f, e) < 0 ||
	    os_sockets(os, &f.socket, &f.socket_count, e) < 0 ||
	    os_addresses(os, &f.address, &f.address_count, e) < 0 ||
	    gather_sshd(os, q, &f, e) < 0 || accounts_gather(os, q, &f, e) < 0 ||
	    facts_gather_filter(os, &f, e) < 0 || facts_gather_published(os, &f, e) < 0 ||
	    facts_gather_cloud_init(os, &f, e) < 0 || facts_gather_sessions(os, &f, e) < 0 ||
	    facts_gather_updates(os, q, &f, e) < 0 || facts_gather_services(os, q, &f, e) < 0 ||
	    facts_gather_enabled(os, q, &f, e) < 0 || facts_gather_bans(os, q, &f, e) < 0 ||
	    facts_gather_selinux(os, q, &f, e) < 0)
		return -1;
	*ret = f;
	f = (struct facts){ 0 };
	return 0;
}
