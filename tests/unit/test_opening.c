// SPDX-License-Identifier: MIT
/* What the packet filter lets in, as people write it (core/opening.h). */
#include <sys/socket.h>

#include "base/mem.h"
#include "core/opening.h"
#include "lib/t.h"

static bool reads_as(const char *text, const char *back)
{
	struct opening o;
	struct err e = { 0 };
	CLEANUP_FREE char *written = NULL;

	if (opening_parse(text, &o, &e) < 0) {
		printf("# %s: %s\n", text, e.msg);
		return false;
	}
	written = opening_text(&o);
	if (strcmp(written, back) != 0)
		printf("# %s -> %s\n", text, written);
	return strcmp(written, back) == 0;
}

static int templates_and_ports_are_read(void)
{
	static const char *const same[] = {
		"ssh",
		"web",
		"8080/tcp",
		"1/udp",
		"65535/tcp",
		"60000-61000/udp",
		"8080/tcp from 203.0.113.0/24",
		"web from 2001:db8::/32",
		"60000-61000/udp from 0.0.0.0/0",
	};

	for (size_t i = 0; i < COUNT(same); i++)
		T_OK(reads_as(same[i], same[i]));
	T_OK(reads_as("  8080/tcp \t from  203.0.113.7 ", "8080/tcp from 203.0.113.7/32"));
	T_OK(reads_as("8080-8080/tcp", "8080/tcp"));
	T_OK(reads_as("dns from 2001:DB8::1", "dns from 2001:db8::1/128"));
	return 0;
}

static int what_is_none_is_told_with_what_is_allowed(void)
{
	static const struct {
		const char *text, *says;
	} t[] = {
		{ "", "allowed: a template" },
		{ "0/tcp", "8080/tcp" },
		{ "65536/tcp", "\"65536/tcp\" is not understood" },
		{ "8080", "8080/tcp" },
		{ "8080/sctp", "60000-61000/udp" },
		{ "8080/TCP", "not understood" },
		{ "90-80/tcp", "not understood" },
		{ "80-/tcp", "not understood" },
		{ "-80/tcp", "not understood" },
		{ "80-90-99/tcp", "not understood" },
		{ "+80/tcp", "not understood" },
		{ "80 /tcp", "not understood" },
		{ "/tcp", "not understood" },
		{ "wbe", "did you mean \"web\"?" },
		{ "wirgard", "did you mean \"wireguard\"?" },
		{ "web to 10.0.0.0/8", "\"from 203.0.113.0/24\"" },
		{ "web from", "not understood" },
		{ "web from 10.0.0.0/8 and", "not understood" },
		{ "web from 10.0.0.0/33", "10.0.0.0/33" },
		{ "web from 10.0.0.1/8", "10.0.0.0/8" },
		{ "web from everywhere", "everywhere" },
	};

	for (size_t i = 0; i < COUNT(t); i++) {
		struct opening o = { .range = { .from = 7 } };
		struct err e = { 0 };

		T_OK(opening_parse(t[i].text, &o, &e) < 0 && e.kind == ERR_USAGE);
		if (!strstr(e.msg, t[i].says))
			printf("# %s: %s\n", t[i].text, e.msg);
		T_OK(strstr(e.msg, t[i].says) && o.range.from == 7);
	}
	return 0;
}

static int templates_are_sound(void)
{
	for (size_t i = 0; i < opening_templates_count; i++) {
		const struct opening_template *t = &opening_templates[i];
		const struct opening o = { .tpl = t };

		T_OK(opening_template_find(t->name) == t && t->title[0]);
		T_OK(t->count > 0 || strcmp(t->name, "ssh") == 0);
		T_OK(reads_as(t->name, t->name));
		for (size_t j = 0; j < t->count; j++) {
			const struct port_range *r = &t->range[j];

			T_OK(r->from >= 1 && r->from <= r->to);
			T_OK(opening_holds(&o, r->transport, r->from) &&
			     opening_holds(&o, r->transport, r->to));
		}
	}
	T_OK(!opening_template_find("ftps") && !opening_template_find(""));
	return 0;
}

static int what_people_expect_of_a_template(void)
{
	static const struct {
		const char *name;
		enum transport transport;
		uint16_t port;
		bool open;
	} t[] = {
		{ "web", TRANSPORT_TCP, 80, true },
		{ "web", TRANSPORT_TCP, 443, true },
		{ "web", TRANSPORT_UDP, 443, true }, /* HTTP/3 */
		{ "web", TRANSPORT_UDP, 80, false },
		{ "web", TRANSPORT_TCP, 8080, false },
		{ "mail", TRANSPORT_TCP, 25, true },
		{ "mail", TRANSPORT_TCP, 587, true },
		{ "mail", TRANSPORT_TCP, 993, true },
		{ "dns", TRANSPORT_TCP, 53, true },
		{ "dns", TRANSPORT_UDP, 53, true },
		{ "wireguard", TRANSPORT_UDP, 51820, true },
		{ "wireguard", TRANSPORT_TCP, 51820, false },
		{ "minecraft", TRANSPORT_TCP, 25565, true },
		{ "minecraft", TRANSPORT_UDP, 19132, true },
		{ "ssh", TRANSPORT_TCP, 22, false }, /* its ports are sshd's */
	};

	for (size_t i = 0; i < COUNT(t); i++) {
		const struct opening o = { .tpl = opening_template_find(t[i].name) };

		T_OK(o.tpl && opening_holds(&o, t[i].transport, t[i].port) == t[i].open);
	}
	return 0;
}

static int a_range_holds_its_ends(void)
{
	struct opening o, same, other;
	struct err e = { 0 };

	T_OK(opening_parse("8000-8010/tcp", &o, &e) == 0);
	T_OK(opening_holds(&o, TRANSPORT_TCP, 8000) && opening_holds(&o, TRANSPORT_TCP, 8010));
	T_OK(!opening_holds(&o, TRANSPORT_TCP, 7999) && !opening_holds(&o, TRANSPORT_TCP, 8011));
	T_OK(!opening_holds(&o, TRANSPORT_UDP, 8005));
	T_OK(opening_parse(" 8000-8010/tcp", &same, &e) == 0 && opening_eq(&o, &same));
	T_OK(opening_parse("8000-8010/tcp from 10.0.0.0/8", &other, &e) == 0);
	T_OK(!opening_eq(&o, &other) && other.source.addr.family == AF_INET);
	return 0;
}

int main(void)
{
	static const struct t_case cases[] = {
		T(templates_and_ports_are_read), T(what_is_none_is_told_with_what_is_allowed),
		T(templates_are_sound),		 T(what_people_expect_of_a_template),
		T(a_range_holds_its_ends),
	};

	return t_main(cases, COUNT(cases));
}
