// SPDX-License-Identifier: MIT
/*
 * soft-key.c - a security key (FIDO) without hardware, for ssh(1)'s interface of such keys (SecurityKeyProvider,
 * PROTOCOL.u2f): Ed25519 by openssl(1). Each touch that a person would have to give is a line of $SOFT_KEY_TOUCHED.
 *
 *   cc -shared -fPIC -o soft-key.so soft-key.c    (below /usr/local/lib: ssh-agent takes no other folder)
 *   SSH_SK_PROVIDER=.../soft-key.so ssh-keygen -t ed25519-sk
 */
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define VERSION	      0x000a0000 /* the interface that OpenSSH 8.9 and later speak */
#define ED25519	      1
#define TOUCH	      0x01
#define ERROR	      (-1)
#define NOT_SUPPORTED (-2)
#define MAX_BYTES     4096

struct sk_enroll_response {
	uint8_t flags;
	uint8_t *public_key;
	size_t public_key_len;
	uint8_t *key_handle;
	size_t key_handle_len;
	uint8_t *signature;
	size_t signature_len;
	uint8_t *attestation_cert;
	size_t attestation_cert_len;
	uint8_t *authdata;
	size_t authdata_len;
};

struct sk_sign_response {
	uint8_t flags;
	uint32_t counter;
	uint8_t *sig_r;
	size_t sig_r_len;
	uint8_t *sig_s;
	size_t sig_s_len;
};

uint32_t sk_api_version(void);
int sk_enroll(uint32_t alg, const uint8_t *challenge, size_t challenge_len, const char *application,
	      uint8_t flags, const char *pin, void **options, struct sk_enroll_response **ret);
int sk_sign(uint32_t alg, const uint8_t *data, size_t data_len, const char *application,
	    const uint8_t *key_handle, size_t key_handle_len, uint8_t flags, const char *pin,
	    void **options, struct sk_sign_response **ret);
int sk_load_resident_keys(const char *pin, void **options, void ***ret, size_t *ret_count);

uint32_t sk_api_version(void)
{
	return VERSION;
}

/* Runs a command of the shell in a new folder, in which `in` holds these bytes; its output. malloc'd, NULL: failed. */
static uint8_t *filter(const char *command, const void *in, size_t in_len, size_t *ret_len)
{
	char folder[] = "/tmp/soft-key-XXXXXX", whole[1024];
	uint8_t *out = calloc(MAX_BYTES, 1);
	size_t len = 0;
	FILE *f;

	if (!out || !mkdtemp(folder))
		abort();
	snprintf(whole, sizeof(whole), "%s/in", folder);
	f = fopen(whole, "we");
	if (!f || fwrite(in, 1, in_len, f) != in_len || fclose(f) != 0)
		abort();
	snprintf(whole, sizeof(whole), "cd %s && { %s; } 2>/dev/null; rm -rf %s", folder, command,
		 folder);
	f = popen(whole, "re");
	if (f) {
		len = fread(out, 1, MAX_BYTES, f);
		pclose(f);
	}
	*ret_len = len;
	if (len > 0)
		return out;
	free(out);
	return NULL;
}

static void note_touch(void)
{
	const char *path = getenv("SOFT_KEY_TOUCHED");
	FILE *f = path ? fopen(path, "ae") : NULL;

	if (!f)
		return;
	fputs("touched\n", f);
	fclose(f);
}

int sk_enroll(uint32_t alg, const uint8_t *challenge, size_t challenge_len, const char *application,
	      uint8_t flags, const char *pin, void **options, struct sk_enroll_response **ret)
{
	struct sk_enroll_response *r;

	(void)challenge, (void)challenge_len, (void)application, (void)pin, (void)options;
	if (alg != ED25519)
		return NOT_SUPPORTED;
	r = calloc(1, sizeof(*r));
	if (!r)
		return ERROR;
	r->flags = flags;
	r->key_handle = filter("openssl genpkey -algorithm ed25519", "", 0, &r->key_handle_len);
	r->public_key = filter("openssl pkey -in in -pubout -outform DER | tail -c 32",
			       r->key_handle, r->key_handle_len, &r->public_key_len);
	r->signature = calloc(1, 1); /* an attestation that nobody asks for */
	r->attestation_cert = calloc(1, 1);
	note_touch();
	*ret = r;
	return r->public_key_len == 32 ? 0 : ERROR;
}

/* What a key signs: SHA-256 of the application, flags, counter, SHA-256 of the message. */
static size_t to_be_signed(const char *application, const uint8_t *data, size_t data_len,
			   uint8_t flags, uint8_t *ret)
{
	size_t len;
	uint8_t *hash =
		filter("openssl dgst -sha256 -binary in", application, strlen(application), &len);

	memcpy(ret, hash, 32);
	free(hash);
	ret[32] = flags;
	memcpy(ret + 33, "\0\0\0\1", 4);
	hash = filter("openssl dgst -sha256 -binary in", data, data_len, &len);
	memcpy(ret + 37, hash, 32);
	free(hash);
	return 69;
}

int sk_sign(uint32_t alg, const uint8_t *data, size_t data_len, const char *application,
	    const uint8_t *key_handle, size_t key_handle_len, uint8_t flags, const char *pin,
	    void **options, struct sk_sign_response **ret)
{
	uint8_t bytes[MAX_BYTES];
	struct sk_sign_response *r;
	size_t len;

	(void)pin, (void)options;
	if (alg != ED25519 || key_handle_len > MAX_BYTES - 128)
		return NOT_SUPPORTED;
	r = calloc(1, sizeof(*r));
	if (!r)
		return ERROR;
	len = to_be_signed(application, data, data_len, flags, bytes);
	memcpy(bytes + len, key_handle, key_handle_len);
	r->flags = flags;
	r->counter = 1;
	r->sig_r = filter("head -c 69 in >message; tail -c +70 in >key; "
			  "openssl pkeyutl -sign -rawin -inkey key -in message",
			  bytes, len + key_handle_len, &r->sig_r_len);
	if (flags & TOUCH)
		note_touch();
	*ret = r;
	return r->sig_r_len == 64 ? 0 : ERROR;
}

int sk_load_resident_keys(const char *pin, void **options, void ***ret, size_t *ret_count)
{
	(void)pin, (void)options, (void)ret, (void)ret_count;
	return NOT_SUPPORTED;
}
