// SPDX-License-Identifier: MIT
/* audit_key.c - the public keys that open an account, their files, and private keys left here. */
#include <string.h>

#include "base/i18n.h"
#include "controls/audit_files.h"

static bool keys_known(const struct control_in *in, struct finding *ret)
{
	if (in->facts->as_root)
		return true;
	finding_set(ret, VERDICT_NOT_MEASURED, "%s", _("only root may look"));
	return false;
}

static int weak_probe(const struct control_in *in, const struct control *self, struct finding *ret,
		      struct err *e)
{
	CLEANUP_STRV struct strv bad = { 0 };

	(void)self;
	(void)e;
	if (!keys_known(in, ret))
		return 0;
	for (size_t i = 0; i < in->facts->account_count; i++)
		for (size_t k = 0; k < in->facts->account[i].key_count; k++) {
			const struct account_key *key = &in->facts->account[i].key[k];

			if (str_eq(key->key.type, "ssh-dss") ||
			    (str_eq(key->key.type, "ssh-rsa") && key->key.bits < 2048))
				strv_addf(&bad, "%s:%u: %s, %u bits", key->file, key->line,
					  key->key.type, key->key.bits);
		}
	finding_list(ret, &bad, _("Ed25519, ECDSA, or RSA of 2048 bits and more"));
	return 0;
}

/* Keys that only say "log in as another user" (command=, as images have it) open nothing. */
static int root_probe(const struct control_in *in, const struct control *self, struct finding *ret,
		      struct err *e)
{
	const struct account *root = facts_account(in->facts, "root");
	CLEANUP_STRV struct strv bad = { 0 };

	(void)self;
	(void)e;
	if (!keys_known(in, ret))
		return 0;
	for (size_t k = 0; root && k < root->key_count; k++)
		if (!strstr(root->key[k].options, "command="))
			strv_addf(&bad, "%s:%u: %s", root->key[k].file, root->key[k].line,
				  root->key[k].key.comment);
	finding_list(ret, &bad, _("root has none that opens a shell"));
	return 0;
}

/* The same key for several people: nobody knows which of them it was. */
static int shared_probe(const struct control_in *in, const struct control *self,
			struct finding *ret, struct err *e)
{
	CLEANUP_STRV struct strv blobs = { 0 };
	CLEANUP_STRV struct strv owners = { 0 };
	CLEANUP_STRV struct strv bad = { 0 };

	(void)self;
	(void)e;
	if (!keys_known(in, ret))
		return 0;
	for (size_t i = 0; i < in->facts->account_count; i++) {
		const struct account *a = &in->facts->account[i];

		/* root's copy beside an admin's is what images and the move to an admin leave. */
		for (size_t k = 0; a->uid != 0 && k < a->key_count; k++) {
			for (size_t b = 0; b < blobs.count; b++)
				if (str_eq(blobs.item[b], a->key[k].key.base64) &&
				    !str_eq(owners.item[b], a->name))
					strv_addf(&bad, "%s, %s: %s", owners.item[b], a->name,
						  a->key[k].key.comment);
			strv_add(&blobs, a->key[k].key.base64);
			strv_add(&owners, a->name);
		}
	}
	finding_list(ret, &bad, _("every key belongs to one user"));
	return 0;
}

static int files_probe(const struct control_in *in, const struct control *self, struct finding *ret,
		       struct err *e)
{
	CLEANUP_STRV struct strv seen = { 0 };
	CLEANUP_STRV struct strv bad = { 0 };

	(void)self;
	if (!keys_known(in, ret))
		return 0;
	for (size_t i = 0; i < in->facts->account_count; i++) {
		const struct account *a = &in->facts->account[i];
		struct file_rule rule = { .owner = a->uid, .never = 022, .may_be_root = true };

		for (size_t k = 0; k < a->key_count; k++) {
			CLEANUP_FREE char *folder = xstrdup(a->key[k].file);
			char *slash = strrchr(folder, '/');

			if (strv_has(&seen, a->key[k].file) || !slash)
				continue;
			strv_add(&seen, a->key[k].file);
			*slash = '\0';
			rule.path = a->key[k].file;
			if (audit_file(in->os, &rule, &bad, e) < 0)
				return -1;
			rule.path = folder;
			if (audit_file(in->os, &rule, &bad, e) < 0)
				return -1;
		}
	}
	finding_list(ret, &bad, _("only its user may write each"));
	return 0;
}

/* sshd(8): a file of keys outside of the home is written by who may write there. */
static int elsewhere_probe(const struct control_in *in, const struct control *self,
			   struct finding *ret, struct err *e)
{
	CLEANUP_STRV struct strv bad = { 0 };

	(void)self;
	(void)e;
	if (!keys_known(in, ret))
		return 0;
	for (size_t i = 0; i < in->facts->account_count; i++) {
		const struct account *a = &in->facts->account[i];

		for (size_t k = 0; k < a->key_count; k++)
			if (!str_starts(a->key[k].file, a->home))
				strv_addf(&bad, "%s: %s:%u", a->name, a->key[k].file,
					  a->key[k].line);
	}
	finding_list(ret, &bad, _("all keys lie in their users' homes"));
	return 0;
}

/* PROTOCOL.key of OpenSSH: the cipher's name is the first field behind the magic. PEM says so. */
static bool is_without_passphrase(const char *text)
{
	if (strstr(text, "BEGIN OPENSSH PRIVATE KEY"))
		return strstr(text, "b3BlbnNzaC1rZXktdjEAAAAABG5vbmU") != NULL;
	return !strstr(text, "ENCRYPTED") && !strstr(text, "Encryption: aes");
}

static int look_for_private(struct os *os, const struct account *a, struct strv *bad, struct err *e)
{
	CLEANUP_FREE char *folder = xasprintf("%s/.ssh", a->home);
	CLEANUP_STRV struct strv names = { 0 };
	int status = os_list(os, folder, &names, e);

	for (size_t i = 0; status == 0 && i < names.count; i++) {
		CLEANUP_FREE char *path = xasprintf("%s/%s", folder, names.item[i]);
		CLEANUP_FREE char *text = NULL;
		struct err unreadable = { 0 };

		if (os_read(os, path, &text, &unreadable) != 0)
			continue;
		if (pubkey_text_is_private(text) && is_without_passphrase(text))
			strv_add(bad, path);
		str_wipe(text);
	}
	return status < 0 ? -1 : 0;
}

static int private_probe(const struct control_in *in, const struct control *self,
			 struct finding *ret, struct err *e)
{
	CLEANUP_STRV struct strv bad = { 0 };

	(void)self;
	if (!keys_known(in, ret))
		return 0;
	for (size_t i = 0; i < in->facts->account_count; i++)
		if (look_for_private(in->os, &in->facts->account[i], &bad, e) < 0)
			return -1;
	finding_list(ret, &bad, _("none"));
	return 0;
}

const struct control audit_key_controls[] = {
	{
		.id = "key.weak",
		.title = N_("No key that opens an account is weak"),
		.why = N_("a weak key can be computed from its public half"),
		.severity = SEVERITY_HIGH,
		.fix = N_("remove the line, and add a key of ssh-keygen -t ed25519"),
		.source = "NIST SP 800-57, RFC 8332",
		.probe = weak_probe,
	},
	{
		.id = "key.root",
		.title = N_("No key opens root"),
		.why = N_("whoever holds one is root without a name"),
		.severity = SEVERITY_LOW,
		.fix = N_("remove the lines once an administrator's login is proved"),
		.source = "sshd(8), AUTHORIZED_KEYS FILE FORMAT",
		.probe = root_probe,
	},
	{
		.id = "key.shared",
		.title = N_("No two users share a key"),
		.why = N_("the log cannot tell which of them it was"),
		.severity = SEVERITY_LOW,
		.fix = N_("give each a key of his own"),
		.source = "NIST IR 7966",
		.probe = shared_probe,
	},
	{
		.id = "key.files",
		.title = N_("Only its user may write a file of keys"),
		.why = N_("others could add a key, or sshd takes none of them"),
		.severity = SEVERITY_HIGH,
		.fix = N_("chmod 700 .ssh, chmod 600 authorized_keys, and chown to the user"),
		.source = "sshd(8), StrictModes",
		.probe = files_probe,
	},
	{
		.id = "key.elsewhere",
		.title = N_("Keys lie in the homes of their users"),
		.why = N_("a file elsewhere is forgotten when a user goes"),
		.severity = SEVERITY_LOW,
		.fix = N_("move them, or leave them if you know the file"),
		.source = "sshd_config(5), AuthorizedKeysFile",
		.probe = elsewhere_probe,
	},
	{
		.id = "key.private",
		.title = N_("No private key without a passphrase lies here"),
		.why = N_("who gets into this server gets into the next one with it"),
		.severity = SEVERITY_LOW,
		.fix = N_("move it to where it is used, or: ssh-keygen -p -f FILE"),
		.source = "ssh-keygen(1), -p",
		.probe = private_probe,
	},
	{ 0 },
};
