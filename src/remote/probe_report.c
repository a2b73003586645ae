// SPDX-License-Identifier: MIT
/* probe_report.c - what probe found, in words and for programs. */
#include <jansson.h>
#include <string.h>

#include "base/i18n.h"
#include "base/layout.h"
#include "core/ssh_weak.h"
#include "remote/probe.h"

#define PORT_WIDTH 12
#define SEEN_WIDTH 16

static const char *answer_words(const struct probe *p, const struct probed_port *port, int family)
{
	if (!p->addr[family].family)
		return "-";
	switch (port->answer[family]) {
	case TCP_OPEN:
		return _("open");
	case TCP_REFUSED:
		return _("refused");
	default:
		return _("silent");
	}
}

static bool is_open(const struct probed_port *port)
{
	return port->answer[0] == TCP_OPEN || port->answer[1] == TCP_OPEN;
}

/* What of an offer nobody should offer; NULL: nothing. */
static char *weak_of(const struct offer *o)
{
	CLEANUP_STRV struct strv all = { 0 };
	CLEANUP_FREE char *ciphers = ssh_list_fits(o->ciphers, SSH_BROKEN_CIPHERS);
	CLEANUP_FREE char *macs = ssh_list_fits(o->macs, SSH_WEAK_MACS);
	CLEANUP_FREE char *kex = ssh_list_fits(o->kex, SSH_WEAK_KEX);
	CLEANUP_FREE char *keys = ssh_list_fits(o->host_keys, SSH_WEAK_HOST_KEYS);
	const char *const found[] = { kex, keys, ciphers, macs };

	for (size_t i = 0; i < COUNT(found); i++)
		if (found[i])
			strv_add(&all, found[i]);
	return all.count ? strv_join(&all, ", ") : NULL;
}

static void ssh_text(const struct probed_ssh *s, struct str *ret)
{
	CLEANUP_FREE char *weak = weak_of(&s->root);

	str_addf(ret, _("\nSSH at port %u:\n"), s->port);
	layout_itemf(ret, "  ", _("root may try: %s"), s->root.methods ? s->root.methods : "?");
	layout_itemf(ret, "  ", _("others may try: %s"), s->other.methods ? s->other.methods : "?");
	for (size_t i = 0; i < s->keys.count; i++)
		str_addf(ret, "  %-8s %s\n", s->keys.key[i].type, s->keys.key[i].sha256);
	if (weak)
		layout_itemf(ret, "  ", _("out of date: %s"), weak);
	else
		layout_item(ret, "  ", _("nothing out of date is offered"));
}

void probe_text(const struct probe *p, struct str *ret)
{
	size_t shut = 0;

	str_addf(ret, _("%s, as it is seen from here:\n\n"), p->host);
	str_add(ret, "  ");
	str_add_padded(ret, _("TCP"), PORT_WIDTH);
	str_add_padded(ret, "IPv4", PORT_WIDTH);
	str_add_padded(ret, "IPv6", PORT_WIDTH);
	str_add(ret, "\n");
	for (size_t i = 0; i < p->count; i++) {
		const struct probed_port *port = &p->port[i];
		CLEANUP_FREE char *number = xasprintf("%u", port->port);

		if (!is_open(port)) {
			shut++;
			continue;
		}
		str_add(ret, "  ");
		str_add_padded(ret, number, PORT_WIDTH);
		str_add_padded(ret, answer_words(p, port, 0), PORT_WIDTH);
		str_add_padded(ret, answer_words(p, port, 1), PORT_WIDTH);
		str_addf(ret, "%.42s\n", port->banner ? port->banner : port->name);
	}
	str_addf(ret, _("  (%zu more ports were asked and do not answer)\n"), shut);
	for (size_t i = 0; i < p->ssh_count; i++)
		ssh_text(&p->ssh[i], ret);
}

/* --- for programs ------------------------------------------------------------------------------------ */

static json_t *answer_json(const struct probe *p, const struct probed_port *port, int family)
{
	static const char *const words[] = { "silent", "refused", "open" };

	return p->addr[family].family ? json_string(words[port->answer[family]]) : json_null();
}

static json_t *text_or_null(const char *text)
{
	return text ? json_string(text) : json_null();
}

static json_t *ssh_json(const struct probed_ssh *s)
{
	json_t *o = json_object(), *keys = json_array(), *weak = json_array();
	CLEANUP_FREE char *found = weak_of(&s->root);
	CLEANUP_STRV struct strv each = { 0 };

	for (size_t i = 0; i < s->keys.count; i++) {
		json_t *key = json_object();

		json_object_set_new(key, "type", json_string(s->keys.key[i].type));
		json_object_set_new(key, "sha256", json_string(s->keys.key[i].sha256));
		json_array_append_new(keys, key);
	}
	strv_split(&each, found ? found : "", ", ");
	for (size_t i = 0; i < each.count; i++)
		json_array_append_new(weak, json_string(each.item[i]));
	json_object_set_new(o, "port", json_integer((int)s->port));
	json_object_set_new(o, "family", json_integer(s->family));
	json_object_set_new(o, "root", text_or_null(s->root.methods));
	json_object_set_new(o, "others", text_or_null(s->other.methods));
	json_object_set_new(o, "host_keys", keys);
	json_object_set_new(o, "weak", weak);
	return o;
}

void probe_json(const struct probe *p, struct str *ret)
{
	json_t *o = json_object(), *addresses = json_array(), *ports = json_array(),
	       *ssh = json_array();
	char *text;

	for (int family = 0; family < 2; family++) {
		char addr[ADDR_TEXT];

		if (p->addr[family].family)
			json_array_append_new(addresses,
					      json_string(addr_text(&p->addr[family], addr)));
	}
	for (size_t i = 0; i < p->count; i++) {
		json_t *port = json_object();

		json_object_set_new(port, "port", json_integer(p->port[i].port));
		json_object_set_new(port, "ipv4", answer_json(p, &p->port[i], 0));
		json_object_set_new(port, "ipv6", answer_json(p, &p->port[i], 1));
		json_object_set_new(port, "banner", text_or_null(p->port[i].banner));
		json_array_append_new(ports, port);
	}
	for (size_t i = 0; i < p->ssh_count; i++)
		json_array_append_new(ssh, ssh_json(&p->ssh[i]));
	json_object_set_new(o, "host", json_string(p->host));
	json_object_set_new(o, "addresses", addresses);
	json_object_set_new(o, "ports", ports);
	json_object_set_new(o, "ssh", ssh);
	text = json_dumps(o, JSON_INDENT(2));
	str_addf(ret, "%s\n", text);
	free(text);
	json_decref(o);
}
