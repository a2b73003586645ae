// SPDX-License-Identifier: MIT
/*
 * audit_kernel.c - settings of the kernel below /proc/sys, as they are in force.
 *
 * Those of an interface come together with conf/all as the kernel's ip-sysctl.rst says, for each
 * interface that takes packets of its own. What apply sets is marked safe, or named: a router, a container host or
 * a VPN needs some of them otherwise (harden_kernel.c).
 */
#include "controls/audit_kernel.h"

#include <string.h>

#include "base/i18n.h"

int kernel_read(struct os *os, const char *path, long *ret, struct err *e)
{
	CLEANUP_FREE char *text = NULL;
	char *end;
	int r = os_read(os, path, &text, e);

	if (r != 0)
		return r;
	*ret = strtol(text, &end, 10);
	if (end == text)
		return err_set(e, ERR_FAILED, _("%s holds no number"), path);
	return 0;
}

/* As sysctl(8) writes it; malloc'd. */
static char *dotted(const char *path)
{
	char *name = xstrdup(path);

	for (char *c = strchr(name, '/'); c; c = strchr(c, '/'))
		*c = '.';
	return name;
}

static char *path_of(const struct kernel_rule *r, const char *interface, const char *name)
{
	return xasprintf("/proc/sys/%s/%s/%s", r->path, interface, name);
}

/* What is in force on one interface. */
static int value_on(struct os *os, const struct kernel_rule *r, const char *interface, long *ret,
		    struct err *e)
{
	CLEANUP_FREE char *own_path = path_of(r, interface, r->name);
	CLEANUP_FREE char *all_path = path_of(r, "all", r->name);
	CLEANUP_FREE char *forwards_path = path_of(r, interface, "forwarding");
	long own = 0, all = 0, forwards = 0;
	int status = kernel_read(os, own_path, &own, e);
	bool both = r->scope == SCOPE_BOTH;

	if (status == 0 && r->scope != SCOPE_OWN)
		status = kernel_read(os, all_path, &all, e);
	if (status == 0 && r->scope == SCOPE_FORWARD)
		status = kernel_read(os, forwards_path, &forwards, e);
	if (status != 0)
		return status;
	both = both || forwards != 0;
	*ret = r->scope == SCOPE_OWN ? own : both == (own < all) ? own : all;
	return 0;
}

int kernel_is_outer(struct os *os, const char *interface, struct err *e)
{
	CLEANUP_FREE char *path = xasprintf("/sys/class/net/%s/brport", interface);
	CLEANUP_NODE struct node n = { 0 };

	if (str_eq(interface, "all") || str_eq(interface, "default") || str_eq(interface, "lo"))
		return 0;
	return os_get(os, path, &n, e) < 0 ? -1 : n.type == NODE_ABSENT;
}

static int probe_interfaces(const struct control_in *in, const struct kernel_rule *r,
			    struct finding *ret, struct err *e)
{
	CLEANUP_FREE char *folder = xasprintf("/proc/sys/%s", r->path);
	CLEANUP_STRV struct strv names = { 0 };
	CLEANUP_STRV struct strv bad = { 0 };
	size_t seen = 0;
	int status = os_list(in->os, folder, &names, e);

	if (status < 0)
		return -1;
	if (status == 1) {
		finding_set(ret, VERDICT_PASS, _("this kernel has no %s"),
			    folder + strlen("/proc/sys/"));
		return 0;
	}
	for (size_t i = 0; i < names.count; i++) {
		const char *name = names.item[i];
		long value = 0;

		status = kernel_is_outer(in->os, name, e);
		if (status == 0)
			continue;
		status = status < 0 ? -1 : value_on(in->os, r, name, &value, e);
		if (status < 0)
			return -1;
		seen += status == 0;
		if (status == 0 && !kernel_value_is_good(r, value))
			strv_addf(&bad, "%s: %ld", name, value);
	}
	if (seen == 0)
		finding_set(ret, VERDICT_NOT_MEASURED, _("no interface has %s"), r->name);
	else
		finding_list(ret, &bad, _("so on every interface"));
	return 0;
}

bool kernel_value_is_good(const struct kernel_rule *r, long value)
{
	if (r->scope == SCOPE_BITS)
		return value != 1 && (value & ~r->most) == 0;
	return value >= r->least && value <= r->most;
}

static int kernel_probe(const struct control_in *in, const struct control *self,
			struct finding *ret, struct err *e)
{
	const struct kernel_rule *r = self->param;
	CLEANUP_FREE char *path = NULL;
	CLEANUP_FREE char *name = dotted(r->path);
	long value = 0;
	int status;

	if (r->scope != SCOPE_ONE && r->scope != SCOPE_BITS)
		return probe_interfaces(in, r, ret, e);
	path = xasprintf("/proc/sys/%s", r->path);
	status = kernel_read(in->os, path, &value, e);
	if (status < 0)
		return -1;
	if (status == 1)
		finding_set(ret, VERDICT_NOT_MEASURED, _("this kernel has no %s"), name);
	else
		finding_set(ret, kernel_value_is_good(r, value) ? VERDICT_PASS : VERDICT_FAIL,
			    "%s: %ld", name, value);
	return 0;
}

/* A host that forwards packets needs to; one that forwards none does not. */
static int forwarding_probe(const struct control_in *in, const struct control *self,
			    struct finding *ret, struct err *e)
{
	const struct kernel_rule *r = self->param;
	CLEANUP_FREE char *path = xasprintf("/proc/sys/%s", r->path);
	CLEANUP_STRV struct strv behind = { 0 };
	CLEANUP_FREE char *who = NULL;
	CLEANUP_FREE char *key = dotted(r->path);
	long value = 0;
	int status = kernel_read(in->os, path, &value, e);

	if (status < 0)
		return -1;
	for (size_t i = 0; i < in->facts->address_count; i++) {
		const char *name = in->facts->address[i].ifname;

		/* What containers, virtual machines and VPNs name theirs. */
		if ((str_starts(name, "docker") || str_starts(name, "br-") ||
		     str_starts(name, "podman") || str_starts(name, "cni") ||
		     str_starts(name, "virbr") || str_starts(name, "lxc") ||
		     str_starts(name, "incus") || str_starts(name, "wg") ||
		     str_starts(name, "tun") || str_starts(name, "ve-")) &&
		    !strv_has(&behind, name))
			strv_add(&behind, name);
	}
	who = strv_join(&behind, ", ");
	if (status == 1)
		finding_set(ret, VERDICT_PASS, _("this kernel has no %s"), key);
	else if (value == 0)
		finding_set(ret, VERDICT_PASS, "%s: 0", key);
	else if (behind.count > 0)
		finding_set(ret, VERDICT_PASS, _("%s: %ld, for %s"), key, value, who);
	else
		finding_set(ret, VERDICT_FAIL, _("%s: %ld, and no container, VM or VPN was found"),
			    key, value);
	return 0;
}

/* modprobe.d(5): `blacklist` stops what a socket's family would load, `install` all loading. */
static void take_stopped(char *text, struct strv *ret)
{
	char *rest = text, *line;

	while (rest && (line = str_line(&rest))) {
		CLEANUP_STRV struct strv words = { 0 };

		strv_split(&words, line, " \t");
		if (words.count > 1 &&
		    (str_eq(words.item[0], "blacklist") || str_eq(words.item[0], "install")))
			strv_add(ret, words.item[1]);
	}
}

static int stopped_in(struct os *os, const char *folder, struct strv *ret, struct err *e)
{
	CLEANUP_STRV struct strv names = { 0 };
	int status = os_list(os, folder, &names, e);

	for (size_t k = 0; status == 0 && k < names.count; k++) {
		CLEANUP_FREE char *path = xasprintf("%s/%s", folder, names.item[k]);
		CLEANUP_FREE char *text = NULL;

		if (!str_ends(path, ".conf")) /* modprobe(8) reads no others */
			continue;
		if (os_read(os, path, &text, e) < 0)
			return -1;
		take_stopped(text, ret);
	}
	return status < 0 ? -1 : 0;
}

int kernel_stopped_modules(struct os *os, struct strv *ret, struct err *e)
{
	static const char *const folders[] = { "/etc/modprobe.d", "/run/modprobe.d",
					       "/usr/lib/modprobe.d", "/lib/modprobe.d" };

	for (size_t i = 0; i < COUNT(folders); i++)
		if (stopped_in(os, folders[i], ret, e) < 0)
			return -1;
	return 0;
}

#define ONE(p, from, to)                                                       \
	&(const struct kernel_rule)                                            \
	{                                                                      \
		.path = (p), .scope = SCOPE_ONE, .least = (from), .most = (to) \
	}
#define EACH(p, n, s, from, to)                                                       \
	&(const struct kernel_rule)                                                   \
	{                                                                             \
		.path = (p), .name = (n), .scope = (s), .least = (from), .most = (to) \
	}
#define BY_SYSCTL                                                                    \
	.fix = N_("apply writes it into a file in /etc/sysctl.d"), .by_apply = true, \
	.probe = kernel_probe, .propose = kernel_propose
#define SAFE .safe = true, BY_SYSCTL

#define REDIRECTS    N_("a neighbour could lead this server's traffic through itself")
#define SOURCE_ROUTE N_("the sender would choose a way past filters")
#define LEAKS	     N_("what it shows helps a program of a user to become root")

const struct control audit_kernel_controls[] = {
	{
		.id = "kernel.syn-cookies",
		.setting = "net.ipv4.tcp_syncookies = 1",
		.why = N_("a flood of half-open connections would shut real ones out"),
		.severity = SEVERITY_MEDIUM,
		.source = "RFC 4987, ip-sysctl.rst",
		.param = ONE("net/ipv4/tcp_syncookies", 1, 2),
		SAFE,
	},
	{
		.id = "kernel.redirects-v4",
		.setting = "net.ipv4.conf.all.accept_redirects = 0",
		.why = REDIRECTS,
		.severity = SEVERITY_LOW,
		.source = "RFC 1812, ip-sysctl.rst",
		.param = EACH("net/ipv4/conf", "accept_redirects", SCOPE_FORWARD, 0, 0),
		SAFE,
	},
	{
		.id = "kernel.redirects-v6",
		.setting = "net.ipv6.conf.all.accept_redirects = 0",
		.why = REDIRECTS,
		.severity = SEVERITY_LOW,
		.source = "RFC 4861, ip-sysctl.rst",
		.param = EACH("net/ipv6/conf", "accept_redirects", SCOPE_OWN, 0, 0),
		SAFE,
	},
	{
		.id = "kernel.send-redirects",
		.setting = "net.ipv4.conf.all.send_redirects = 0",
		.why = N_("only a router needs to send redirects"),
		.severity = SEVERITY_LOW,
		.source = "RFC 1812, ip-sysctl.rst",
		.param = EACH("net/ipv4/conf", "send_redirects", SCOPE_HIGHEST, 0, 0),
		SAFE,
	},
	{
		.id = "kernel.source-route-v4",
		.setting = "net.ipv4.conf.all.accept_source_route = 0",
		.why = SOURCE_ROUTE,
		.severity = SEVERITY_MEDIUM,
		.source = "RFC 7126, ip-sysctl.rst",
		.param = EACH("net/ipv4/conf", "accept_source_route", SCOPE_BOTH, 0, 0),
		SAFE,
	},
	{
		.id = "kernel.source-route-v6",
		.setting = "net.ipv6.conf.all.accept_source_route = 0",
		.why = SOURCE_ROUTE,
		.severity = SEVERITY_MEDIUM,
		.source = "RFC 5095, ip-sysctl.rst",
		.param = EACH("net/ipv6/conf", "accept_source_route", SCOPE_OWN, -1, 0),
		SAFE,
	},
	{
		.id = "kernel.reverse-path",
		.setting = "net.ipv4.conf.all.rp_filter = 2",
		.why = N_("packets with a forged sender would be taken"),
		.severity = SEVERITY_LOW,
		.source = "RFC 3704, ip-sysctl.rst",
		.param = EACH("net/ipv4/conf", "rp_filter", SCOPE_HIGHEST, 1, 2),
		SAFE,
	},
	{
		.id = "kernel.martians",
		.setting = "net.ipv4.conf.all.log_martians = 1",
		.why = N_("forged senders would leave no trace in the log"),
		.severity = SEVERITY_LOW,
		.source = "ip-sysctl.rst",
		.param = EACH("net/ipv4/conf", "log_martians", SCOPE_HIGHEST, 1, 1),
		.named = N_("on a network that is shared with others it fills the log"),
		BY_SYSCTL,
	},
	{
		.id = "kernel.ping-broadcast",
		.setting = "net.ipv4.icmp_echo_ignore_broadcasts = 1",
		.why = N_("one forged ping would be answered by the whole network"),
		.severity = SEVERITY_LOW,
		.source = "RFC 2644",
		.param = ONE("net/ipv4/icmp_echo_ignore_broadcasts", 1, 1),
		SAFE,
	},
	{
		.id = "kernel.bogus-errors",
		.setting = "net.ipv4.icmp_ignore_bogus_error_responses = 1",
		.why = N_("others could fill the log"),
		.severity = SEVERITY_LOW,
		.source = "RFC 1122, ip-sysctl.rst",
		.param = ONE("net/ipv4/icmp_ignore_bogus_error_responses", 1, 1),
		SAFE,
	},
	{
		.id = "kernel.time-wait",
		.setting = "net.ipv4.tcp_rfc1337 = 1",
		.why = N_("a forged reset could end a connection that is about to close"),
		.severity = SEVERITY_LOW,
		.source = "RFC 1337",
		.param = ONE("net/ipv4/tcp_rfc1337", 1, 1),
		.named = N_("a client behind a router that uses a port again soon has to wait"),
		BY_SYSCTL,
	},
	{
		.id = "kernel.forwarding-v4",
		.title = N_("IPv4 is forwarded only where something is behind this server"),
		.setting = "net.ipv4.ip_forward = 0",
		.why = N_("others could send their traffic through this server"),
		.severity = SEVERITY_MEDIUM,
		.source = "RFC 1122, ip-sysctl.rst",
		.param = ONE("net/ipv4/ip_forward", 0, 0),
		.fix = N_("put it into a file in /etc/sysctl.d and run sysctl --system"),
		.probe = forwarding_probe,
	},
	{
		.id = "kernel.forwarding-v6",
		.title = N_("IPv6 is forwarded only where something is behind this server"),
		.setting = "net.ipv6.conf.all.forwarding = 0",
		.why = N_("others could send their traffic through this server"),
		.severity = SEVERITY_MEDIUM,
		.source = "RFC 8504, ip-sysctl.rst",
		.param = ONE("net/ipv6/conf/all/forwarding", 0, 0),
		.fix = N_("put it into a file in /etc/sysctl.d and run sysctl --system"),
		.probe = forwarding_probe,
	},
	{
		.id = "kernel.bpf-users",
		.setting = "kernel.unprivileged_bpf_disabled = 2",
		.why = N_("the BPF verifier's faults let a program of a user become root"),
		.severity = SEVERITY_MEDIUM,
		.source = "CVE-2021-3490, kernel.rst",
		.param = ONE("kernel/unprivileged_bpf_disabled", 1, 2),
		SAFE,
	},
	{
		.id = "kernel.bpf-jit",
		.setting = "net.core.bpf_jit_harden = 1",
		.why = N_("code of a user could be brought into the kernel as constants"),
		.severity = SEVERITY_LOW,
		.source = "net.rst",
		.param = ONE("net/core/bpf_jit_harden", 1, 2),
		SAFE,
	},
	{
		.id = "kernel.address-layout",
		.setting = "kernel.randomize_va_space = 2",
		.why = N_("an attacker would know where a program's code lies"),
		.severity = SEVERITY_HIGH,
		.source = "kernel.rst",
		.param = ONE("kernel/randomize_va_space", 2, 2),
		SAFE,
	},
	{
		.id = "kernel.pointers",
		.setting = "kernel.kptr_restrict = 1",
		.why = LEAKS,
		.severity = SEVERITY_LOW,
		.source = "kernel.rst",
		.param = ONE("kernel/kptr_restrict", 1, 2),
		SAFE,
	},
	{
		.id = "kernel.log-readers",
		.setting = "kernel.dmesg_restrict = 1",
		.why = LEAKS,
		.severity = SEVERITY_LOW,
		.source = "kernel.rst",
		.param = ONE("kernel/dmesg_restrict", 1, 1),
		SAFE,
	},
	{
		.id = "kernel.perf-users",
		.setting = "kernel.perf_event_paranoid = 2",
		.why = LEAKS,
		.severity = SEVERITY_LOW,
		.source = "perf-security.rst",
		.param = ONE("kernel/perf_event_paranoid", 2, 4),
		SAFE,
	},
	{
		.id = "kernel.trace",
		.setting = "kernel.yama.ptrace_scope = 1",
		.why = N_("one taken-over program could read the secrets of its user's others"),
		.severity = SEVERITY_LOW,
		.source = "Yama.rst",
		.param = ONE("kernel/yama/ptrace_scope", 1, 3),
		.named = N_("debuggers then look at their own children only"),
		BY_SYSCTL,
	},
	{
		.id = "kernel.magic-keys",
		.setting = "kernel.sysrq = 438",
		.title = N_("The console's magic keys kill no program and dump no memory"),
		.why = N_("who gets the console could end the login program or read the memory"),
		.severity = SEVERITY_LOW,
		.source = "sysrq.rst",
		/* sysrq.rst: 8 debugging dumps, 64 signalling of processes. */
		.param = &(const struct kernel_rule){ .path = "kernel/sysrq",
						      .scope = SCOPE_BITS,
						      .most = 0x1ff & ~(1 | 8 | 64) },
		.named = N_("the provider's console may need them to restart a server that hangs"),
		BY_SYSCTL,
	},
	{
		.id = "kernel.set-id-dumps",
		.setting = "fs.suid_dumpable = 0",
		.why = N_("a core file of a program of root's could show its secrets"),
		.severity = SEVERITY_LOW,
		.source = "fs.rst",
		.param = ONE("fs/suid_dumpable", 0, 0),
		SAFE,
	},
	{
		.id = "kernel.hard-links",
		.setting = "fs.protected_hardlinks = 1",
		.why = N_("a link to a file of others could be followed by a program of root's"),
		.severity = SEVERITY_MEDIUM,
		.source = "fs.rst",
		.param = ONE("fs/protected_hardlinks", 1, 1),
		SAFE,
	},
	{
		.id = "kernel.symbolic-links",
		.setting = "fs.protected_symlinks = 1",
		.why = N_("a link in /tmp could be followed by a program of root's"),
		.severity = SEVERITY_MEDIUM,
		.source = "fs.rst",
		.param = ONE("fs/protected_symlinks", 1, 1),
		SAFE,
	},
	{
		.id = "kernel.pipes",
		.setting = "fs.protected_fifos = 1",
		.why = N_("a pipe in /tmp could be written to by a program of root's"),
		.severity = SEVERITY_LOW,
		.source = "fs.rst",
		.param = ONE("fs/protected_fifos", 1, 2),
		SAFE,
	},
	{
		.id = "kernel.files-of-others",
		.setting = "fs.protected_regular = 1",
		.why = N_("a file in /tmp could be written to by a program of root's"),
		.severity = SEVERITY_LOW,
		.source = "fs.rst",
		.param = ONE("fs/protected_regular", 1, 2),
		SAFE,
	},
	{
		.id = "kernel.line-disciplines",
		.setting = "dev.tty.ldisc_autoload = 0",
		.why = N_("old terminal drivers with faults could be loaded by any user"),
		.severity = SEVERITY_LOW,
		.source = "CVE-2017-2636",
		.param = ONE("dev/tty/ldisc_autoload", 0, 0),
		SAFE,
	},
	{ 0 },
};
