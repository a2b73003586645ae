// SPDX-License-Identifier: MIT
/* card_end.c - what a person sees when all is confirmed: before and after, what is left to do, the way back in. */
#include <stdio.h>

#include "base/i18n.h"
#include "base/layout.h"
#include "core/policy.h"
#include "setup/card.h"

#define WHAT_WIDTH   18
#define BEFORE_WIDTH 28

static unsigned door_port(const struct card *c)
{
	return c->plan->door_count ? c->plan->door[0].port : 22;
}

static const char *door_user(const struct card *c)
{
	return c->plan->door_count ? c->plan->door[0].user : "root";
}

static bool by_key(const struct card *c)
{
	return c->plan->door_count && str_eq(c->plan->door[0].method, "publickey");
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

static void add_changes(const struct card *c, struct str *ret)
{
	if (c->change_count == 0)
		return;
	str_add(ret, "  ");
	str_add_padded(ret, "", WHAT_WIDTH);
	str_add_padded(ret, _("before"), BEFORE_WIDTH);
	str_addf(ret, "%s\n", _("now"));
	for (size_t i = 0; i < c->change_count; i++) {
		const struct card_change *one = &c->change[i];

		str_add(ret, "  ");
		str_add_padded(ret, _(one->what), WHAT_WIDTH);
		str_add_padded(ret, one->before, BEFORE_WIDTH);
		str_addf(ret, "%s\n", one->after);
	}
	str_add(ret, "\n");
}

/* How to get in when nothing else works; also after a mistake in months. */
static void add_way_back(const struct card *c, struct str *ret)
{
	const char *user = card_console_user(c);
	const char *sudo = str_eq(user, "root") ? "" : "sudo ";

	if (!user) {
		layout_textf(ret,
			     _("Nobody has a password here, so your provider's console lets nobody "
			       "in. To have that way back too: sudo passwd %s"),
			     door_user(c));
		return;
	}
	layout_textf(ret,
		     _("If you cannot log in one day: on the console (%s) log in as %s. %skannuki "
		       "status says what is open, %skannuki undo takes this back."),
		     c->provider ? _(c->provider->console) : _("in your provider's panel"), user,
		     sudo, sudo);
}

void card_end(const struct card *c, struct str *ret)
{
	CLEANUP_FREE char *published = openings(c->plan);
	unsigned closed = card_closing_port(c);
	char host[ADDR_TEXT];

	card_host(c->facts, host);
	str_add(ret, "\n");
	add_changes(c, ret);
	layout_text(ret, _("What is left for you to do:"));
	if (closed)
		layout_itemf(ret, "  - ",
			     _("In your provider's packet filter, remove the rule of port %u (SSH):"
			       " nothing listens there any more."),
			     closed);
	if (published)
		layout_itemf(ret, "  - ", _("What you publish must be open there too: %s."),
			     published);
	if (c->restart_due)
		layout_item(ret, "  - ",
			    _("Restart the server (sudo reboot), then log in once more."));
	if (by_key(c))
		layout_item(
			ret, "  - ",
			_("Keep a copy of your private key and its passphrase in a safe place."));
	str_addf(ret, _("From now on:  ssh -p %u %s@%s\n"), door_port(c), door_user(c), host);
	if (by_key(c))
		layout_itemf(ret, "  Tera Term:  ",
			     _("host %s, port %u, user name %s, your private key"), host,
			     door_port(c), door_user(c));
	add_way_back(c, ret);
	layout_text(ret, _("To change something: sudo kannuki setup. What was done: sudo kannuki "
			   "log. What could be safer still: sudo kannuki audit"));
}
