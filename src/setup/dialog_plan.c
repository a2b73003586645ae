// SPDX-License-Identifier: MIT
/* dialog_plan.c - the one screen with everything that was decided, asked for or not. */
#include <string.h>

#include "base/i18n.h"
#include "base/layout.h"
#include "setup/dialog_in.h"
#include "setup/key_words.h"

#define LABEL_WIDTH 16
#define VALUE_WIDTH 25
#define DAILY	    (5 * 60) /* the hour of an audit, in minutes */

/* A line of the screen: what it says, why so, and where a change of it leads. */
struct plan_line {
	const char *label, *why; /* N_() */
	char *(*value)(const struct dialog *d);
	enum dialog_next (*change)(struct dialog *d);
};

static enum dialog_next to_screen(struct dialog *d, enum screen screen)
{
	d->screen = screen;
	return DIALOG_ASK;
}

static char *name_value(const struct dialog *d)
{
	const char *name = d->policy.admin_user ? d->policy.admin_user : "root";

	return facts_account(d->facts, name) ? xstrdup(name) : xasprintf(_("%s (new)"), name);
}

static enum dialog_next name_change(struct dialog *d)
{
	return to_screen(d, SCREEN_NAME);
}

static char *sudo_value(const struct dialog *d)
{
	const struct account *a =
		d->policy.admin_user ? facts_account(d->facts, d->policy.admin_user) : NULL;

	/* An image's line stays, and decides. So long that the reason is left out, which would be wrong. */
	if (d->policy.admin_sudo == SUDO_PASSWORD && a && a->sudo_nopasswd)
		return xstrdup(_("without a password, as it is now"));
	return xstrdup(d->policy.admin_sudo == SUDO_PASSWORD ? _("asks for the password")
							     : _("without a password"));
}

static enum dialog_next sudo_change(struct dialog *d)
{
	d->policy.admin_sudo =
		d->policy.admin_sudo == SUDO_PASSWORD ? SUDO_NOPASSWD : SUDO_PASSWORD;
	return dialog_needs_secret(d) && !d->secret ? to_screen(d, SCREEN_SECRET) : DIALOG_PLAN;
}

static char *key_value(const struct dialog *d)
{
	if (d->policy.admin_key_count == 0)
		return xstrdup(_("as it is"));
	if (d->policy.admin_key_count > 1)
		return xasprintf(_("%zu keys"), d->policy.admin_key_count);
	return key_title(&d->policy.admin_key[0]);
}

static enum dialog_next key_change(struct dialog *d)
{
	return to_screen(d, SCREEN_KEY);
}

static char *port_value(const struct dialog *d)
{
	unsigned now = d->facts->sshd.port_count ? d->facts->sshd.port[0] : 22;

	if (!d->policy.ssh_port || d->policy.ssh_port == now)
		return xasprintf("%u", now);
	return xasprintf(_("%u (now %u)"), d->policy.ssh_port, now);
}

static enum dialog_next port_change(struct dialog *d)
{
	return to_screen(d, SCREEN_PORT);
}

static char *password_value(const struct dialog *d)
{
	return xstrdup(d->policy.password_login ? _("yes") : _("no"));
}

static enum dialog_next password_change(struct dialog *d)
{
	d->policy.password_login = !d->policy.password_login;
	return DIALOG_PLAN;
}

static char *root_value(const struct dialog *d)
{
	static const char *const words[] = { N_("no"), N_("key only"), N_("yes") };

	return xstrdup(_(words[d->policy.root_login]));
}

static enum dialog_next root_change(struct dialog *d)
{
	return to_screen(d, SCREEN_ROOT);
}

static char *from_value(const struct dialog *d)
{
	char addr[ADDR_TEXT];

	if (d->policy.allow_from_count == 0)
		return xstrdup(_("everywhere"));
	if (d->policy.allow_from_count > 1)
		return xasprintf(_("%zu networks"), d->policy.allow_from_count);
	return xasprintf("%s/%u", addr_text(&d->policy.allow_from[0].addr, addr),
			 d->policy.allow_from[0].bits);
}

static enum dialog_next from_change(struct dialog *d)
{
	return to_screen(d, SCREEN_FROM);
}

static char *open_value(const struct dialog *d)
{
	CLEANUP_STRV struct strv all = { 0 };

	for (size_t i = 0; i < d->policy.open_count; i++)
		strv_take(&all, opening_text(&d->policy.open[i]));
	return strv_join(&all, ", ");
}

static enum dialog_next open_change(struct dialog *d)
{
	return to_screen(d, SCREEN_PUBLISH);
}

static char *ping_value(const struct dialog *d)
{
	return xstrdup(d->policy.ping ? _("answers") : _("silent"));
}

static enum dialog_next ping_change(struct dialog *d)
{
	d->policy.ping = !d->policy.ping;
	return DIALOG_PLAN;
}

static char *update_value(const struct dialog *d)
{
	return xstrdup(d->update_now ? _("yes, before all else") : _("no"));
}

static enum dialog_next update_change(struct dialog *d)
{
	d->update_now = !d->update_now;
	return DIALOG_PLAN;
}

static char *automatic_value(const struct dialog *d)
{
	static const char *const words[] = { N_("none"), N_("security only"), N_("all") };

	return xstrdup(_(words[d->policy.updates_automatic]));
}

/* security, all, no, security ... */
static enum dialog_next automatic_change(struct dialog *d)
{
	static const enum automatic_updates next[] = { [UPDATES_NO] = UPDATES_SECURITY,
						       [UPDATES_SECURITY] = UPDATES_ALL,
						       [UPDATES_ALL] = UPDATES_NO };

	d->policy.updates_automatic = next[d->policy.updates_automatic];
	if (d->policy.updates_automatic == UPDATES_NO)
		d->policy.updates_reboot = -1;
	return DIALOG_PLAN;
}

static enum dialog_next restart_change(struct dialog *d)
{
	return to_screen(d, SCREEN_RESTART);
}

static char *services_value(const struct dialog *d)
{
	return d->policy.services_stop.count ? strv_join(&d->policy.services_stop, ", ")
					     : xstrdup(_("none"));
}

static enum dialog_next services_change(struct dialog *d)
{
	return to_screen(d, SCREEN_SERVICES);
}

static char *harden_value(const struct dialog *d)
{
	return xstrdup(d->policy.harden_safe ? _("what is safe anywhere") : _("none"));
}

static enum dialog_next harden_change(struct dialog *d)
{
	d->policy.harden_safe = !d->policy.harden_safe;
	return DIALOG_PLAN;
}

static char *daily_value(const struct dialog *d)
{
	return time_words(d, d->policy.audit_daily);
}

static enum dialog_next daily_change(struct dialog *d)
{
	d->policy.audit_daily = d->policy.audit_daily < 0 ? DAILY : -1;
	/* Only a daily audit tells. */
	if (d->policy.audit_daily < 0)
		strv_done(&d->policy.audit_tell);
	return DIALOG_PLAN;
}

static char *guard_value(const struct dialog *d)
{
	if (!d->policy.guard_enabled)
		return xstrdup(_("no"));
	return d->policy.guard_jails.count ? strv_join(&d->policy.guard_jails, ", ")
					   : xstrdup("sshd");
}

static enum dialog_next guard_change(struct dialog *d)
{
	d->policy.guard_enabled = !d->policy.guard_enabled;
	return DIALOG_PLAN;
}

static const struct plan_line lines[PLAN_LINES] = {
	{ N_("Admin user"), N_("a user of your own instead of root"), name_value, name_change },
	{ N_("sudo"), N_("a stolen key alone is not root yet"), sudo_value, sudo_change },
	{ N_("Public key"), N_("cannot be guessed, a password can"), key_value, key_change },
	{ N_("Port of SSH"), N_("22 is tried by every scanner"), port_value, port_change },
	{ N_("Password login"), N_("they are guessed all day long"), password_value,
	  password_change },
	{ N_("Root login"), N_("the first name a guesser tries"), root_value, root_change },
	{ N_("SSH from"), N_("limit it if your address is fixed"), from_value, from_change },
	{ N_("Open"), N_("all else is shut, IPv4 and IPv6"), open_value, open_change },
	{ N_("Ping"), N_("helps to see whether it is up"), ping_value, ping_change },
	{ N_("Update now"), N_("closes holes that are known"), update_value, update_change },
	{ N_("Auto updates"), N_("every day, by itself"), automatic_value, automatic_change },
	{ N_("Auto restart"), N_("a new kernel works only then"), restart_words, restart_change },
	{ N_("Stop services"), N_("what is off cannot be attacked"), services_value,
	  services_change },
	{ N_("Hardening"), N_("of kernel, sshd, sudo, logs"), harden_value, harden_change },
	{ N_("Daily audit"), N_("logs what has become worse"), daily_value, daily_change },
	{ N_("Ban attackers"), N_("who fails often is shut out"), guard_value, guard_change },
};

static size_t count_lines(const struct dialog *d)
{
	return d->guard ? PLAN_LINES : PLAN_LINES - 1;
}

/* The whole policy may do without an admin user: the first line says so then. */
enum dialog_next dialog_answer_plan(struct dialog *d, const char *answer)
{
	uint64_t n;

	if (str_to_u64(answer, 1, count_lines(d), &n) == 0) {
		d->at_plan = true;
		return lines[n - 1].change(d);
	}
	if (str_case_eq(answer, "d") && d->plan)
		return DIALOG_DIFF;
	if (answer_is_yes(answer)) {
		if (d->plan)
			return DIALOG_APPLY;
		dialog_say(d, "%s", _("This cannot be carried out as it is. Change a line first."));
		return DIALOG_ASK;
	}
	dialog_say(d, "%s", _("Please type yes, a number, d, b or q."));
	return DIALOG_ASK;
}

/* A value that is too long has lines of its own, and the reason stands behind the last. */
static void show_line(const struct dialog *d, size_t i, struct str *ret)
{
	CLEANUP_FREE char *value = lines[i].value(d);
	CLEANUP_STR struct str first = { 0 };

	str_addf(&first, " %2zu. ", i + 1);
	str_add_padded(&first, _(lines[i].label), LABEL_WIDTH);
	if (text_width(value) >= VALUE_WIDTH) {
		layout_item(ret, first.text, value);
		return;
	}
	str_add(ret, first.text);
	str_add_padded(ret, value, VALUE_WIDTH);
	str_addf(ret, "%s\n", _(lines[i].why));
}

static void show_closes(const struct plan *p, struct str *ret)
{
	CLEANUP_FREE char *replaced = strv_join(&p->replaces, ", ");
	CLEANUP_FREE char *all = strv_join(&p->closes, ", ");

	if (p->replaces.count)
		layout_textf(ret, _("Decides no more what comes in (its rules stay stored): %s"),
			     replaced);
	if (p->closes.count)
		layout_textf(ret, _("Reachable now, and will stop answering: %s"), all);
	if (p->updates_all)
		layout_textf(ret, "%s",
			     _("First all packages are updated. That may take some "
			       "minutes, and is not undone."));
	if (p->packages.count) {
		CLEANUP_FREE char *packages = strv_join(&p->packages, ", ");

		layout_textf(ret, _("First these are installed: %s. That is not undone."),
			     packages);
	}
	for (size_t i = 0; i < p->warnings.count; i++)
		layout_item(ret, "! ", p->warnings.item[i]);
}

void show_plan(const struct dialog *d, struct str *ret)
{
	if (d->plan)
		show_closes(d->plan, ret);
	layout_item(ret, "[5/5] ", _("This is the plan. A number changes its line."));
	for (size_t i = 0; i < count_lines(d); i++)
		show_line(d, i, ret);
	if (d->refused)
		layout_item(ret, "! ", d->refused);
	else if (d->plan)
		layout_textf(ret,
			     d->plan->needs_proof
				     ? _("%zu steps. Then you have 10 minutes to log in by the "
					 "new way and confirm; else all goes back by itself.")
				     : _("%zu steps. They close no door of SSH and are in force "
					 "at once."),
			     d->plan->count);
	str_add(ret, _("yes: do it  d: all steps and differences  b: back  q: quit\n"
		       "Do it? "));
}
