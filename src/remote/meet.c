// SPDX-License-Identifier: MIT
/* meet.c - see meet.h. */
#include "remote/meet.h"

#include <stdio.h>
#include <string.h>

#include "base/i18n.h"
#include "base/layout.h"
#include "base/term.h"
#include "core/hostkey.h"
#include "remote/say.h"

/* All keys that the files have of this host: what the entries for the new port are made of. */
static int known_keys(struct host *h, struct err *e)
{
	const struct run find = { .argv = ARGV("ssh-keygen", "-F", h->alias),
				  .env = (const char *const *)h->env.item };
	CLEANUP_RUN struct run_result r = { 0 };

	if (os_run(h->os, &find, &r, e) < 0)
		return -1;
	known_hosts_keys(r.out, &h->key_line);
	return 0;
}

/* What it shows, into a file of our own, without a login. */
static int ask_key(struct host *h, struct err *e)
{
	CLEANUP_FREE char *text = NULL;
	struct err ignored = { 0 };
	int r = host_fetch_key(h, e);

	if (r < 0 || os_read(h->os, h->known, &text, &ignored) != 0)
		return r < 0 ? r : err_set(e, ERR_FAILED, _("%s shows no host key"), h->target);
	known_hosts_keys(text, &h->key_line);
	if (h->key_line.count == 0)
		return err_set(e, ERR_FAILED, _("%s shows no host key"), h->target);
	return 0;
}

/* 0: it is the expected one. */
static int compare(const struct hostkeys *k, const char *shown, struct err *e)
{
	size_t i;
	int r = hostkeys_compare(k, shown, &i, e);

	if (r <= 0)
		return r;
	return err_set(e, ERR_CONFLICT,
		       _("the host key is another one (%s): perhaps another machine answers there. "
			 "Nothing was sent to it."),
		       k->key[0].sha256);
}

static const char *file_of(const struct hostkey *k)
{
	static const struct {
		const char *type, *file;
	} files[] = { { "ED25519", "ssh_host_ed25519_key" },
		      { "ECDSA", "ssh_host_ecdsa_key" },
		      { "RSA", "ssh_host_rsa_key" } };

	for (size_t i = 0; i < COUNT(files); i++)
		if (str_eq(files[i].type, k->type))
			return files[i].file;
	return "ssh_host_*_key";
}

static int ask_person(const struct host *h, const struct hostkeys *k, struct err *e)
{
	CLEANUP_STR struct str s = { 0 };

	layout_textf(&s,
		     _("%s is not known here yet. Is it your server? Open the console in your "
		       "provider's panel, log in there, and run:"),
		     h->name);
	str_addf(&s, "\n    ssh-keygen -l -E sha256 -f /etc/ssh/%s.pub\n\n", file_of(&k->key[0]));
	layout_text(&s, _("Paste here what it says. It is compared with what the server has "
			  "shown. q quits."));
	fputs(s.text, stdout);
	for (;;) {
		CLEANUP_FREE char *answer = NULL;
		struct err why = { 0 };
		int r = term_paste("> ", &answer, e);

		if (r < 0)
			return r;
		if (r == 1 || str_eq(str_trim(answer), "q"))
			return err_set(e, ERR_FAILED, _("Nothing was changed."));
		r = compare(k, answer, &why);
		if (r == 0)
			return 0;
		/* Another one is no slip of the hand: it is not asked again. */
		if (why.kind == ERR_CONFLICT) {
			*e = why;
			return -1;
		}
		say("%s", why.msg);
	}
}

static int meet_unknown(struct host *h, const char *expected, struct err *e)
{
	CLEANUP_HOSTKEYS struct hostkeys k = { 0 };

	if (ask_key(h, e) < 0 || hostkeys_of(h->os, &h->key_line, &k, e) < 0)
		return -1;
	if (!expected && !term_is_interactive())
		return err_set(e, ERR_USAGE,
			       _("%s is not known here yet; give its fingerprint: --host-key "
				 "SHA256:..."),
			       h->name);
	if ((expected ? compare(&k, expected, e) : ask_person(h, &k, e)) < 0)
		return -1;
	printf(_("The host key is the right one:\n  %s\n"), k.key[0].sha256);
	return 0;
}

static int meet_known(struct host *h, const char *expected, struct err *e)
{
	CLEANUP_HOSTKEYS struct hostkeys k = { 0 };

	if (known_keys(h, e) < 0)
		return -1;
	/* It may be one that a certificate or DNS vouches for: then there is no line of it. */
	if (!expected)
		return 0;
	if (hostkeys_of(h->os, &h->key_line, &k, e) < 0)
		return -1;
	return compare(&k, expected, e);
}

int meet_host(struct host *h, const char *expected, char **ret_methods, struct err *e)
{
	CLEANUP_LOOKED struct looked l = { 0 };
	const struct way first = { 0 };

	if (host_look(h, &first, &l, e) < 0)
		return -1;
	switch (l.what) {
	case LOOK_SILENT:
		return err_set(e, ERR_FAILED,
			       _("%s does not answer at port %u. Is SSH open in your provider's "
				 "packet filter?"),
			       h->name, h->number);
	case LOOK_REFUSED:
		return err_set(e, ERR_FAILED, "%s", l.said);
	case LOOK_CHANGED:
		return err_set(e, ERR_CONFLICT,
			       _("%s has another host key than known_hosts says. If the server was "
				 "installed anew, remove the old key: ssh-keygen -R %s\nIf not, "
				 "another machine answers there. Nothing was sent to it."),
			       h->name, h->alias);
	case LOOK_UNKNOWN:
		if (meet_unknown(h, expected, e) < 0)
			return -1;
		looked_done(&l);
		if (host_look(h, &first, &l, e) < 0)
			return -1;
		break;
	case LOOK_ANSWERS:
		if (meet_known(h, expected, e) < 0)
			return -1;
		break;
	}
	*ret_methods = TAKE(l.methods);
	return 0;
}
