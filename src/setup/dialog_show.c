// SPDX-License-Identifier: MIT
/* dialog_show.c - the screens of the short questions, and what is shown before the first. */
#include "base/i18n.h"
#include "base/layout.h"
#include "setup/dialog_in.h"
#include "setup/end.h"
#include "setup/grade.h"
#include "setup/language.h"

#define PORT_WIDTH    11
#define WELCOME_PORTS 6

static void show_host_keys(const struct dialog *d, struct str *ret)
{
	if (d->hostkeys->count == 0 || d->host_is_known)
		return;
	layout_text(ret, _("Is this your server? Your SSH program has shown one of these (paste it "
			   "below, and it is compared):"));
	for (size_t i = 0; i < d->hostkeys->count; i++)
		str_addf(ret, "  %-8s %s\n", d->hostkeys->key[i].type, d->hostkeys->key[i].sha256);
}

static void show_reachable(const struct dialog *d, struct str *ret)
{
	CLEANUP_STR struct str port = { 0 };
	size_t shown = 0;

	layout_text(ret, _("Reachable from outside now (your provider's own filter "
			   "not counted):"));
	for (size_t i = 0; i < d->facts->sshd.port_count; i++) {
		CLEANUP_FREE char *text = xasprintf("  %u/tcp", d->facts->sshd.port[i]);

		str_clear(&port);
		str_add_padded(&port, text, PORT_WIDTH + 2);
		str_addf(ret, _("%ssshd (root: %s; others: %s)\n"), port.text,
			 ways_words(d->facts, "root"), ways_words(d->facts, "stranger"));
	}
	for (size_t i = 0; i < d->choice_count; i++) {
		CLEANUP_FREE char *text = opening_text(&d->choice[i].opening);

		if (!d->choice[i].reachable || ++shown > WELCOME_PORTS)
			continue;
		str_addf(ret, "  ");
		str_add_padded(ret, text, PORT_WIDTH);
		str_addf(ret, "%s\n", d->choice[i].program);
	}
	if (shown > WELCOME_PORTS)
		str_addf(ret, _("  and %zu more (question 4 has them all)\n"),
			 shown - WELCOME_PORTS);
}

static void show_grade(const struct dialog *d, struct str *ret)
{
	CLEANUP_FREE char *words = d->audit ? grade_words(d->audit) : NULL;

	if (words)
		layout_textf(ret, _("Grade now, from A (best) to F: %s"), words);
}

void dialog_welcome(const struct dialog *d, struct str *ret)
{
	show_host_keys(d, ret);
	show_reachable(d, ret);
	show_grade(d, ret);
	str_add(ret, "\n");
	layout_text(ret, _("Five questions. Nothing is changed before you say yes to the last one. "
			   "Type b to go back, q to quit."));
}

static void show_name(const struct dialog *d, struct str *ret)
{
	layout_item(ret, "[1/5] ",
		    _("Under which name will you log in? This user is made if it is missing, "
		      "and may use sudo."));
	if (d->policy.admin_user)
		str_addf(ret, _("Name [%s]: "), d->policy.admin_user);
	else
		str_add(ret, _("Name: "));
}

static void show_secret(const struct dialog *d, struct str *ret)
{
	layout_itemf(
		ret, "[2/5] ",
		_("A new password for %s: sudo asks for it, SSH does not take it. 10 characters "
		  "or more. It is not shown while you type."),
		d->policy.admin_user);
	if (d->secret)
		layout_text(ret, _("(Enter keeps the one that you have typed before.)"));
	str_add(ret, _("Password: "));
}

static void show_port(const struct dialog *d, struct str *ret)
{
	layout_text(ret, _("At which port shall SSH listen? Best: 1024 to 32767. 22 is possible "
			   "too, but tried by every scanner."));
	str_addf(ret, _("Port [%u]: "), d->policy.ssh_port ? d->policy.ssh_port : 22);
}

static void show_root(struct str *ret)
{
	layout_text(ret, _("May root log in by SSH? no (best), key, yes. That does not concern the "
			   "provider's console."));
	str_add(ret, "no / key / yes: ");
}

static void show_from(struct str *ret)
{
	layout_text(ret, _("From where may SSH come? any, or networks such as 203.0.113.0/24. Only "
			   "limit it to addresses that stay yours: others are locked out."));
	str_add(ret, _("Networks [unchanged]: "));
}

void dialog_show(const struct dialog *d, struct str *ret)
{
	str_add(ret, "\n");
	if (d->said) {
		layout_text(ret, d->said);
		str_add(ret, "\n");
	}
	switch (d->screen) {
	case SCREEN_LANGUAGE:
		str_add(ret, language_question);
		return;
	case SCREEN_NAME:
		show_name(d, ret);
		return;
	case SCREEN_SECRET:
		show_secret(d, ret);
		return;
	case SCREEN_SECRET_AGAIN:
		str_add(ret, _("The same again: "));
		return;
	case SCREEN_KEY:
		show_key(d, ret);
		return;
	case SCREEN_PUBLISH:
		show_publish(d, ret);
		return;
	case SCREEN_PLAN:
		show_plan(d, ret);
		return;
	case SCREEN_PORT:
		show_port(d, ret);
		return;
	case SCREEN_ROOT:
		show_root(ret);
		return;
	case SCREEN_FROM:
		show_from(ret);
		return;
	case SCREEN_RESTART:
		show_restart(d, ret);
		return;
	case SCREEN_SERVICES:
		show_services(d, ret);
		return;
	}
}
