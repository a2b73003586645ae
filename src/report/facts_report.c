// SPDX-License-Identifier: MIT
/* facts_report.c - see facts_report.h. */
#include "report/facts_report.h"

#include <stdio.h>
#include <string.h>
#include <sys/socket.h>

#include "base/i18n.h"
#include "base/layout.h"

#define LABEL_WIDTH 20

void report_row(struct str *ret, const char *label, const char *fmt, ...)
{
	CLEANUP_STR struct str text = { 0 };
	char *rest, *line;
	va_list ap;

	va_start(ap, fmt);
	str_vaddf(&text, fmt, ap);
	va_end(ap);
	rest = text.text;
	while ((line = str_line(&rest))) {
		str_add_padded(ret, label, LABEL_WIDTH);
		str_addf(ret, "%s\n", line);
		label = "";
	}
}

/* --- the host ---------------------------------------------------------------------------- */

static void add_host(const struct facts *f, struct str *ret)
{
	report_row(ret, _("This server"), "%s, %s", f->hostname, f->distro_name);
	if (f->cloud_init)
		report_row(ret, "", _("cloud-init: %s"), _(f->cloud_init_status));
}

/* --- sshd -------------------------------------------------------------------------------- */

static bool listens(const struct facts *f, unsigned port, int family)
{
	for (size_t i = 0; i < f->socket_count; i++) {
		const struct socket_info *s = &f->socket[i];

		if (s->kind != SOCKET_TCP_LISTEN || s->local_port != port ||
		    addr_is_loopback(&s->local))
			continue;
		if (s->local.family == family || (s->v6 && !s->v6only && addr_is_any(&s->local)))
			return true;
	}
	return false;
}

static const char *families(bool v4, bool v6)
{
	if (v4 && v6)
		return _("IPv4 and IPv6");
	return v6 ? _("IPv6 only") : _("IPv4 only");
}

const char *report_ways(const struct sshd_ways *w)
{
	if (w->key && w->password)
		return _("key or password");
	if (w->key)
		return _("key only");
	return w->password ? _("password only") : _("no login");
}

/* As people write them. */
const char *report_keyword(const char *keyword)
{
	static const char *const names[][2] = {
		{ "passwordauthentication", "PasswordAuthentication" },
		{ "kbdinteractiveauthentication", "KbdInteractiveAuthentication" },
		{ "challengeresponseauthentication", "ChallengeResponseAuthentication" },
		{ "permitrootlogin", "PermitRootLogin" },
		{ "allowusers", "AllowUsers" },
		{ "denyusers", "DenyUsers" },
		{ "allowgroups", "AllowGroups" },
		{ "denygroups", "DenyGroups" },
	};

	for (size_t i = 0; i < COUNT(names); i++)
		if (str_eq(names[i][0], keyword))
			return names[i][1];
	return keyword;
}

/* "PermitRootLogin yes"; lists in one line. */
static char *setting_words(const struct sshd_setting *s)
{
	CLEANUP_STRV struct strv values = { 0 };
	CLEANUP_FREE char *value = NULL;

	strv_split(&values, s->value, "\n");
	value = strv_join(&values, " ");
	return xasprintf("%s %s", report_keyword(s->keyword), value);
}

/* A line for the user, and one for FILE:LINE that decides. */
static void add_way(const char *who, const struct sshd_view *v, struct str *ret)
{
	struct sshd_ways w = sshd_ways(v);
	CLEANUP_STR struct str line = { 0 };
	CLEANUP_FREE char *why = w.decides ? setting_words(w.decides) : NULL;

	str_add_padded(&line, who, REPORT_NAME_WIDTH);
	if (w.methods)
		str_addf(&line, "AuthenticationMethods %s", w.methods);
	else
		str_addf(&line, "%s (%s)", report_ways(&w), why ? why : "");
	report_row(ret, "", "%s", line.text);
	if (!w.methods && w.decides && w.decides->file)
		report_row(ret, "", "%*s%s:%u", REPORT_NAME_WIDTH, "", w.decides->file,
			   w.decides->line);
}

static bool same_way(const struct sshd_view *a, const struct sshd_view *b)
{
	struct sshd_ways x = sshd_ways(a), y = sshd_ways(b);

	return x.key == y.key && x.password == y.password && str_eq(x.methods, y.methods);
}

/* Every user once; where the same user is let in otherwise from elsewhere, that too. */
static void add_ways(const struct facts *f, struct str *ret)
{
	const struct sshd_view *stranger = sshd_view_of(&f->sshd, "stranger", 0);

	for (size_t i = 0; i < f->sshd.view_count; i++) {
		const struct sshd_view *v = &f->sshd.view[i];
		const struct sshd_view *first = sshd_view_of(&f->sshd, v->who, 0);
		CLEANUP_FREE char *who = NULL;
		char from[ADDR_TEXT];

		if (v == stranger || (v != first && same_way(v, first)))
			continue;
		if (v != first)
			who = xasprintf(_("%s from %s, port %u"), v->user,
					addr_text(&v->addr, from), v->port);
		else if (!str_eq(v->user, "root") && stranger && same_way(v, stranger))
			continue;
		add_way(who ? who : v->user, v, ret);
	}
	if (stranger)
		add_way(_("anybody else"), stranger, ret);
}

static void add_lists(const struct sshd_view *v, struct str *ret)
{
	static const char *const lists[] = { "allowusers", "denyusers", "allowgroups",
					     "denygroups" };

	for (size_t i = 0; v && i < COUNT(lists); i++) {
		const struct sshd_setting *s = sshd_setting(v, lists[i]);
		CLEANUP_FREE char *words = s ? setting_words(s) : NULL;

		if (words && s->file)
			report_row(ret, "", _("but: %s (%s:%u)"), words, s->file, s->line);
		else if (words)
			report_row(ret, "", _("but: %s"), words);
	}
}

static void add_sshd(const struct facts *f, struct str *ret)
{
	const struct sshd *s = &f->sshd;
	const char *starts = s->socket_unit ? s->socket_unit : s->unit;

	if (!s->program) {
		report_row(ret, _("SSH"), "%s", _("sshd is not installed"));
		return;
	}
	if (s->port_count == 0)
		report_row(ret, _("SSH"), "%s", _("sshd does not listen"));
	for (size_t i = 0; i < s->port_count; i++)
		report_row(
			ret, i ? "" : _("SSH"), _("port %u (%s; %s)"), s->port[i],
			families(listens(f, s->port[i], AF_INET), listens(f, s->port[i], AF_INET6)),
			starts ? starts : "sshd");
	add_ways(f, ret);
	add_lists(s->view_count ? &s->view[0] : NULL, ret);
}

/* --- people ------------------------------------------------------------------------------- */

void report_sessions(const struct facts *f, struct str *ret)
{
	for (size_t i = 0; i < f->session_count; i++) {
		const struct session *s = &f->session[i];
		char peer[ADDR_TEXT];

		report_row(ret, i ? "" : _("Connected now"), _("%s from %s, port %u"),
			   s->user[0]	 ? s->user
			   : s->pid == 0 ? _("somebody")
					 : _("nobody yet"),
			   addr_text(&s->peer, peer), s->local_port);
	}
}

static const char *password_words(enum password_state state)
{
	switch (state) {
	case PASSWORD_NONE_SET:
		return _("no password");
	case PASSWORD_EMPTY:
		return _("EMPTY password");
	case PASSWORD_LOCKED:
		return _("password locked");
	case PASSWORD_SET:
		return _("has a password");
	case PASSWORD_UNKNOWN:
		return NULL;
	}
	return NULL;
}

static void account_words(const struct account *a, struct strv *ret)
{
	const char *password = password_words(a->password);

	if (password)
		strv_add(ret, password);
	if (a->key_count == 1)
		strv_add(ret, _("1 key"));
	else if (a->key_count > 1)
		strv_addf(ret, _("%zu keys"), a->key_count);
	if (a->uid == 0)
		strv_add(ret, _("is root"));
	else if (a->sudo_nopasswd)
		strv_add(ret, _("sudo without password"));
	else if (a->sudo_any)
		strv_add(ret, "sudo");
	if (a->must_change)
		strv_add(ret, _("must change the password"));
	if (a->password_expired)
		strv_add(ret, _("password expired"));
	if (a->account_expired)
		strv_add(ret, _("account expired"));
	if (!a->can_login)
		strv_add(ret, _("no login shell"));
}

static void add_accounts(const struct facts *f, struct str *ret)
{
	for (size_t i = 0; i < f->account_count; i++) {
		CLEANUP_STRV struct strv words = { 0 };
		CLEANUP_FREE char *all = NULL;
		CLEANUP_STR struct str line = { 0 };

		account_words(&f->account[i], &words);
		if (words.count == 0)
			strv_add(&words, _("may log in"));
		all = strv_join(&words, _(", "));
		str_add_padded(&line, f->account[i].name, REPORT_NAME_WIDTH);
		report_row(ret, i ? "" : _("Accounts"), "%s%s", line.text, all);
	}
}

/* --- the network -------------------------------------------------------------------------- */

static bool is_reachable(const struct socket_info *s)
{
	return (s->kind == SOCKET_TCP_LISTEN || s->kind == SOCKET_UDP_BOUND) &&
	       !addr_is_loopback(&s->local);
}

static bool same_door(const struct socket_info *a, const struct socket_info *b)
{
	return a->kind == b->kind && a->local_port == b->local_port && str_eq(a->comm, b->comm);
}

/* A port once, though it is open for IPv4 and IPv6 in two sockets. */
static void add_listeners(const struct facts *f, struct str *ret)
{
	size_t shown = 0;

	for (size_t i = 0; i < f->socket_count; i++) {
		const struct socket_info *s = &f->socket[i];
		bool v4 = false, v6 = false, before = false;

		if (!is_reachable(s))
			continue;
		for (size_t k = 0; k < f->socket_count; k++) {
			const struct socket_info *o = &f->socket[k];

			if (!is_reachable(o) || !same_door(s, o))
				continue;
			before = before || k < i;
			v6 = v6 || o->v6;
			v4 = v4 || !o->v6 || (!o->v6only && addr_is_any(&o->local));
		}
		if (before)
			continue;
		report_row(ret, shown++ ? "" : _("Open ports"), "%u/%s  %s (%s)", s->local_port,
			   s->kind == SOCKET_UDP_BOUND ? "udp" : "tcp", s->comm[0] ? s->comm : "?",
			   families(v4, v6));
	}
	if (shown == 0)
		report_row(ret, _("Open ports"), "%s", _("none"));
}

static void add_filter(const struct facts *f, struct str *ret)
{
	size_t shown = 0;

	if (facts_own_filter(f))
		report_row(ret, shown++ ? "" : _("Packet filter"), "%s", _("Kannuki's"));
	for (size_t i = 0; i < f->filter_count; i++) {
		const struct filter_owner *o = &f->filter[i];

		if ((o->active || o->at_boot) && (o->denies || o->flushes))
			report_row(ret, shown++ ? "" : _("Packet filter"), "%s (%s)", o->name,
				   o->evidence);
	}
	if (shown == 0 && f->nft_works)
		report_row(ret, _("Packet filter"), "%s",
			   _("none on this server: every open port can be reached,\n"
			     "unless your provider's filter stops it"));
}

/* "cron" of "cron.service"; what a timer starts has its name but rarely. */
static void add_kind(const struct facts *f, const char *suffix, const char *label, const char *what,
		     struct str *ret)
{
	CLEANUP_STRV struct strv names = { 0 };
	CLEANUP_FREE char *all = NULL;
	CLEANUP_STR struct str first = { 0 };

	for (size_t i = 0; i < f->enabled_count; i++) {
		const char *unit = f->enabled[i].unit;

		if (str_ends(unit, suffix))
			strv_take(&names, xstrndup(unit, strlen(unit) - strlen(suffix)));
	}
	all = strv_join(&names, _(", "));
	str_add_padded(&first, label, LABEL_WIDTH);
	if (names.count > 0)
		layout_itemf(ret, first.text, what, all);
}

/* Those that are worth a line: nobody brought them, or others need them. */
static void add_enabled(const struct facts *f, struct str *ret)
{
	CLEANUP_STR struct str first = { 0 };

	str_add_padded(&first, "", LABEL_WIDTH);
	add_kind(f, ".service", _("Starts at boot"), "%s", ret);
	add_kind(f, ".socket", "", _("when asked (sockets): %s"), ret);
	add_kind(f, ".timer", "", _("at its time (timers): %s"), ret);
	add_kind(f, ".path", "", _("when a file changes (paths): %s"), ret);
	for (size_t i = 0; i < f->enabled_count; i++) {
		const struct enabled_fact *u = &f->enabled[i];
		CLEANUP_FREE char *needs = strv_join(&u->needed_by, _(", "));

		if (f->enabled_owned && !u->package[0])
			layout_itemf(ret, first.text, _("%s is of no package (%s)"), u->unit,
				     u->path);
		if (needs[0])
			layout_itemf(ret, first.text, _("%s is needed by %s"), u->unit, needs);
	}
}

static void add_updates(const struct facts *f, struct str *ret)
{
	const struct updates_fact *u = &f->updates;

	if (!u->measured)
		return;
	report_row(ret, _("Updates"), "%s",
		   updates_are_automatic(u) ? _("come by themselves")
					    : _("do not come by themselves"));
	if (u->pending_measured && u->pending.count == 0)
		report_row(ret, "", "%s", _("no security update waits"));
	else if (u->pending_measured)
		report_row(ret, "", _("%zu security updates wait"), u->pending.count);
	if (u->reboot_required || u->kernel_waits)
		report_row(ret, "", _("a restart is due (%s)"),
			   u->reboot_packages.count ? u->reboot_packages.item[0]
			   : u->kernel_waits	    ? u->kernel_newest
						    : "/run/reboot-required");
}

static void add_not_measured(const struct facts *f, struct str *ret)
{
	for (size_t i = 0; i < f->not_measured.count; i++)
		report_row(ret, i ? "" : _("Not measured"), "%s", f->not_measured.item[i]);
}

void report_facts_text(const struct facts *f, struct str *ret)
{
	add_host(f, ret);
	add_sshd(f, ret);
	report_sessions(f, ret);
	add_accounts(f, ret);
	add_listeners(f, ret);
	add_filter(f, ret);
	add_enabled(f, ret);
	add_updates(f, ret);
	add_not_measured(f, ret);
	str_make_clean(ret->text);
}
