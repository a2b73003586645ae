// SPDX-License-Identifier: MIT
/*
 * probe.h - only the outside view of a host: which ports answer, and how SSH lets people in. Bounded and polite: each
 * port is connected to once a family, sixteen at a time, and nothing is tried that a client would not do.
 */
#pragma once

#include "core/hostkey.h"
#include "os/tcp.h"
#include "remote/host.h"

struct probe_wish {
	const char *target;	 /* a host, or USER@HOST */
	const char *port;	 /* of its SSH, where ssh does not know it; or NULL */
	const char *policy_path; /* its ports are asked too; or NULL */
};

struct probed_port {
	uint16_t port;
	const char *name;	   /* of what is usually there; "" */
	enum tcp_answer answer[2]; /* over IPv4, IPv6 */
	bool ssh;		   /* says that it is an SSH server */
	char *banner;		   /* its first line; NULL */
};

struct probed_ssh {
	unsigned port;
	int family; /* over which it was asked */
	struct offer root, other;
	struct hostkeys keys;
};

struct probe {
	char *host;
	struct addr addr[2]; /* IPv4, IPv6; family 0: it has none */
	struct probed_port *port;
	size_t count;
	struct probed_ssh *ssh;
	size_t ssh_count;
};

void probe_done(struct probe *p);
#define CLEANUP_PROBE CLEANUP(probe_done)

int probe_host(struct os *os, const struct probe_wish *wish, struct probe *ret, struct err *e);
void probe_text(const struct probe *p, struct str *ret);
/* {"host", "addresses": [..], "ports": [{"port", "ipv4", "ipv6": "open"|"refused"|"silent"|null, "banner"}],
 *  "ssh": [{"port", "family", "root", "others": methods, "host_keys": [{"type", "sha256"}], "weak": [..]}]} */
void probe_json(const struct probe *p, struct str *ret);
