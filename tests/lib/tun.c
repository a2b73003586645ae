// SPDX-License-Identifier: MIT
/* tun.c - see tun.h. */
#include "lib/tun.h"

#include <arpa/inet.h>
#include <fcntl.h>
#include <linux/if_tun.h>
#include <net/if.h>
#include <netinet/ip.h>
#include <netinet/ip6.h>
#include <netinet/udp.h>
#include <poll.h>
#include <sched.h>
#include <stdio.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/mem.h"

#define WAIT_MS \
	60 /* what was written has been handled when write() returns: this is for a busy machine */

static int device, socket_4, socket_6;

static int udp(int family)
{
	struct sockaddr_in6 six = { .sin6_family = AF_INET6, .sin6_port = htons(TUN_PORT) };
	struct sockaddr_in four = { .sin_family = AF_INET, .sin_port = htons(TUN_PORT) };
	int fd = socket(family, SOCK_DGRAM | SOCK_CLOEXEC, 0), only = 1;

	if (family == AF_INET)
		return bind(fd, (struct sockaddr *)&four, sizeof(four)) == 0 ? fd : -1;
	setsockopt(fd, IPPROTO_IPV6, IPV6_V6ONLY, &only, sizeof(only));
	return bind(fd, (struct sockaddr *)&six, sizeof(six)) == 0 ? fd : -1;
}

static int run_all(const char *const *command)
{
	for (; *command; command++)
		if (system(*command) != 0)
			return -1;
	return 0;
}

/* A device that was just set up takes its first packets only after a moment. */
static bool ready(void)
{
	for (unsigned i = 0; i < 50; i++)
		if (tun_arrives("203.0.113.1") && tun_arrives("2001:db8:66::1"))
			return true;
	return false;
}

int tun_enter(void)
{
	static const char *const up[] = {
		"ip link set lo up",
		"ip addr add " TUN_OWN_4 "/24 dev wire",
		"ip addr add " TUN_OWN_6 "/64 dev wire nodad",
		"ip link set wire up",
		"ip route add default dev wire",
		"ip -6 route add default dev wire",
		NULL,
	};
	struct ifreq wanted = { .ifr_name = "wire", .ifr_flags = IFF_TUN | IFF_NO_PI };

	if (unshare(CLONE_NEWNET) < 0) {
		perror("unshare");
		return -1;
	}
	device = open("/dev/net/tun", O_RDWR | O_CLOEXEC | O_NONBLOCK);
	if (device < 0 || ioctl(device, TUNSETIFF, &wanted) < 0) {
		perror("/dev/net/tun");
		return -1;
	}
	if (run_all(up) < 0)
		return -1;
	socket_4 = udp(AF_INET);
	socket_6 = udp(AF_INET6);
	return socket_4 < 0 || socket_6 < 0 || !ready() ? -1 : 0;
}

static uint32_t sum(uint32_t so_far, const void *data, size_t len)
{
	const uint8_t *byte = data;

	for (size_t i = 0; i < len; i++)
		so_far += i % 2 ? byte[i] : (uint32_t)byte[i] << 8;
	return so_far;
}

static uint16_t folded(uint32_t total)
{
	while (total >> 16)
		total = (total & 0xffff) + (total >> 16);
	return htons((uint16_t)~total);
}

static size_t packet_4(const struct addr *from, uint8_t *ret)
{
	struct udphdr u = { .source = htons(4444), .dest = htons(TUN_PORT), .len = htons(8) };
	struct iphdr h = {
		.ihl = 5, .version = 4, .tot_len = htons(28), .ttl = 64, .protocol = IPPROTO_UDP
	};

	memcpy(&h.saddr, from->bytes, 4);
	inet_pton(AF_INET, TUN_OWN_4, &h.daddr);
	h.check = folded(sum(0, &h, sizeof(h)));
	memcpy(ret, &h, sizeof(h));
	memcpy(ret + sizeof(h), &u, sizeof(u)); /* without a checksum: allowed over IPv4 */
	return sizeof(h) + sizeof(u);
}

static size_t packet_6(const struct addr *from, uint8_t *ret)
{
	struct udphdr u = { .source = htons(4444), .dest = htons(TUN_PORT), .len = htons(8) };
	struct ip6_hdr h = { .ip6_flow = htonl(6U << 28),
			     .ip6_plen = htons(8),
			     .ip6_nxt = IPPROTO_UDP,
			     .ip6_hlim = 64 };
	const uint8_t pseudo[8] = { 0, 0, 0, 8, 0, 0, 0, IPPROTO_UDP };

	memcpy(&h.ip6_src, from->bytes, 16);
	inet_pton(AF_INET6, TUN_OWN_6, &h.ip6_dst);
	u.check = folded(sum(sum(sum(0, &h.ip6_src, 32), pseudo, 8), &u, sizeof(u)));
	memcpy(ret, &h, sizeof(h));
	memcpy(ret + sizeof(h), &u, sizeof(u));
	return sizeof(h) + sizeof(u);
}

bool tun_arrives(const char *from)
{
	struct addr a = { 0 };
	struct pollfd p = { .events = POLLIN };
	uint8_t packet[64], got[64];
	size_t len;

	if (addr_parse(from, &a) < 0)
		return false;
	p.fd = a.family == AF_INET ? socket_4 : socket_6;
	while (recv(p.fd, got, sizeof(got), MSG_DONTWAIT) >= 0) {
	}
	len = a.family == AF_INET ? packet_4(&a, packet) : packet_6(&a, packet);
	if (write(device, packet, len) != (ssize_t)len) {
		perror("write");
		return false;
	}
	return poll(&p, 1, WAIT_MS) == 1;
}
