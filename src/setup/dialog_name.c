// SPDX-License-Identifier: MIT
/*
 * dialog_name.c - the first question: the name of the admin user. A fingerprint that is pasted there is what
 * the person saw at the first login, and is compared.
 */
#include <ctype.h>
#include <string.h>

#include "base/i18n.h"
#include "core/passwd.h"
#include "setup/dialog_in.h"

/* No name is that long or holds a colon. */
static bool looks_like_fingerprint(const char *answer)
{
	return strchr(answer, ':') || strlen(answer) >= 43;
}

static void compare(struct dialog *d, const char *shown)
{
	struct err why = { 0 };
	size_t i = 0;
	int r = hostkeys_compare(d->hostkeys, shown, &i, &why);

	if (r < 0)
		dialog_say_why(d, &why);
	else if (r == 1)
		dialog_say(d, "%s",
			   _("No: this server has no such key. Do not go on: another machine "
			     "answers there."));
	else
		dialog_say(d, _("Yes: that is the %s key of this server."),
			   d->hostkeys->key[i].type);
}

/* Why the policy does not take it, in words for somebody who has never seen a policy. */
static void say_bad_name(struct dialog *d, const char *answer)
{
	CLEANUP_FREE char *small = str_lower(xstrdup(answer));
	CLEANUP_POLICY struct policy p = { 0 };
	struct err ignored = { 0 };

	policy_init(&p);
	if (str_eq(small, "root"))
		dialog_say(d, "%s",
			   _("root is the name that every guesser tries. Choose one of your own; "
			     "it becomes root by sudo."));
	else if (policy_set(&p, "admin", "user", small, &ignored) == 0)
		dialog_say(d, _("User names are written in small letters here: %s"), small);
	else
		dialog_say(d, "%s",
			   _("A user name is made of a to z, 0 to 9, _ and -. It begins with a "
			     "letter and has at most 32 characters. Example: taro"));
}

/* NULL: it may be used. */
static const char *why_taken(const struct dialog *d, const char *name)
{
	CLEANUP_FREE char *uid = d->passwd ? passwd_field(d->passwd, name, 2) : NULL;
	CLEANUP_FREE char *gid = d->group ? passwd_field(d->group, name, 2) : NULL;

	if (facts_account(d->facts, name))
		return NULL;
	if (uid)
		return _("%s is an account that this system needs for itself. Choose another "
			 "name.");
	/* The new user's own group would be that one, with all that it may do. */
	return gid ? _("%s is a group that this system needs for itself. Choose another name.")
		   : NULL;
}

/* Whom the plan would refuse in the end, and most images have such a user: sudo has no password to ask it for. */
static bool lacks_password(const struct dialog *d, const char *name)
{
	const struct account *a = facts_account(d->facts, name);

	if (!a || a->uid == 0 || a->password == PASSWORD_SET || a->password == PASSWORD_UNKNOWN)
		return false;
	return a->password == PASSWORD_LOCKED || d->policy.admin_sudo == SUDO_PASSWORD;
}

enum dialog_next dialog_answer_name(struct dialog *d, const char *answer)
{
	CLEANUP_FREE char *before = d->policy.admin_user ? xstrdup(d->policy.admin_user) : NULL;
	const char *name = answer[0] ? answer : before;
	struct err why = { 0 };
	const char *taken;

	if (answer[0] == '\0' && !before) {
		dialog_say(d, "%s",
			   _("Please type a name, such as the one you use on your own "
			     "computer."));
		return DIALOG_ASK;
	}
	if (looks_like_fingerprint(answer)) {
		compare(d, answer);
		return DIALOG_ASK;
	}
	taken = answer[0] ? why_taken(d, answer) : NULL;
	if (taken) {
		dialog_say(d, taken, answer);
		return DIALOG_ASK;
	}
	if (lacks_password(d, name)) {
		dialog_say(d,
			   _("%s is there already, but has no password for sudo to ask for. Choose "
			     "another name, or quit (q) and give it one first: sudo passwd %s"),
			   name, name);
		return DIALOG_ASK;
	}
	if (answer[0] && policy_set(&d->policy, "admin", "user", answer, &why) < 0) {
		say_bad_name(d, answer);
		return DIALOG_ASK;
	}
	if (!str_eq(before, d->policy.admin_user))
		dialog_drop_secret(&d->secret);
	dialog_go_on(d);
	if (d->screen == SCREEN_KEY && facts_account(d->facts, d->policy.admin_user))
		dialog_say(d,
			   _("%s is there already and keeps its password, so question 2 is left "
			     "out."),
			   d->policy.admin_user);
	return d->screen == SCREEN_PLAN ? DIALOG_PLAN : DIALOG_ASK;
}
