// SPDX-License-Identifier: MIT
/* ssh_weak.c - see ssh_weak.h. */
#include "core/ssh_weak.h"

#include <fnmatch.h>
#include <stddef.h>

#include "base/str.h"

static bool fits(const char *element, const struct strv *patterns)
{
	for (size_t i = 0; i < patterns->count; i++)
		if (fnmatch(patterns->item[i], element, 0) == 0)
			return true;
	return false;
}

/* The elements that fit, or, with `without`, those that do not. */
static void pick(const char *list, const char *patterns, bool without, struct strv *ret)
{
	CLEANUP_STRV struct strv elements = { 0 };
	CLEANUP_STRV struct strv all = { 0 };

	strv_split(&elements, list, ",\n ");
	strv_split(&all, patterns, " ");
	for (size_t i = 0; i < elements.count; i++)
		if (fits(elements.item[i], &all) != without)
			strv_add(ret, elements.item[i]);
}

char *ssh_list_fits(const char *list, const char *patterns)
{
	CLEANUP_STRV struct strv found = { 0 };

	pick(list, patterns, false, &found);
	return found.count > 0 ? strv_join(&found, ", ") : NULL;
}

char *ssh_list_without(const char *list, const char *patterns)
{
	CLEANUP_STRV struct strv rest = { 0 };

	pick(list, patterns, true, &rest);
	return strv_join(&rest, ",");
}

/* What each is sure to have, as patterns; newer versions have more. */
struct client {
	const char *name;
	const char *kexalgorithms, *ciphers, *macs, *hostkeyalgorithms;
};

static const struct client clients[] = {
	{ "OpenSSH 7.4",
	  "curve25519-sha256* ecdh-sha2-nistp* diffie-hellman-group-exchange-sha256 "
	  "diffie-hellman-group14-sha256 diffie-hellman-group1[68]-sha512",
	  "chacha20-poly1305@openssh.com aes*-ctr aes*-gcm@openssh.com", "hmac-sha2-* umac-128*",
	  "ssh-ed25519 ecdsa-sha2-nistp* rsa-sha2-*" },
	{ "PuTTY",
	  "curve25519-sha256@libssh.org ecdh-sha2-nistp* diffie-hellman-group-exchange-sha256",
	  "chacha20-poly1305@openssh.com aes*-ctr", "hmac-sha2-256*",
	  "ssh-ed25519 ecdsa-sha2-nistp* ssh-rsa" },
	{ "Tera Term 4", "ecdh-sha2-nistp* diffie-hellman-group-exchange-sha256", "aes*-ctr",
	  "hmac-sha2-256 hmac-sha2-512", "ssh-ed25519 ecdsa-sha2-nistp* ssh-rsa" },
	{ "Tera Term 5", "curve25519-sha256* ecdh-sha2-nistp* diffie-hellman-group-exchange-sha256",
	  "chacha20-poly1305@openssh.com aes*-ctr", "hmac-sha2-256* hmac-sha2-512*",
	  "ssh-ed25519 ecdsa-sha2-nistp* rsa-sha2-*" },
};

static const char *known_by(const struct client *c, const char *keyword)
{
	if (str_eq(keyword, "kexalgorithms"))
		return c->kexalgorithms;
	if (str_eq(keyword, "ciphers"))
		return c->ciphers;
	if (str_eq(keyword, "macs"))
		return c->macs;
	return str_eq(keyword, "hostkeyalgorithms") ? c->hostkeyalgorithms : NULL;
}

const char *ssh_list_loses(const char *keyword, const char *before, const char *after)
{
	for (size_t i = 0; i < sizeof(clients) / sizeof(clients[0]); i++) {
		const char *known = known_by(&clients[i], keyword);
		CLEANUP_FREE char *had = known ? ssh_list_fits(before, known) : NULL;
		CLEANUP_FREE char *has = known ? ssh_list_fits(after, known) : NULL;

		if (had && !has)
			return clients[i].name;
	}
	return NULL;
}
