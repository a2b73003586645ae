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

unsigned card_closing_port(const struct card *c)
{
	for (size_t i = 0; i < c->facts->sshd.port_count; i++)
		if (c->facts->sshd.port[i] != door_port(c))
			return c->facts->sshd.port[i];
	return 0;
}

/* What the plan's policy says; the defaults where it has none. */
static void policy_of(const struct card *c, struct policy *ret)
{
	struct err ignored = { 0 };

	if (!c->plan->policy_text ||
	    policy_parse("policy", c->plan->policy_text, ret, &ignored) < 0)
		policy_init(ret);
}

/* Root's is not looked at: whether its account is known is not sure where nobody asked. */
static bool opens_console(const struct account *a)
{
	return a->password == PASSWORD_SET && a->can_login && a->in_admin_group;
}

const char *card_console_user(const struct card *c)
{
	const struct account *root = facts_account(c->facts, "root"), *admin;
	const char *user = c->plan->door_count ? c->plan->door[0].user : "root";
	CLEANUP_POLICY struct policy policy = { 0 };

	if (!root || (root->password != PASSWORD_LOCKED && root->password != PASSWORD_NONE_SET))
		return "root";
	policy_of(c, &policy);
	admin = facts_account(c->facts, user);
	/* One that the plan makes has a password where sudo asks for it. */
	if (!str_eq(user, "root") &&
	    (admin ? opens_console(admin) : policy.admin_sudo == SUDO_PASSWORD))
		return user;
	for (size_t i = 0; i < c->facts->account_count; i++)
		if (opens_console(&c->facts->account[i]))
			return c->facts->account[i].name;
	return NULL;
}

/* Whose password sudo asks for at the new login, or NULL. */
static const char *sudo_asks_for(const struct card *c)
{
	CLEANUP_POLICY struct policy policy = { 0 };
	const struct account *admin;

	policy_of(c, &policy);
	if (!policy.admin_user || policy.admin_sudo != SUDO_PASSWORD || c->plan->door_count == 0)
		return NULL;
	admin = facts_account(c->facts, c->plan->door[0].user);
	return admin && admin->sudo_nopasswd ? NULL : c->plan->door[0].user;
}

static void add_logins(const struct card *c, struct str *ret)
{
	char host[ADDR_TEXT];

	card_host(c->facts, host);
	for (size_t i = 0; i < c->plan->door_count; i++)
		if (door_is_new(c->plan->door, i))
			str_addf(ret, "    ssh -p %u %s@%s\n", c->plan->door[i].port,
				 c->plan->door[i].user, host);
}

static void add_tera_term(const struct card *c, struct str *ret)
{
	const struct door *d = c->plan->door;
	char host[ADDR_TEXT];

	if (c->plan->door_count == 0)
		return;
	card_host(c->facts, host);
	layout_itemf(ret, "    Tera Term: ",
		     by_key(c) ? _("host %s, port %u, OK. User name %s, passphrase, \"Use "
				   "RSA/DSA/ECDSA/ED25519 key to log in\", your private key, OK")
			       : _("host %s, TCP port %u, OK. User name %s, the password, OK"),
		     host, d->port, d->user);
}

static void add_putty(const struct card *c, struct str *ret)
{
	char host[ADDR_TEXT];

	if (!by_key(c))
		return;
	card_host(c->facts, host);
	layout_itemf(ret, "    PuTTY: ",
		     _("host %s@%s, port %u, SSH > Auth > Credentials: your .ppk, Open"),
		     c->plan->door->user, host, c->plan->door->port);
}

static void add_host_keys(const struct card *c, struct str *ret)
{
	if (c->hostkeys->count == 0)
		return;
	layout_item(ret, "   ",
		    card_closing_port(c)
			    ? _("Your client warns of the host key once more (Tera Term: security "
				"warning), because the port is new. Go on if it shows one of:")
			    : _("If your client asks about the host key: go on if it shows one "
				"of:"));
	for (size_t i = 0; i < c->hostkeys->count; i++)
		str_addf(ret, "    %-8s %s\n", c->hostkeys->key[i].type,
			 c->hostkeys->key[i].sha256);
}

/* The same with a number in front, or without. */
static void add_provider(const struct card *c, const char *first, struct str *ret)
{
	CLEANUP_FREE char *filter = NULL;
	unsigned port = door_port(c);

	if (!c->provider) {
		layout_itemf(
			ret, first,
			c->asks_provider
				? _("Your provider's packet filter must let in TCP %u. Press p, "
				    "and it says where.")
				: _("Your provider's packet filter must let in TCP %u."),
			port);
		return;
	}
	filter = provider_filter(c->provider, port);
	layout_itemf(ret, first, _("Let TCP %u in at %s: %s"), port, _(c->provider->title), filter);
	if (c->provider->port_max && port > c->provider->port_max)
		layout_itemf(ret, "! ",
			     _("%s cannot open port %u. Press u, and choose one up to %u."),
			     _(c->provider->title), port, c->provider->port_max);
}

void card_provider(const struct card *c, struct str *ret)
{
	add_provider(c, "", ret);
}

void card_ask_provider(struct str *ret)
{
	layout_text(ret, _("Where did you rent this server?"));
	for (size_t i = 0; i < providers_count; i++)
		str_addf(ret, "  %2zu. %s\n", i + 1, _(providers[i].title));
	str_add(ret, _("Number, or Enter for none of them: "));
}

static void add_nobody(struct str *ret)
{
	layout_text(ret, _("If you do nothing, all goes back to how it was by itself. A reboot "
			   "undoes it too. You may close this window."));
}

static void add_console(const struct card *c, struct str *ret)
{
	const char *user = card_console_user(c);
	const char *type = str_eq(user, "root") ? "kannuki undo" : "sudo kannuki undo";

	if (!user)
		layout_text(ret, _("Nothing works? Wait: it undoes itself. (Nobody has a password "
				   "here, so the console lets nobody in.)"));
	else if (c->provider)
		layout_textf(ret, _("Nothing works? On the console (%s) log in as %s, type: %s"),
			     _(c->provider->console), user, type);
	else
		layout_textf(
			ret,
			_("Nothing works? On your provider's console, log in as %s and type:\n%s"),
			user, type);
}

void card_short(const struct card *c, struct str *ret)
{
	str_add(ret, "\n");
	layout_textf(ret,
		     _("The changes are not confirmed yet. Log in by a new connection within %s, "
		       "and confirm there:"),
		     c->left);
	add_logins(c, ret);
	str_add(ret, "    sudo kannuki confirm\n");
	add_nobody(ret);
	layout_text(ret, _("More time: sudo kannuki extend 10m. Undo now: sudo kannuki undo"));
}

void card_next_step(const struct card *c, struct str *ret)
{
	const char *asked = sudo_asks_for(c);

	str_add(ret, "\n");
	layout_textf(ret, _("Not confirmed yet. Do this in a new window, within %s:"), c->left);
	add_provider(c, "1. ", ret);
	layout_item(ret, "2. ", by_key(c) ? _("Log in with your key:") : _("Log in:"));
	add_logins(c, ret);
	add_tera_term(c, ret);
	add_putty(c, ret);
	add_host_keys(c, ret);
	if (asked)
		layout_itemf(ret, "3. ",
			     _("Type there:  sudo kannuki confirm  (sudo asks for the password of "
			       "%s)"),
			     asked);
	else
		layout_item(ret, "3. ", _("Type there:  sudo kannuki confirm"));
	add_nobody(ret);
	add_console(c, ret);
}
