// SPDX-License-Identifier: MIT
/* opening.c - see opening.h. Port numbers: IANA's registry, and the games' own documentation. */
#include "core/opening.h"

#include <string.h>

#include "base/i18n.h"

#define T(a, b)                     \
	{                           \
		TRANSPORT_TCP, a, b \
	}
#define U(a, b)                     \
	{                           \
		TRANSPORT_UDP, a, b \
	}
#define TEMPLATE(n, t, ...)                                                                       \
	{                                                                                         \
		.name = (n), .title = (t), .range = { __VA_ARGS__ },                              \
		.count = sizeof((struct port_range[]){ __VA_ARGS__ }) / sizeof(struct port_range) \
	}

const struct opening_template opening_templates[] = {
	{ .name = "ssh", .title = N_("SSH, on the ports sshd listens on") },
	TEMPLATE("web", N_("web server (HTTP and HTTPS)"), T(80, 80), T(443, 443), U(443, 443)),
	TEMPLATE("mail", N_("mail server (SMTP, submission, IMAP, POP3)"), T(25, 25), T(465, 465),
		 T(587, 587), T(143, 143), T(993, 993), T(110, 110), T(995, 995)),
	TEMPLATE("smtp", N_("incoming mail only"), T(25, 25)),
	TEMPLATE("dns", N_("name server"), T(53, 53), U(53, 53)),
	TEMPLATE("ftp", N_("FTP control and passive ports 60000-60030"), T(21, 21),
		 T(60000, 60030)),
	TEMPLATE("wireguard", N_("WireGuard"), U(51820, 51820)),
	TEMPLATE("openvpn", N_("OpenVPN"), U(1194, 1194)),
	TEMPLATE("minecraft", N_("Minecraft, Java and Bedrock"), T(25565, 25565), U(19132, 19132)),
	TEMPLATE("palworld", N_("Palworld"), U(8211, 8211)),
	TEMPLATE("mosh", N_("mosh"), U(60000, 61000)),
	TEMPLATE("postgresql", N_("PostgreSQL"), T(5432, 5432)),
	TEMPLATE("mysql", N_("MySQL and MariaDB"), T(3306, 3306)),
};
const size_t opening_templates_count = COUNT(opening_templates);

const struct opening_template *opening_template_find(const char *name)
{
	for (size_t i = 0; i < opening_templates_count; i++)
		if (str_eq(opening_templates[i].name, name))
			return &opening_templates[i];
	return NULL;
}

static const char *name_at(const void *arg, size_t i)
{
	(void)arg;
	return opening_templates[i].name;
}

static int not_understood(const char *text, const char *word, struct err *e)
{
	const char *near = str_nearest(word, opening_templates_count, name_at, NULL);
	CLEANUP_FREE char *brief = str_brief(text);

	if (near)
		return err_set(
			e, ERR_USAGE,
			_("\"%s\" is not understood; did you mean \"%s\"? Allowed: a template "
			  "(ssh, web, mail, dns, wireguard, minecraft, ...), 8080/tcp, "
			  "60000-61000/udp, each with \"from 203.0.113.0/24\" behind it"),
			brief, near);
	return err_set(e, ERR_USAGE,
		       _("\"%s\" is not understood; allowed: a template (ssh, web, mail, dns, "
			 "wireguard, minecraft, ...), 8080/tcp, 60000-61000/udp, each with \"from "
			 "203.0.113.0/24\" behind it"),
		       brief);
}

/* "8080/tcp" or "60000-61000/udp". 1: not of this form. */
static int parse_range(const char *word, struct port_range *ret)
{
	const char *slash = strchr(word, '/'), *dash;
	CLEANUP_FREE char *ports = NULL;
	uint64_t from, to;

	if (!slash)
		return 1;
	if (str_eq(slash, "/tcp"))
		ret->transport = TRANSPORT_TCP;
	else if (str_eq(slash, "/udp"))
		ret->transport = TRANSPORT_UDP;
	else
		return 1;
	ports = xstrndup(word, (size_t)(slash - word));
	dash = strchr(ports, '-');
	if (dash)
		ports[dash - ports] = '\0';
	if (str_to_u64(ports, 1, 65535, &from) < 0 ||
	    str_to_u64(dash ? dash + 1 : ports, from, 65535, &to) < 0)
		return 1;
	ret->from = (uint16_t)from;
	ret->to = (uint16_t)to;
	return 0;
}

int opening_parse(const char *text, struct opening *ret, struct err *e)
{
	CLEANUP_STRV struct strv words = { 0 };
	struct opening o = { 0 };

	strv_split(&words, text, " \t");
	if (words.count != 1 && !(words.count == 3 && str_eq(words.item[1], "from")))
		return not_understood(text, words.count ? words.item[0] : "", e);
	o.tpl = opening_template_find(words.item[0]);
	if (!o.tpl && parse_range(words.item[0], &o.range) != 0)
		return not_understood(text, words.item[0], e);
	if (words.count == 3) {
		o.has_source = true;
		if (prefix_parse(words.item[2], &o.source, e) < 0)
			return -1;
	}
	*ret = o;
	return 0;
}

char *opening_text(const struct opening *o)
{
	CLEANUP_STR struct str s = { 0 };
	char addr[ADDR_TEXT];

	if (o->tpl)
		str_add(&s, o->tpl->name);
	else if (o->range.from == o->range.to)
		str_addf(&s, "%u", o->range.from);
	else
		str_addf(&s, "%u-%u", o->range.from, o->range.to);
	if (!o->tpl)
		str_add(&s, o->range.transport == TRANSPORT_TCP ? "/tcp" : "/udp");
	if (o->has_source)
		str_addf(&s, " from %s/%u", addr_text(&o->source.addr, addr), o->source.bits);
	return str_take(&s);
}

bool opening_eq(const struct opening *a, const struct opening *b)
{
	if (a->tpl != b->tpl || a->has_source != b->has_source)
		return false;
	if (!a->tpl && (a->range.transport != b->range.transport ||
			a->range.from != b->range.from || a->range.to != b->range.to))
		return false;
	return !a->has_source ||
	       (a->source.bits == b->source.bits && addr_eq(&a->source.addr, &b->source.addr));
}

static bool range_holds(const struct port_range *r, enum transport t, uint16_t port)
{
	return r->transport == t && port >= r->from && port <= r->to;
}

bool opening_holds(const struct opening *o, enum transport t, uint16_t port)
{
	if (!o->tpl)
		return range_holds(&o->range, t, port);
	for (size_t i = 0; i < o->tpl->count; i++)
		if (range_holds(&o->tpl->range[i], t, port))
			return true;
	return false;
}
