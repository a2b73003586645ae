// SPDX-License-Identifier: MIT
/* identity.c - see identity.h. */
#include "remote/identity.h"

#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "base/i18n.h"
#include "base/layout.h"
#include "base/term.h"
#include "core/passwd.h"
#include "remote/say.h"
#include "setup/key_words.h"
#include "setup/make_plan.h"

/* A key that may be taken. */
struct found {
	struct pubkey key;
	char *file; /* private; NULL: in the agent */
};

struct all_found {
	struct found *one;
	size_t count;
};

static void all_found_done(struct all_found *a)
{
	for (size_t i = 0; i < a->count; i++) {
		pubkey_done(&a->one[i].key);
		free(a->one[i].file);
	}
	free(a->one);
}

void identity_done(struct identity *i)
{
	piped_kill(&i->own_agent);
	pubkey_done(&i->key);
	free(i->line);
	free(i->file);
	free(i->public_file);
	free(i->agent);
	*i = (struct identity){ 0 };
}

/* ssh(1) goes by the user database, and so do we; HOME only where the user is not in the file. */
char *ssh_folder(struct os *os)
{
	CLEANUP_FREE char *passwd = NULL;
	CLEANUP_FREE char *name = NULL;
	CLEANUP_FREE char *home = NULL;
	const char *env = getenv("HOME");
	struct err ignored = { 0 };

	if (os_read(os, "/etc/passwd", &passwd, &ignored) == 0) {
		name = passwd_name_of(passwd, os_uid(os));
		home = name ? passwd_field(passwd, name, 5) : NULL;
	}
	return xasprintf("%s/.ssh", home && home[0] == '/' ? home
				    : env && env[0] == '/' ? env
							   : "");
}

/* --- what there is --------------------------------------------------------------------------------- */

static bool has(const struct all_found *a, const struct pubkey *key)
{
	for (size_t i = 0; i < a->count; i++)
		if (pubkey_same(&a->one[i].key, key))
			return true;
	return false;
}

/* Weak ones, certificates and what is no key at all are not offered. */
static void add(struct all_found *a, const char *text, char *file)
{
	struct err ignored = { 0 };
	struct pubkey key;

	if (pubkey_parse(text, &key, &ignored) < 0) {
		free(file);
		return;
	}
	if (has(a, &key)) {
		pubkey_done(&key);
		free(file);
		return;
	}
	a->one = xrealloc(a->one, a->count + 1, sizeof(*a->one));
	a->one[a->count++] = (struct found){ key, file };
}

static void add_of_agent(struct host *h, struct all_found *a)
{
	const struct run list = { .argv = ARGV("ssh-add", "-L"),
				  .env = (const char *const *)h->env.item };
	CLEANUP_RUN struct run_result r = { 0 };
	struct err ignored = { 0 };
	char *rest, *line;

	if (!getenv("SSH_AUTH_SOCK") || os_run(h->os, &list, &r, &ignored) < 0 || r.status != 0)
		return;
	rest = r.out;
	while ((line = str_line(&rest)))
		add(a, line, NULL);
}

static void add_of_folder(struct host *h, struct all_found *a)
{
	CLEANUP_FREE char *folder = ssh_folder(h->os);
	CLEANUP_STRV struct strv names = { 0 };
	struct err ignored = { 0 };

	if (os_list(h->os, folder, &names, &ignored) != 0)
		return;
	for (size_t i = 0; i < names.count; i++) {
		CLEANUP_FREE char *file = xasprintf("%s/%s", folder, names.item[i]);
		CLEANUP_FREE char *text = NULL;
		CLEANUP_NODE struct node private = { 0 };

		if (!str_ends(file, ".pub") || os_read(h->os, file, &text, &ignored) != 0)
			continue;
		file[strlen(file) - strlen(".pub")] = '\0';
		if (os_get(h->os, file, &private, &ignored) == 0 && private.type == NODE_FILE)
			add(a, text, TAKE(file));
	}
}

/* --- which one -------------------------------------------------------------------------------------- */

static void take(const struct found *f, struct identity *ret)
{
	struct err ignored = { 0 };

	ret->line = pubkey_line(&f->key);
	ret->file = f->file ? xstrdup(f->file) : NULL;
	pubkey_parse(ret->line, &ret->key, &ignored);
}

static int from_file(struct host *h, const char *path, struct identity *ret, struct err *e)
{
	CLEANUP(all_found_done) struct all_found a = { 0 };
	CLEANUP_FREE char *own = absolute_path(path);
	CLEANUP_FREE char *beside = NULL;
	CLEANUP_FREE char *text = NULL;
	struct pubkey key;

	if (str_ends(own, ".pub"))
		own[strlen(own) - strlen(".pub")] = '\0';
	beside = xasprintf("%s.pub", own);
	if (os_read(h->os, beside, &text, e) != 0)
		return err_set(e, ERR_USAGE, _("%s: there is no such public key"), beside);
	if (pubkey_parse(text, &key, e) < 0)
		return err_ctx(e, "%s", beside);
	pubkey_done(&key);
	add(&a, text, TAKE(own));
	if (a.count > 0)
		take(&a.one[0], ret);
	return 0;
}

/* The lowest free name: nothing is ever overwritten. */
static char *new_file(struct host *h, const char *folder)
{
	CLEANUP_FREE char *path = xasprintf("%s/id_ed25519", folder);

	for (unsigned i = 1;; i++) {
		CLEANUP_FREE char *public = xasprintf("%s.pub", path);
		CLEANUP_NODE struct node a = { 0 }, b = { 0 };
		struct err ignored = { 0 };

		if (os_get(h->os, path, &a, &ignored) == 0 && a.type == NODE_ABSENT &&
		    os_get(h->os, public, &b, &ignored) == 0 && b.type == NODE_ABSENT)
			return TAKE(path);
		free(path);
		path = i == 1 ? xasprintf("%s/kannuki_ed25519", folder)
			      : xasprintf("%s/kannuki_ed25519_%u", folder, i);
	}
}

static int make_new(struct host *h, struct identity *ret, struct err *e)
{
	CLEANUP_FREE char *folder = ssh_folder(h->os);
	CLEANUP_FREE char *file = NULL;
	CLEANUP_NODE struct node there = { 0 };
	const struct node dir = {
		.type = NODE_DIR, .mode = 0700, .uid = os_uid(h->os), .gid = getgid()
	};
	int status = 0;

	if (os_get(h->os, folder, &there, e) < 0 ||
	    (there.type == NODE_ABSENT && os_put(h->os, folder, NULL, &dir, e) < 0))
		return -1;
	file = new_file(h, folder);
	say(_("A new key pair: %s. Choose a passphrase: it protects the key if your computer is "
	      "lost. You type it twice, and once more to use the key."),
	    file);
	if (run_attached(ARGV("ssh-keygen", "-q", "-t", "ed25519", "-f", file), &status, e) < 0)
		return -1;
	if (status != 0)
		return err_set(e, ERR_FAILED, _("no key was made; nothing was changed"));
	ret->is_new = true;
	return from_file(h, file, ret, e);
}

static void show(const struct all_found *a)
{
	printf("%s\n", _("With which key will you log in?"));
	for (size_t i = 0; i < a->count; i++) {
		CLEANUP_FREE char *title = key_title(&a->one[i].key);

		printf("  %zu. %s  (%s)\n", i + 1, title,
		       a->one[i].file ? a->one[i].file : _("in the agent"));
	}
	printf("%s\n", _("  n. make a new one"));
}

static int ask(struct host *h, const struct all_found *a, struct identity *ret, struct err *e)
{
	show(a);
	for (;;) {
		CLEANUP_FREE char *line = NULL;
		CLEANUP_FREE char *half = NULL;
		int r = term_line(_("Key [1]: "), &line, e);
		uint64_t n = 1;

		if (r != 0)
			return r < 0 ? r : err_set(e, ERR_FAILED, _("Nothing was changed."));
		half = layout_halfwidth(line);
		if (str_eq(half, "n"))
			return make_new(h, ret, e);
		if (str_eq(half, "q"))
			return err_set(e, ERR_FAILED, _("Nothing was changed."));
		if (half[0] && str_to_u64(half, 1, a->count, &n) < 0)
			continue;
		take(&a->one[n - 1], ret);
		return 0;
	}
}

static bool in_policy(const struct policy *p, const struct pubkey *key)
{
	for (size_t i = 0; i < p->admin_key_count; i++)
		if (pubkey_same(&p->admin_key[i], key))
			return true;
	return false;
}

static int from_policy(const struct policy *p, const struct all_found *a, struct identity *ret,
		       struct err *e)
{
	for (size_t i = 0; i < a->count; i++) {
		if (in_policy(p, &a->one[i].key)) {
			take(&a->one[i], ret);
			return 0;
		}
	}
	return err_set(
		e, ERR_USAGE,
		_("none of the policy's keys is in the agent or in ~/.ssh here, so the login "
		  "could not be proved; name its file: --identity FILE"));
}

int identity_choose(struct host *h, const struct identity_wish *wish, struct identity *ret,
		    struct err *e)
{
	CLEANUP(all_found_done) struct all_found a = { 0 };

	*ret = (struct identity){ 0 };
	if (wish->file) {
		if (from_file(h, wish->file, ret, e) < 0)
			return -1;
		if (wish->policy && wish->policy->admin_key_count &&
		    !in_policy(wish->policy, &ret->key))
			return err_set(e, ERR_USAGE, _("%s: the policy does not have this key"),
				       wish->file);
		return 0;
	}
	add_of_agent(h, &a);
	add_of_folder(h, &a);
	if (wish->policy && wish->policy->admin_key_count)
		return from_policy(wish->policy, &a, ret, e);
	if (!wish->asks && a.count != 1)
		return err_set(e, ERR_USAGE,
			       _("%zu keys are here; name the file of one: --identity FILE"),
			       a.count);
	if (!wish->asks) {
		take(&a.one[0], ret);
		return 0;
	}
	return a.count ? ask(h, &a, ret, e) : make_new(h, ret, e);
}

/* --- an agent -------------------------------------------------------------------------------------- */

static int write_public(struct host *h, struct identity *i, struct err *e)
{
	CLEANUP_FREE char *text = xasprintf("%s\n", i->line);
	const struct node file = { .type = NODE_FILE,
				   .mode = 0600,
				   .uid = os_uid(h->os),
				   .gid = getgid(),
				   .data = text,
				   .len = strlen(text) };

	i->public_file = xasprintf("%s/id.pub", h->folder.path);
	return os_put(h->os, i->public_file, NULL, &file, e);
}

static int own_agent(struct host *h, struct identity *i, struct err *e)
{
	CLEANUP_FREE char *env = NULL;
	int status = 0;

	i->agent = xasprintf("%s/agent", h->folder.path);
	env = xasprintf("SSH_AUTH_SOCK=%s", i->agent);
	if (piped_start(ARGV("ssh-agent", "-D", "-a", i->agent), PIPED_APART, &i->own_agent, e) < 0)
		return -1;
	for (unsigned ms = 0; !socket_answers(i->agent); ms += 20) {
		if (ms > 5000)
			return err_set(e, ERR_FAILED, _("ssh-agent does not start"));
		os_sleep(h->os, 20);
	}
	if (run_attached(ARGV("env", env, "ssh-add", "-q", i->file), &status, e) < 0)
		return -1;
	if (status != 0)
		return err_set(e, ERR_USAGE, _("%s cannot be used: its passphrase was not given"),
			       i->file);
	return 0;
}

int identity_unlock(struct host *h, struct identity *i, struct err *e)
{
	if (write_public(h, i, e) < 0)
		return -1;
	if (str_starts(i->line, "sk-"))
		say(_("Your key lies in a security key: touch it each time it blinks, once for "
		      "each login "
		      "from now on."));
	if (i->file)
		return own_agent(h, i, e);
	i->agent = xstrdup(getenv("SSH_AUTH_SOCK"));
	return 0;
}
