// SPDX-License-Identifier: MIT
/* sshd_offer.c - see sshd_offer.h. */
#include "steps/sshd_offer.h"

#include <string.h>
#include <sys/socket.h>

#include "base/i18n.h"
#include "base/mem.h"

#define NO_PROGRAM 127
#define CONTINUE   "Authentications that can continue: "

/* "publickey,password" as the daemon said it; NULL: it said no such thing. */
static char *offered(const char *log)
{
	const char *at = strstr(log, CONTINUE);

	if (!at)
		return NULL;
	at += strlen(CONTINUE);
	return xstrndup(at, strcspn(at, "\r\n"));
}

/* Of what ssh -v tells, which is long, the end: "Connection timed out during banner exchange". */
static const char *last_words(char *log)
{
	const char *trimmed = str_trim(log);
	const char *line = strrchr(trimmed, '\n');

	return line ? line + 1 : trimmed;
}

static int ask(struct os *os, const struct sshd_view *as, char **ret, struct err *e)
{
	CLEANUP_RUN struct run_result r = { 0 };
	CLEANUP_FREE char *number = xasprintf("%u", as->port);
	char addr[ADDR_TEXT];

	addr_text(&as->addr, addr);
	if (os_run(os,
		   &(struct run){ .argv = ARGV("ssh", "-v", "-T", "-F", "none", "-o",
					       "BatchMode=yes", "-o", "StrictHostKeyChecking=no",
					       "-o", "UserKnownHostsFile=/dev/null", "-o",
					       "GlobalKnownHostsFile=/dev/null", "-o",
					       "ConnectTimeout=5", "-o",
					       "PreferredAuthentications=none", "-o",
					       "IdentityAgent=none", "-p", number, "-l", as->user,
					       addr, "true"),
				  .timeout_ms = 15000 },
		   &r, e) < 0)
		return -1;
	if (r.status == NO_PROGRAM)
		return 1;
	*ret = offered(r.err);
	if (!*ret)
		return err_set(e, ERR_FAILED,
			       _("sshd at port %u does not say how one may log in: %s"), as->port,
			       last_words(r.err));
	return 0;
}

static bool has(const char *offered, const char *method)
{
	CLEANUP_STRV struct strv methods = { 0 };

	strv_split(&methods, offered, ",");
	return strv_has(&methods, method);
}

static int compare(const struct sshd_view *files, const char *offers, struct err *e)
{
	static const struct {
		const char *keyword, *method;
	} rows[] = {
		{ "passwordauthentication", "password" },
		{ "kbdinteractiveauthentication", "keyboard-interactive" },
	};
	const char *wanted = sshd_value(files, "authenticationmethods");

	for (size_t i = 0; i < COUNT(rows); i++)
		if (str_eq(sshd_value(files, rows[i].keyword), "no") && has(offers, rows[i].method))
			return err_set(e, ERR_FAILED,
				       _("sshd at port %u still offers \"%s\", though its files "
					 "say %s no: "
					 "it has not read them, or another sshd answers there"),
				       files->port, rows[i].method, rows[i].keyword);
	if (str_eq(sshd_value(files, "pubkeyauthentication"), "yes") &&
	    (!wanted[0] || str_eq(wanted, "any")) && !has(offers, "publickey"))
		return err_set(e, ERR_FAILED,
			       _("sshd at port %u does not offer \"publickey\" (it offers %s)"),
			       files->port, offers);
	return 0;
}

int sshd_offer_check(struct os *os, const struct sshd *s, const char *user,
		     const struct listener *at, struct err *e)
{
	struct sshd_view question = { .who = (char *)user, .user = (char *)user, .port = at->port };
	CLEANUP(sshd_view_done) struct sshd_view files = { 0 };
	CLEANUP_FREE char *offers = NULL;
	int r;

	question.addr = at->addr;
	if (addr_is_any(&at->addr))
		addr_parse(at->addr.family == AF_INET ? "127.0.0.1" : "::1", &question.addr);
	question.local = question.addr;
	r = ask(os, &question, &offers, e);
	if (r != 0)
		return r;
	if (sshd_view_staged(os, &(struct sshd_form){ .sshd = s }, &question, &files, e) < 0)
		return -1;
	return compare(&files, offers, e);
}
