// SPDX-License-Identifier: MIT
/* ssh_from.c - [ssh] allow-from: whether who asks for it would still get in, today and tomorrow. */
#include <stdio.h>
#include <sys/socket.h>

#include "base/i18n.h"
#include "controls/control.h"

/* The narrowest prefix that holds the address, NULL: none. */
static const struct prefix *prefix_of(const struct policy *p, const struct addr *a)
{
	const struct prefix *found = NULL;

	for (size_t i = 0; i < p->allow_from_count; i++)
		if (prefix_holds(&p->allow_from[i], a) &&
		    (!found || p->allow_from[i].bits < found->bits))
			found = &p->allow_from[i];
	return found;
}

static int from_probe(const struct control_in *in, const struct control *self, struct finding *ret,
		      struct err *e)
{
	const struct addr *peer = &in->facts->own_peer;
	char text[ADDR_TEXT];

	if (in->policy->allow_from_count == 0)
		finding_set(ret, VERDICT_PASS, "%s", _("the policy limits no address"));
	else if (!peer->family)
		finding_set(ret, VERDICT_NOT_MEASURED, "%s", _("this is no login over SSH"));
	else
		finding_set(ret, prefix_of(in->policy, peer) ? VERDICT_PASS : VERDICT_FAIL,
			    _("you are connected from %s"), addr_text(peer, text));
	return 0;
}

/* Can nobody from outside have an address of this prefix? Loopback, link-local, multicast, ours. */
static bool is_nobody(const struct facts *f, const struct prefix *p)
{
	const uint8_t *b = p->addr.bytes;
	bool whole = p->bits == (p->addr.family == AF_INET ? 32U : 128U);

	if (p->bits == 0)
		return false;
	if (p->addr.family == AF_INET && (b[0] == 127 || b[0] >= 224 || b[0] == 0))
		return true;
	if (p->addr.family == AF_INET6 &&
	    (addr_is_loopback(&p->addr) || addr_is_link_local(&p->addr) || b[0] == 0xff))
		return true;
	for (size_t i = 0; whole && i < f->address_count; i++)
		if (addr_eq(&f->address[i].addr, &p->addr))
			return true;
	return false;
}

/* The first 64 bits: what a provider gives one home. */
static void home_net(const struct addr *a, char ret[ADDR_TEXT])
{
	struct addr net = *a;

	for (size_t i = 8; i < sizeof(net.bytes); i++)
		net.bytes[i] = 0;
	addr_text(&net, ret);
}

/* The policy names this very address, and no wider range that holds it. */
static void warn_of_changes(const struct addr *peer, const struct prefix *p, struct strv *warnings)
{
	char text[ADDR_TEXT], net[ADDR_TEXT];

	addr_text(peer, text);
	if (peer->family == AF_INET && p->bits == 32) {
		strv_addf(warnings,
			  _("allow-from = %s is just the address you have now; most homes and "
			    "phones get another one from time to time, and then SSH is shut for "
			    "you. Ask your provider for its range, or leave allow-from out"),
			  text);
	} else if (peer->family == AF_INET6 && p->bits > 64) {
		home_net(peer, net);
		strv_addf(warnings,
			  _("allow-from = %s/%u: a computer changes the end of its IPv6 address "
			    "every day, and then SSH is shut for you; %s/64 is your network"),
			  text, p->bits, net);
	}
}

static int from_propose(const struct control_in *in, const struct finding *found, struct draft *d,
			struct err *e)
{
	const struct policy *p = in->policy;
	const struct addr *peer = &in->facts->own_peer;
	const struct prefix *mine = peer->family ? prefix_of(p, peer) : NULL;
	size_t nobody = 0;

	for (size_t i = 0; i < p->allow_from_count; i++)
		nobody += is_nobody(in->facts, &p->allow_from[i]);
	if (nobody > 0 && nobody == p->allow_from_count)
		return err_set(
			e, ERR_USAGE,
			_("[ssh] allow-from: nobody can come from there over the network, so "
			  "nobody could confirm; name the addresses of your own computers"));
	if (found->verdict == VERDICT_FAIL)
		strv_addf(&d->plan->warnings,
			  _("%s, which is outside of [ssh] allow-from: this connection stays, but "
			    "you cannot confirm from there, nor log in again"),
			  found->evidence);
	if (mine)
		warn_of_changes(peer, mine, &d->plan->warnings);
	return 0;
}

const struct control ssh_from_controls[] = {
	{
		.id = "ssh.allow-from",
		.title = N_("You are where the policy lets SSH come from"),
		.why = N_("who limits addresses shuts himself out when his own changes"),
		.severity = SEVERITY_MEDIUM,
		.source = "kannuki-policy(5)",
		.plan_only = true,
		.probe = from_probe,
		.propose = from_propose,
	},
	{ 0 },
};
