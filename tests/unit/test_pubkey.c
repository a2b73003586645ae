// SPDX-License-Identifier: MIT
/* Public keys as people paste them (core/pubkey.h; traps 6 and 7). */
#include "base/base64.h"
#include "base/i18n.h"
#include "base/mem.h"
#include "base/str.h"
#include "core/pubkey.h"
#include "lib/keys.h"
#include "lib/t.h"

#define BOM "\xef\xbb\xbf"

/* What a paste comes to, as authorized_keys would have it, or the message that refuses it. */
static const char *taken(const char *pasted)
{
	static char said[6000];
	struct pubkey k = { 0 };
	struct err e = { 0 };

	if (pubkey_parse(pasted, &k, &e) < 0) {
		snprintf(said, sizeof(said), "%s%s", e.kind == ERR_USAGE ? "" : "(not usage) ",
			 e.msg);
	} else {
		CLEANUP_FREE char *line = pubkey_line(&k);

		snprintf(said, sizeof(said), "%s", line);
		pubkey_done(&k);
	}
	return said;
}

static int every_type_with_its_size(void)
{
	static const struct {
		const char *line;
		const char *type;
		unsigned bits;
	} t[] = {
		{ "ssh-ed25519 " ED25519, "ssh-ed25519", 256 },
		{ "ssh-rsa " RSA2048, "ssh-rsa", 2048 },
		{ "ssh-rsa " RSA3072 " me", "ssh-rsa", 3072 },
		{ "ecdsa-sha2-nistp256 " ECDSA256, "ecdsa-sha2-nistp256", 256 },
		{ "ecdsa-sha2-nistp384 " ECDSA384, "ecdsa-sha2-nistp384", 384 },
		{ "ecdsa-sha2-nistp521 " ECDSA521, "ecdsa-sha2-nistp521", 521 },
		{ "sk-ssh-ed25519@openssh.com " SK_ED25519, "sk-ssh-ed25519@openssh.com", 256 },
		{ "sk-ecdsa-sha2-nistp256@openssh.com " SK_ECDSA256,
		  "sk-ecdsa-sha2-nistp256@openssh.com", 256 },
	};

	for (size_t i = 0; i < COUNT(t); i++) {
		struct pubkey k = { 0 };
		struct err e = { 0 };

		T_OK(pubkey_parse(t[i].line, &k, &e) == 0);
		T_STR(k.type, t[i].type);
		T_OK(k.bits == t[i].bits);
		T_OK(str_starts(strchr(t[i].line, ' ') + 1, k.base64));
		pubkey_done(&k);
	}
	return 0;
}

/* Trap 7: what an editor, a terminal and Windows make of one line. */
static int whatever_the_paste_did_to_it(void)
{
	static const char *const pasted[] = {
		"ssh-ed25519 " ED25519 " taro@laptop",
		"ssh-ed25519 " ED25519 " taro@laptop\n",
		"ssh-ed25519 " ED25519 " taro@laptop\r\n",
		BOM "ssh-ed25519 " ED25519 " taro@laptop\r\n",
		"\n\n  \tssh-ed25519   " ED25519 "\ttaro@laptop  \n\n",
		"# my key\nssh-ed25519 " ED25519 " taro@laptop",
		"ssh-ed25519\n" ED25519 " taro@laptop",
		"ssh-ed25519 " ED25519 "\ntaro@laptop",
		"ssh-ed25519\r\n" ED25519 "\r\ntaro@laptop\r\n",
		"ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIKPzOOIiqNGM3XA\n"
		"cwkcLKe2ASb+69uTMplAr6r2djJTN taro@laptop",
		"ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIKPzOOIiqNGM3XA\r\n"
		"  cwkcLKe2ASb+69\r\n  uTMplAr6r2djJTN\r\n  taro@laptop\r\n",
		/* Options are not taken over: a key is a key, whatever an image made of it. */
		"no-pty,command=\"echo 'Please login as the user debian' \\\" ssh-rsa\" "
		"ssh-ed25519 " ED25519 " taro@laptop",
	};

	for (size_t i = 0; i < COUNT(pasted); i++)
		T_STR(taken(pasted[i]), "ssh-ed25519 " ED25519 " taro@laptop");
	/* A comment that could be base64 itself, on a line of its own. */
	T_STR(taken("ssh-ed25519 " ED25519 "\nlaptop\n"), "ssh-ed25519 " ED25519 " laptop");
	T_STR(taken("ssh-rsa " RSA2048 "\nmykey"), "ssh-rsa " RSA2048 " mykey");
	return 0;
}

static int rfc4716(void)
{
	T_STR(taken("---- BEGIN SSH2 PUBLIC KEY ----\n"
		    "Comment: \"256-bit ED25519, converted from OpenSSH\"\n" ED25519 "\n"
		    "---- END SSH2 PUBLIC KEY ----\n"),
	      "ssh-ed25519 " ED25519 " 256-bit ED25519, converted from OpenSSH");
	/* Headers go on behind a backslash; the blob stands in lines of at most 72 bytes. */
	T_STR(taken(BOM "---- BEGIN SSH2 PUBLIC KEY ----\r\n"
			"Subject: taro\r\nx-long: one \\\r\ntwo AAAA \\\r\nthree\r\n"
			"Comment: eddsa-key\r\nAAAAC3NzaC1lZDI1NTE5AAAAIKPzOOIiqNGM3\r\n"
			"XAcwkcLKe2ASb+69uTMplAr6r2djJTN\r\n---- END SSH2 PUBLIC KEY ----\r\n"),
	      "ssh-ed25519 " ED25519 " eddsa-key");
	T_OK(strstr(taken("---- BEGIN SSH2 PUBLIC KEY ----\n" ED25519 "\n"), "not whole"));
	T_OK(strstr(taken("---- BEGIN SSH2 PUBLIC KEY ----\n" RSA1024
			  "\n---- END SSH2 PUBLIC KEY ----\n"),
		    "1024 bits"));
	T_OK(strstr(
		taken("---- BEGIN SSH2 PUBLIC KEY ----\n" DSA "\n---- END SSH2 PUBLIC KEY ----\n"),
		"DSA"));
	return 0;
}

static int private_keys_are_never_quoted(void)
{
	static const char *const pasted[] = {
		"-----BEGIN OPENSSH PRIVATE KEY-----\nb3BlbnNzaC1rZXktdjEAAAAASECRET\n"
		"-----END OPENSSH PRIVATE KEY-----\n",
		"-----BEGIN RSA PRIVATE KEY-----\r\nMIIESECRET\r\n",
		"-----BEGIN EC PRIVATE KEY-----\nSECRET",
		"-----BEGIN DSA PRIVATE KEY-----\nSECRET",
		"-----BEGIN PRIVATE KEY-----\nSECRET",
		"-----BEGIN ENCRYPTED PRIVATE KEY-----\nSECRET",
		"b3BlbnNzaC1rZXktdjEAAAAASECRET",
		"PuTTY-User-Key-File-2: ssh-ed25519\nEncryption: none\nComment: SECRET\n"
		"Public-Lines: 2\n" ED25519 "\nPrivate-Lines: 1\nSECRET\nPrivate-MAC: 00\n",
		"PuTTY-User-Key-File-3: ssh-rsa\nSECRET",
		"Public-Lines: 2\n" ED25519 "\nPrivate-Lines: 1\nSECRET\n",
		"---- BEGIN SSH2 ENCRYPTED PRIVATE KEY ----\nSECRET\n"
		"---- END SSH2 ENCRYPTED PRIVATE KEY ----\n",
		"ssh-ed25519 " ED25519 " me\n-----BEGIN OPENSSH PRIVATE KEY-----\nSECRET\n",
	};

	for (size_t i = 0; i < COUNT(pasted); i++) {
		T_OK(pubkey_text_is_private(pasted[i]));
		T_OK(strstr(taken(pasted[i]), "this is a private key"));
		T_OK(strstr(taken(pasted[i]), ".pub"));
		T_OK(!strstr(taken(pasted[i]), "SECRET") && !strstr(taken(pasted[i]), "(not"));
	}
	T_OK(!pubkey_text_is_private("ssh-ed25519 " ED25519 " private key of taro"));
	return 0;
}

static int what_is_refused_and_why(void)
{
	static const struct {
		const char *pasted, *says;
	} t[] = {
		{ "", "no public key here" },
		{ "\r\n \n", "no public key here" },
		{ "ssh-rsa " RSA1024 " me", "1024 bits; at least 2048" },
		{ "ssh-dss " DSA " me", "DSA" },
		{ "ssh-dss AAAA", "DSA" },
		{ "ssh-ed25519-cert-v01@openssh.com " CERT " me", "certificate" },
		{ "256 SHA256:bDOH0/nLXXa2eZLYUhJcrhTXBDe4XpVgEzFz5bVyVxk me (ED25519)",
		  "fingerprint" },
		{ "hello", "not known" },
		{ "ssh-foo " ED25519, "not known" },
		{ "ssh-rsa " ED25519, "not whole" },
		{ "ssh-ed25519 " RSA2048, "not whole" },
		{ "ssh-ed25519", "not whole" },
		{ "ssh-ed25519 AAAA", "not whole" },
		{ "ssh-ed25519 !" ED25519, "not whole" },
		/* A piece is missing, or a character. */
		{ "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIKPzOOIiqNGM3XAcwkcLKe2ASb+69uTM me",
		  "not whole" },
		{ "ssh-ed25519 AAAC3NzaC1lZDI1NTE5AAAAIKPzOOIiqNGM3XAcwkcLKe2ASb+69uTMplAr6r2djJTN",
		  "not whole" },
		{ "ssh-ed25519 " ED25519 "AAAA me", "not whole" },
		{ "ecdsa-sha2-nistp256 " ECDSA_WRONG_CURVE, "not whole" },
		{ "ecdsa-sha2-nistp256 " ECDSA_SHORT_POINT, "not whole" },
		{ "sk-ssh-ed25519@openssh.com " SK_ED25519_SHORT, "not whole" },
		/* One at a time, however they stand. */
		{ "ssh-ed25519 " ED25519 " a\nssh-rsa " RSA2048 " b\n", "2 keys" },
		{ "ssh-ed25519 " ED25519 "\nssh-ed25519 " ED25519 "\nssh-rsa " RSA2048, "3 keys" },
		{ "sk-ssh-ed25519@openssh.com " SK_ED25519
		  " a\nsk-ecdsa-sha2-nistp256@openssh.com " SK_ECDSA256 " b",
		  "2 keys" },
		{ "ssh-ed25519 " ED25519 " a\necdsa-sha2-nistp256\n" ECDSA256, "2 keys" },
		{ "---- BEGIN SSH2 PUBLIC KEY ----\n" ED25519
		  "\n---- END SSH2 PUBLIC KEY ----\n---- BEGIN SSH2 PUBLIC KEY ----\n" RSA2048
		  "\n---- END SSH2 PUBLIC KEY ----\n",
		  "2 keys" },
	};

	for (size_t i = 0; i < COUNT(t); i++) {
		if (!strstr(taken(t[i].pasted), t[i].says))
			printf("# %s -> %s\n", t[i].pasted, taken(t[i].pasted));
		T_OK(strstr(taken(t[i].pasted), t[i].says) &&
		     !strstr(taken(t[i].pasted), "(not usage)"));
	}
	return 0;
}

static int failure_leaves_the_answer_alone(void)
{
	struct pubkey k = { .bits = 7 };
	struct err e = { 0 };

	T_OK(pubkey_parse("ssh-rsa " RSA1024, &k, &e) < 0 && k.bits == 7 && !k.type);
	T_OK(pubkey_parse("ssh-ed25519 AAAA", &k, &e) < 0 && k.bits == 7 && !k.type);
	CLEANUP_FREE char *huge = xcalloc((70 << 10) + 1, 1);

	memset(huge, 'A', 70 << 10);
	T_OK(pubkey_parse(huge, &k, &e) < 0 && e.kind == ERR_USAGE && k.bits == 7);
	return 0;
}

/* It goes into authorized_keys and onto screens. */
static int comments_are_one_printable_line(void)
{
	CLEANUP_STR struct str s = { 0 };

	T_STR(taken("ssh-ed25519 " ED25519 " \x1b[31mred\x7f\x07 "),
	      "ssh-ed25519 " ED25519 " [31mred");
	T_STR(taken("ssh-ed25519 " ED25519 " taro 太郎"), "ssh-ed25519 " ED25519 " taro 太郎");
	T_STR(taken("ssh-ed25519 " ED25519 " ノート"), "ssh-ed25519 " ED25519 " ノート");
	T_STR(taken("ssh-ed25519 " ED25519 " \xff\xfe"), "ssh-ed25519 " ED25519);
	/* At most 100 bytes, cut at a character: 33 of three bytes. */
	str_add(&s, "ssh-ed25519 " ED25519 " ");
	for (int i = 0; i < 40; i++)
		str_add(&s, "鍵");
	T_OK(strlen(taken(s.text)) == strlen("ssh-ed25519 " ED25519 " ") + 99);
	/* No character begins in it, so none can be kept whole. */
	str_clear(&s);
	str_add(&s, "ssh-ed25519 " ED25519 " ");
	for (int i = 0; i < 101; i++)
		str_add(&s, "\x80");
	T_STR(taken(s.text), "ssh-ed25519 " ED25519);
	return 0;
}

/* sshd takes no line of more than 16 KiB (SSH_MAX_PUBKEY_BYTES), and neither does a policy. */
static int what_no_file_could_hold_is_refused(void)
{
	static const unsigned char head[] = "\0\0\0\x1ask-ssh-ed25519@openssh.com\0\0\0\x20"
					    "0123456789abcdef0123456789abcdef\0\0\x40";
	CLEANUP_FREE unsigned char *blob = xcalloc(sizeof(head) + 0x4000, 1);
	CLEANUP_FREE char *text = NULL;
	CLEANUP_FREE char *line = NULL;

	memcpy(blob, head, sizeof(head)); /* the NUL behind it is the length's last byte */
	text = base64_encode(blob, sizeof(head) + 0x4000);
	line = xasprintf("sk-ssh-ed25519@openssh.com %s", text);
	T_OK(strstr(taken(line), "too long"));
	return 0;
}

/* A policy and an authorized_keys file hold it: what was taken once is taken again as it is. */
static int what_is_kept_can_be_read_back(void)
{
	T_STR(taken("ssh-ed25519 " ED25519 " \x18  taro"), "ssh-ed25519 " ED25519 " taro");
	T_STR(taken("---- BEGIN SSH2 PUBLIC KEY ----\nComment: \"ssh-ed25519 AAAA\"\n" ED25519
		    "\n---- END SSH2 PUBLIC KEY ----\n"),
	      "ssh-ed25519 " ED25519);
	T_STR(taken("ssh-ed25519 " ED25519 " PRIVATE\x01 KEY-----"), "ssh-ed25519 " ED25519);
	T_STR(taken("ssh-ed25519 " ED25519 " -\x01--- BEGIN SSH2 PUBLIC KEY ----"),
	      "ssh-ed25519 " ED25519);
	return 0;
}

static int lines_of_authorized_keys(void)
{
	struct pubkey k = { 0 };
	struct err e = { 0 };
	char *options = NULL;

	T_OK(pubkey_parse_line("", &k, NULL, &e) == 1);
	T_OK(pubkey_parse_line("   # comment ssh-ed25519 " ED25519, &k, NULL, &e) == 1);
	T_OK(pubkey_parse_line("ssh-ed25519 " ED25519 " a b c", &k, &options, &e) == 0);
	T_STR(options, "");
	T_STR(k.comment, "a b c");
	free(TAKE(options));
	pubkey_done(&k);
	T_OK(pubkey_parse_line("from=\"10.0.0.0/8\",command=\"a \\\"b\\\" c\" ssh-rsa " RSA1024, &k,
			       &options, &e) == 0);
	T_STR(options, "from=\"10.0.0.0/8\",command=\"a \\\"b\\\" c\"");
	T_OK(k.bits == 1024); /* is there already: told, not refused */
	free(TAKE(options));
	pubkey_done(&k);
	T_OK(pubkey_parse_line("restrict", &k, &options, &e) < 0 && !options);
	return 0;
}

static int same_blob_is_the_same_key(void)
{
	struct pubkey a, b, c;
	struct err e = { 0 };

	T_OK(pubkey_parse("ssh-rsa " RSA2048 " one", &a, &e) == 0);
	T_OK(pubkey_parse("---- BEGIN SSH2 PUBLIC KEY ----\n" RSA2048
			  "\n---- END SSH2 PUBLIC KEY ----",
			  &b, &e) == 0);
	T_OK(pubkey_parse("ssh-rsa " RSA3072 " one", &c, &e) == 0);
	T_OK(pubkey_same(&a, &b) && !pubkey_same(&a, &c));
	pubkey_done(&a);
	pubkey_done(&b);
	pubkey_done(&c);
	return 0;
}

static int base64_as_in_rfc4648(void)
{
	static const struct {
		const char *plain, *text;
	} t[] = { { "", "" },
		  { "f", "Zg==" },
		  { "fo", "Zm8=" },
		  { "foo", "Zm9v" },
		  { "foob", "Zm9vYg==" },
		  { "fooba", "Zm9vYmE=" },
		  { "foobar", "Zm9vYmFy" },
		  { "\xff\xef\xbe", "/+++" } };
	static const char *const bad[] = { "Z",	    "Zg=",	"Zg===", "Z===",
					   "Zm9v=", "Zg==Zg==", "Zm9-",	 "Zm9v!" };
	void *data = NULL;
	size_t len = 99;

	for (size_t i = 0; i < COUNT(t); i++) {
		CLEANUP_FREE char *text = base64_encode(t[i].plain, strlen(t[i].plain));

		T_STR(text, t[i].text);
		T_OK(base64_decode(text, strlen(text), &data, &len) == 0);
		T_OK(len == strlen(t[i].plain) && memcmp(data, t[i].plain, len) == 0);
		free(TAKE(data));
	}
	for (size_t i = 0; i < COUNT(bad); i++)
		T_OK(base64_decode(bad[i], strlen(bad[i]), &data, &len) < 0 && !data);
	T_OK(base64_decode("A\0A=", 4, &data, &len) < 0);
	T_OK(base64_decode(" Zm\r\n9v\t", 8, &data, &len) == 0 && len == 3);
	free(data);
	return 0;
}

int main(void)
{
	static const struct t_case cases[] = {
		T(every_type_with_its_size),
		T(whatever_the_paste_did_to_it),
		T(rfc4716),
		T(private_keys_are_never_quoted),
		T(what_is_refused_and_why),
		T(failure_leaves_the_answer_alone),
		T(comments_are_one_printable_line),
		T(what_is_kept_can_be_read_back),
		T(what_no_file_could_hold_is_refused),
		T(lines_of_authorized_keys),
		T(same_blob_is_the_same_key),
		T(base64_as_in_rfc4648),
	};

	i18n_set(LANG_EN);
	return t_main(cases, COUNT(cases));
}
