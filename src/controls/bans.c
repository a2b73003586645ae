// SPDX-License-Identifier: MIT
/* bans.c - a fail2ban that runs here: it bans at SSH's new port too, and nobody who has to prove a door. */
#include "controls/bans.h"

#include <string.h>

#include "base/i18n.h"
#include "steps/bans.h"

#define CONF_PATH "/etc/fail2ban/jail.d/zz-kannuki.local" /* read last: jail.conf(5) */
#define PEERS_MAX 16

/* The jails that guard SSH. */
static size_t guards(const struct facts *f, const struct ban_jail *ret[BAN_JAILS])
{
	size_t n = 0;

	for (size_t i = 0; i < f->bans.jail_count; i++)
		if (ban_jail_guards_ssh(&f->bans.jail[i]))
			ret[n++] = &f->bans.jail[i];
	return n;
}

static int port_probe(const struct control_in *in, const struct control *self, struct finding *ret,
		      struct err *e)
{
	const struct unit_fact *u = facts_unit(in->facts, "fail2ban.service");
	const struct ban_jail *jail[BAN_JAILS];
	size_t n = guards(in->facts, jail);
	unsigned port = ssh_port_wanted(in);
	CLEANUP_STRV struct strv bad = { 0 };

	(void)self;
	(void)e;
	if (!u || !str_eq(u->active, "active")) {
		finding_set(ret, VERDICT_PASS, "%s", _("fail2ban does not run here"));
		return 0;
	}
	if (!in->facts->bans.measured) {
		finding_set(ret, VERDICT_NOT_MEASURED, "%s",
			    in->facts->as_root ? _("fail2ban does not answer")
					       : _("only root may ask fail2ban"));
		return 0;
	}
	for (size_t i = 0; i < n; i++)
		for (size_t k = 0; k < jail[i]->action_count; k++)
			if (!ban_ports_hold(jail[i]->action[k].ports, port))
				strv_addf(&bad, _("jail %s bans at port %s only, not at %u"),
					  jail[i]->name, jail[i]->action[k].ports, port);
	finding_list(ret, &bad, n > 0 ? _("it bans there") : _("no jail of fail2ban is about SSH"));
	return 0;
}

static bool listens(const struct facts *f, const char *part)
{
	for (size_t i = 0; i < f->sshd.port_count; i++) {
		CLEANUP_FREE char *number = xasprintf("%u", f->sshd.port[i]);

		if (str_eq(part, number) || (str_eq(part, "ssh") && f->sshd.port[i] == 22))
			return true;
	}
	return false;
}

/* The port first, then those it had, but for SSH's own that nobody listens at any more. */
static char *ports_of(const struct control_in *in, const struct ban_jail *j, unsigned port)
{
	CLEANUP_STR struct str s = { 0 };

	str_addf(&s, "%u", port);
	for (size_t i = 0; i < j->action_count; i++) {
		CLEANUP_STRV struct strv parts = { 0 };

		strv_split(&parts, j->action[i].ports, ", \t");
		for (size_t k = 0; i == 0 && k < parts.count; k++) {
			const char *part = parts.item[k];
			bool ssh = str_eq(part, "ssh") || str_eq(part, "22");

			if (!ban_ports_hold(part, port) && (!ssh || listens(in->facts, part)))
				str_addf(&s, ",%s", part);
		}
	}
	return str_take(&s);
}

static int port_propose(const struct control_in *in, const struct finding *found, struct draft *d,
			struct err *e)
{
	const struct ban_jail *jail[BAN_JAILS];
	size_t n = guards(in->facts, jail);
	unsigned port = ssh_port_wanted(in);
	CLEANUP_STR struct str text = { 0 };
	struct change change = { .path = CONF_PATH, .type = NODE_FILE, .mode = 0644 };
	CLEANUP_FREE char *title = NULL;

	(void)e;
	if (found->verdict != VERDICT_FAIL)
		return 0;
	str_add(&text,
		"# Written by kannuki: SSH listens at another port than fail2ban expects.\n");
	for (size_t i = 0; i < n; i++) {
		CLEANUP_FREE char *ports = ports_of(in, jail[i], port);

		str_addf(&text, "[%s]\nport = %s\n", jail[i]->name, ports);
	}
	change.text = text.text;
	title = xasprintf(_("fail2ban: ban at port %u too"), port);
	step_words(plan_add(d->plan, &step_bans, PHASE_ADD, "ban.port",
			    step_bans_args(jail, n, port, &change)),
		   title, _("it bans at the former port only, and attackers find the new one"),
		   _("the ports it had come back"));
	return 0;
}

/* Where the sessions of now come from, each once. */
static void peers_of(const struct facts *f, struct strv *ret)
{
	for (size_t i = 0; i < f->session_count && ret->count < PEERS_MAX; i++) {
		char text[ADDR_TEXT];

		addr_text(&f->session[i].peer, text);
		if (!addr_is_loopback(&f->session[i].peer) && !strv_has(ret, text))
			strv_add(ret, text);
	}
}

void bans_pause(const struct facts *f, struct plan *p)
{
	CLEANUP_STRV struct strv peers = { 0 };
	CLEANUP_FREE char *all = NULL, *title = NULL;

	peers_of(f, &peers);
	if (!p->needs_proof || f->bans.jail_count == 0 || peers.count == 0)
		return;
	all = strv_join(&peers, ", ");
	title = xasprintf(_("fail2ban: do not ban %s until this is over"), all);
	step_words(plan_add(p, &step_ban_pause, PHASE_ADD, "ban.pause",
			    step_ban_pause_args(&f->bans, &peers, false)),
		   title, _("a few logins that fail would shut you out of your own proof"),
		   _("it may ban them again"));
	step_words(plan_add(p, &step_ban_pause, PHASE_FINISH, "ban.pause",
			    step_ban_pause_args(&f->bans, &peers, true)),
		   _("fail2ban: ban as before"), _("that was for the time of the proof only"),
		   _("nothing to take back"));
}

const struct control bans_controls[] = {
	{
		.id = "ban.port",
		.title = N_("fail2ban bans at the port where SSH is"),
		.why = N_("who moves the port and not the jail bans where nobody knocks"),
		.severity = SEVERITY_MEDIUM,
		.fix = N_("sets the port of its jails for SSH, and starts them anew"),
		.by_apply = true,
		.source = "jail.conf(5)",
		.probe = port_probe,
		.propose = port_propose,
	},
	{ 0 },
};
