// SPDX-License-Identifier: MIT
/* filter_minimum.c - what is let in when the stored filter is of no use; see filter.h. */
#include "core/filter.h"
#include "core/sshd.h"

#define PORTS_MAX 32

struct ports {
	uint16_t port[PORTS_MAX];
	size_t count;
};

static void add(struct ports *p, uint16_t port)
{
	for (size_t i = 0; i < p->count; i++)
		if (p->port[i] == port)
			return;
	if (p->count < COUNT(p->port))
		p->port[p->count++] = port;
}

static void add_named(struct os *os, struct ports *p)
{
	CLEANUP_STRV struct strv named = { 0 };

	sshd_named_ports(os, &named);
	for (size_t i = 0; i < named.count; i++) {
		uint64_t port;

		if (str_to_u64(named.item[i], 1, 65535, &port) == 0)
			add(p, (uint16_t)port);
	}
}

static void add_listened(struct os *os, struct ports *p)
{
	CLEANUP_FREE struct socket_info *socket = NULL;
	struct err ignored = { 0 };
	size_t count = 0;

	if (os_sockets(os, &socket, &count, &ignored) < 0)
		return;
	for (size_t i = 0; i < count; i++)
		if (socket[i].kind == SOCKET_TCP_LISTEN && str_starts(socket[i].comm, "sshd"))
			add(p, socket[i].local_port);
}

char *filter_minimum(struct os *os)
{
	struct ports ports = { .port = { 22 }, .count = 1 };
	struct filter_spec spec = { .ssh_port = ports.port, .ping = true };

	add_named(os, &ports);
	add_listened(os, &ports);
	spec.ssh_port_count = ports.count;
	return filter_ruleset(&spec, NULL, 0, false);
}
