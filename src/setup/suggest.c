// SPDX-License-Identifier: MIT
/* suggest.c - see suggest.h. */
#include "setup/suggest.h"

#include <stdio.h>
#include <string.h>

#include "base/crc32c.h"
#include "core/policy.h"

#define LOW	 10000U
#define HIGH	 32767U /* some providers' packet filters take no port above it */
#define SERVICES "/etc/services"

static bool listens(const struct facts *f, unsigned port)
{
	for (size_t i = 0; i < f->socket_count; i++)
		if (f->socket[i].kind != SOCKET_TCP_ESTABLISHED && f->socket[i].local_port == port)
			return true;
	return false;
}

/* "name  port/tcp  aliases  # comment" (services(5)). */
static bool in_services(const char *services, unsigned port)
{
	CLEANUP_FREE char *word = xasprintf("%u/tcp", port);
	const char *at = services;

	while (at && (at = strstr(at, word))) {
		if (at > services && strchr(" \t", at[-1]))
			return true;
		at++;
	}
	return false;
}

static bool of_a_template(unsigned port)
{
	for (size_t i = 0; i < opening_templates_count; i++) {
		const struct opening o = { .tpl = &opening_templates[i] };

		if (opening_holds(&o, TRANSPORT_TCP, (uint16_t)port) ||
		    opening_holds(&o, TRANSPORT_UDP, (uint16_t)port))
			return true;
	}
	return false;
}

/* The policy's own warnings are what is wrong with a port. */
static bool is_warned_of(unsigned port)
{
	CLEANUP_STRV struct strv warnings = { 0 };
	CLEANUP_POLICY struct policy p = { 0 };
	struct err ignored = { 0 };

	policy_init(&p);
	p.ssh_port = port;
	return policy_check(&p, &warnings, &ignored) < 0 || warnings.count > 0;
}

/* Outgoing connections take ports from here to there; all where it cannot be read. */
static void read_range(struct os *os, uint64_t *low, uint64_t *high)
{
	CLEANUP_FREE char *text = NULL;
	CLEANUP_STRV struct strv ends = { 0 };
	struct err ignored = { 0 };

	*low = HIGH + 1;
	*high = UINT16_MAX;
	if (os_read(os, "/proc/sys/net/ipv4/ip_local_port_range", &text, &ignored) != 0)
		return;
	strv_split(&ends, text, " \t\n");
	if (ends.count == 2 && str_to_u64(ends.item[0], 0, UINT16_MAX, low) == 0)
		str_to_u64(ends.item[1], *low, UINT16_MAX, high);
}

static bool can_move(const struct facts *f)
{
	struct sshd_place *place = NULL;
	size_t count;

	if (f->sshd.port_count != 1 || f->sshd.port[0] != 22)
		return false;
	count = sshd_places(&f->sshd, "listenaddress", &place);
	for (size_t i = 0; i < count; i++)
		free(place[i].value);
	free(place);
	return count == 0;
}

unsigned suggest_port(struct os *os, const struct facts *f)
{
	const char *id = f->machine_id ? f->machine_id : "";
	CLEANUP_FREE char *services = NULL;
	struct err ignored = { 0 };
	unsigned span = HIGH - LOW + 1, begin = crc32c(id, strlen(id)) % span;
	uint64_t low, high;

	if (!can_move(f))
		return 0;
	read_range(os, &low, &high);
	os_read(os, SERVICES, &services, &ignored);
	for (unsigned i = 0; i < span; i++) {
		unsigned port = LOW + (begin + i) % span;

		if ((port < low || port > high) && !listens(f, port) &&
		    !in_services(services ? services : "", port) && !of_a_template(port) &&
		    !is_warned_of(port))
			return port;
	}
	return 0;
}
