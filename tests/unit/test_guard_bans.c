// SPDX-License-Identifier: MIT
/* The guard's table in a kernel of our own network: packets of banned sources do not arrive, those of others do. */
#include <arpa/inet.h>
#include <errno.h>
#include <linux/netlink.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#include "lib/t.h"
#include "lib/tun.h"
#include "os/ban_rules.h"
#include "os/ban_table.h"

static struct ban_table *table;
static struct err e;

static struct addr address(const char *text)
{
	struct addr a = { 0 };

	addr_parse(text, &a);
	return a;
}

static bool committed(void)
{
	int r = ban_table_commit(table, &e);

	if (r < 0)
		printf("# %s\n", e.msg);
	return r == 0;
}

static bool anew(void)
{
	ban_table_begin(table);
	ban_table_make(table);
	return committed();
}

static bool ban(const char *who, uint64_t seconds, bool fresh)
{
	ban_table_begin(table);
	ban_table_add(table, &(struct ban){ address(who), seconds }, fresh);
	return committed();
}

static bool unban(const char *who)
{
	struct addr a = address(who);

	ban_table_begin(table);
	ban_table_remove(table, &a);
	return committed();
}

static bool list(enum ban_table_list which, const char *const *text)
{
	struct prefix p[16];
	size_t count = 0;

	for (; text[count]; count++)
		if (prefix_parse(text[count], &p[count], &e) < 0)
			return false;
	ban_table_begin(table);
	ban_table_list(table, which, p, count);
	return committed();
}

static uint64_t seconds_left(const char *who)
{
	struct addr a = address(who);
	uint64_t ms = 0;

	return ban_table_has(table, &a, &ms, &e) == 1 ? (ms + 500) / 1000 : 999999;
}

/* As somebody does who flushes the ruleset. */
static int take_table_away(void)
{
	struct netlink_out o = { 0 };
	struct sockaddr_nl kernel = { .nl_family = AF_NETLINK };
	int fd = socket(AF_NETLINK, SOCK_RAW, NETLINK_NETFILTER);

	ban_rules_batch(&o, true);
	ban_rules_delete_table(&o);
	ban_rules_batch(&o, false);
	T_OK(sendto(fd, o.bytes.text, o.bytes.len, 0, (struct sockaddr *)&kernel, sizeof(kernel)) >
	     0);
	close(fd);
	netlink_out_done(&o);
	return 0;
}

static int nothing_is_there_until_it_is_made(void)
{
	T_OK(ban_table_is_whole(table, &e) == 0);
	T_OK(tun_arrives("203.0.113.7") && tun_arrives("2001:db8:66::7"));
	T_OK(anew());
	T_OK(ban_table_is_whole(table, &e) == 1);
	T_OK(tun_arrives("203.0.113.7") && tun_arrives("2001:db8:66::7"));
	T_OK(anew() && ban_table_is_whole(table, &e) == 1);
	return 0;
}

static int a_banned_source_does_not_arrive(void)
{
	struct ban_counts before, after;

	T_OK(anew());
	T_OK(ban("203.0.113.7", 3600, true));
	T_OK(ban_table_dropped(table, &before, &e) == 0 && before.packets == 0);
	T_OK(!tun_arrives("203.0.113.7"));
	T_OK(!tun_arrives("203.0.113.7"));
	T_OK(tun_arrives("203.0.113.8") && tun_arrives("2001:db8:66::7"));
	T_OK(ban_table_dropped(table, &after, &e) == 0 && after.packets == 2 && after.bytes == 56);
	T_OK(unban("203.0.113.7"));
	T_OK(tun_arrives("203.0.113.7"));
	T_OK(unban("203.0.113.7"));
	return 0;
}

static int ipv6_is_banned_by_64(void)
{
	T_OK(anew());
	T_OK(ban("2001:db8:66:1::7", 3600, true));
	T_OK(!tun_arrives("2001:db8:66:1::7"));
	T_OK(!tun_arrives("2001:db8:66:1:ffff::1"));
	T_OK(tun_arrives("2001:db8:66:2::7") && tun_arrives("203.0.113.7"));
	T_OK(unban("2001:db8:66:1::8"));
	T_OK(tun_arrives("2001:db8:66:1::7"));
	return 0;
}

static int a_ban_ends_by_itself(void)
{
	T_OK(anew());
	T_OK(ban("203.0.113.7", 1, true));
	T_OK(!tun_arrives("203.0.113.7"));
	usleep(1300000);
	T_OK(tun_arrives("203.0.113.7"));
	return 0;
}

static int a_ban_can_be_made_longer_shorter_and_for_ever(void)
{
	T_OK(anew());
	T_OK(ban("203.0.113.7", 3600, true));
	T_OK(seconds_left("203.0.113.7") == 3600);
	T_OK(ban("203.0.113.7", 7200, false) && seconds_left("203.0.113.7") == 7200);
	T_OK(ban("203.0.113.7", 60, false) && seconds_left("203.0.113.7") == 60);
	T_OK(ban("203.0.113.7", BAN_TABLE_FOR_EVER, false) && seconds_left("203.0.113.7") == 0);
	T_OK(ban("2001:db8:66::7", 30, false) && seconds_left("2001:db8:66::1") == 30);
	T_OK(unban("203.0.113.7") && seconds_left("203.0.113.7") == 999999);
	return 0;
}

static int of_changes_in_one_transaction_the_last_counts(void)
{
	struct addr a = address("203.0.113.7"), b = address("203.0.113.8");

	T_OK(anew());
	ban_table_begin(table);
	ban_table_add(table, &(struct ban){ a, 100 }, true);
	ban_table_remove(table, &b);
	ban_table_add(table, &(struct ban){ a, 200 }, true);
	ban_table_add(table, &(struct ban){ b, 300 }, true);
	ban_table_add(table, &(struct ban){ a, 400 }, false);
	T_OK(committed());
	T_OK(seconds_left("203.0.113.7") == 400 && seconds_left("203.0.113.8") == 300);
	ban_table_begin(table);
	ban_table_add(table, &(struct ban){ a, 100 }, false);
	ban_table_remove(table, &a);
	T_OK(committed());
	T_OK(tun_arrives("203.0.113.7") && !tun_arrives("203.0.113.8"));
	return 0;
}

static int prefixes_and_trust(void)
{
	static const char *const nets[] = { "203.0.113.0/24",  "203.0.114.0/23",
					    "203.0.113.64/26", "2001:db8:66::/48",
					    "10.0.0.0/8",      "255.255.255.0/24",
					    "ff00::/8",	       NULL };
	static const char *const trust[] = { "203.0.113.9", "2001:db8:66::9", NULL };
	static const char *const none[] = { NULL };

	T_OK(anew());
	T_OK(list(BAN_TABLE_NETS, nets) && list(BAN_TABLE_TRUST, trust));
	T_OK(ban("203.0.113.9", 60, true) && ban("2001:db8:66::9", 60, true));
	T_OK(!tun_arrives("203.0.113.7") && !tun_arrives("203.0.113.65"));
	T_OK(!tun_arrives("203.0.113.255") && !tun_arrives("203.0.115.255"));
	T_OK(!tun_arrives("2001:db8:66:ffff::1"));
	T_OK(tun_arrives("203.0.112.255") && tun_arrives("203.0.116.0"));
	T_OK(tun_arrives("2001:db8:67::1"));
	T_OK(tun_arrives("203.0.113.9") && tun_arrives("2001:db8:66::9"));
	T_OK(!tun_arrives("2001:db8:66::a"));
	T_OK(list(BAN_TABLE_NETS, none) && list(BAN_TABLE_TRUST, none));
	T_OK(tun_arrives("203.0.113.7") && !tun_arrives("203.0.113.9"));
	return 0;
}

static int who_takes_the_table_away_is_heard(void)
{
	T_OK(anew() && ban("203.0.113.7", 60, true));
	T_OK(ban_table_heard(table, &e) >= 0);
	T_OK(ban("203.0.113.8", 60, true));
	T_OK(ban_table_heard(table, &e) == 0); /* our own bans are nothing to hear of */
	T_OK(take_table_away() == 0);
	T_OK(ban_table_heard(table, &e) == 1);
	T_OK(ban_table_is_whole(table, &e) == 0);
	T_OK(!ban("203.0.113.9", 60, true));
	T_OK(e.sys == ENOENT);
	T_OK(anew() && tun_arrives("203.0.113.7"));
	return 0;
}

/* More events than the socket holds. */
static int an_overrun_counts_as_heard(void)
{
	T_OK(anew());
	T_OK(ban_table_heard(table, &e) >= 0);
	for (unsigned i = 0; i < 200; i++) {
		ban_table_begin(table);
		for (unsigned k = 0; k < 500; k++) {
			struct ban b = { { AF_INET, { 11, 0, (uint8_t)i, 0 } }, 60 };

			b.addr.bytes[2] = (uint8_t)(i + (k >> 8));
			b.addr.bytes[3] = (uint8_t)k;
			b.addr.bytes[1] = (uint8_t)i;
			ban_table_add(table, &b, true);
		}
		T_OK(committed());
	}
	T_OK(ban_table_heard(table, &e) == 1);
	T_OK(ban_table_is_whole(table, &e) == 1);
	T_OK(ban_table_heard(table, &e) == 0);
	return 0;
}

static double seconds(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return (double)t.tv_sec + (double)t.tv_nsec / 1e9;
}

static int a_hundred_thousand_in_one_transaction(void)
{
	double begin = seconds();

	ban_table_begin(table);
	ban_table_make(table);
	for (unsigned i = 0; i < 100000; i++) {
		struct ban b = {
			{ AF_INET, { 12, (uint8_t)(i >> 16), (uint8_t)(i >> 8), (uint8_t)i } }, 3600
		};

		if (i % 4 == 0)
			b.addr = (struct addr){ AF_INET6,
						{ 0x20, 1, 0xd, 0xb8, 5, (uint8_t)(i >> 16),
						  (uint8_t)(i >> 8), (uint8_t)i } };
		ban_table_add(table, &b, true);
	}
	T_OK(committed());
	printf("# 100000 bans: %.3f s\n", seconds() - begin);
	T_OK(seconds() - begin < 5);
	T_OK(seconds_left("12.1.134.159") != 999999 && seconds_left("12.1.134.160") == 999999);
	T_OK(seconds_left("2001:db8:0501:869c::") != 999999);
	T_OK(!tun_arrives("12.1.134.159"));
	return 0;
}

/* --- connections --------------------------------------------------------------------------------- */

static int connected(int listener, const char *from, int *ret_client)
{
	struct sockaddr_in a = { .sin_family = AF_INET }, to;
	socklen_t len = sizeof(to);

	inet_pton(AF_INET, from, &a.sin_addr);
	*ret_client = socket(AF_INET, SOCK_STREAM, 0);
	if (bind(*ret_client, (struct sockaddr *)&a, sizeof(a)) < 0 ||
	    getsockname(listener, (struct sockaddr *)&to, &len) < 0 ||
	    connect(*ret_client, (struct sockaddr *)&to, len) < 0)
		return -1;
	return accept(listener, NULL, NULL);
}

static int connections_end(void)
{
	struct sockaddr_in a = { .sin_family = AF_INET };
	int listener = socket(AF_INET, SOCK_STREAM, 0), one, other, one_client, other_client;
	struct prefix p;
	char byte;

	inet_pton(AF_INET, TUN_OWN_4, &a.sin_addr);
	T_OK(bind(listener, (struct sockaddr *)&a, sizeof(a)) == 0 && listen(listener, 2) == 0);
	one = connected(listener, "127.1.1.1", &one_client);
	other = connected(listener, "127.1.1.2", &other_client);
	T_OK(one >= 0 && other >= 0);
	T_OK(prefix_parse("127.1.1.1", &p, &e) == 0);
	T_OK(ban_table_cut(&p, 1, &e) == 1);
	T_OK(recv(one, &byte, 1, MSG_DONTWAIT) < 0 && errno == ECONNABORTED);
	T_OK(recv(one_client, &byte, 1, 0) < 0 && errno == ECONNRESET);
	T_OK(recv(other, &byte, 1, MSG_DONTWAIT) < 0 && errno == EAGAIN);
	T_OK(send(other_client, "x", 1, 0) == 1 && recv(other, &byte, 1, 0) == 1);
	T_OK(ban_table_cut(&p, 1, &e) == 0);
	return 0;
}

int main(void)
{
	static const struct t_case cases[] = {
		T(nothing_is_there_until_it_is_made),
		T(a_banned_source_does_not_arrive),
		T(ipv6_is_banned_by_64),
		T(a_ban_ends_by_itself),
		T(a_ban_can_be_made_longer_shorter_and_for_ever),
		T(of_changes_in_one_transaction_the_last_counts),
		T(prefixes_and_trust),
		T(who_takes_the_table_away_is_heard),
		T(an_overrun_counts_as_heard),
		T(a_hundred_thousand_in_one_transaction),
		T(connections_end),
	};

	if (tun_enter() < 0 || ban_table_open(&table, &e) < 0) {
		printf("1..0 # SKIP no network of its own here %s\n", e.msg);
		return 0;
	}
	return t_main(cases, COUNT(cases));
}
