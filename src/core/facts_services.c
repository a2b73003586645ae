// SPDX-License-Identifier: MIT
/* facts_services.c - see facts_services.h. */
#include "core/facts_services.h"

#include <fnmatch.h>
#include <stdio.h>
#include <string.h>

#include "base/i18n.h"
#include "core/facts.h"
#include "core/words.h"

/* Trap 39. Globs of fnmatch(3) on names without their suffix. */
static const struct {
	const char *unit, *what;
} kept[] = {
	{ "ssh", N_("it is the door itself") },
	{ "sshd", N_("it is the door itself") },
	{ "ssh@*", N_("it is the door itself") },
	{ "sshd@*", N_("it is the door itself") },
	{ "networking", N_("the network would go") },
	{ "NetworkManager*", N_("the network would go") },
	{ "network", N_("the network would go") },
	{ "systemd-networkd*", N_("the network would go") },
	{ "systemd-resolved", N_("names of hosts would not be found") },
	{ "ifup@*", N_("the network would go") },
	{ "ifplugd", N_("the network would go") },
	{ "dhcpcd*", N_("the network would go") },
	{ "dhclient*", N_("the network would go") },
	{ "connman", N_("the network would go") },
	{ "wicked*", N_("the network would go") },
	{ "wpa_supplicant*", N_("the network would go") },
	{ "chrony*", N_("the clock would go wrong") },
	{ "ntp*", N_("the clock would go wrong") },
	{ "openntpd", N_("the clock would go wrong") },
	{ "systemd-timesyncd", N_("the clock would go wrong") },
	{ "qemu-guest-agent", N_("your provider needs it") },
	{ "open-vm-tools", N_("your provider needs it") },
	{ "vmtoolsd", N_("your provider needs it") },
	{ "vgauth*", N_("your provider needs it") },
	{ "hv-*-daemon", N_("your provider needs it") },
	{ "hyperv*", N_("your provider needs it") },
	{ "hypervvssd", N_("your provider needs it") },
	{ "xe-*", N_("your provider needs it") },
	{ "xe-daemon", N_("your provider needs it") },
	{ "walinuxagent*", N_("your provider needs it") },
	{ "waagent*", N_("your provider needs it") },
	{ "google-*", N_("your provider needs it") },
	{ "amazon-ssm-agent", N_("your provider needs it") },
	{ "snap.amazon-ssm-agent*", N_("your provider needs it") },
	{ "oracle-cloud-agent*", N_("your provider needs it") },
	{ "droplet-agent", N_("your provider needs it") },
	{ "do-agent", N_("your provider needs it") },
	{ "hc-utils*", N_("your provider needs it") },
	{ "cloud-*", N_("your provider needs it") },
	{ "getty@*", N_("the console would go") },
	{ "serial-getty@*", N_("the console would go") },
	{ "console-getty", N_("the console would go") },
	{ "container-getty@*", N_("the console would go") },
	{ "dbus*", N_("the system itself needs it") },
	{ "systemd-*", N_("the system itself needs it") },
	{ "init", N_("the system itself needs it") },
	{ "user@*", N_("the system itself needs it") },
	{ "polkit*", N_("the system itself needs it") },
	{ "nftables", N_("it filters packets") },
	{ "ufw", N_("it filters packets") },
	{ "firewalld", N_("it filters packets") },
	{ "kannuki*", N_("it is Kannuki's own") },
};

const char *const services_for_no_vps[] = { "ModemManager", "bluetooth", NULL };

static char *without_suffix(const char *unit)
{
	const char *dot = strrchr(unit, '.');

	return dot && (str_ends(unit, ".service") || str_ends(unit, ".socket"))
		       ? xstrndup(unit, (size_t)(dot - unit))
		       : xstrdup(unit);
}

const char *service_kept_for(const char *unit)
{
	CLEANUP_FREE char *stem = without_suffix(unit);

	for (size_t i = 0; i < COUNT(kept); i++)
		if (fnmatch(kept[i].unit, stem, 0) == 0)
			return kept[i].what;
	return NULL;
}

void service_fact_done(struct service_fact *s)
{
	free(s->unit);
	free(s->program);
	free(s->description);
	free(s->active);
	free(s->enabled);
	strv_done(&s->with);
	strv_done(&s->listen);
	strv_done(&s->needed_by);
	strv_done(&s->used_by);
}

const struct service_fact *facts_service(const struct facts *f, const char *name)
{
	CLEANUP_FREE char *stem = without_suffix(name);
	CLEANUP_FREE char *unit = xasprintf("%s.service", stem);

	for (size_t i = 0; i < f->service_count; i++)
		if (str_eq(f->service[i].unit, unit))
			return &f->service[i];
	return NULL;
}

/* The one for this unit, made if need be; programs of no unit are told apart by their name. */
static struct service_fact *service_of(struct facts *f, const char *unit, const char *program)
{
	struct service_fact *s;

	for (size_t i = 0; i < f->service_count; i++) {
		s = &f->service[i];
		if (str_eq(s->unit, unit) && (unit[0] || str_eq(s->program, program)))
			return s;
	}
	f->service = xrealloc(f->service, f->service_count + 1, sizeof(*s));
	s = &f->service[f->service_count++];
	*s = (struct service_fact){ .unit = xstrdup(unit),
				    .program = xstrdup(program),
				    .description = xstrdup(""),
				    .active = xstrdup(""),
				    .enabled = xstrdup(""),
				    .kept_for = unit[0] ? service_kept_for(unit) : NULL };
	return s;
}

char *service_of_cgroup(const char *cgroup)
{
	CLEANUP_STRV struct strv parts = { 0 };

	strv_split(&parts, cgroup, "/");
	for (size_t i = 0; i < parts.count; i++)
		if (str_ends(parts.item[i], ".service"))
			return xstrdup(parts.item[i]);
	return xstrdup("");
}

static bool is_outside(const struct socket_info *s)
{
	return s->kind != SOCKET_TCP_ESTABLISHED && !addr_is_loopback(&s->local) &&
	       !str_eq(s->ifname, "lo");
}

/* Which socket unit PID 1 holds a port for, and whom it would start. */
static char *triggered_by_port(const char *shown, const struct socket_info *s)
{
	CLEANUP_FREE char *copy = xstrdup(shown);
	CLEANUP_FREE char *port = xasprintf(":%u (%s)", s->local_port,
					    s->kind == SOCKET_UDP_BOUND ? "Datagram" : "Stream");
	char *rest = copy, *block;

	while ((block = show_block(&rest))) {
		CLEANUP_STRV struct strv listens = { 0 };
		CLEANUP_STRV struct strv starts = { 0 };
		CLEANUP_FREE char *id = show_value(block, "Id");
		CLEANUP_FREE char *triggers = show_value(block, "Triggers");

		show_values(block, "Listen", &listens);
		strv_split(&starts, triggers, " ");
		for (size_t i = 0; i < listens.count; i++)
			if (str_ends(listens.item[i], port))
				return xstrdup(starts.count ? starts.item[0] : id);
	}
	return xstrdup("");
}

static int show_sockets(struct os *os, char **ret, struct err *e)
{
	CLEANUP_RUN struct run_result r = { 0 };

	if (os_run(os,
		   &(struct run){ .argv = ARGV("systemctl", "show", "-p", "Id,Listen,Triggers",
					       "--", "*.socket") },
		   &r, e) < 0)
		return -1;
	*ret = TAKE(r.out);
	return 0;
}

static int take_listener(struct os *os, struct facts *f, const struct socket_info *s,
			 char **shown_sockets, struct err *e)
{
	CLEANUP_PROCESS struct process p = { 0 };
	CLEANUP_FREE char *unit = NULL;
	CLEANUP_FREE char *text = NULL;
	struct err gone = { 0 };
	char addr[ADDR_TEXT];
	struct service_fact *fact;

	/* For root that is a socket of the kernel (WireGuard, NFS), which no unit holds. */
	if (s->pid == 0)
		return f->as_root ? 0 : 1;
	if (s->pid == 1 && !*shown_sockets && show_sockets(os, shown_sockets, e) < 0)
		return -1;
	if (s->pid == 1)
		unit = triggered_by_port(*shown_sockets, s);
	else if (os_process(os, s->pid, &p, &gone) == 0)
		unit = service_of_cgroup(p.cgroup);
	else
		return 0;
	fact = service_of(f, unit, s->comm);
	text = xasprintf("%u/%s %s", s->local_port, s->kind == SOCKET_UDP_BOUND ? "udp" : "tcp",
			 addr_text(&s->local, addr));
	if (!strv_has(&fact->listen, text))
		strv_add(&fact->listen, text);
	return 0;
}

/* --- who uses it --------------------------------------------------------------------------------- */

static const char shown[] = "Id,LoadState,ActiveState,UnitFileState,Description,RequiredBy,BoundBy,"
			    "ConsistsOf,TriggeredBy";

void service_needed_by(const char *block, const struct strv *own, struct strv *ret)
{
	static const char *const properties[] = { "RequiredBy", "BoundBy", "ConsistsOf" };

	for (size_t i = 0; i < COUNT(properties); i++) {
		CLEANUP_FREE char *value = show_value(block, properties[i]);
		CLEANUP_STRV struct strv units = { 0 };

		strv_split(&units, value, " ");
		for (size_t j = 0; j < units.count; j++)
			if (!str_ends(units.item[j], ".target") && !strv_has(own, units.item[j]) &&
			    !strv_has(ret, units.item[j]))
				strv_add(ret, units.item[j]);
	}
}

static void take_block(struct facts *f, const char *block, struct strv *needs)
{
	CLEANUP_FREE char *id = show_value(block, "Id");
	CLEANUP_FREE char *with = show_value(block, "TriggeredBy");

	for (size_t i = 0; i < f->service_count; i++) {
		struct service_fact *s = &f->service[i];

		if (!str_eq(s->unit, id))
			continue;
		free(s->description);
		free(s->active);
		free(s->enabled);
		s->description = show_value(block, "Description");
		s->active = show_value(block, "ActiveState");
		s->enabled = show_value(block, "UnitFileState");
		strv_split(&s->with, with, " ");
		service_needed_by(block, &s->with, &needs[i]);
	}
}

/* All units in one call of systemctl. A name of the policy that no unit has stays without state. */
static int show_units(struct os *os, struct facts *f, struct strv *needs, struct err *e)
{
	CLEANUP_STRV struct strv argv = { 0 };
	CLEANUP_RUN struct run_result r = { 0 };
	char *rest, *block;

	strv_split(&argv, "systemctl show -p", " ");
	strv_add(&argv, shown);
	strv_add(&argv, "--");
	for (size_t i = 0; i < f->service_count; i++)
		if (f->service[i].unit[0])
			strv_add(&argv, f->service[i].unit);
	if (str_eq(argv.item[argv.count - 1], "--"))
		return 0;
	if (os_run(os, &(struct run){ .argv = (const char *const *)argv.item }, &r, e) < 0)
		return -1;
	rest = r.out;
	while ((block = show_block(&rest))) {
		CLEANUP_FREE char *load = show_value(block, "LoadState");

		if (!str_eq(load, "not-found"))
			take_block(f, block, needs);
	}
	return 0;
}

/* Of the units that need a service, those that run. */
static int keep_active(struct os *os, const struct strv *needs, struct strv *ret, struct err *e)
{
	CLEANUP_STRV struct strv argv = { 0 };
	CLEANUP_RUN struct run_result r = { 0 };
	char *rest, *block;

	if (needs->count == 0)
		return 0;
	strv_split(&argv, "systemctl show -p Id,ActiveState --", " ");
	for (size_t i = 0; i < needs->count; i++)
		strv_add(&argv, needs->item[i]);
	if (os_run(os, &(struct run){ .argv = (const char *const *)argv.item }, &r, e) < 0)
		return -1;
	rest = r.out;
	while ((block = show_block(&rest))) {
		CLEANUP_FREE char *id = show_value(block, "Id");
		CLEANUP_FREE char *active = show_value(block, "ActiveState");

		if (str_eq(active, "active") || str_eq(active, "activating"))
			strv_add(ret, id);
	}
	return 0;
}

static void add_connections(const struct facts *f, struct service_fact *s)
{
	for (size_t i = 0; i < s->listen.count; i++) {
		unsigned port = (unsigned)strtoul(s->listen.item[i], NULL, 10), count = 0;
		char addr[ADDR_TEXT] = "";

		if (!strstr(s->listen.item[i], "/tcp "))
			continue;
		for (size_t j = 0; j < f->socket_count; j++) {
			struct addr peer = addr_unmap(&f->socket[j].peer);

			if (f->socket[j].kind != SOCKET_TCP_ESTABLISHED ||
			    f->socket[j].local_port != port)
				continue;
			if (count++ == 0)
				addr_text(&peer, addr);
		}
		if (count > 0) {
			CLEANUP_FREE char *text = xasprintf(
				_("connections at port %u: %u, one from %s"), port, count, addr);

			if (!strv_has(&s->used_by, text))
				strv_add(&s->used_by, text);
		}
	}
}

/* NFS before version 4 needs the port mapper and its friends, and no unit says so. */
static int add_mounts(struct os *os, struct facts *f, struct err *e)
{
	CLEANUP_FREE char *mounts = NULL;
	char *rest, *line;

	if (os_read(os, "/proc/mounts", &mounts, e) < 0)
		return -1;
	rest = mounts;
	while (rest && (line = str_line(&rest))) {
		CLEANUP_STRV struct strv w = { 0 };

		strv_split(&w, line, " ");
		if (w.count < 3 || !str_eq(w.item[2], "nfs"))
			continue;
		for (size_t i = 0; i < f->service_count; i++)
			if (str_starts(f->service[i].unit, "rpc"))
				strv_addf(&f->service[i].used_by, _("the mount %s"), w.item[1]);
	}
	return 0;
}

static int gather_use(struct os *os, struct facts *f, struct err *e)
{
	struct strv *needs = xcalloc(f->service_count + 1, sizeof(*needs));
	int r = f->systemd ? show_units(os, f, needs, e) : 0;

	for (size_t i = 0; i < f->service_count; i++) {
		if (r == 0)
			r = keep_active(os, &needs[i], &f->service[i].needed_by, e);
		if (r == 0)
			add_connections(f, &f->service[i]);
		strv_done(&needs[i]);
	}
	free(needs);
	return r == 0 ? add_mounts(os, f, e) : r;
}

static int by_unit(const void *a, const void *b)
{
	const struct service_fact *x = a, *y = b;
	int r = strcmp(x->unit, y->unit);

	return r ? r : strcmp(x->program, y->program);
}

/* The kernel lists sockets in no order; a plan is the same each time. */
static void put_in_order(struct facts *f)
{
	for (size_t i = 0; i < f->service_count; i++)
		strv_sort(&f->service[i].listen);
	if (f->service_count > 1)
		qsort(f->service, f->service_count, sizeof(*f->service), by_unit);
}

int facts_gather_services(struct os *os, const struct facts_query *q, struct facts *f,
			  struct err *e)
{
	CLEANUP_FREE char *shown_sockets = NULL;
	bool unseen = false;

	if (!q->services)
		return 0;
	for (size_t i = 0; i < f->socket_count; i++) {
		int r = is_outside(&f->socket[i])
				? take_listener(os, f, &f->socket[i], &shown_sockets, e)
				: 0;

		if (r < 0)
			return -1;
		unseen = unseen || r > 0;
	}
	if (unseen)
		strv_add(&f->not_measured,
			 _("services: only root sees which program listens at a port"));
	for (size_t i = 0; q->service && i < q->service->count; i++) {
		CLEANUP_FREE char *stem = without_suffix(q->service->item[i]);
		CLEANUP_FREE char *unit = xasprintf("%s.service", stem);

		service_of(f, unit, "");
	}
	for (size_t i = 0; q->service && strv_has(q->service, "auto") && services_for_no_vps[i];
	     i++) {
		CLEANUP_FREE char *unit = xasprintf("%s.service", services_for_no_vps[i]);

		service_of(f, unit, "");
	}
	put_in_order(f);
	return gather_use(os, f, e);
}
