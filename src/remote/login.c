// SPDX-License-Identifier: MIT
/* login.c - what host.h says of logins: the shared one and what is done over it, and those by the key that is proved. */
#include <string.h>

#include "base/i18n.h"
#include "base/term.h"
#include "remote/host.h"
#include "remote/ssh_words.h"

#define READY	   "kannuki-is-here"
#define ONE_MS	   60000
#define AGENT_MANY 4 /* keys; those in files come on top */

/* --- the shared login --------------------------------------------------------------------------------- */

static void add_shared(const struct host *h, struct strv *v)
{
	strv_add(v, "-S");
	strv_addf(v, "%s/ssh", h->folder.path);
}

/*
 * Its first command says what is there and lasts as long as we do; then, also when the connection was cut, it takes
 * away the folder that it has made. /run/user goes at a reboot too, but it or the home may lie on a file system that
 * executes nothing.
 */
static const char first_command[] =
	"trap '' HUP PIPE; umask 077; f=; "
	"for d in \"/run/user/$(id -u)\" \"$HOME\" /var/tmp /tmp; do "
	"f=$(mktemp -d \"$d/.kannuki.XXXXXX\" 2>/dev/null) || continue; "
	"if cp /bin/true \"$f/kannuki\" 2>/dev/null && \"$f/kannuki\" 2>/dev/null; then break; fi; "
	"rm -rf \"$f\"; f=; done; "
	"echo " READY " \"$(id -u)\" \"$(uname -s -m)\" \"$f\"; cat >/dev/null; "
	"[ -z \"$f\" ] || rm -rf \"$f\"";

/* "kannuki-is-here 0 Linux x86_64 /run/user/0/.kannuki.aBcDeF"; false: something else. */
static bool read_ready(struct host *h, char *line)
{
	CLEANUP_STRV struct strv word = { 0 };
	char *slash = strchr(line, '/');

	if (!str_starts(line, READY " "))
		return false;
	h->there = slash ? xstrdup(slash) : NULL;
	if (slash)
		*slash = '\0';
	strv_split(&word, line, " ");
	h->is_root = word.count > 1 && str_eq(word.item[1], "0");
	h->machine = word.count > 3 ? xasprintf("%s %s", word.item[2], word.item[3]) : xstrdup("");
	return true;
}

/* 0: it is there. 1: ^C. */
static int wait_ready(struct host *h)
{
	char *line = NULL;
	bool ready = false;
	int r = 0;

	term_catch_stop(true);
	while (!ready && r == 0) {
		r = piped_line(&h->login, &line);
		ready = r == 0 && read_ready(h, line); /* else what the shell says at its start */
		free(line);
		line = NULL;
	}
	r = ready ? 0 : term_stopped() ? 1 : -1;
	term_catch_stop(false);
	return r;
}

static size_t keys_of_agent(struct host *h)
{
	const struct run list = { .argv = ARGV("ssh-add", "-L"),
				  .env = (const char *const *)h->env.item };
	CLEANUP_RUN struct run_result r = { 0 };
	struct err ignored = { 0 };
	char *rest;
	size_t n = 0;

	if (!getenv("SSH_AUTH_SOCK") || os_run(h->os, &list, &r, &ignored) < 0 || r.status != 0)
		return 0;
	for (rest = r.out; str_line(&rest);)
		n++;
	return n;
}

/*
 * After six refused keys (MaxAuthTries) sshd hangs up before it has asked for the password. True: the agent has so
 * many, and none opens.
 */
static bool keys_are_in_the_way(struct host *h)
{
	CLEANUP_RUN struct run_result r = { 0 };
	CLEANUP_STRV struct strv argv = { 0 };
	struct err ignored = { 0 };

	if (keys_of_agent(h) < AGENT_MANY)
		return false;
	ssh_begin(h, &argv);
	strv_split(&argv,
		   "-o ControlPath=none -o BatchMode=yes -o PreferredAuthentications=publickey "
		   "-o StrictHostKeyChecking=yes --",
		   " ");
	strv_add(&argv, h->target);
	strv_add(&argv, "true");
	return ssh_exec(h, &argv, &(struct host_ask){ .timeout_ms = ONE_MS }, &r, &ignored) == 0 &&
	       (strstr(r.err, "Permission denied (") || strstr(r.err, "Too many authentication"));
}

int host_log_in(struct host *h, struct err *e)
{
	CLEANUP_FREE char *word = shell_word(first_command);
	CLEANUP_FREE char *command = xasprintf("sh -c %s", word);
	CLEANUP_STRV struct strv argv = { 0 };
	int status, r;

	ssh_begin(h, &argv);
	add_shared(h, &argv);
	strv_split(&argv, "-o ControlMaster=yes -o ControlPersist=no -o StrictHostKeyChecking=yes",
		   " ");
	if (keys_are_in_the_way(h))
		strv_split(&argv, "-o PubkeyAuthentication=no", " ");
	strv_add(&argv, "--");
	strv_add(&argv, h->target);
	strv_add(&argv, command);
	if (piped_start((const char *const *)argv.item, PIPED_ASKS, &h->login, e) < 0)
		return -1;
	r = wait_ready(h);
	if (r == 0)
		return 0;
	status = 255;
	if (r == 1)
		piped_kill(&h->login);
	else
		status = piped_end(&h->login);
	/* PAM lets nobody do anything before a password that is due has been changed. */
	return status == 255
		       ? err_set(e, ERR_FAILED, _("no login at %s; nothing was changed"), h->target)
		       : err_set(e, ERR_FAILED,
				 _("%s runs no command; if a new password is due, log in once by "
				   "hand: ssh %s"),
				 h->target, h->target);
}

static void add_over(const struct host *h, const char *command, struct strv *v)
{
	ssh_begin(h, v);
	add_shared(h, v);
	/* Without the shared login it would begin another: then better none. */
	strv_split(v, "-o ControlMaster=no -o BatchMode=yes -o ProxyCommand=false --", " ");
	strv_add(v, h->target);
	strv_add(v, command);
}

int host_run(struct host *h, const char *command, const struct host_ask *ask,
	     struct run_result *ret, struct err *e)
{
	CLEANUP_STRV struct strv argv = { 0 };

	add_over(h, command, &argv);
	return ssh_exec(h, &argv, ask, ret, e);
}

static char *as_root(const struct host *h, const char *command)
{
	CLEANUP_FREE char *word = shell_word(command);

	if (!h->sudo)
		return xasprintf("sh -c %s", word);
	return xasprintf("sudo %s -p '' sh -c %s", h->sudo_secret ? "-k -S" : "-n", word);
}

int host_run_root(struct host *h, const char *command, unsigned timeout_ms, struct run_result *ret,
		  struct err *e)
{
	CLEANUP_FREE char *whole = as_root(h, command);
	CLEANUP_FREE char *line = h->sudo_secret ? xasprintf("%s\n", h->sudo_secret) : NULL;
	const struct host_ask ask = { line, line ? strlen(line) : 0, timeout_ms };
	int r = host_run(h, whole, &ask, ret, e);

	str_wipe(line);
	return r;
}

void host_argv_root(struct host *h, const char *command, struct strv *ret)
{
	CLEANUP_FREE char *whole = as_root(h, command);

	add_over(h, whole, ret);
}

/* --- logins by key ------------------------------------------------------------------------------------- */

int host_run_by_key(struct host *h, const struct key_login *k, struct run_result *ret,
		    struct err *e)
{
	const struct host_ask ask = { k->input, k->input ? strlen(k->input) : 0, ONE_MS };
	CLEANUP_STRV struct strv argv = { 0 };

	ssh_begin(h, &argv);
	ssh_add_way(h, &k->way, &argv);
	strv_split(&argv,
		   "-o ControlPath=none -o BatchMode=yes -o StrictHostKeyChecking=yes "
		   "-o PreferredAuthentications=publickey -o IdentitiesOnly=yes",
		   " ");
	strv_add(&argv, "-o");
	strv_addf(&argv, "IdentityAgent=\"%s\"", k->agent);
	strv_add(&argv, "-o");
	strv_addf(&argv, "IdentityFile=\"%s\"", k->identity);
	strv_add(&argv, "--");
	strv_add(&argv, ssh_target(h, k->way.user));
	strv_add(&argv, k->command);
	return ssh_exec(h, &argv, &ask, ret, e);
}
