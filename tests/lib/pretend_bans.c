// SPDX-License-Identifier: MIT
/* pretend_bans.c - a fail2ban with one jail "sshd" and its action "nft"; see pretend_programs.h. */
#include "lib/pretend_call.h"
#include "lib/pretend_programs.h"

#define CONF "/etc/fail2ban/jail.d/zz-kannuki.local"

void pretend_bans_start(struct pretend *p)
{
	CLEANUP_FREE char *text = pretend_text(p, CONF);
	const char *at = strstr(text, "[sshd]\nport = ");

	snprintf(p->ban_ports, sizeof(p->ban_ports), "ssh");
	if (at && !p->ban_action_is_fixed)
		sscanf(at, "[sshd]\nport = %63s", p->ban_ports);
	p->ban_ignored[0] = '\0';
}

static int run_get(struct call *c)
{
	struct pretend *p = c->p;

	if (strcmp(arg(c, 3), "action") == 0)
		return say(c, 0, p->ban_ports);
	if (!p->ban_ignored[0])
		return say(c, 0, "No IP address/network is ignored\n");
	str_addf(&c->out, "These IP addresses/networks are ignored:\n%s", p->ban_ignored);
	return 0;
}

static int run_set(struct call *c)
{
	struct pretend *p = c->p;
	CLEANUP_FREE char *line = xasprintf("|- %s\n", arg(c, 4));
	char *at = strstr(p->ban_ignored, line);

	if (strcmp(arg(c, 3), "addignoreip") == 0) {
		size_t used = strlen(p->ban_ignored);

		snprintf(p->ban_ignored + used, sizeof(p->ban_ignored) - used, "%s", line);
		return 0;
	}
	if (!at)
		return say(c, 255, "list.remove(x): x not in list\n");
	memmove(at, at + strlen(line), strlen(at + strlen(line)) + 1);
	return 0;
}

int pretend_fail2ban(struct call *c)
{
	const char *verb = arg(c, 1);

	if (!c->p->bans_run)
		return say(c, 255, "Is fail2ban running?\n");
	if (strcmp(verb, "restart") == 0)
		pretend_bans_start(c->p);
	return strcmp(verb, "get") == 0 ? run_get(c) : strcmp(verb, "set") == 0 ? run_set(c) : 0;
}
