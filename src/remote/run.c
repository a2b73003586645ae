// SPDX-License-Identifier: MIT
/* run.c - see run.h. */
#include "remote/run.h"

#include <stdio.h>
#include <string.h>

#include "base/exit_code.h"
#include "base/i18n.h"
#include "base/layout.h"
#include "base/term.h"
#include "core/policy.h"
#include "remote/keep.h"
#include "remote/meet.h"
#include "remote/prove.h"
#include "remote/say.h"
#include "remote/send.h"
#include "setup/carry_out.h"
#include "setup/language.h"
#include "setup/make_plan.h"

#define SENT_POLICY "policy.conf"

struct remote {
	struct os *os;
	const struct remote_wish *wish;
	struct host host;
	struct identity identity;
	struct policy policy; /* where one was given */
	char *policy_text;
	struct far_end far_end;
	struct proving proving;
	char *secret; /* for sudo: typed at the far end's question, or here */
};

static void remote_done(struct remote *r)
{
	str_wipe(r->secret);
	free(r->secret);
	free(r->proving.old_methods);
	far_end_done(&r->far_end);
	free(r->policy_text);
	policy_done(&r->policy);
	identity_done(&r->identity);
	host_done(&r->host);
}

/* --- before anything is sent ---------------------------------------------------------------------- */

static int load_policy(struct remote *r, struct err *e)
{
	CLEANUP_FREE char *path = NULL;

	if (!r->wish->policy_path) {
		policy_init(&r->policy);
		return 0;
	}
	path = absolute_path(r->wish->policy_path);
	if (policy_load(r->os, path, &r->policy, &r->policy_text, e) < 0)
		return -1;
	if (!r->policy.admin_user)
		return err_set(e, ERR_USAGE, _("%s: [admin] user is needed"), path);
	return 0;
}

static int check_wish(const struct remote_wish *w, struct err *e)
{
	unsigned ignored;

	if (w->window && window_parse(w->window, &ignored, e) < 0)
		return -1;
	if (w->yes && !w->policy_path)
		return err_set(e, ERR_USAGE, _("--yes needs --policy FILE: nobody is asked then"));
	if (w->secret_on_stdin && !w->yes)
		return err_set(e, ERR_USAGE, _("--password-stdin needs --yes"));
	if (!w->yes && !term_is_interactive())
		return err_set(e, ERR_USAGE,
			       _("setup asks questions and needs a terminal; without one: kannuki "
				 "setup HOST --policy FILE --yes"));
	return 0;
}

static int choose_key(struct remote *r, struct err *e)
{
	const struct identity_wish w = { .file = r->wish->identity,
					 .policy = &r->policy,
					 .asks = !r->wish->yes };

	return identity_choose(&r->host, &w, &r->identity, e);
}

/* --- the first login -------------------------------------------------------------------------------- */

static int ask_sudo(struct remote *r, struct err *e)
{
	CLEANUP_FREE char *prompt = xasprintf(_("Password of %s, for sudo: "), r->host.user);
	CLEANUP_RUN struct run_result out = { 0 };
	int n = term_secret(prompt, &r->host.sudo_secret, e);

	if (n != 0)
		return n < 0 ? n : err_set(e, ERR_FAILED, _("Nothing was changed."));
	if (host_run_root(&r->host, "id -u", 0, &out, e) < 0)
		return -1;
	if (out.status != 0)
		return err_set(e, ERR_FAILED, _("%s may not use sudo, or not with this password"),
			       r->host.user);
	return 0;
}

static int become_root(struct remote *r, struct err *e)
{
	CLEANUP_RUN struct run_result sudo = { 0 };

	if (r->host.is_root)
		return 0;
	r->host.sudo = true;
	if (host_run_root(&r->host, "id -u", 0, &sudo, e) < 0)
		return -1;
	if (sudo.status == 0)
		return 0;
	if (!term_is_interactive())
		return err_set(e, ERR_USAGE,
			       _("sudo asks for the password of %s; run this in a terminal"),
			       r->host.user);
	return ask_sudo(r, e);
}

/* A machine that there is no program for is named before sudo's password is asked for. */
static int log_in(struct remote *r, struct err *e)
{
	const struct node policy = { .data = r->policy_text,
				     .len = r->policy_text ? strlen(r->policy_text) : 0 };

	say(_("Logging in as %s at %s. ssh asks for the password, or uses your key."), r->host.user,
	    r->host.name);
	if (host_log_in(&r->host, e) < 0)
		return -1;
	say(_("Sending the program ..."));
	if (send_program(&r->host, e) < 0 ||
	    (r->policy.guard_enabled && send_guard(&r->host, e) < 0) ||
	    (r->policy_text && send_file(&r->host, SENT_POLICY, &policy, e) < 0))
		return -1;
	return become_root(r, e);
}

/* --- there ------------------------------------------------------------------------------------------- */

/* What was sent goes with the program's end: once root owns it, its first user could not remove it. */
static char *far_command(struct remote *r)
{
	CLEANUP_FREE char *folder = shell_word(r->host.there);
	CLEANUP_FREE char *key = shell_word(r->identity.line);
	CLEANUP_STR struct str s = { 0 };

	/* A policy that others than root could change is not taken. */
	str_addf(&s,
		 "exec 2>&1; chown -R 0:0 %s; LC_ALL=%s %s/" SENT_PROGRAM
		 " setup-far --columns %u --rows %u",
		 folder, i18n_get() == LANG_JA ? "ja_JP.UTF-8" : "en_US.UTF-8", folder,
		 term_columns(), term_rows());
	if (r->policy_text)
		str_addf(&s, " --policy %s/" SENT_POLICY, folder);
	/* A policy with keys has the right one among them. */
	if (r->policy.admin_key_count == 0)
		str_addf(&s, " --key %s", key);
	if (r->wish->window)
		str_addf(&s, " --window %s", r->wish->window);
	if (r->wish->yes)
		str_add(&s, " --yes");
	str_addf(&s, "; s=$?; rm -rf %s; exit $s", folder);
	return str_take(&s);
}

static int read_secret(struct remote *r, struct err *e)
{
	int n;

	if (!r->wish->secret_on_stdin)
		return 0;
	n = term_line("", &r->secret, e);
	return n <= 0 ? n : err_set(e, ERR_USAGE, _("no password was given"));
}

static int there(struct remote *r, struct err *e)
{
	CLEANUP_FREE char *command = far_command(r);

	if (far_end_run(&r->host, command, r->secret, &r->far_end, e) < 0)
		return -1;
	if (r->far_end.status == 255 && !r->far_end.told)
		return err_set(e, ERR_FAILED,
			       _("the connection was lost. If changes had begun, the host undoes "
				 "them by itself when its time is over."));
	return 0;
}

/* --- the proof ----------------------------------------------------------------------------------------- */

/* Typed at the far end where the user is new; else nobody has told it yet. */
static int sudo_password(struct remote *r, struct err *e)
{
	CLEANUP_FREE char *prompt = NULL;
	int n;

	if (!r->far_end.pending.sudo_asks)
		return 0;
	if (!r->secret && r->far_end.secret)
		r->secret = xstrdup(r->far_end.secret);
	if (r->secret)
		return 0;
	prompt = xasprintf(_("Password of %s, for sudo: "), r->far_end.pending.user);
	n = term_secret(prompt, &r->secret, e);
	return n < 0 ? n : 0;
}

/* What no program can do for the person. What is published is said by the plan, and not known here. */
static void say_left(const struct remote *r)
{
	const struct pending *p = &r->far_end.pending;
	CLEANUP_STR struct str s = { 0 };

	str_addf(&s, "\n%s\n", _("What is left for you to do:"));
	for (size_t i = 0; i < p->old_port_count; i++)
		layout_itemf(&s, "  - ",
			     _("In your provider's packet filter, remove the rule of port %u (SSH):"
			       " nothing listens there any more."),
			     p->old_port[i]);
	layout_item(&s, "  - ", _("What you publish must be open there as well."));
	layout_item(&s, "  - ",
		    _("Keep a copy of your private key and its passphrase in a safe place."));
	layout_text(&s, _("To change something, on the server: sudo kannuki setup. What was done: "
			  "sudo kannuki log. What could be safer still: sudo kannuki audit"));
	fputs(s.text, stdout);
}

static int prove_and_keep(struct remote *r, struct err *e)
{
	int n;

	r->proving.far_end = &r->far_end;
	r->proving.identity = &r->identity;
	if (sudo_password(r, e) < 0)
		return -1;
	r->proving.secret = r->far_end.pending.sudo_asks ? r->secret : NULL;
	n = prove(&r->proving, e);
	if (n != EXIT_DONE)
		return n;
	/* The host is as it should be whatever becomes of what is written down here. */
	if (keep(&r->host, &r->identity, &r->far_end.pending, !r->wish->yes, e) < 0) {
		say("%s", e->msg);
		*e = (struct err){ 0 };
	}
	say_left(r);
	return EXIT_DONE;
}

/* The first screen where neither policy nor locale decides; the host speaks as this end does. */
static int choose_language(const struct remote *r, struct err *e)
{
	struct language ignored;
	int n;

	if (r->wish->yes)
		return 0;
	n = language_choose(&r->policy, &ignored, e);
	return n <= 0 ? n : err_set(e, ERR_FAILED, _("Nothing was changed."));
}

static int all(struct remote *r, struct err *e)
{
	/* host_open comes before the password: what it starts has none of it in its memory. */
	if (check_wish(r->wish, e) < 0 || load_policy(r, e) < 0 || choose_language(r, e) < 0 ||
	    host_open(r->os, r->wish->target, r->wish->port, &r->host, e) < 0 ||
	    read_secret(r, e) < 0 ||
	    meet_host(&r->host, r->wish->host_key, &r->proving.old_methods, e) < 0 ||
	    choose_key(r, e) < 0 || identity_unlock(&r->host, &r->identity, e) < 0)
		return -1;
	r->proving.host = &r->host;
	r->proving.asks = !r->wish->yes;
	if (log_in(r, e) < 0 || there(r, e) < 0)
		return -1;
	return r->far_end.told ? prove_and_keep(r, e) : r->far_end.status;
}

int remote_setup(struct os *os, const struct remote_wish *wish, struct err *e)
{
	CLEANUP(remote_done) struct remote r = { .os = os, .wish = wish };

	return all(&r, e);
}
