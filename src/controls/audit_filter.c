// SPDX-License-Identifier: MIT
/*
 * audit_filter.c - whether somebody denies what nobody let in, whoever that is: in both families, after
 * the next boot too, and for what containers publish past it.
 */
#include <string.h>

#include "base/i18n.h"
#include "controls/control.h"
#include "core/filter.h"
#include "core/iptables.h"

/* One family: how nft and iptables name it. */
struct family {
	const char *nft, *iptables;
};
static const struct family v4 = { "ip ", "iptables" };
static const struct family v6 = { "ip6 ", "ip6tables" };

/* Does this owner's denial hold for the family? */
static int owner_denies(struct os *os, const struct filter_owner *o, const struct family *f,
			struct err *e)
{
	CLEANUP_FREE char *listing = NULL;
	int r;

	for (size_t i = 0; i < o->chain.count; i++)
		if (str_starts(o->chain.item[i], "inet ") || str_starts(o->chain.item[i], f->nft))
			return 1;
	if (!o->iptables)
		return o->chain.count == 0; /* firewalld, which is for both */
	r = iptables_list(os, ARGV(f->iptables, "-S", "INPUT"), &listing, e);
	if (r != 0)
		return r < 0 ? -1 : 0;
	return iptables_input_denies(listing);
}

/* Our table as the kernel has it. */
static int ours_denies(struct os *os, struct err *e)
{
	const struct run run = { .argv = ARGV("nft", "list", "chain", "inet", FILTER_TABLE,
					      "input") };
	CLEANUP_RUN struct run_result r = { 0 };

	if (os_run(os, &run, &r, e) < 0)
		return -1;
	return r.status == 0 && strstr(r.out, "policy drop") != NULL;
}

static int incoming_probe(const struct control_in *in, const struct control *self,
			  struct finding *ret, struct err *e)
{
	const struct facts *facts = in->facts;
	int denies = facts_own_filter(in->facts) ? ours_denies(in->os, e) : 0;

	if (denies < 0)
		return -1;
	if (denies > 0) {
		finding_set(ret, VERDICT_PASS, "%s", _("Kannuki's"));
		return 0;
	}
	for (size_t i = 0; i < facts->filter_count; i++) {
		const struct filter_owner *o = &facts->filter[i];

		denies = o->active && o->denies ? owner_denies(in->os, o, self->param, e) : 0;
		if (denies < 0)
			return -1;
		if (denies > 0) {
			finding_set(ret, VERDICT_PASS, "%s (%s)", o->name, o->evidence);
			return 0;
		}
	}
	if (facts->nft_works)
		finding_set(ret, VERDICT_FAIL, "%s", _("nobody denies what no rule lets in"));
	else
		finding_set(ret, VERDICT_NOT_MEASURED, "%s", _("the packet filter was not asked"));
	return 0;
}

static void owners_at_boot(const struct control_in *in, struct strv *ret)
{
	const struct unit_fact *ours = facts_unit(in->facts, "kannuki-filter.service");

	if (ours && str_eq(ours->enabled, "enabled"))
		strv_add(ret, "kannuki-filter.service");
	for (size_t i = 0; i < in->facts->filter_count; i++) {
		const struct filter_owner *o = &in->facts->filter[i];

		if (o->at_boot && o->denies && !strv_has(ret, o->name))
			strv_add(ret, o->name);
	}
}

static int boot_probe(const struct control_in *in, const struct control *self, struct finding *ret,
		      struct err *e)
{
	CLEANUP_STRV struct strv owners = { 0 };
	CLEANUP_FREE char *names = NULL;

	(void)self;
	(void)e;
	owners_at_boot(in, &owners);
	names = strv_join(&owners, ", ");
	finding_set(ret, owners.count > 0 ? VERDICT_PASS : VERDICT_FAIL, "%s",
		    owners.count > 0 ? names : _("nothing that denies is loaded at boot"));
	return 0;
}

static int single_probe(const struct control_in *in, const struct control *self,
			struct finding *ret, struct err *e)
{
	CLEANUP_STRV struct strv owners = { 0 };
	CLEANUP_FREE char *names = NULL;

	(void)self;
	(void)e;
	owners_at_boot(in, &owners);
	names = strv_join(&owners, ", ");
	finding_set(ret, owners.count > 1 ? VERDICT_FAIL : VERDICT_PASS, "%s",
		    owners.count > 0 ? names : _("none"));
	return 0;
}

static bool policy_opens(const struct policy *p, const struct port_range *r)
{
	for (size_t i = 0; i < p->open_count; i++)
		if (opening_holds(&p->open[i], r->transport, r->from) &&
		    opening_holds(&p->open[i], r->transport, r->to))
			return true;
	return false;
}

static int published_probe(const struct control_in *in, const struct control *self,
			   struct finding *ret, struct err *e)
{
	const struct facts *f = in->facts;
	bool ours = facts_own_filter(f);
	CLEANUP_STRV struct strv bad = { 0 };

	(void)self;
	(void)e;
	for (size_t i = 0; i < f->published.count && !ours; i++) {
		const struct foreign_port *p = &f->published.item[i];

		if (policy_opens(in->policy, &p->range) && in->policy_text)
			continue;
		strv_addf(&bad, "%u%s%.0u/%s (%s)", p->range.from,
			  p->range.to > p->range.from ? "-" : "",
			  p->range.to > p->range.from ? p->range.to : 0U,
			  p->range.transport == TRANSPORT_UDP ? "udp" : "tcp", p->by);
	}
	finding_list(ret, &bad,
		     ours ? _("Kannuki's filter lets in only what the policy opens") : _("none"));
	if (bad.count == 0 && !ours && f->published_unknown.count > 0)
		finding_set(ret, VERDICT_NOT_MEASURED, _("%s: rules that cannot be read"),
			    f->published_unknown.item[0]);
	if (ours ? !in->own_filter : !f->nft_works)
		finding_set(ret, VERDICT_NOT_MEASURED, "%s", _("the packet filter was not asked"));
	return 0;
}

#define BY_APPLY .fix = N_("apply puts its packet filter in"), .by_apply = true

const struct control audit_filter_controls[] = {
	{
		.id = "filter.incoming-v4",
		.title = N_("What nobody let in is denied, IPv4"),
		.why = N_("whatever starts to listen can be reached by everybody"),
		.severity = SEVERITY_HIGH,
		BY_APPLY,
		.source = "nft(8), NIST SP 800-41",
		.param = &v4,
		.probe = incoming_probe,
	},
	{
		.id = "filter.incoming-v6",
		.title = N_("What nobody let in is denied, IPv6"),
		.why = N_("what is closed for IPv4 is often open for IPv6"),
		.severity = SEVERITY_HIGH,
		BY_APPLY,
		.source = "nft(8), RFC 4890",
		.param = &v6,
		.probe = incoming_probe,
	},
	{
		.id = "filter.after-boot",
		.title = N_("A packet filter is loaded at boot"),
		.why = N_("after the next restart all would be open"),
		.severity = SEVERITY_HIGH,
		BY_APPLY,
		.source = "systemd.special(7), network-pre.target",
		.probe = boot_probe,
	},
	{
		.id = "filter.single-owner",
		.title = N_("One program alone owns the packet filter"),
		.why = N_("two owners of the packet filter shut each other's ports"),
		.severity = SEVERITY_MEDIUM,
		.fix = N_("apply replaces the others"),
		.by_apply = true,
		.source = "nft(8)",
		.probe = single_probe,
	},
	{
		.id = "filter.published",
		.title = N_("What containers publish is open only where it is wanted"),
		.why = N_("published ports go past the rules for what comes in"),
		.severity = SEVERITY_HIGH,
		.fix = N_("apply lets in only what the policy opens: [firewall] open"),
		.by_apply = true,
		.source = "Docker: packet filtering and firewalls",
		.probe = published_probe,
	},
	{ 0 },
};
