// SPDX-License-Identifier: MIT
/*
 * reserved_port.c - sshd's port is not given to an outgoing connection that is quicker at boot
 * (trap 16; ip_local_reserved_ports in the kernel's ip-sysctl document).
 */
#include <stdlib.h>
#include <string.h>

#include "base/i18n.h"
#include "controls/control.h"
#include "steps/sysctl.h"

#define RANGE_PATH    "/proc/sys/net/ipv4/ip_local_port_range"
#define RESERVED_PATH "/proc/sys/net/ipv4/ip_local_reserved_ports"
#define RESERVED_KEY  "net.ipv4.ip_local_reserved_ports"
#define FILE_PATH     "/etc/sysctl.d/60-kannuki-ports.conf"
#define PORTS	      65536

static bool is_ephemeral(struct os *os, unsigned port, struct err *e)
{
	CLEANUP_FREE char *text = NULL;
	CLEANUP_STRV struct strv ends = { 0 };
	uint64_t low, high;

	if (os_read(os, RANGE_PATH, &text, e) < 0 || !text)
		return false;
	strv_split(&ends, text, " \t\n");
	return ends.count == 2 && str_to_u64(ends.item[0], 0, PORTS - 1, &low) == 0 &&
	       str_to_u64(ends.item[1], 0, PORTS - 1, &high) == 0 && port >= low && port <= high;
}

/* "22,80-90" as the kernel prints it. */
static void read_ports(const char *text, bool *ports)
{
	CLEANUP_STRV struct strv ranges = { 0 };

	strv_split(&ranges, text, ",\n");
	for (size_t i = 0; i < ranges.count; i++) {
		CLEANUP_STRV struct strv ends = { 0 };
		uint64_t low, high;

		strv_split(&ends, ranges.item[i], "-");
		if (ends.count == 0 || str_to_u64(ends.item[0], 0, PORTS - 1, &low) < 0 ||
		    str_to_u64(ends.item[ends.count - 1], low, PORTS - 1, &high) < 0)
			continue;
		for (uint64_t p = low; p <= high; p++)
			ports[p] = true;
	}
}

/* As the kernel would print it back, so that what is live can be compared. malloc'd. */
static char *write_ports(const bool *ports)
{
	CLEANUP_STRV struct strv ranges = { 0 };

	for (unsigned low = 0; low < PORTS; low++) {
		unsigned high = low;

		if (!ports[low])
			continue;
		while (high + 1 < PORTS && ports[high + 1])
			high++;
		if (high > low)
			strv_addf(&ranges, "%u-%u", low, high);
		else
			strv_addf(&ranges, "%u", low);
		low = high;
	}
	return strv_join(&ranges, ",");
}

static int probe(const struct control_in *in, const struct control *self, struct finding *ret,
		 struct err *e)
{
	CLEANUP_FREE bool *ports = xcalloc(PORTS, sizeof(*ports));
	CLEANUP_FREE char *reserved = NULL;
	unsigned port = ssh_port_wanted(in);

	if (!is_ephemeral(in->os, port, e)) {
		finding_set(ret, VERDICT_PASS, _("port %u is outside %s"), port, RANGE_PATH);
		return 0;
	}
	if (os_read(in->os, RESERVED_PATH, &reserved, e) < 0)
		return -1;
	read_ports(reserved ? reserved : "", ports);
	finding_set(ret, ports[port] ? VERDICT_PASS : VERDICT_FAIL, "%s = %s", RESERVED_KEY,
		    reserved ? str_trim(reserved) : "");
	return 0;
}

static int propose(const struct control_in *in, const struct finding *found, struct draft *d,
		   struct err *e)
{
	CLEANUP_FREE bool *ports = xcalloc(PORTS, sizeof(*ports));
	CLEANUP_FREE char *reserved = NULL;
	CLEANUP_FREE char *value = NULL;
	CLEANUP_FREE char *title = NULL;
	unsigned port = ssh_port_wanted(in);

	if (found->verdict != VERDICT_FAIL)
		return 0;
	if (os_read(in->os, RESERVED_PATH, &reserved, e) < 0)
		return -1;
	read_ports(reserved ? reserved : "", ports);
	ports[port] = true;
	value = write_ports(ports);
	title = xasprintf(_("reserve port %u for sshd"), port);
	step_words(plan_add(d->plan, &step_sysctl, PHASE_ADD, "ssh.port-reserved",
			    step_sysctl_args(RESERVED_KEY, value, FILE_PATH)),
		   title, _("an outgoing connection could hold it when sshd starts"),
		   _("the former list of reserved ports comes back"));
	return 0;
}

const struct control reserved_port_controls[] = {
	{
		.id = "ssh.port-reserved",
		.title = N_("No outgoing connection takes the port of SSH"),
		.why = N_("an outgoing connection could hold it when sshd starts"),
		.severity = SEVERITY_LOW,
		.source = "kernel: ip-sysctl, ip_local_reserved_ports",
		.plan_only = true,
		.probe = probe,
		.propose = propose,
	},
	{ 0 },
};
