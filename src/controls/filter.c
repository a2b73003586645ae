// SPDX-License-Identifier: MIT
/* filter.c - default deny in both families, now and at every boot. */
#include "controls/filter.h"

#include <stdio.h>
#include <string.h>

#include "base/i18n.h"
#include "controls/control.h"
#include "core/package_manager.h"
#include "core/routes.h"
#include "steps/file.h"
#include "steps/nft.h"
#include "steps/unit.h"

/* After= and ReloadPropagatedFrom= because the stock nftables.service flushes the whole ruleset;
 * not PartOf=, which would leave the host open when somebody stops that unit: the program watches
 * for our table's removal and puts it back. */
static const char unit_text[] = "[Unit]\n"
				"Description=Kannuki packet filter\n"
				"Documentation=man:kannuki(8)\n"
				"DefaultDependencies=no\n"
				"Wants=network-pre.target\n"
				"Before=network-pre.target shutdown.target\n"
				"After=local-fs.target nftables.service\n"
				"Conflicts=shutdown.target\n"
				"ReloadPropagatedFrom=nftables.service\n"
				"StartLimitIntervalSec=0\n"
				"[Service]\n"
				"Type=notify\n"
				"ExecStart=/usr/local/sbin/kannuki filter-run\n"
				"ExecReload=/bin/kill -HUP $MAINPID\n"
				"Restart=always\n"
				"RestartSec=1\n"
				"CapabilityBoundingSet=CAP_NET_ADMIN\n"
				"NoNewPrivileges=yes\n"
				"ProtectSystem=strict\n"
				"ProtectHome=yes\n"
				"PrivateTmp=yes\n"
				"[Install]\n"
				"WantedBy=sysinit.target\n";

/* Without the program: loaded at boot and again whenever nftables.service, which flushes every table, is started after
 * a stop, restarted (PartOf=, WantedBy=) or reloaded; put back by nobody else. */
static const char unit_left[] = "[Unit]\n"
				"Description=Packet filter of kannuki, which is no longer here\n"
				"DefaultDependencies=no\n"
				"Wants=network-pre.target\n"
				"Before=network-pre.target shutdown.target\n"
				"After=local-fs.target nftables.service\n"
				"Conflicts=shutdown.target\n"
				"ReloadPropagatedFrom=nftables.service\n"
				"PartOf=nftables.service\n"
				"[Service]\n"
				"Type=oneshot\n"
				"RemainAfterExit=yes\n"
				"ExecStart=/usr/sbin/nft -f " FILTER_LEFT "\n"
				"ExecReload=/usr/sbin/nft -f " FILTER_LEFT "\n"
				"[Install]\n"
				"WantedBy=sysinit.target nftables.service\n";

/* What a spec points to. */
struct spec_memory {
	uint16_t port[SSH_PORT_MAX + 1];
	struct strv wan;
};

static void spec_memory_done(struct spec_memory *m)
{
	strv_done(&m->wan);
}
#define CLEANUP_SPEC CLEANUP(spec_memory_done)

/* With `pending` the ports that sshd has now stay open too. */
static int make_spec(const struct control_in *in, bool pending, struct spec_memory *m,
		     struct filter_spec *ret, struct err *e)
{
	const struct policy *p = in->policy;
	unsigned wanted = ssh_port_wanted(in);
	size_t n = 0;

	m->port[n++] = (uint16_t)wanted;
	for (size_t i = 0; i < in->facts->sshd.port_count && n <= SSH_PORT_MAX; i++)
		if (in->facts->sshd.port[i] != wanted && (pending || !p->ssh_port))
			m->port[n++] = (uint16_t)in->facts->sshd.port[i];
	if (default_interfaces(in->os, &m->wan, e) < 0)
		return -1;
	*ret = (struct filter_spec){
		.ssh_port = m->port,
		.ssh_port_count = n,
		.ssh_from = p->allow_from,
		.ssh_from_count = p->allow_from_count,
		.open = p->open,
		.open_count = p->open_count,
		.ping = p->ping,
		.wan = m->wan.item,
		.wan_count = m->wan.count,
	};
	return 0;
}

static char *stored_text(const struct filter_spec *spec)
{
	json_t *j = filter_spec_encode(spec);
	char *dump = json_dumps(j, JSON_INDENT(1) | JSON_SORT_KEYS);
	char *text;

	json_decref(j);
	if (!dump)
		abort();
	text = xasprintf("%s\n", dump);
	free(dump);
	return text;
}

static int deny_probe(const struct control_in *in, const struct control *self, struct finding *ret,
		      struct err *e)
{
	CLEANUP_FREE char *how = NULL;
	CLEANUP_SPEC struct spec_memory memory = { 0 };
	struct filter_spec spec;
	int r;

	if (!in->facts->nft_works) {
		finding_set(ret, VERDICT_NOT_MEASURED, "%s",
			    in->facts->as_root ? _("nft is missing or may not list the rules")
					       : _("only root may list the rules"));
		return 0;
	}
	if (make_spec(in, false, &memory, &spec, e) < 0)
		return -1;
	r = filter_differs(in->os, &spec, &how, e);
	if (r < 0)
		return r;
	finding_set(ret, r == 0 ? VERDICT_PASS : VERDICT_FAIL, "%s",
		    r == 0   ? _("table inet kannuki is as the policy says")
		    : r == 2 ? _("there is no table inet kannuki")
			     : how);
	return 0;
}

int filter_read_stored(struct os *os, struct filter_spec_owned *ret, struct err *e)
{
	CLEANUP_FREE char *text = NULL;
	struct err damaged = { 0 };
	json_t *j;
	int r = os_read(os, FILTER_STORED, &text, e);

	if (r != 0)
		return r;
	j = json_loads(text, 0, NULL);
	r = j ? filter_spec_decode(j, ret, &damaged) : -1;
	json_decref(j);
	return r < 0 ? 1 : 0;
}

int filter_read_in_force(struct os *os, struct filter_spec_owned *ret, struct err *e)
{
	CLEANUP_FREE char *how = NULL;
	struct err unknown = { 0 };
	int r = filter_read_stored(os, ret, e);

	if (r != 0)
		return r;
	return filter_differs(os, &ret->spec, &how, &unknown) == 0 ? 0 : 1;
}

/* Does the stored filter let SSH in by the same ports and from the same places? */
static int same_doors(const struct control_in *in, const struct filter_spec *want, bool *ret,
		      struct err *e)
{
	CLEANUP_FREE char *a = NULL, *b = NULL;
	struct filter_spec ssh_only = *want;
	struct filter_spec_owned old = { 0 };
	int r = filter_read_stored(in->os, &old, e);

	*ret = false;
	if (r != 0)
		return r < 0 ? r : 0;
	/* Everything else made equal, only what decides about SSH is left to differ. */
	ssh_only.open_count = 0;
	old.spec.open_count = 0;
	old.spec.ping = ssh_only.ping;
	a = stored_text(&ssh_only);
	b = stored_text(&old.spec);
	*ret = str_eq(a, b);
	filter_spec_owned_done(&old);
	return 0;
}

static int deny_propose(const struct control_in *in, const struct finding *found, struct draft *d,
			struct err *e)
{
	CLEANUP_SPEC struct spec_memory memory = { 0 };
	struct filter_spec spec;
	bool same;

	if (found->verdict == VERDICT_NOT_MEASURED && in->facts->as_root)
		return err_set(e, ERR_FAILED,
			       _("nft is missing or does not work here; nothing was changed. To "
				 "install it: %s nftables"),
			       package_installs(in->facts));
	if (found->verdict != VERDICT_FAIL)
		return 0;
	if (make_spec(in, false, &memory, &spec, e) < 0)
		return -1;
	if (same_doors(in, &spec, &same, e) < 0)
		return -1;
	d->filter_changes = true;
	d->filter_closes_door = !same;
	return 0;
}

#define UNIT_PATH "/etc/systemd/system/" FILTER_UNIT

int filter_leave(struct os *os, struct err *e)
{
	CLEANUP_NODE struct node stored = { 0 }, unit = { 0 };
	struct filter_spec_owned spec = { 0 };
	CLEANUP_FREE char *rules = NULL;
	int r;

	if (os_get(os, FILTER_STORED, &stored, e) < 0 || os_get(os, UNIT_PATH, &unit, e) < 0)
		return -1;
	if (stored.type != NODE_FILE || unit.type != NODE_FILE)
		return 1;
	r = filter_read_stored(os, &spec, e);
	if (r < 0)
		return -1;
	/* As filter-run does with one that is damaged. */
	rules = r == 0 ? filter_ruleset(&spec.spec, NULL, 0, false) : filter_minimum(os);
	if (r == 0)
		filter_spec_owned_done(&spec);
	if (os_write(os, FILTER_LEFT, rules, 0600, e) < 0 ||
	    os_write(os, UNIT_PATH, unit_left, 0644, e) < 0 ||
	    os_run_ok(os, ARGV("systemctl", "daemon-reload"), NULL, e) < 0 ||
	    os_run_ok(os, ARGV("systemctl", "enable", FILTER_UNIT), NULL, e) < 0)
		return -1;
	return os_run_ok(os, ARGV("systemctl", "restart", FILTER_UNIT), NULL, e);
}

/* The unit's file: 0 as apply writes it. */
static int unit_differs(struct os *os, struct err *e)
{
	CLEANUP_FREE char *now = NULL;

	if (os_read(os, UNIT_PATH, &now, e) < 0)
		return -1;
	return !str_eq(now, unit_text);
}

static int boot_probe(const struct control_in *in, const struct control *self, struct finding *ret,
		      struct err *e)
{
	const struct unit_fact *u = facts_unit(in->facts, FILTER_UNIT);
	CLEANUP_FREE char *now = NULL;
	CLEANUP_FREE char *want = NULL;
	CLEANUP_SPEC struct spec_memory memory = { 0 };
	struct filter_spec spec;
	bool runs = u && str_eq(u->active, "active") && str_eq(u->enabled, "enabled");
	int differs;

	if (make_spec(in, false, &memory, &spec, e) < 0)
		return -1;
	differs = unit_differs(in->os, e);
	if (differs < 0)
		return -1;
	want = stored_text(&spec);
	if (os_read(in->os, FILTER_STORED, &now, e) < 0)
		return -1;
	finding_set(ret, runs && !differs && str_eq(now, want) ? VERDICT_PASS : VERDICT_FAIL,
		    "%s: %s", FILTER_UNIT,
		    !u			? _("not there")
		    : !runs		? u->active
		    : differs		? _("its file is not as apply writes it")
		    : str_eq(now, want) ? _("active")
					: _("the stored form differs"));
	return 0;
}

static int boot_propose(const struct control_in *in, const struct finding *found, struct draft *d,
			struct err *e)
{
	(void)in;
	(void)e;
	d->filter_at_boot_changes = found->verdict == VERDICT_FAIL;
	return 0;
}

int draft_filter_steps(const struct control_in *in, struct draft *d, struct err *e)
{
	CLEANUP_SPEC struct spec_memory memory = { 0 };
	struct filter_spec spec;
	enum step_phase phase = d->filter_closes_door ? PHASE_RESTRICT : PHASE_ADD;

	(void)e;
	/* The table of the waiting time also lets the old port in; finish replaces it. */
	if (!d->filter_changes)
		return 0;
	if (filter_list_closed(in, d, e) < 0)
		return -1;
	if (d->filter_closes_door)
		d->plan->needs_proof = true;
	if (make_spec(in, true, &memory, &spec, e) < 0)
		return -1;
	step_words(plan_add(d->plan, &step_nft, phase, "filter.default-deny",
			    step_nft_args(&spec, d->filter_closes_door)),
		   _("packet filter: only what is opened, IPv4 and IPv6"),
		   _("what is not needed cannot be attacked"),
		   _("the table goes, or its former contents come back"));
	return 0;
}

static int add_boot_steps(const struct control_in *in, struct draft *d, const char *text,
			  struct err *e)
{
	const struct change change[] = {
		{ .path = "/etc/kannuki", .type = NODE_DIR, .mode = 0755 },
		{ .path = FILTER_STORED, .type = NODE_FILE, .text = text, .mode = 0600 },
		{ .path = FILTER_LEFT, .type = NODE_ABSENT }, /* only where it is there */
	};
	CLEANUP_NODE struct node left = { 0 };

	if (os_get(in->os, FILTER_LEFT, &left, e) < 0)
		return -1;
	step_words(
		plan_add(d->plan, &step_file, PHASE_FINISH, "filter.at-boot",
			 step_file_args(change, COUNT(change) - (left.type == NODE_ABSENT), NULL)),
		_("store the packet filter for every boot"),
		_("a filter that is gone after a reboot protects nothing"),
		_("the former stored filter comes back"));
	step_words(plan_add(d->plan, &step_unit, PHASE_FINISH, "filter.at-boot",
			    step_unit_args(FILTER_UNIT, unit_text, UNIT_ON, UNIT_ON)),
		   _("load the packet filter at boot and whenever it is gone"),
		   _("nftables.service and others flush every table when they restart"),
		   _("the unit goes, or is as before"));
	return 0;
}

int draft_filter_finish_steps(const struct control_in *in, struct draft *d, struct err *e)
{
	CLEANUP_FREE char *text = NULL;
	CLEANUP_SPEC struct spec_memory memory = { 0 };
	struct filter_spec spec;

	(void)e;
	/* A plan that moves the port finds the final table only now: the port in it is new. */
	if (!d->filter_changes && !d->filter_at_boot_changes)
		return 0;
	if (make_spec(in, false, &memory, &spec, e) < 0)
		return -1;
	text = stored_text(&spec);
	if (add_boot_steps(in, d, text, e) < 0)
		return -1;
	/* Also where the stored doors are right and only sshd and the kernel's table were not. */
	if (d->filter_closes_door || (d->filter_changes && d->port_changes))
		step_words(plan_add(d->plan, &step_nft, PHASE_FINISH, "filter.default-deny",
				    step_nft_args(&spec, false)),
			   _("packet filter: close what was open for the wait only"),
			   _("after the proof the old door is not needed"),
			   _("the proven waiting form comes back"));
	return 0;
}

const struct control filter_controls[] = {
	{
		.id = "filter.default-deny",
		.title = N_("Only what the policy opens is let in, IPv4 and IPv6"),
		.why = N_("what is not needed cannot be attacked"),
		.severity = SEVERITY_HIGH,
		.source = "nft(8)",
		.plan_only = true,
		.probe = deny_probe,
		.propose = deny_propose,
	},
	{
		.id = "filter.at-boot",
		.title = N_("The packet filter is loaded at every boot"),
		.why = N_("a filter that is gone after a reboot protects nothing"),
		.severity = SEVERITY_HIGH,
		.source = "systemd.special(7), network-pre.target",
		.plan_only = true,
		.probe = boot_probe,
		.propose = boot_propose,
	},
	{ 0 },
};
