// SPDX-License-Identifier: MIT
/* What jails say for running: whom not, how long, from where (guard/orders.h); and who is never banned at all (never.h). */
#include <sys/socket.h>

#include "base/mem.h"
#include "guard/never.h"
#include "guard/orders.h"
#include "lib/fake_os.h"
#include "lib/t.h"
#include "os/ban_table.h"

struct host {
	struct fake *fake;
	struct orders orders;
	struct err e;
};

static void host_done(struct host *h)
{
	orders_done(&h->orders);
	fake_free(h->fake);
}
#define HOST CLEANUP(host_done) struct host

static struct host host_with(const char *jail, const char *log)
{
	struct host h = { .fake = fake_new() };
	CLEANUP_FREE char *all = xasprintf("[DEFAULT]\nenabled = true\nfilter = f\n%s", jail);

	fake_file(h.fake, "/etc/fail2ban/jail.conf", all, 0644);
	fake_file(h.fake, "/etc/fail2ban/filter.d/f.conf",
		  "[Definition]\nfailregex = ^bad <HOST>$\njournalmatch = _COMM=f\n", 0644);
	if (log)
		fake_file(h.fake, log, "", 0644);
	orders_read(&h.fake->os, "/etc/fail2ban", &h.orders, &h.e);
	return h;
}

static bool ignores(const struct order *o, const char *text)
{
	struct prefix p;
	struct err e = { 0 };

	return prefix_parse(text, &p, &e) == 0 && order_ignores(o, &p);
}

static int whom_not(void)
{
	HOST h = host_with(
		"ignoreip = 127.0.0.1/8 ::1, 192.0.2.77/24 10.1.2.3/255.255.0.0 example.org\n"
		"  2001:db8::1\n[a]\nlogpath = /var/log/a\n",
		"/var/log/a");
	const struct order *o = orders_find(&h.orders, "a");
	bool told = false;

	T_OK(o && h.orders.count == 1 && o->ignores == 5);
	T_OK(ignores(o, "127.9.9.9") && ignores(o, "::1") && ignores(o, "192.0.2.1"));
	T_OK(ignores(o, "10.1.255.255") && !ignores(o, "10.2.0.0") && !ignores(o, "192.0.3.1"));
	T_OK(ignores(o, "2001:db8::1") && !ignores(o, "2001:db8::2"));
	/* What holds an ignored address is not to be banned either. */
	T_OK(ignores(o, "2001:db8::/64") && ignores(o, "192.0.0.0/16") &&
	     !ignores(o, "193.0.0.0/16"));
	for (size_t i = 0; i < h.orders.folder.problem_count; i++)
		told = told || strstr(h.orders.folder.problem[i].text, "example.org");
	T_OK(told);
	return 0;
}

static int how_long(void)
{
	HOST h = host_with(
		"bantime = 10m\n"
		"[plain]\nlogpath = /var/log/a\n"
		"[more]\nlogpath = /var/log/a\nbantime.increment = true\nbantime.maxtime = 1h\n"
		"[list]\nlogpath = /var/log/a\nbantime.increment = true\n"
		"bantime.multipliers = 1 5 30\nbantime.factor = 2\n"
		"[chance]\nlogpath = /var/log/a\nbantime.increment = true\nbantime.rndtime = 100\n"
		"[ever]\nlogpath = /var/log/a\nbantime = -1\nbantime.increment = true\n",
		"/var/log/a");
	const struct order *plain = orders_find(&h.orders, "plain"),
			   *more = orders_find(&h.orders, "more");
	const struct order *list = orders_find(&h.orders, "list"),
			   *ever = orders_find(&h.orders, "ever");
	const struct order *chance = orders_find(&h.orders, "chance");

	T_OK(plain && more && list && ever && chance);
	T_OK(order_seconds(plain, 0, 0, 0) == 600 && order_seconds(plain, 7, 5000, 0.5) == 600);
	T_OK(order_seconds(more, 0, 0, 0) == 600 && order_seconds(more, 1, 600, 0) == 1200);
	T_OK(order_seconds(more, 2, 1200, 0) == 2400 && order_seconds(more, 3, 2400, 0) == 3600);
	T_OK(order_seconds(more, 4000000000u, 0, 0) == 3600);
	T_OK(order_seconds(list, 1, 0, 0) == 6000 && order_seconds(list, 2, 0, 0) == 36000);
	T_OK(order_seconds(list, 9, 0, 0) == 36000 && order_seconds(list, 9, 40000, 0) == 40000);
	T_OK(order_seconds(chance, 0, 0, 0.5) == 650);
	T_OK(order_seconds(ever, 0, 0, 0) == BAN_TABLE_FOR_EVER);
	return 0;
}

static int from_where(void)
{
	HOST h = host_with("[a]\nlogpath = /var/log/a\n  /var/log/b tail\n"
			   "[b]\nlogpath = /var/log/a\n"
			   "[c]\nlogpath = /var/log/none\n"
			   "[d]\nbackend = systemd\njournalmatch = _COMM=d _UID=0 + _COMM=e\n"
			   "[e]\nbackend = polling\nlogpath = /var/log/none\n"
			   "[off]\nenabled = false\nlogpath = /var/log/a\n",
			   "/var/log/a");

	T_OK(h.orders.count == 5 && h.orders.sources == 3 && h.orders.journal);
	T_STR(h.orders.source[0].path, "/var/log/a");
	T_OK(h.orders.source[0].orders == 2 && h.orders.source[0].order[1] == 1);
	T_STR(h.orders.source[1].path, "/var/log/b");
	/* Nothing there, and the journal knows: so does fail2ban fail, and we do not. */
	T_OK(h.orders.item[2].journal && h.orders.item[2].match.count == 1);
	T_STR(h.orders.item[2].match.item[0], "_COMM=f");
	T_OK(h.orders.item[3].journal && h.orders.item[3].match.count == 4);
	/* Asked for a file in so many words: it may come. */
	T_OK(!h.orders.item[4].journal);
	T_STR(h.orders.source[2].path, "/var/log/none");
	T_OK(h.orders.source[2].orders == 1 && h.orders.source[2].order[0] == 4);
	return 0;
}

static const char *why(struct never *n, const char *text)
{
	struct prefix p;
	struct err e = { 0 };

	return prefix_parse(text, &p, &e) == 0 ? never_why(n, &p, 1) : "no prefix";
}

static int never(void)
{
	HOST h = host_with("ignoreip = 192.0.2.1\n[a]\nlogpath = /var/log/a\n[b]\nlogpath = "
			   "/var/log/a\nignoreip =\n",
			   "/var/log/a");
	struct never n;

	fake_file(h.fake, "/etc/resolv.conf",
		  "# x\nnameserver 198.51.100.53\nsearch a\n"
		  "nameserver 2001:db8:53::53\n",
		  0644);
	fake_file(h.fake, "/proc/self/net/route",
		  "Iface\tDestination\tGateway\tFlags\tRefCnt\tUse\tMetric\tMask\n"
		  "eth0\t00000000\tFE6433C6\t0003\t0\t0\t0\t00000000\t0\t0\t0\n"
		  "eth0\t0A000000\tFD6433C6\t0003\t0\t0\t0\t000000FF\t0\t0\t0\n",
		  0644);
	fake_file(h.fake, "/proc/self/net/ipv6_route",
		  "00000000000000000000000000000000 00 00000000000000000000000000000000 00 "
		  "20010db800fe00000000000000000001 00000400 1 0 00000003 eth0\n",
		  0644);
	never_init(&n, &h.fake->os, &h.orders);
	never_confirmed(&n, "203.0.113.9\n::ffff:203.0.113.8\n0.0.0.0\nnobody\n");
	fake_file(h.fake, "/run/systemd/sessions/4",
		  "UID=1000\nREMOTE=1\nREMOTE_HOST=203.0.113.20\nSTATE=active\nCLASS=user\n", 0644);
	fake_file(h.fake, "/run/systemd/sessions/5",
		  "REMOTE_HOST=203.0.113.21\nSTATE=closing\nCLASS=user\n", 0644);
	T_OK(why(&n, "203.0.113.8"));
	/* The ignored one of jail a is not banned by b. */
	T_OK(why(&n, "192.0.2.1") && why(&n, "203.0.113.9") && why(&n, "203.0.113.20"));
	T_OK(!why(&n, "203.0.113.10") && !why(&n, "203.0.113.21") && !why(&n, "2001:db8:66::/64"));
	T_OK(why(&n, "127.0.0.1") && why(&n, "::1") && why(&n, "fe80::1") && why(&n, "224.0.0.1"));
	T_OK(why(&n, "203.0.113.0/24") && !why(&n, "198.51.101.0/24"));
	T_OK(why(&n, "64.0.0.0/8") && why(&n, "2400::/16"));
	T_OK(why(&n, "198.51.100.53") && why(&n, "2001:db8:53::/64"));
	T_OK(why(&n, "198.51.100.254") && !why(&n, "198.51.100.253") &&
	     why(&n, "2001:db8:fe::/64"));
	T_OK(why(&n, "64:ff9b::/64"));
	never_done(&n);
	return 0;
}

static int sessions(void)
{
	struct prefix p;

	T_OK(never_session("REMOTE_HOST=::ffff:192.0.2.7\nCLASS=user-early\nSTATE=online\n", &p));
	T_OK(p.addr.family == AF_INET && p.bits == 32);
	T_OK(!never_session("CLASS=user\nSTATE=active\n", &p));
	T_OK(!never_session("REMOTE_HOST=192.0.2.7\nCLASS=greeter\nSTATE=active\n", &p));
	T_OK(!never_session("REMOTE_HOST=example.org\nCLASS=user\nSTATE=active\n", &p));
	return 0;
}

int main(void)
{
	static const struct t_case cases[] = {
		T(whom_not), T(how_long), T(from_where), T(never), T(sessions),
	};

	return t_main(cases, COUNT(cases));
}
