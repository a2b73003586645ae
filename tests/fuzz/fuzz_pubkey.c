// SPDX-License-Identifier: MIT
/* fuzz_pubkey.c - public keys as pasted and as lines of authorized_keys, and base64. */
#include <string.h>

#include "base/base64.h"
#include "base/mem.h"
#include "base/str.h"
#include "core/pubkey.h"
#include "fuzz/fuzz.h"

#define LONGEST_WORD 28 /* of the messages: "ecdsa-sha2-nistp256/384/521" */

/* Is a word of what was pasted said again? Words are long enough that none of ours is meant. */
static bool is_quoted(const char *msg, const char *text)
{
	CLEANUP_STRV struct strv words = { 0 };

	strv_split(&words, text, " \t\r\n");
	for (size_t i = 0; i < words.count; i++)
		if (strlen(words.item[i]) > LONGEST_WORD && strstr(msg, words.item[i]))
			return true;
	return false;
}

static void check_refused(const char *text, const struct pubkey *k, const struct err *e)
{
	fuzz_check_err(e);
	MUST(e->kind == ERR_USAGE);
	MUST(!is_quoted(e->msg, text));
	MUST(!k->type && !k->base64 && !k->comment);
}

static void check_key(const struct pubkey *k)
{
	CLEANUP(pubkey_done) struct pubkey again = { 0 };
	CLEANUP_FREE char *line = pubkey_line(k);
	CLEANUP_FREE char *options = NULL;
	struct err e = { 0 };

	MUST(str_is_clean_utf8(k->comment) && strlen(k->comment) <= 100);
	MUST(!strchr(line, '\n') && !strchr(line, '\r'));
	MUST(pubkey_parse_line(line, &again, &options, &e) == 0);
	MUST(str_eq(options, ""));
	MUST(str_eq(k->type, again.type) && pubkey_same(k, &again));
	MUST(str_eq(k->comment, again.comment) && k->bits == again.bits);
}

static void check_pasted(const char *text)
{
	CLEANUP(pubkey_done) struct pubkey k = { 0 };
	CLEANUP(pubkey_done) struct pubkey again = { 0 };
	CLEANUP_FREE char *line = NULL;
	struct err e = { 0 };

	if (pubkey_parse(text, &k, &e) < 0) {
		check_refused(text, &k, &e);
		return;
	}
	MUST(!pubkey_text_is_private(text));
	MUST(!str_eq(k.type, "ssh-rsa") || k.bits >= 2048);
	check_key(&k);
	/* What is stored can be pasted again. */
	line = pubkey_line(&k);
	MUST(pubkey_parse(line, &again, &e) == 0);
	MUST(pubkey_same(&k, &again) && str_eq(k.comment, again.comment));
}

static void check_line(const char *text)
{
	CLEANUP_FREE char *line = xstrndup(text, strcspn(text, "\n"));
	CLEANUP(pubkey_done) struct pubkey k = { 0 };
	CLEANUP_FREE char *options = NULL;
	struct err e = { 0 };
	int r = pubkey_parse_line(line, &k, &options, &e);

	if (r < 0) {
		check_refused(line, &k, &e);
		MUST(!options);
	} else if (r == 0) {
		MUST(options && strstr(line, options));
		check_key(&k);
	} else {
		MUST(!k.type && !options && e.kind == ERR_NONE);
	}
}

static void check_base64(const uint8_t *data, size_t size)
{
	CLEANUP_FREE char *text = base64_encode(data, size);
	CLEANUP_FREE void *back = NULL;
	CLEANUP_FREE void *read = NULL;
	size_t len = 0;

	MUST(base64_decode(text, strlen(text), &back, &len) == 0);
	MUST(len == size && memcmp(back, data, size) == 0);
	if (base64_decode((const char *)data, size, &read, &len) == 0)
		MUST(len <= size);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	CLEANUP_FREE char *text = fuzz_text(data, size);

	check_pasted(text);
	check_line(text);
	check_base64(data, size);
	return 0;
}
