// SPDX-License-Identifier: MIT
/* card.c - see card.h. */
#include "setup/card.h"

#include <stdio.h>
#include <sys/socket.h>

#include "base/i18n.h"
#include "base/layout.h"
#include "core/policy.h"

/* RFC 1918, RFC 6598, RFC 4193: another address stands in front of such a host. */
static bool is_private(const struct addr *a)
{
	static const char *const ranges[] = { "10.0.0.0/8", "172.16.0.0/12", "192.168.0.0/16",
					      "100.64.0.0/10", "fc00::/7" };

	for (size_t i = 0; i < COUNT(ranges); i++) {
		struct err ignored = { 0 };
		struct prefix p;

		if (prefix_parse(ranges[i], &p, &ignored) == 0 && prefix_holds(&p, a))
			return true;
	}
	return false;
}

/* By which address this connection came here; false: by a private one that another stands in front of. */
static bool came_by(const struct session *s, struct addr *ret)
{
	*ret = addr_unmap(&s->local);
	return !addr_is_loopback(ret) && (!is_private(ret) || is_private(&s->peer));
}

/* The better of two sessions: our own, else one by IPv4, which more clients can type. */
static int worth(const struct session *s)
{
	return s->own ? 2 : addr_unmap(&s->local).family == AF_INET;
}

void card_host(const struct facts *f, char ret[ADDR_TEXT])
{
	const struct session *best = NULL;
	bool found = false, found_v4 = false;
	struct addr a;

	snprintf(ret, ADDR_TEXT, "%s", _("HOST"));
	for (size_t i = 0; i < f->session_count; i++)
		if (came_by(&f->session[i], &a) && (!best || worth(&f->session[i]) > worth(best)))
			best = &f->session[i];
	if (best && came_by(best, &a))
		addr_text(&a, ret);
	for (size_t i = 0; f->session_count == 0 && i < f->address_count; i++) {
		const struct addr *outside = &f->address[i].addr;

		if (f->address[i].loopback || addr_is_link_local(outside) || is_private(outside))
			continue;
		if (!found || (!found_v4 && outside->family == AF_INET))
			addr_text(outside, ret);
		found = true;
		found_v4 = found_v4 || outside->family == AF_INET;
	}
}

static unsigned door_port(const struct card *c)
{
	return c->plan->door_count ? c->plan->door[0].port : 22;
}

static bool by_key(const struct card *c)
{
	return c->plan->door_count && str_eq(c->plan->door[0].method, "publickey");
}

/* A port of sshd that is no door of the plan: it closes in the end. 0: none. */
static unsigned closing_port(const struct card *c)
{
	for (size_t i = 0; i < c->facts->sshd.port_count; i++)
		if (c->facts->sshd.port[i] != door_port(c))
			return c->facts->sshd.port[i];
	return 0;
}

static void add_commands(const struct card *c, struct str *ret)
{
	char host[ADDR_TEXT];

	card_host(c->facts, host);
	for (size_t i = 0; i < c->plan->door_count; i++)
		if (door_is_new(c->plan->door, i))
			str_addf(ret, "    ssh -p %u %s@%s\n", c->plan->door[i].port,
				 c->plan->door[i].user, host);
	str_add(ret, "    sudo kannuki confirm\n");
}

static void add_tera_term(const struct card *c, struct str *ret)
{
	CLEANUP_FREE char *text = NULL;
	const struct door *d = c->plan->door;
	char host[ADDR_TEXT];

	if (c->plan->door_count == 0)
		return;
	card_host(c->facts, host);
	text = xasprintf(by_key(c) ? _("host %s, TCP port %u, OK. User name %s, \"Use RSA/DSA/ECDSA"
				       "/ED25519 key to log in\", [...], your private key, OK")
				   : _("host %s, TCP port %u, OK. User name %s, the password, OK"),
			 host, d->port, d->user);
	layout_item(ret, "Tera Term: ", text);
}

static void add_host_keys(const struct card *c, struct str *ret)
{
	if (c->hostkeys->count == 0)
		return;
	layout_text(ret, closing_port(c)
				 ? _("The port is new, so your client warns of the host key once "
				     "more (Tera Term: security warning). The same as one of "
				     "these? Then continue:")
				 : _("If your client asks about the host key: the same as here? "
				     "Continue:"));
	for (size_t i = 0; i < c->hostkeys->count; i++)
		str_addf(ret, "  %-8s %s\n", c->hostkeys->key[i].type, c->hostkeys->key[i].sha256);
}

static void add_provider(const struct card *c, struct str *ret)
{
	layout_textf(ret,
		     _("Your provider's packet filter must let in TCP %u. (XServer VPS: VPS panel, "
		       "packet filter settings, add, manual, TCP, %u. Others have the like.)"),
		     door_port(c), door_port(c));
}

static void add_nobody(struct str *ret)
{
	layout_text(ret, _("If you do nothing, all goes back to how it was by itself. A reboot "
			   "undoes it too. You may close this window."));
}

void card_short(const struct card *c, struct str *ret)
{
	str_add(ret, "\n");
	layout_textf(ret,
		     _("The changes are not confirmed yet. Log in by a new connection within %s, "
		       "and confirm there:"),
		     c->left);
	add_commands(c, ret);
	add_nobody(ret);
	layout_text(ret, _("More time: sudo kannuki extend 10m. Undo now: sudo kannuki undo"));
}

void card_next_step(const struct card *c, struct str *ret)
{
	str_add(ret, "\n");
	layout_textf(ret,
		     _("The changes are not confirmed yet. Log in by a new connection within %s, "
		       "and confirm there:"),
		     c->left);
	add_commands(c, ret);
	add_tera_term(c, ret);
	add_host_keys(c, ret);
	add_provider(c, ret);
	add_nobody(ret);
	layout_text(ret, _("Nothing works? On your provider's console, log in as root and type: "
			   "kannuki undo"));
	str_add(ret, "\n");
}

/* What the policy opens beside SSH, or NULL. */
static char *openings(const struct plan *p)
{
	CLEANUP_POLICY struct policy policy = { 0 };
	CLEANUP_STRV struct strv all = { 0 };
	struct err ignored = { 0 };

	if (!p->policy_text || policy_parse("policy", p->policy_text, &policy, &ignored) < 0)
		return NULL;
	for (size_t i = 0; i < policy.open_count; i++)
		if (!policy.open[i].tpl || !str_eq(policy.open[i].tpl->name, "ssh"))
			strv_take(&all, opening_text(&policy.open[i]));
	return all.count ? strv_join(&all, ", ") : NULL;
}

void card_end(const struct card *c, struct str *ret)
{
	CLEANUP_FREE char *published = openings(c->plan);
	char host[ADDR_TEXT];

	card_host(c->facts, host);
	str_add(ret, "\n");
	layout_text(ret, _("What is left for you to do:"));
	if (closing_port(c))
		layout_item(ret, "  - ",
			    _("In your provider's packet filter, remove the rule of port 22 (SSH):"
			      " nothing listens there any more."));
	if (published)
		layout_itemf(ret, "  - ", _("What you publish must be open there too: %s."),
			     published);
	if (by_key(c))
		layout_item(
			ret, "  - ",
			_("Keep a copy of your private key and its passphrase in a safe place."));
	str_addf(ret, _("From now on:  ssh -p %u %s@%s\n"), door_port(c),
		 c->plan->door_count ? c->plan->door[0].user : "root", host);
	layout_text(ret, _("What was changed: kannuki log. To take it back: sudo kannuki undo. To "
			   "change it: sudo kannuki setup"));
}
