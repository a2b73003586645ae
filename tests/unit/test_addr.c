// SPDX-License-Identifier: MIT
/* Addresses and prefixes (os/addr.h). */
#include <sys/socket.h>

#include "base/mem.h"
#include "lib/t.h"
#include "os/addr.h"

static struct addr address(const char *text)
{
	struct addr a = { .family = -1 };

	addr_parse(text, &a);
	return a;
}

static int parses_and_prints(void)
{
	static const char *const same[] = {
		"0.0.0.0", "203.0.113.7", "255.255.255.255", "::",
		"::1",	   "2001:db8::1", "fe80::1:2:3:4",   "::ffff:192.0.2.1",
	};
	char buf[ADDR_TEXT];

	for (size_t i = 0; i < COUNT(same); i++) {
		struct addr a = address(same[i]);

		T_OK(a.family == (strchr(same[i], ':') ? AF_INET6 : AF_INET));
		T_STR(addr_text(&a, buf), same[i]);
	}
	struct addr long_form = address("2001:0DB8:0000::0001");

	T_STR(addr_text(&long_form, buf), "2001:db8::1");
	T_STR(addr_text(&(struct addr){ 0 }, buf), "-");
	return 0;
}

static int refuses_what_is_none(void)
{
	static const char *const bad[] = {
		"",	    " ",	  "1.2.3", "1.2.3.4.5",	 "1.2.3.256",
		"1.2.3.4 ", "::g",	  "[::1]", "fe80::1%lo", "1:2:3:4:5:6:7:8:9",
		"host",	    "1.2.3.4/24", "127.1", "0x7f.0.0.1", "1::2::3",
	};

	for (size_t i = 0; i < COUNT(bad); i++) {
		struct addr a = { .family = 42 };

		T_OK(addr_parse(bad[i], &a) == -1);
		T_OK(a.family == 42);
	}
	return 0;
}

static int equal_means_family_and_bytes(void)
{
	struct addr a = address("1.2.3.4"), b = address("1.2.3.4"), c = address("1.2.3.5");
	struct addr v6 = address("102:304::"), mapped = address("::ffff:1.2.3.4");

	b.bytes[9] = 7; /* beyond an IPv4 address: of no meaning */
	T_OK(addr_eq(&a, &b) && !addr_eq(&a, &c) && !addr_eq(&a, &v6) && !addr_eq(&a, &mapped));
	mapped = addr_unmap(&mapped);
	T_OK(addr_eq(&a, &mapped));
	v6 = address("::fffe:1.2.3.4");
	b = addr_unmap(&v6);
	T_OK(addr_eq(&v6, &b) && b.family == AF_INET6);
	return 0;
}

static int knows_loopback_and_any(void)
{
	static const struct {
		const char *text;
		bool loopback, any;
	} t[] = {
		{ "127.0.0.1", true, false },
		{ "127.255.255.254", true, false },
		{ "126.255.255.255", false, false },
		{ "128.0.0.0", false, false },
		{ "::1", true, false },
		{ "::2", false, false },
		{ "::ffff:127.0.0.9", true, false },
		{ "::ffff:1.2.3.4", false, false },
		{ "0.0.0.0", false, true },
		{ "::", false, true },
		{ "::ffff:0.0.0.0", false, true },
		{ "0.0.0.1", false, false },
		{ "7f00::", false, false },
		{ "100::", false, false },
	};

	for (size_t i = 0; i < COUNT(t); i++) {
		struct addr a = address(t[i].text);

		T_OK(addr_is_loopback(&a) == t[i].loopback);
		T_OK(addr_is_any(&a) == t[i].any);
	}
	T_OK(!addr_is_any(&(struct addr){ 0 }) && !addr_is_loopback(&(struct addr){ 0 }));
	return 0;
}

static int prefixes_parse(void)
{
	static const struct {
		const char *text, *addr;
		unsigned bits;
	} t[] = {
		{ "198.51.100.0/24", "198.51.100.0", 24 },
		{ "203.0.113.7", "203.0.113.7", 32 },
		{ "203.0.113.7/32", "203.0.113.7", 32 },
		{ "0.0.0.0/0", "0.0.0.0", 0 },
		{ "128.0.0.0/1", "128.0.0.0", 1 },
		{ "2001:db8::/32", "2001:db8::", 32 },
		{ "2001:db8::1", "2001:db8::1", 128 },
		{ "::/0", "::", 0 },
		{ "::ffff:192.0.2.0/120", "192.0.2.0", 24 },
		{ "::ffff:192.0.2.1", "192.0.2.1", 32 },
	};

	for (size_t i = 0; i < COUNT(t); i++) {
		struct prefix p = { 0 };
		struct err e = { 0 };
		char buf[ADDR_TEXT];

		T_OK(prefix_parse(t[i].text, &p, &e) == 0);
		T_STR(addr_text(&p.addr, buf), t[i].addr);
		T_OK(p.bits == t[i].bits);
	}
	return 0;
}

static int wrong_prefixes_say_what_is_right(void)
{
	static const struct {
		const char *text, *says;
	} t[] = {
		{ "192.0.2.7/24", "192.0.2.0/24" },
		{ "2001:db8::1/64", "2001:db8::/64" },
		{ "192.0.2.0/33", "32" },
		{ "::/129", "128" },
		{ "192.0.2.0/", "32" },
		{ "192.0.2.0/-1", "32" },
		{ "192.0.2.0/2 4", "32" },
		{ "192.0.2.0/255.255.255.0", "32" },
		{ "host", "203.0.113.7" },
		{ "", "203.0.113.7" },
		{ "/24", "203.0.113.7" },
		{ "1.2.3.4/1/2", "32" },
	};

	for (size_t i = 0; i < COUNT(t); i++) {
		struct prefix p = { .bits = 77 };
		struct err e = { 0 };

		T_OK(prefix_parse(t[i].text, &p, &e) == -1 && p.bits == 77);
		T_OK(e.kind == ERR_USAGE && strstr(e.msg, t[i].says));
	}
	return 0;
}

static int prefixes_hold(void)
{
	static const struct {
		const char *prefix, *addr;
		bool holds;
	} t[] = {
		{ "198.51.100.0/24", "198.51.100.255", true },
		{ "198.51.100.0/24", "198.51.101.0", false },
		{ "198.51.100.0/24", "::ffff:198.51.100.1", true },
		{ "198.51.100.0/23", "198.51.101.0", true },
		{ "198.51.100.128/25", "198.51.100.127", false },
		{ "0.0.0.0/0", "8.8.8.8", true },
		{ "0.0.0.0/0", "2001:db8::1", false },
		{ "::/0", "2001:db8::1", true },
		{ "::/0", "8.8.8.8", false },
		{ "::/0", "::ffff:8.8.8.8", false },
		{ "2001:db8::/33", "2001:db8:7fff::1", true },
		{ "2001:db8::/33", "2001:db8:8000::1", false },
		{ "2001:db8::1", "2001:db8::1", true },
		{ "2001:db8::1", "2001:db8::2", false },
		{ "::ffff:192.0.2.0/120", "192.0.2.9", true },
	};

	for (size_t i = 0; i < COUNT(t); i++) {
		struct addr a = address(t[i].addr);
		struct prefix p = { 0 };
		struct err e = { 0 };

		T_OK(prefix_parse(t[i].prefix, &p, &e) == 0);
		T_OK(prefix_holds(&p, &a) == t[i].holds);
	}
	return 0;
}

static const struct t_case cases[] = {
	T(parses_and_prints),	   T(refuses_what_is_none), T(equal_means_family_and_bytes),
	T(knows_loopback_and_any), T(prefixes_parse),	    T(wrong_prefixes_say_what_is_right),
	T(prefixes_hold),
};

int main(void)
{
	return t_main(cases, COUNT(cases));
}
