// SPDX-License-Identifier: MIT
/* dialog_more.c - lines of the plan that few change: the port, the hour of a restart, services. */
#include <ctype.h>
#include <stdio.h>
#include <string.h>

#include "base/i18n.h"
#include "base/layout.h"
#include "setup/dialog_in.h"

#define DAY   (24 * 60)
#define JAPAN (9 * 60) /* minutes before UTC, all the year */

/* --- the port ------------------------------------------------------------------------------------- */

/* Who has it, as people know it; NULL: nobody. */
static const char *listens_at(const struct facts *f, unsigned port)
{
	for (size_t i = 0; i < f->sshd.port_count; i++)
		if (f->sshd.port[i] == port)
			return NULL;
	for (size_t i = 0; i < f->socket_count; i++)
		if (f->socket[i].kind == SOCKET_TCP_LISTEN && f->socket[i].local_port == port)
			return f->socket[i].comm[0] ? f->socket[i].comm : "?";
	return NULL;
}

enum dialog_next dialog_answer_port(struct dialog *d, const char *answer)
{
	const char *who;
	uint64_t port;

	if (answer[0] == '\0')
		return dialog_go_on(d);
	if (str_to_u64(answer, 1, 65535, &port) < 0) {
		dialog_say(d, "%s", _("A port is a number from 1 to 65535. Example: 22022"));
		return DIALOG_ASK;
	}
	who = listens_at(d->facts, (unsigned)port);
	if (who) {
		dialog_say(d, _("Port %u is taken: %s listens there. Choose another one."),
			   (unsigned)port, who);
		return DIALOG_ASK;
	}
	d->policy.ssh_port = (unsigned)port;
	return dialog_go_on(d);
}

/* --- restarts --------------------------------------------------------------------------------------- */

static const char *zone_of(const struct dialog *d)
{
	return d->facts->updates.zone ? d->facts->updates.zone : "UTC";
}

static bool is_utc(const char *zone)
{
	return str_eq(zone, "UTC") || str_eq(zone, "Etc/UTC") || str_eq(zone, "Etc/UCT") ||
	       str_eq(zone, "Etc/GMT") || str_eq(zone, "GMT");
}

/* Who reads Japanese thinks of the time there, whatever the clock of the server says. */
static bool offers_japan(const struct dialog *d)
{
	return i18n_get() == LANG_JA && is_utc(zone_of(d));
}

static char *clock_words(int minutes)
{
	return xasprintf("%02d:%02d", minutes / 60, minutes % 60);
}

char *time_words(const struct dialog *d, int at)
{
	CLEANUP_FREE char *here = at < 0 ? NULL : clock_words(at);
	CLEANUP_FREE char *japan = at < 0 ? NULL : clock_words((at + JAPAN) % DAY);

	if (at < 0)
		return xstrdup(_("no"));
	if (offers_japan(d))
		return xasprintf("%s JST (%s UTC)", japan, here);
	return xasprintf("%s (%s)", here, zone_of(d));
}

char *restart_words(const struct dialog *d)
{
	return time_words(d, d->policy.updates_reboot);
}

/* "4:00", "04:00 JST": minutes by the clock of the server, or -1. */
static int time_of(const struct dialog *d, const char *answer)
{
	CLEANUP_FREE char *copy = xstrdup(answer);
	char *minutes = strchr(copy, ':'), *rest;
	bool japan = false;
	uint64_t h, m;
	int at;

	if (!minutes)
		return -1;
	*minutes++ = '\0';
	rest = minutes + strspn(minutes, "0123456789");
	if (rest[0]) {
		CLEANUP_FREE char *zone = xstrdup(str_trim(rest));

		japan = str_case_eq(zone, "JST") || str_eq(zone, "日本時間");
		*rest = '\0';
		if (!japan || !(is_utc(zone_of(d)) || str_eq(zone_of(d), "Asia/Tokyo")))
			return -1;
	}
	if (str_to_u64(copy, 0, 23, &h) < 0 || strlen(minutes) != 2 ||
	    str_to_u64(minutes, 0, 59, &m) < 0)
		return -1;
	at = (int)(h * 60 + m);
	return japan && is_utc(zone_of(d)) ? (at - JAPAN + DAY) % DAY : at;
}

enum dialog_next dialog_answer_restart(struct dialog *d, const char *answer)
{
	int at;

	if (answer[0] == '\0')
		return dialog_go_on(d);
	if (str_case_eq(answer, "no") || str_eq(answer, "いいえ")) {
		d->policy.updates_reboot = -1;
		return dialog_go_on(d);
	}
	at = time_of(d, answer);
	if (at < 0) {
		dialog_say(d, "%s", _("Please type no, or a time of day such as 04:00."));
		return DIALOG_ASK;
	}
	d->policy.updates_reboot = at;
	/* Only updates that come by themselves restart it by themselves. */
	if (d->policy.updates_automatic == UPDATES_NO)
		d->policy.updates_automatic = UPDATES_SECURITY;
	return dialog_go_on(d);
}

void show_restart(const struct dialog *d, struct str *ret)
{
	CLEANUP_FREE char *now = restart_words(d);

	layout_textf(ret,
		     _("Some updates need a restart. At what time may this server do that by "
		       "itself? no, or a time such as 04:00. Its clock runs on %s."),
		     zone_of(d));
	if (offers_japan(d))
		layout_text(ret, _("A time in Japan is 9 hours ahead of that: add JST, as in 04:00 "
				   "JST."));
	str_addf(ret, _("Time [%s]: "), now);
}

/* --- services --------------------------------------------------------------------------------------- */

/* Can it be stopped at all? */
static bool is_offered(const struct service_fact *s)
{
	return s->unit[0] && s->listen.count > 0 && !s->kept_for;
}

static const struct service_fact *offered(const struct dialog *d, size_t number)
{
	for (size_t i = 0; i < d->facts->service_count; i++)
		if (is_offered(&d->facts->service[i]) && number-- == 1)
			return &d->facts->service[i];
	return NULL;
}

static char *name_of(const struct service_fact *s)
{
	size_t n = strlen(s->unit);

	return xstrndup(s->unit, str_ends(s->unit, ".service") ? n - strlen(".service") : n);
}

static void toggle(struct dialog *d, const struct service_fact *s)
{
	CLEANUP_FREE char *name = name_of(s);
	struct strv kept = { 0 };
	bool was = strv_has(&d->policy.services_stop, name);

	for (size_t i = 0; i < d->policy.services_stop.count; i++)
		if (!str_eq(d->policy.services_stop.item[i], name))
			strv_add(&kept, d->policy.services_stop.item[i]);
	if (!was)
		strv_add(&kept, name);
	strv_done(&d->policy.services_stop);
	d->policy.services_stop = kept;
	if (!was && s->used_by.count > 0) {
		CLEANUP_FREE char *used = strv_join(&s->used_by, ", ");

		dialog_say(d, _("%s will stop, though it is in use: %s"), name, used);
	}
}

enum dialog_next dialog_answer_services(struct dialog *d, const char *answer)
{
	const struct service_fact *s;
	uint64_t n;

	if (answer[0] == '\0')
		return dialog_go_on(d);
	s = str_to_u64(answer, 1, 1000, &n) == 0 ? offered(d, n) : NULL;
	if (s)
		toggle(d, s);
	else
		dialog_say(d, "%s", _("Please type a number of the list, or Enter."));
	return DIALOG_ASK;
}

void show_services(const struct dialog *d, struct str *ret)
{
	const struct service_fact *s;
	size_t n = 0;

	layout_text(ret, offered(d, 1)
				 ? _("Services that can be reached from outside. Which shall stop, "
				     "now and at every boot? Only what you do not need.")
				 : _("No service that could be stopped can be reached from "
				     "outside."));
	while ((s = offered(d, ++n))) {
		CLEANUP_FREE char *name = name_of(s);
		CLEANUP_FREE char *port =
			xstrndup(s->listen.item[0], strcspn(s->listen.item[0], " "));
		bool stops = strv_has(&d->policy.services_stop, name);

		str_addf(ret, "  %2zu. ", n);
		str_add_padded(ret, stops ? _("stops") : _("runs on"), 10);
		str_add_padded(ret, name, 24);
		str_addf(ret, "%s\n", port);
	}
	if (offered(d, 1))
		layout_text(ret, _("A number switches its line."));
	str_add(ret, _("Enter when the list is right: "));
}
