// SPDX-License-Identifier: MIT
/* key_words.c - see key_words.h. */
#include "setup/key_words.h"

#include <string.h>

#include "base/base64.h"
#include "base/sha256.h"
#include "base/str.h"

char *key_fingerprint(const struct pubkey *key)
{
	uint8_t sum[SHA256_BYTES];
	CLEANUP_FREE void *blob = NULL;
	CLEANUP_FREE char *text = NULL;
	size_t len;

	if (base64_decode(key->base64, strlen(key->base64), &blob, &len) < 0)
		return xstrdup("");
	sha256(blob, len, sum);
	text = base64_encode(sum, sizeof(sum));
	text[strcspn(text, "=")] = '\0';
	return xasprintf("SHA256:%s", text);
}

/* As ssh-keygen -l says it (sshkey_type(3) of OpenSSH). */
static const char *type_words(const char *type)
{
	if (str_starts(type, "sk-ssh-ed25519"))
		return "ED25519-SK";
	if (str_starts(type, "sk-ecdsa"))
		return "ECDSA-SK";
	if (str_starts(type, "ecdsa"))
		return "ECDSA";
	return str_eq(type, "ssh-rsa") ? "RSA" : str_eq(type, "ssh-ed25519") ? "ED25519" : type;
}

char *key_title(const struct pubkey *key)
{
	return xasprintf("%s %u%s%s", type_words(key->type), key->bits, key->comment[0] ? " " : "",
			 key->comment);
}
