// SPDX-License-Identifier: MIT
/*
 * dialog_key.c - the public key by paste. It may come in several lines (RFC 4716, a line that was
 * wrapped), in one go or line by line, and none of them may be taken for the answer to the next
 * question. A private key is dropped to its last line.
 */
#include <string.h>

#include "base/i18n.h"
#include "base/layout.h"
#include "setup/dialog_in.h"
#include "setup/key_words.h"

#define PASTE_MAX ((size_t)64 << 10)

static void forget_paste(struct dialog *d)
{
	if (d->paste.text)
		str_wipe(d->paste.text);
	str_clear(&d->paste);
}

static bool add_key(struct dialog *d, const struct pubkey *key)
{
	CLEANUP_FREE char *line = pubkey_line(key);
	struct err why = { 0 };

	for (size_t i = 0; i < d->policy.admin_key_count; i++)
		if (pubkey_same(key, &d->policy.admin_key[i]))
			return true;
	if (policy_set(&d->policy, "admin", "key", line, &why) == 0)
		return true;
	dialog_say_why(d, &why);
	return false;
}

static const struct account *root_account(const struct dialog *d)
{
	return facts_account(d->facts, "root");
}

/* Only their blobs: the options of an image's lines are not ours to copy (trap 6). */
static enum dialog_next take_roots_keys(struct dialog *d)
{
	const struct account *root = root_account(d);
	size_t before = d->policy.admin_key_count;

	for (size_t i = 0; i < root->key_count; i++) {
		/* A weak one is refused with its sentence, as if it had been pasted. */
		if (!add_key(d, &root->key[i].key))
			return DIALOG_ASK;
	}
	if (d->policy.admin_key_count > before)
		dialog_say(d, _("%zu key(s) of root taken over."),
			   d->policy.admin_key_count - before);
	return dialog_go_on(d);
}

static size_t present_keys(const struct dialog *d)
{
	const struct account *a =
		d->policy.admin_user ? facts_account(d->facts, d->policy.admin_user) : NULL;
	size_t n = d->policy.admin_key_count;

	for (size_t i = 0; a && i < a->key_count; i++)
		n += a->key[i].options[0] == '\0';
	return n;
}

/* Does the private key that is being pasted end with this line? PEM and OpenSSH; .ppk. */
static bool ends_private(const char *line)
{
	return strstr(line, "-----END") || str_starts(line, "Private-MAC") ||
	       str_starts(line, "Private-Hash");
}

static bool begins_private(const char *text)
{
	return pubkey_text_is_private(text) || strstr(text, "PuTTY-User-Key-File");
}

static void say_private(struct dialog *d)
{
	dialog_say(d, "%s",
		   _("This is a private key. It was not stored. Make a new key pair, and paste the "
		     "file whose name ends in .pub."));
}

/* The lines that remain of it are not answers to anything. */
static enum dialog_next swallow(struct dialog *d, const char *lines)
{
	const char *last = strrchr(lines, '\n');
	bool empty = lines[strspn(lines, " \r\n")] == '\0';

	forget_paste(d);
	d->swallows = !ends_private(last ? last + 1 : lines) && !strstr(lines, "-----END") &&
		      !strstr(lines, "Private-MAC") && !empty;
	say_private(d);
	return DIALOG_ASK;
}

static enum dialog_next take_key(struct dialog *d, struct pubkey *key)
{
	CLEANUP_FREE char *title = key_title(key);
	CLEANUP_FREE char *print = key_fingerprint(key);
	bool added = add_key(d, key);

	pubkey_done(key);
	if (!added)
		return DIALOG_ASK;
	dialog_say(d, "%s\n  %s\n  %s", _("Read as this key:"), title, print);
	return dialog_go_on(d);
}

/* May this text still become a key with the lines that follow? */
static bool is_unfinished(const char *text, const struct err *why)
{
	if (strstr(text, "---- BEGIN SSH2"))
		return !strstr(text, "---- END SSH2");
	/* Cut off by a wrap; another fault does not go away with more lines. */
	return pubkey_is_cut_off(why) &&
	       (strstr(text, "ssh-") || strstr(text, "ecdsa-") || strstr(text, "AAAA"));
}

/* "C:\Users\taro\.ssh\id_ed25519.pub", "~/.ssh/id_rsa.pub", "id.ppk": where it lies, not what is in it. */
static bool is_a_path(const char *text)
{
	CLEANUP_FREE char *half = layout_halfwidth(text);

	if (strlen(half) > 250 || strstr(half, "AAAA") || strchr(half, '\n'))
		return false;
	return str_ends(half, ".pub") || str_ends(half, ".pub\"") || str_ends(half, ".ppk") ||
	       str_ends(half, "id_rsa") || str_ends(half, "id_ed25519") || str_starts(half, "~/") ||
	       strstr(half, ":\\");
}

static bool looks_like_key(const char *text)
{
	return strstr(text, "ssh-") || strstr(text, "ecdsa-") || strstr(text, "AAAA") ||
	       strstr(text, "SHA256:") || strstr(text, "BEGIN");
}

static enum dialog_next empty_line(struct dialog *d)
{
	if (present_keys(d) > 0)
		return dialog_go_on(d);
	dialog_say(d, "%s", _("Without a key nobody could log in any more. Please paste one."));
	return DIALOG_ASK;
}

enum dialog_next dialog_answer_key(struct dialog *d, const char *lines)
{
	bool blank = lines[strspn(lines, " \t\r\n")] == '\0';
	CLEANUP_FREE char *half = layout_halfwidth(lines);
	struct err why = { 0 };
	struct pubkey key;

	if (d->swallows)
		return swallow(d, lines);
	if (d->paste.len == 0 && blank)
		return empty_line(d);
	if (d->paste.len == 0 && str_case_eq(half, "r") && root_account(d) &&
	    root_account(d)->key_count > 0)
		return take_roots_keys(d);
	if (d->paste.len == 0 && str_case_eq(half, "x") && d->policy.admin_key_count > 0) {
		while (d->policy.admin_key_count > 0)
			pubkey_done(&d->policy.admin_key[--d->policy.admin_key_count]);
		return DIALOG_ASK;
	}
	if (d->paste.len == 0 && is_a_path(lines)) {
		dialog_say(d, "%s",
			   _("That is the name of a file on your own computer. Open the file there "
			     "(Notepad will do), copy all of it, and paste it here."));
		return DIALOG_ASK;
	}
	str_addf(&d->paste, "%s\n", lines);
	if (begins_private(d->paste.text))
		return swallow(d, lines);
	if (pubkey_parse(d->paste.text, &key, &why) == 0) {
		forget_paste(d);
		return take_key(d, &key);
	}
	if (!blank && d->paste.len < PASTE_MAX && is_unfinished(d->paste.text, &why) &&
	    !strstr(lines, "---- END SSH2")) {
		dialog_say(d, "%s",
			   _("The key is not whole yet. Paste the rest, or press Enter to "
			     "begin again."));
		return DIALOG_ASK;
	}
	if (!looks_like_key(d->paste.text))
		dialog_say(d, "%s",
			   _("That is no public key. One begins with ssh-ed25519, ssh-rsa, ecdsa- "
			     "or ---- BEGIN SSH2 PUBLIC KEY."));
	else
		dialog_say_why(d, &why);
	forget_paste(d);
	return DIALOG_ASK;
}

static void add_key_line(struct str *ret, const char *first, const struct pubkey *key)
{
	CLEANUP_FREE char *title = key_title(key);
	CLEANUP_FREE char *print = key_fingerprint(key);
	CLEANUP_FREE char *both = xasprintf("%s\n%s", title, print);

	layout_item(ret, first, both);
}

static void show_present(const struct dialog *d, struct str *ret)
{
	const struct account *a =
		d->policy.admin_user ? facts_account(d->facts, d->policy.admin_user) : NULL;

	layout_itemf(ret, "[3/5] ",
		     _("%s has these keys. Enter keeps them; paste another to add it; x forgets "
		       "those given here."),
		     d->policy.admin_user);
	for (size_t i = 0; i < d->policy.admin_key_count; i++)
		add_key_line(ret, "  ", &d->policy.admin_key[i]);
	for (size_t i = 0; a && i < a->key_count; i++)
		if (a->key[i].options[0] == '\0')
			add_key_line(ret, "  ", &a->key[i].key);
}

/* Given here, or the user's own already. */
static bool is_present(const struct dialog *d, const struct pubkey *key)
{
	const struct account *a =
		d->policy.admin_user ? facts_account(d->facts, d->policy.admin_user) : NULL;

	for (size_t i = 0; i < d->policy.admin_key_count; i++)
		if (pubkey_same(&d->policy.admin_key[i], key))
			return true;
	for (size_t i = 0; a && i < a->key_count; i++)
		if (a->key[i].options[0] == '\0' && pubkey_same(&a->key[i].key, key))
			return true;
	return false;
}

static bool root_has_others(const struct dialog *d)
{
	const struct account *root = root_account(d);

	for (size_t i = 0; root && i < root->key_count; i++)
		if (!is_present(d, &root->key[i].key))
			return true;
	return false;
}

void show_key(const struct dialog *d, struct str *ret)
{
	const struct account *root = root_account(d);

	if (d->paste.len > 0 || d->swallows) {
		str_add(ret, d->swallows ? _("Press Enter to go on: ") : "> ");
		return;
	}
	if (d->policy.admin_user && present_keys(d) > 0) {
		show_present(d, ret);
	} else {
		layout_itemf(ret, "[3/5] ",
			     _("The public key of %s: with it you log in from now on. Paste it "
			       "here (the file whose name ends in .pub, all of it)."),
			     d->policy.admin_user);
		layout_text(ret,
			    _("No key yet? Make one on your own computer, and keep both files:"));
		layout_item(ret, "  Tera Term: ",
			    _("Setup > SSH KeyGenerator > ED25519 > Generate > save both keys"));
		layout_item(ret, "  PuTTYgen:  ",
			    _("EdDSA > Generate > save it, and copy the field at the top"));
		layout_item(ret, "  OpenSSH:   ", "ssh-keygen -t ed25519");
	}
	if (root_has_others(d)) {
		layout_textf(ret, _("root has %zu key(s) already. Type r to use them:"),
			     root->key_count);
		for (size_t i = 0; i < root->key_count; i++)
			add_key_line(ret, "  ", &root->key[i].key);
	}
	str_add(ret, _("Public key: "));
}
