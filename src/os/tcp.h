// SPDX-License-Identifier: MIT
/* tcp.h - which TCP ports of another host answer. */
#pragma once

#include <stddef.h>
#include <stdint.h>

#include "base/err.h"
#include "os/addr.h"

enum tcp_answer {
	TCP_SILENT,  /* nothing came in time: a packet filter, or no host */
	TCP_REFUSED, /* reset, or an ICMP error */
	TCP_OPEN,
};

struct tcp_asked {
	const struct addr *to;
	uint16_t port;
	enum tcp_answer answer; /* filled in */
};

/* Connects to each port once and hangs up, at most 16 at a time. ERR_FAILED only where no socket can be made; an
 * address that there is no route to is silent. */
int tcp_ask(struct tcp_asked *ask, size_t count, unsigned timeout_ms, struct err *e);
