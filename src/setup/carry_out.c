// SPDX-License-Identifier: MIT
/* carry_out.c - see carry_out.h. */
#include "setup/carry_out.h"

#include <stdio.h>
#include <string.h>

#include "base/exit_code.h"
#include "base/i18n.h"
#include "base/term.h"
#include "core/deadman.h"
#include "core/recover.h"
#include "core/txn.h"
#include "os/secret.h"
#include "setup/follow.h"
#include "setup/pending.h"

#define SECRET_MIN    10
#define SECRET_MAX    256
#define DIFFERENT_MIN 5

int window_parse(const char *text, unsigned *ret, struct err *e)
{
	uint64_t s;

	if (str_to_seconds(text, &s) < 0 || s < WINDOW_MIN || s > WINDOW_MAX)
		return err_set(e, ERR_USAGE,
			       _("\"%s\" is not possible as a time; allowed: 30s to 1h"), text);
	*ret = (unsigned)s;
	return 0;
}

/* Every character is the next one of a row (or the same again): 1234567890, abcdefghij, qwertyuiop. */
static bool is_a_row(const char *secret)
{
	static const char *const keyboard[] = { "qwertyuiop", "asdfghjkl", "zxcvbnm" };
	CLEANUP_FREE char *small = str_lower(xstrdup(secret));
	size_t same = 0, next = 0, pairs = 0;

	for (const char *p = small; *p && p[1]; p++) {
		pairs++;
		same += p[1] == *p;
		next += p[1] == *p + 1 || p[1] == *p - 1 || (*p == '9' && p[1] == '0');
		for (size_t i = 0; i < COUNT(keyboard); i++) {
			const char *at = strchr(keyboard[i], *p);

			next += at && at[1] == p[1] && p[1] != *p + 1;
		}
	}
	return same + next + 1 >= pairs;
}

/* One word that everybody tries, with digits and signs around it. */
static bool is_a_common_word(const char *user, const char *secret)
{
	static const char *const words[] = { "password",      "passw0rd", "p@ssword", "p@ssw0rd",
					     "administrator", "admin",	  "root",     "letmein",
					     "welcome",	      "iloveyou", "changeme", "qwerty",
					     "secret",	      "ubuntu",	  "debian",   "linux",
					     "server",	      "kannuki" };
	CLEANUP_FREE char *small = str_lower(xstrdup(secret));
	char *core = small + strcspn(small, "abcdefghijklmnopqrstuvwxyz");
	size_t len = strlen(core);

	while (len > 0 && !(core[len - 1] >= 'a' && core[len - 1] <= 'z'))
		core[--len] = '\0';
	for (size_t i = 0; i < COUNT(words); i++)
		if (str_eq(core, words[i]))
			return true;
	return str_case_eq(core, user);
}

static size_t different_bytes(const char *secret)
{
	bool seen[256] = { false };
	size_t n = 0;

	for (const unsigned char *p = (const unsigned char *)secret; *p; p++) {
		n += !seen[*p];
		seen[*p] = true;
	}
	return n;
}

int secret_check(const char *user, const char *secret, struct err *e)
{
	size_t characters = 0;

	for (const char *p = secret; *p; p++)
		characters += ((unsigned char)*p & 0xc0) != 0x80;
	if (characters < SECRET_MIN)
		return err_set(e, ERR_USAGE, _("the password must have at least %d characters"),
			       SECRET_MIN);
	if (strlen(secret) > SECRET_MAX)
		return err_set(e, ERR_USAGE, _("the password is too long (at most %d bytes)"),
			       SECRET_MAX);
	if (!str_is_clean_utf8(secret) || strchr(secret, '\n') || strchr(secret, '\t'))
		return err_set(e, ERR_USAGE, _("the password holds a control character"));
	if (str_case_eq(secret, user))
		return err_set(e, ERR_USAGE, _("the password must not be the user's name"));
	if (different_bytes(secret) < DIFFERENT_MIN || is_a_row(secret) ||
	    is_a_common_word(user, secret))
		return err_set(e, ERR_USAGE,
			       _("the password is one of those that are guessed first; three or "
				 "four words that have nothing to do with each other are good"));
	return 0;
}

/* The user whose password some step needs, or NULL. */
static const char *secret_for(const struct plan *p)
{
	for (size_t i = 0; i < p->count; i++)
		if (str_eq(json_string_value(json_object_get(p->step[i].args, "password")),
			   "secret"))
			return json_string_value(json_object_get(p->step[i].args, "user"));
	return NULL;
}

static int ask_secret(const char *user, bool from_stdin, char **ret, struct err *e)
{
	CLEANUP_FREE char *prompt = xasprintf(_("New password of %s (for sudo): "), user);
	CLEANUP_FREE char *first = NULL;
	CLEANUP_FREE char *again = NULL;
	int r;

	if (!from_stdin && !term_is_interactive())
		return err_set(e, ERR_USAGE,
			       _("a password for %s is needed; run in a terminal, or give it by "
				 "--password-stdin"),
			       user);
	r = from_stdin ? term_line("", &first, e) : term_secret(prompt, &first, e);
	if (r != 0)
		return r < 0 ? r : err_set(e, ERR_USAGE, _("no password was given"));
	if (secret_check(user, first, e) < 0) {
		str_wipe(first);
		return -1;
	}
	if (!from_stdin && (r = term_secret(_("The same again: "), &again, e)) != 0)
		return r < 0 ? r : err_set(e, ERR_USAGE, _("no password was given"));
	if (!from_stdin && !str_eq(first, again)) {
		str_wipe(first);
		str_wipe(again);
		return err_set(e, ERR_USAGE, _("the two passwords are not the same"));
	}
	str_wipe(again);
	*ret = TAKE(first);
	return 0;
}

/* What an earlier run left is cleared first; what is under way is somebody's. */
int nothing_under_way(struct os *os, struct err *e)
{
	CLEANUP_RECOVERED struct recovered done = { 0 };
	CLEANUP_FREE char *active = NULL;
	int r = recover_run(os, NULL, RECOVER_DUE, &done, e);

	if (done.said)
		printf("%s\n", done.said);
	if (r < 0)
		return r;
	r = txn_active(os, &active, e);
	if (r < 0)
		return r;
	return r == 1 ? 0
		      : err_set(e, ERR_CONFLICT,
				_("transaction %s is under way; confirm or undo it first: kannuki "
				  "status"),
				active);
}

static int start(struct os *os, const struct txn *t, const char *secret, struct err *e)
{
	CLEANUP_FREE char *program = xasprintf("%s/recover", t->dir);
	CLEANUP_FREE char *unit = xasprintf("kannuki-apply@%s.service", t->id);
	const struct deadman d = { .id = t->id, .program = program };

	if (secret && secret_offer(t->id, e) < 0)
		return -1;
	if (deadman_write_apply_unit(os, &d, e) < 0 ||
	    os_run_ok(os, ARGV("systemctl", "start", unit), NULL, e) < 0)
		return -1;
	return secret ? secret_send(t->id, secret, 10000, e) : 0;
}

/* Under one lock: between the two nobody else may take a transaction whose unit does not run yet for
 * one that died. A start that failed leaves nothing: the folder goes, and the units. */
static int prepare_and_start(struct os *os, const struct plan *plan, const char *secret,
			     struct txn *ret, struct err *e)
{
	CLEANUP_NODE struct node program = { 0 };
	struct err ignored = { 0 };
	int token, r;

	if (os_program(os, &program, e) < 0 || txn_lock(os, 10000, &token, e) < 0)
		return -1;
	r = txn_prepare(os, plan, &program, ret, e);
	if (r == 0 && start(os, ret, secret, e) < 0) {
		r = err_ctx(e, _("starting (nothing was changed)"));
		deadman_kill_apply(os, ret->id, &ignored);
		if (txn_refresh(os, ret, &ignored) == 0 && ret->state == TXN_PREPARED) {
			deadman_disarm(os, ret->id, false, &ignored);
			txn_discard(os, ret, &ignored);
		}
	}
	os_unlock(os, token);
	return r < 0 ? -1 : 0;
}

static int carry_out(struct os *os, const struct plan *plan, const struct facts *facts,
		     const struct apply_wish *wish, struct err *e)
{
	CLEANUP_TXN struct txn t = { 0 };
	int r;

	if (prepare_and_start(os, plan, wish->secret, &t, e) < 0)
		return -1;
	r = follow_apply(os, &t, e);
	if (r != EXIT_PENDING)
		return r;
	if (wish->tells)
		pending_tell(os, &t, facts);
	else
		print_card(os, &t, facts, wish->wait ? CARD_LIVE : CARD_WHOLE);
	return wish->wait ? follow_window(os, &t, e) : r;
}

/* "As it was before" is all but them. */
static void say_what_stays(const struct apply_wish *wish)
{
	if (wish->packages_done)
		printf("%s\n", _("The packages that came first stay as they are now."));
}

int apply_plan(struct os *os, struct plan *plan, const struct facts *facts,
	       const struct apply_wish *wish, struct err *e)
{
	const char *user = secret_for(plan);
	CLEANUP_FREE char *asked = NULL;
	struct apply_wish ready = *wish;
	int r;

	plan->window_seconds = wish->window_seconds ? wish->window_seconds : WINDOW_DEFAULT;
	if (!facts->systemd)
		return err_set(e, ERR_FAILED,
			       _("this host does not run systemd, which has to undo the changes "
				 "should you "
				 "be locked out; nothing was changed"));
	if (nothing_under_way(os, e) < 0)
		return -1;
	if (!wish->yes && !term_is_interactive())
		return err_set(e, ERR_USAGE,
			       _("nobody can be asked here; read kannuki plan, then give --yes"));
	r = wish->yes ? 1 : term_yes(_("Carry this out?"), e);
	if (r == 0) {
		printf("%s\n", _("Nothing was changed."));
		say_what_stays(wish);
	}
	if (r <= 0)
		return r < 0 ? r : EXIT_FAILED;
	if (user && !wish->secret && ask_secret(user, wish->secret_on_stdin, &asked, e) < 0)
		return -1;
	if (!ready.secret)
		ready.secret = asked;
	r = carry_out(os, plan, facts, &ready, e);
	if (r == EXIT_FAILED)
		say_what_stays(wish);
	str_wipe(asked);
	return r;
}
