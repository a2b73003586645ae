// SPDX-License-Identifier: MIT
/* facts_bans.c - see facts_bans.h; fail2ban-client(1), jail.conf(5). */
#include "core/facts_bans.h"

#include <string.h>

#include "base/i18n.h"
#include "core/facts.h"

#define CLIENT_LIMIT_MS 10000
#define SSH_PORT	22

void bans_fact_done(struct bans_fact *b)
{
	for (size_t i = 0; i < b->jail_count; i++) {
		for (size_t k = 0; k < b->jail[i].action_count; k++) {
			free(b->jail[i].action[k].name);
			free(b->jail[i].action[k].ports);
		}
		free(b->jail[i].action);
		free(b->jail[i].name);
	}
	free(b->jail);
	*b = (struct bans_fact){ 0 };
}

/* 1: it does not answer, or not with what was asked. */
static int ask(struct os *os, const char *const *argv, char **ret, struct err *e)
{
	const struct run run = { .argv = argv, .timeout_ms = CLIENT_LIMIT_MS };
	CLEANUP_RUN struct run_result r = { 0 };

	if (os_run(os, &run, &r, e) < 0)
		return -1;
	if (r.status != 0 || r.timed_out)
		return 1;
	*ret = xstrdup(str_trim(r.out));
	return 0;
}

/* "sshd, recidive" at the end of a line; or behind the words, on the next one. */
static void names_after(const char *text, const char *words, struct strv *ret)
{
	const char *at = strstr(text, words);

	if (at)
		strv_split(ret, at + strlen(words), ", \t\n");
}

int ban_ports_now(struct os *os, const char *jail, const char *action, char **ret, struct err *e)
{
	return ask(os, ARGV("fail2ban-client", "get", jail, "action", action, "port"), ret, e);
}

/* "These IP addresses/networks are ignored:\n|- 127.0.0.0/8\n`- ::1" */
int ban_ignored_now(struct os *os, const char *jail, struct strv *ret, struct err *e)
{
	CLEANUP_FREE char *text = NULL;
	char *rest, *line;
	int r = ask(os, ARGV("fail2ban-client", "get", jail, "ignoreip"), &text, e);

	if (r != 0)
		return r;
	rest = text;
	while ((line = str_line(&rest)))
		if (str_starts(line, "|- ") || str_starts(line, "`- "))
			strv_add(ret, str_trim(line + 3));
	return 0;
}

int ban_addresses_now(struct os *os, const char *jail, char **ret, struct err *e)
{
	return ask(os, ARGV("fail2ban-client", "get", jail, "banip", "--with-time"), ret, e);
}

static int take_jail(struct os *os, const char *name, struct bans_fact *b, struct err *e)
{
	CLEANUP_STRV struct strv actions = { 0 };
	CLEANUP_FREE char *text = NULL;
	struct ban_jail *j;
	int r = ask(os, ARGV("fail2ban-client", "get", name, "actions"), &text, e);

	if (r != 0)
		return r;
	names_after(text, "following actions:", &actions);
	b->jail = xrealloc(b->jail, b->jail_count + 1, sizeof(*b->jail));
	j = &b->jail[b->jail_count++];
	*j = (struct ban_jail){ .name = xstrdup(name),
				.action = xcalloc(actions.count, sizeof(*j->action)) };
	for (size_t i = 0; i < actions.count; i++) {
		char *ports = NULL;

		r = ban_ports_now(os, name, actions.item[i], &ports, e);
		if (r < 0)
			return -1;
		j->action[j->action_count++] =
			(struct ban_action){ .name = xstrdup(actions.item[i]),
					     .ports = r == 0 ? ports : xstrdup("") };
	}
	return 0;
}

int facts_gather_bans(struct os *os, const struct facts_query *q, struct facts *f, struct err *e)
{
	const struct unit_fact *u = facts_unit(f, "fail2ban.service");
	CLEANUP_STRV struct strv names = { 0 };
	CLEANUP_FREE char *text = NULL;
	int r;

	if (!q->bans || !f->as_root || !u || !str_eq(u->active, "active"))
		return 0;
	r = ask(os, ARGV("fail2ban-client", "status"), &text, e);
	if (r == 0)
		names_after(text, "Jail list:", &names);
	/* Some of them would look like all. */
	if (names.count > BAN_JAILS) {
		strv_addf(&f->not_measured, _("fail2ban: it has more than %d jails"), BAN_JAILS);
		return 0;
	}
	for (size_t i = 0; r == 0 && i < names.count; i++)
		r = take_jail(os, names.item[i], &f->bans, e);
	if (r < 0)
		return -1;
	f->bans.measured = r == 0;
	if (r > 0)
		strv_add(&f->not_measured, _("fail2ban: it runs and does not answer"));
	return 0;
}

static bool part_holds(char *part, unsigned port)
{
	char *colon = strchr(part, ':');
	uint64_t from, to;

	if (str_eq(part, "ssh"))
		return port == SSH_PORT;
	if (colon)
		*colon++ = '\0';
	return str_to_u64(part, 0, 65535, &from) == 0 &&
	       str_to_u64(colon ? colon : part, from, 65535, &to) == 0 && from <= port &&
	       port <= to;
}

bool ban_ports_hold(const char *ports, unsigned port)
{
	CLEANUP_STRV struct strv parts = { 0 };

	strv_split(&parts, ports, ", \t");
	for (size_t i = 0; i < parts.count; i++)
		if (part_holds(parts.item[i], port))
			return true;
	return parts.count == 0;
}

bool ban_jail_guards_ssh(const struct ban_jail *j)
{
	if (strstr(j->name, "ssh"))
		return true;
	for (size_t i = 0; i < j->action_count; i++) {
		CLEANUP_STRV struct strv parts = { 0 };

		strv_split(&parts, j->action[i].ports, ", \t");
		for (size_t k = 0; k < parts.count; k++)
			if (str_eq(parts.item[k], "ssh") || str_eq(parts.item[k], "22"))
				return true;
	}
	return false;
}
