// SPDX-License-Identifier: MIT
/* dialog.c - see dialog.h: from question to question, and the short ones. */
#include "setup/dialog.h"

#include <string.h>

#include "base/i18n.h"
#include "base/layout.h"
#include "core/passwd.h"
#include "setup/carry_out.h"
#include "setup/dialog_in.h"

void dialog_init(struct dialog *d, const struct dialog_start *start)
{
	struct err ignored = { 0 };

	*d = (struct dialog){ .facts = start->facts,
			      .hostkeys = start->hostkeys,
			      .passwd = start->passwd,
			      .asks_language = start->asks_language,
			      .anew = !start->policy_text,
			      .screen = start->asks_language ? SCREEN_LANGUAGE : SCREEN_NAME };
	/* The text was read without a fault before. */
	if (!start->policy_text ||
	    policy_parse(POLICY_PATH, start->policy_text, &d->policy, &ignored) < 0)
		policy_init(&d->policy);
	if (!start->policy_text)
		d->policy.ssh_port = start->port;
	if (d->policy.language == UI_LANGUAGE_LOCALE)
		d->policy.language = start->language;
	choices_init(d);
}

static void drop_secret(char **secret)
{
	str_wipe(*secret);
	free(*secret);
	*secret = NULL;
}

void dialog_done(struct dialog *d)
{
	drop_secret(&d->secret);
	drop_secret(&d->first_secret);
	if (d->paste.text)
		str_wipe(d->paste.text);
	str_done(&d->paste);
	choices_done(d);
	policy_done(&d->policy);
	free(d->said);
	*d = (struct dialog){ 0 };
}

void dialog_say(struct dialog *d, const char *fmt, ...)
{
	va_list ap;

	free(d->said);
	va_start(ap, fmt);
	d->said = xvasprintf(fmt, ap);
	va_end(ap);
}

static bool is_one_of(const char *answer, const char *const *words, size_t count)
{
	CLEANUP_FREE char *half = layout_halfwidth(answer);

	for (size_t i = 0; i < count; i++)
		if (str_case_eq(half, words[i]))
			return true;
	return false;
}

bool answer_is_back(const char *answer)
{
	static const char *const words[] = { "b", "back", "戻る", "もどる" };

	return is_one_of(answer, words, COUNT(words));
}

bool answer_is_quit(const char *answer)
{
	static const char *const words[] = { "q", "quit", "exit", "終了", "やめる" };

	return is_one_of(answer, words, COUNT(words));
}

bool answer_is_yes(const char *answer)
{
	static const char *const words[] = { "y", "yes", "はい" };

	return is_one_of(answer, words, COUNT(words));
}

bool dialog_needs_secret(const struct dialog *d)
{
	return d->policy.admin_user && d->policy.admin_sudo == SUDO_PASSWORD &&
	       !facts_account(d->facts, d->policy.admin_user);
}

bool dialog_is_secret(const struct dialog *d)
{
	return d->screen == SCREEN_SECRET || d->screen == SCREEN_SECRET_AGAIN;
}

bool dialog_takes_lines(const struct dialog *d)
{
	return d->screen == SCREEN_KEY;
}

/* --- from screen to screen -------------------------------------------------------------------- */

static enum screen after(const struct dialog *d)
{
	switch (d->screen) {
	case SCREEN_LANGUAGE:
		return SCREEN_NAME;
	case SCREEN_NAME:
		return dialog_needs_secret(d) ? SCREEN_SECRET : SCREEN_KEY;
	case SCREEN_SECRET:
	case SCREEN_SECRET_AGAIN:
		return SCREEN_KEY;
	case SCREEN_KEY:
		return SCREEN_PUBLISH;
	default:
		return SCREEN_PLAN;
	}
}

enum dialog_next dialog_go_on(struct dialog *d)
{
	d->screen = after(d);
	/* A line of the plan was changed: back to it, but for a password that is missing now. */
	if (d->at_plan && !(d->screen == SCREEN_SECRET && !d->secret))
		d->screen = SCREEN_PLAN;
	if (d->screen != SCREEN_PLAN)
		return DIALOG_ASK;
	d->at_plan = true;
	return DIALOG_PLAN;
}

enum dialog_next dialog_back(struct dialog *d)
{
	drop_secret(&d->first_secret);
	if (d->at_plan && d->screen != SCREEN_PLAN) {
		d->screen = SCREEN_PLAN;
		return DIALOG_PLAN;
	}
	d->at_plan = false;
	switch (d->screen) {
	case SCREEN_PLAN:
		d->screen = SCREEN_PUBLISH;
		break;
	case SCREEN_PUBLISH:
		d->screen = SCREEN_KEY;
		break;
	case SCREEN_SECRET_AGAIN:
		d->screen = SCREEN_SECRET;
		break;
	case SCREEN_KEY:
		d->screen = dialog_needs_secret(d) ? SCREEN_SECRET : SCREEN_NAME;
		break;
	case SCREEN_SECRET:
		d->screen = SCREEN_NAME;
		break;
	case SCREEN_NAME:
		if (d->asks_language)
			d->screen = SCREEN_LANGUAGE;
		else
			dialog_say(d, "%s", _("This is the first question. Type q to quit."));
		break;
	default:
		break;
	}
	return DIALOG_ASK;
}

/* --- the short answers ------------------------------------------------------------------------ */

static enum dialog_next answer_language(struct dialog *d, const char *answer)
{
	if (str_eq(answer, "1") || str_case_eq(answer, "ja") || str_eq(answer, "日本語")) {
		i18n_set(LANG_JA);
		d->policy.language = UI_LANGUAGE_JA;
	} else if (str_eq(answer, "2") || str_case_eq(answer, "en") ||
		   str_case_eq(answer, "English")) {
		i18n_set(LANG_EN);
		d->policy.language = UI_LANGUAGE_EN;
	} else {
		dialog_say(d, "1 か 2 を入力してください / Please type 1 or 2");
		return DIALOG_ASK;
	}
	return dialog_go_on(d);
}

static enum dialog_next answer_name(struct dialog *d, const char *answer)
{
	CLEANUP_FREE char *before = d->policy.admin_user ? xstrdup(d->policy.admin_user) : NULL;
	CLEANUP_FREE char *uid = NULL;
	struct err why = { 0 };

	if (answer[0] == '\0' && !before) {
		dialog_say(d, "%s",
			   _("Please type a name, such as the one you use on your own "
			     "computer."));
		return DIALOG_ASK;
	}
	if (answer[0] && policy_set(&d->policy, "admin", "user", answer, &why) < 0) {
		dialog_say(d, "%s", why.msg);
		return DIALOG_ASK;
	}
	uid = d->passwd ? passwd_field(d->passwd, d->policy.admin_user, 2) : NULL;
	if (uid && !facts_account(d->facts, d->policy.admin_user)) {
		dialog_say(d,
			   _("%s is an account that this system needs for itself. Choose another "
			     "name."),
			   d->policy.admin_user);
		free(d->policy.admin_user);
		d->policy.admin_user = TAKE(before);
		return DIALOG_ASK;
	}
	if (!str_eq(before, d->policy.admin_user))
		drop_secret(&d->secret);
	return dialog_go_on(d);
}

static enum dialog_next answer_secret(struct dialog *d, const char *answer)
{
	struct err why = { 0 };

	if (answer[0] == '\0' && d->secret)
		return dialog_go_on(d);
	if (secret_check(d->policy.admin_user, answer, &why) < 0) {
		dialog_say(d, "%s", why.msg);
		return DIALOG_ASK;
	}
	drop_secret(&d->first_secret);
	d->first_secret = xstrdup(answer);
	d->screen = SCREEN_SECRET_AGAIN;
	return DIALOG_ASK;
}

static enum dialog_next answer_secret_again(struct dialog *d, const char *answer)
{
	if (!str_eq(answer, d->first_secret)) {
		drop_secret(&d->first_secret);
		d->screen = SCREEN_SECRET;
		dialog_say(d, "%s", _("The two passwords are not the same. Once more:"));
		return DIALOG_ASK;
	}
	drop_secret(&d->secret);
	d->secret = TAKE(d->first_secret);
	return dialog_go_on(d);
}

/* A key of the policy by its own rules; the policy's words say what is allowed. */
static enum dialog_next set_key(struct dialog *d, const char *name, const char *value)
{
	struct err why = { 0 };

	if (value[0] && policy_set(&d->policy, "ssh", name, value, &why) < 0) {
		dialog_say(d, "%s", why.msg);
		return DIALOG_ASK;
	}
	return dialog_go_on(d);
}

static enum dialog_next answer_from(struct dialog *d, const char *answer)
{
	struct policy kept = d->policy;
	enum dialog_next next;

	if (answer[0] == '\0')
		return dialog_go_on(d);
	d->policy.allow_from = NULL;
	d->policy.allow_from_count = 0;
	next = set_key(d, "allow-from", answer);
	if (next == DIALOG_ASK) {
		free(d->policy.allow_from);
		d->policy.allow_from = kept.allow_from;
		d->policy.allow_from_count = kept.allow_from_count;
	} else {
		free(kept.allow_from);
	}
	return next;
}

enum dialog_next dialog_answer(struct dialog *d, const char *answer)
{
	CLEANUP_FREE char *half = NULL;

	free(d->said);
	d->said = NULL;
	if (!d->swallows && d->paste.len == 0 && answer_is_quit(answer))
		return DIALOG_QUIT;
	if (!d->swallows && d->paste.len == 0 && answer_is_back(answer))
		return dialog_back(d);
	/* A password and a key are taken as they are typed. */
	if (d->screen == SCREEN_SECRET)
		return answer_secret(d, answer);
	if (d->screen == SCREEN_SECRET_AGAIN)
		return answer_secret_again(d, answer);
	if (d->screen == SCREEN_KEY)
		return dialog_answer_key(d, answer);
	half = layout_halfwidth(answer);
	switch (d->screen) {
	case SCREEN_LANGUAGE:
		return answer_language(d, half);
	case SCREEN_NAME:
		return answer_name(d, half);
	case SCREEN_PUBLISH:
		return dialog_answer_publish(d, half);
	case SCREEN_PORT:
		return set_key(d, "port", half);
	case SCREEN_ROOT:
		return set_key(d, "root-login", half);
	case SCREEN_FROM:
		return answer_from(d, half);
	default:
		return dialog_answer_plan(d, half);
	}
}
