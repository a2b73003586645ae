// SPDX-License-Identifier: MIT
/* fuzz_netlink.c - datagrams of sock_diag, rtnetlink and nftables: no byte beyond them is read, and what
 * is taken is well formed. The first byte is no part of the datagram: bit 0 says UDP. */
#include <string.h>
#include <sys/socket.h>

#include "base/mem.h"
#include "fuzz/fuzz.h"
#include "os/netlink.h"

struct taken {
	bool udp;
	const char *begin, *end;
	size_t messages;
};

static void take(void *arg, const struct netlink_message *m)
{
	struct taken *t = arg;
	struct socket_info s;
	struct if_addr a;
	unsigned device;
	char text[ADDR_TEXT];

	MUST(m->data >= t->begin && m->data + m->len <= t->end);
	t->messages++;
	if (netlink_socket(m, t->udp, &s, &device)) {
		MUST(s.local.family == (s.v6 ? AF_INET6 : AF_INET));
		MUST(s.peer.family == s.local.family);
		MUST(!t->udp || (s.kind == SOCKET_UDP_BOUND && s.peer_port == 0));
		MUST(addr_text(&s.local, text)[0] != '-');
	}
	if (netlink_address(m, &a, &device)) {
		MUST(a.addr.family == AF_INET || a.addr.family == AF_INET6);
		MUST(addr_text(&a.addr, text)[0] != '-');
	}
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	size_t len = size ? size - 1 : 0;
	/* To the byte, and nothing behind it. */
	CLEANUP_FREE char *buf = malloc(len ? len : 1);
	struct taken t = { .udp = size && data[0] & 1, .begin = buf, .end = buf + len };
	struct err e = { 0 };
	int r;

	if (len)
		memcpy(buf, data + 1, len);
	r = netlink_take(buf, len, take, &t, &e);
	MUST(r == -1 || r == 0 || r == 1);
	if (r < 0) {
		fuzz_check_err(&e);
		MUST(e.sys > 0);
	}
	MUST(t.messages * 16 <= len);
	netlink_tells_removal(buf, len, "kannuki");
	return 0;
}
