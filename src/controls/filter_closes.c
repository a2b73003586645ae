// SPDX-License-Identifier: MIT
/*
 * filter_closes.c - what is reachable now and would stop answering: programs that listen, ports that
 * containers publish, and what another owner of the packet filter lets in.
 */
#include "base/i18n.h"
#include "controls/control.h"
#include "controls/filter.h"

/* What decides now; everything is open where nothing does. */
struct decided {
	struct filter_spec_owned ours; /* loaded in the kernel as it is stored */
	bool by_us;
	bool by_iptables; /* an owner whose openings we know */
};

static void decided_done(struct decided *d)
{
	filter_spec_owned_done(&d->ours);
}

static bool holds(const struct opening *open, size_t count, enum transport t, uint16_t port)
{
	for (size_t i = 0; i < count; i++)
		if (opening_holds(&open[i], t, port))
			return true;
	return false;
}

static bool allowed(const struct facts *f, enum transport t, uint16_t port)
{
	for (size_t i = 0; i < f->allowed.count; i++) {
		const struct port_range *r = &f->allowed.item[i].range;

		if (r->transport == t && r->from <= port && port <= r->to)
			return true;
	}
	return f->allowed_other.count > 0;
}

static bool is_ssh(const struct control_in *in, enum transport t, uint16_t port)
{
	const struct sshd *s = &in->facts->sshd;

	for (size_t i = 0; i < s->port_count; i++)
		if (t == TRANSPORT_TCP && s->port[i] == port)
			return true;
	return t == TRANSPORT_TCP && port == ssh_port_wanted(in);
}

/* DHCP's answers are let in, whatever the policy says. */
static bool always_in(enum transport t, uint16_t port)
{
	return t == TRANSPORT_UDP && (port == 68 || port == 546);
}

static bool stays(const struct control_in *in, enum transport t, uint16_t port)
{
	return is_ssh(in, t, port) || always_in(t, port) ||
	       holds(in->policy->open, in->policy->open_count, t, port);
}

static void say(struct draft *d, char *line)
{
	if (strv_has(&d->plan->closes, line))
		free(line);
	else
		strv_take(&d->plan->closes, line);
}

static const char *name_of(enum transport t)
{
	return t == TRANSPORT_UDP ? "udp" : "tcp";
}

static void list_listeners(const struct control_in *in, const struct decided *now, struct draft *d)
{
	for (size_t i = 0; i < in->facts->socket_count; i++) {
		const struct socket_info *s = &in->facts->socket[i];
		enum transport t = s->kind == SOCKET_UDP_BOUND ? TRANSPORT_UDP : TRANSPORT_TCP;

		if (s->kind == SOCKET_TCP_ESTABLISHED || addr_is_loopback(&s->local) ||
		    str_starts(s->comm, "sshd") || stays(in, t, s->local_port))
			continue;
		if (now->by_us &&
		    !holds(now->ours.spec.open, now->ours.spec.open_count, t, s->local_port))
			continue;
		if (now->by_iptables && !allowed(in->facts, t, s->local_port))
			continue;
		say(d,
		    xasprintf("%u/%s (%s)", s->local_port, name_of(t), s->comm[0] ? s->comm : "?"));
	}
}

/* Of a range that is not open as a whole all of it is said. */
static bool range_stays(const struct control_in *in, const struct port_range *r)
{
	for (uint32_t port = r->from; port <= r->to; port++)
		if (!stays(in, r->transport, (uint16_t)port))
			return false;
	return true;
}

static char *range_words(const struct port_range *r, const char *how, const char *by)
{
	CLEANUP_FREE char *what =
		r->from == r->to ? xasprintf("%u", r->from) : xasprintf("%u-%u", r->from, r->to);
	CLEANUP_FREE char *words = xasprintf(how, by);

	return xasprintf("%s/%s (%s)", what, name_of(r->transport), words);
}

static void list_published(const struct control_in *in, const struct decided *now, struct draft *d)
{
	const struct foreign_ports *p = &in->facts->published;

	for (size_t i = 0; i < p->count; i++) {
		const struct port_range *r = &p->item[i].range;

		/* What meets DNAT never comes to sshd. */
		if (holds(in->policy->open, in->policy->open_count, r->transport, r->from) &&
		    range_stays(in, r))
			continue;
		if (now->by_us &&
		    !holds(now->ours.spec.open, now->ours.spec.open_count, r->transport, r->from))
			continue;
		say(d, range_words(r, _("published by %s"), p->item[i].by));
	}
	for (size_t i = 0; i < in->facts->published_unknown.count && !now->by_us; i++)
		say(d, xasprintf(_("what %s publishes: not measured, its rules name no port; what "
				   "is not opened is closed"),
				 in->facts->published_unknown.item[i]));
}

static void list_allowed(const struct control_in *in, struct draft *d)
{
	const struct foreign_ports *p = &in->facts->allowed;

	for (size_t i = 0; i < p->count; i++)
		if (!range_stays(in, &p->item[i].range))
			say(d, range_words(&p->item[i].range, _("let in by %s"), p->item[i].by));
	for (size_t i = 0; i < in->facts->allowed_other.count; i++)
		say(d, xstrdup(in->facts->allowed_other.item[i]));
}

int filter_list_closed(const struct control_in *in, struct draft *d, struct err *e)
{
	CLEANUP(decided_done) struct decided now = { 0 };
	int r = filter_read_in_force(in->os, &now.ours, e);

	if (r < 0)
		return r;
	now.by_us = r == 0;
	for (size_t i = 0; i < in->facts->filter_count; i++)
		now.by_iptables = now.by_iptables ||
				  (in->facts->filter[i].iptables && in->facts->filter[i].active &&
				   in->facts->filter[i].denies);
	list_listeners(in, &now, d);
	list_published(in, &now, d);
	list_allowed(in, d);
	return 0;
}
