// SPDX-License-Identifier: MIT
/* dialog.c - see dialog.h: from question to question, and the short ones. */
#include "setup/dialog.h"

#include <string.h>

#include "base/i18n.h"
#include "base/layout.h"
#include "setup/carry_out.h"
#include "setup/dialog_in.h"
#include "setup/language.h"

void dialog_init(struct dialog *d, const struct dialog_start *start)
{
	struct err ignored = { 0 };

	*d = (struct dialog){ .facts = start->facts,
			      .hostkeys = start->hostkeys,
			      .audit = start->audit,
			      .passwd = start->passwd,
			      .group = start->group,
			      .asks_language = start->asks_language,
			      .host_is_known = start->host_is_known,
			      .anew = !start->policy_text,
			      .screen = SCREEN_NAME };
	/* The text was read without a fault before. */
	if (!start->policy_text ||
	    policy_parse(POLICY_PATH, start->policy_text, &d->policy, &ignored) < 0)
		policy_init(&d->policy);
	if (!start->policy_text)
		d->policy.ssh_port = start->port;
	/* The guides' first step; apt alone is known so far. */
	d->update_now =
		d->policy.updates_now || (!start->policy_text && start->facts->updates.measured);
	/* The plan's screen shows it, and yes means it: what it needs is installed. */
	if (start->facts->updates.measured && !start->as_written)
		policy_give(&d->policy, "updates", "automatic", true);
	if (d->policy.language == UI_LANGUAGE_LOCALE)
		d->policy.language = start->language;
	d->guard = start->guard_at_hand || d->policy.guard_enabled;
	choices_init(d);
}

void dialog_drop_secret(char **secret)
{
	str_wipe(*secret);
	free(*secret);
	*secret = NULL;
}

void dialog_done(struct dialog *d)
{
	dialog_drop_secret(&d->secret);
	dialog_drop_secret(&d->first_secret);
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

/* An error's words go on behind a colon elsewhere: here they begin. */
void dialog_say_why(struct dialog *d, const struct err *why)
{
	dialog_say(d, "%s", why->msg);
	if (d->said[0] >= 'a' && d->said[0] <= 'z')
		d->said[0] = (char)(d->said[0] - 'a' + 'A');
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
	dialog_drop_secret(&d->first_secret);
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
	enum lang lang;

	if (!language_of_answer(answer, &lang)) {
		dialog_say(d, "%s", language_again);
		return DIALOG_ASK;
	}
	i18n_set(lang);
	d->policy.language = lang == LANG_JA ? UI_LANGUAGE_JA : UI_LANGUAGE_EN;
	return dialog_go_on(d);
}

static enum dialog_next answer_secret(struct dialog *d, const char *answer)
{
	struct err why = { 0 };

	if (answer[0] == '\0' && d->secret)
		return dialog_go_on(d);
	if (secret_check(d->policy.admin_user, answer, &why) < 0) {
		dialog_say_why(d, &why);
		return DIALOG_ASK;
	}
	dialog_drop_secret(&d->first_secret);
	d->first_secret = xstrdup(answer);
	d->screen = SCREEN_SECRET_AGAIN;
	return DIALOG_ASK;
}

static enum dialog_next answer_secret_again(struct dialog *d, const char *answer)
{
	if (!str_eq(answer, d->first_secret)) {
		dialog_drop_secret(&d->first_secret);
		d->screen = SCREEN_SECRET;
		dialog_say(d, "%s", _("The two passwords are not the same. Once more:"));
		return DIALOG_ASK;
	}
	dialog_drop_secret(&d->secret);
	d->secret = TAKE(d->first_secret);
	return dialog_go_on(d);
}

/* A key of the policy by its own rules; hint says in words of the screen what is allowed. */
static enum dialog_next set_key(struct dialog *d, const char *name, const char *value,
				const char *hint)
{
	struct err why = { 0 };

	if (value[0] && policy_set(&d->policy, "ssh", name, value, &why) < 0) {
		dialog_say(d, "%s", hint);
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
	next = set_key(d, "allow-from", answer,
		       _("Please type any, or networks such as 203.0.113.0/24 (one address: "
			 "203.0.113.7/32)."));
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
		return dialog_answer_name(d, half);
	case SCREEN_PUBLISH:
		return dialog_answer_publish(d, half);
	case SCREEN_PORT:
		return dialog_answer_port(d, half);
	case SCREEN_ROOT:
		return set_key(d, "root-login", half, _("Please type no, key or yes."));
	case SCREEN_FROM:
		return answer_from(d, half);
	case SCREEN_RESTART:
		return dialog_answer_restart(d, half);
	case SCREEN_SERVICES:
		return dialog_answer_services(d, half);
	default:
		return dialog_answer_plan(d, half);
	}
}
